// An expression of any type, evaluated by the same parser, checker and compiler as a condition. It
// is what the conformance suite and the fuzzers drive.

import { checkExpression } from './checker.ts';
import { compileSteps } from './compile.ts';
import type { ConditionError } from './condition_error.ts';
import { COST_EXCEEDED } from './failure.ts';
import { type Activation, Frame, type Result } from './frame.ts';
import { parseExpression } from './parser.ts';
import { Scope } from './scope.ts';
import type { Environment, Type } from './type.ts';

export interface Expression {
  readonly type: Type;
  evaluate(variables: Activation): Result;
}

export interface ExpressionOptions {
  /** Leave mistakes of types and names to the evaluation, as a parser without checker does. */
  readonly unchecked?: boolean;
}

export function compileExpression(
  text: string,
  environment: Environment,
  { unchecked = false }: ExpressionOptions = {},
): Expression | readonly ConditionError[] {
  const node = parseExpression(text);
  if (!('kind' in node)) return [node];
  const scope = new Scope(environment);
  const { type, errors } = checkExpression(node, scope);
  if (errors.length > 0 && !unchecked) return errors;
  const { code } = compileSteps(node, scope);
  return {
    type,
    evaluate(variables) {
      const frame = new Frame(variables, code.cost);
      const result = code.step(frame);
      return frame.isExceeded ? COST_EXCEEDED.at(0) : result;
    },
  };
}
