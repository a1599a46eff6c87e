// A condition of a rule: text → parse → check → compile at load, a boolean or a named failure at
// each request. Every mistake is found when it is loaded, with its place in the text.

import { checkExpression } from './checker.ts';
import { compileSteps } from './compile.ts';
import type { ConditionError } from './condition_error.ts';
import { CelFailure, COST_EXCEEDED } from './failure.ts';
import { type Activation, Frame, type Step } from './frame.ts';
import { unguardedAccesses } from './guard.ts';
import { parseExpression } from './parser.ts';
import { attributesRead } from './reads.ts';
import { Scope } from './scope.ts';
import { type Environment, typeText } from './type.ts';

export interface ConditionOptions {
  /** Refuse to read what may be absent unless the condition has made sure that it is there. */
  readonly forbid?: boolean;
}

export class Condition {
  readonly text: string;
  /** Paths such as `request.body.amount`, the longest that are known. */
  readonly reads: readonly string[];
  readonly #step: Step;
  readonly #cost: number;

  constructor(text: string, reads: readonly string[], step: Step, cost: number) {
    this.text = text;
    this.reads = reads;
    this.#step = step;
    this.#cost = cost;
  }

  /** Values in the order of the environment's variables. Never throws, if reading them does not. */
  evaluate(variables: Activation): boolean | CelFailure {
    const frame = new Frame(variables, this.#cost);
    const result = this.#step(frame);
    // A failure for its cost may have been absorbed on the way; the evaluation is over all the
    // same.
    if (frame.isExceeded) return TOO_COSTLY;
    if (typeof result === 'boolean' || result instanceof CelFailure) return result;
    return NOT_BOOLEAN;
  }
}

const TOO_COSTLY = COST_EXCEEDED.at(0);
const NOT_BOOLEAN = new CelFailure('not_boolean', 'the condition gives no bool', 0);

export function compileCondition(
  text: string,
  environment: Environment,
  { forbid = false }: ConditionOptions = {},
): Condition | readonly ConditionError[] {
  const node = parseExpression(text);
  if (!('kind' in node)) return [node];
  const scope = new Scope(environment);
  const { type, types, errors } = checkExpression(node, scope);
  if (errors.length > 0) return errors;
  if (type.kind !== 'bool' && type.kind !== 'dyn') {
    const message = `the condition gives \`${typeText(type)}\``;
    return [{ message, offset: node.offset, expected: 'bool' }];
  }
  const { code, errors: failing } = compileSteps(node, scope);
  const unguarded = forbid ? unguardedAccesses(node, types) : [];
  if (failing.length + unguarded.length > 0) {
    return [...failing, ...unguarded].sort((a, b) => a.offset - b.offset);
  }
  return new Condition(text, attributesRead(node, scope), code.step, code.cost);
}
