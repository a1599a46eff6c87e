// Syntax tree → closures, once at load: names become slots, what is constant is computed, regular
// expressions are compiled. Closures and never source text, as a condition is an operator's input.

import { CONDITION_REGEX_MAX } from '../limits.ts';
import { indexStep, selectStep } from './access.ts';
import { type Element, type Entry, listStep, mapStep } from './collections.ts';
import type { ConditionError } from './condition_error.ts';
import { CelFailure } from './failure.ts';
import { Frame, type Result, type Step } from './frame.ts';
import { findFunction } from './functions.ts';
import { bindStep, fallbackStep, loopStep, optionalMapStep } from './loops.ts';
import { binaryStep, conditionalStep, logicalStep, negateStep, notStep } from './operators.ts';
import { compileRegex, type Regex } from './regex.ts';
import { namespacedName, type Scope } from './scope.ts';
import type { FunctionDefinition } from './signature.ts';
import {
  type Binding,
  type Call,
  childrenOf,
  type Ident,
  type Literal,
  type Macro,
  type Node,
  qualifiedName,
} from './syntax.ts';
import { DYN } from './type.ts';
import type { CelValue } from './value.ts';

/** Nodes that have a step of their own and no scope. */
type Evaluated = Exclude<Node, Literal | Ident | Macro | Binding>;

export interface Code {
  readonly step: Step;
  /** Nodes of the expression: what one evaluation costs at least. */
  readonly cost: number;
  /** The value, where no variable is needed for it. */
  readonly constant: CelValue | undefined;
}

export interface Compiled {
  readonly code: Code;
  /** Parts that can only fail. */
  readonly errors: readonly ConditionError[];
}

export function compileSteps(node: Node, scope: Scope): Compiled {
  const compiler = new Compiler(scope);
  return { code: compiler.code(node), errors: compiler.errors };
}

const REGEX_TOO_MUCH = new CelFailure(
  'invalid_argument',
  'the regular expressions of the condition are too large together',
);

class Compiler {
  readonly errors: ConditionError[] = [];
  readonly #scope: Scope;
  /** Instructions of all regular expressions so far. */
  #regexSize = 0;

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  code(node: Node): Code {
    if (node.kind === 'literal') return constantCode(node.value);
    if (node.kind === 'ident') return this.#name(node);
    if (node.kind === 'macro') return this.#macro(node);
    if (node.kind === 'binding') return this.#binding(node);
    const type = this.#typeName(node);
    if (type !== undefined) return constantCode(type);
    const children = this.#childrenOf(node).map((child) => this.code(child));
    const step = this.#step(node, children);
    const cost = children.reduce((sum, child) => sum + child.cost, 1);
    const isConstant = children.every(({ constant }) => constant !== undefined);
    return isConstant ? this.#fold(node, step, cost) : { step, cost, constant: undefined };
  }

  /** What is evaluated: the namespace of a function is not. */
  #childrenOf(node: Node): readonly Node[] {
    const isNamespaced = node.kind === 'call' && namespacedName(node, this.#scope) !== undefined;
    return isNamespaced ? node.args : childrenOf(node);
  }

  #fold(node: Node, step: Step, cost: number): Code {
    const frame = new Frame([], 0);
    const value = step(frame);
    if (!(value instanceof CelFailure) && !frame.isExceeded) return constantCode(value);
    if (value instanceof CelFailure) {
      const offset = value.offset < 0 ? node.offset : value.offset;
      this.errors.push({ message: `this always fails: ${value.message}`, offset });
    }
    return { step, cost, constant: undefined };
  }

  #typeName(node: Node): CelValue | undefined {
    if (node.kind !== 'select') return undefined;
    const meaning = this.#scope.meaningOf(qualifiedName(node) ?? '');
    return meaning?.kind === 'type' ? meaning.value : undefined;
  }

  #name({ name, offset }: Ident): Code {
    const meaning = this.#scope.meaningOf(name);
    if (meaning?.kind === 'type') return constantCode(meaning.value);
    return { step: nameStep(name, meaning, offset), cost: 1, constant: undefined };
  }

  #step(node: Evaluated, children: readonly Code[]): Step {
    const steps = children.map(({ step }) => step);
    // Each kind of node has at least the children that are used for it below.
    const [first, second, third] = steps as [Step, Step, Step];
    const { offset } = node;
    switch (node.kind) {
      case 'select':
        return selectStep(first, node.field, node.mode, offset);
      case 'index':
        return indexStep(first, second, node.mode, offset);
      case 'unary':
        return node.operator === '!' ? notStep(first, offset) : negateStep(first, offset);
      case 'binary':
        return binaryStep(node.operator, first, second, children[1]?.constant, offset);
      case 'logical':
        return logicalStep(node.operator, steps, offset);
      case 'conditional':
        return conditionalStep(first, second, third, offset);
      case 'list': {
        const elements = node.elements.map(({ optional }, i): Element => {
          return { optional, value: steps[i]! };
        });
        return listStep(elements, offset);
      }
      case 'map': {
        const entries = node.entries.map(({ optional }, i): Entry => {
          return { optional, key: steps[2 * i]!, value: steps[2 * i + 1]! };
        });
        return mapStep(entries, offset);
      }
      case 'call':
        return this.#call(node, children);
    }
  }

  #call(node: Call, children: readonly Code[]): Step {
    const full = namespacedName(node, this.#scope);
    const { name, target, args, offset } = node;
    const style = target === undefined || full !== undefined ? 'function' : 'method';
    const [first, second] = children;
    if (
      style === 'method' &&
      first !== undefined &&
      second !== undefined &&
      children.length === 2
    ) {
      if (name === 'or' || name === 'orValue') {
        return fallbackStep(first.step, second.step, name === 'or', offset);
      }
    }
    if (name === 'matches' && first !== undefined && typeof second?.constant === 'string') {
      return this.#matches(first.step, second.constant, args.at(-1)!);
    }
    const definition = findFunction(style, full ?? name, children.length);
    if (definition === undefined) {
      const none = new CelFailure('no_overload', `there is no ${style} \`${name}\``, offset);
      return () => none;
    }
    return callStep(
      definition,
      children.map(({ step }) => step),
      offset,
    );
  }

  /** A pattern that is known is compiled now, and a bad one is told now. */
  #matches(text: Step, pattern: string, { offset }: Node): Step {
    const isTooMuch = this.#regexSize > CONDITION_REGEX_MAX;
    const regex = isTooMuch ? REGEX_TOO_MUCH : compileRegex(pattern);
    if (regex instanceof CelFailure) {
      const failure = regex.at(offset);
      this.errors.push({ message: failure.message, offset });
      return () => failure;
    }
    this.#regexSize += regex.size;
    return matchStep(text, regex, offset);
  }

  #macro(node: Macro): Code {
    const { name, target, second, test, body, offset } = node;
    const range = this.code(target);
    const slot = this.#scope.depth;
    // Types are the checker's business; a slot has none.
    return this.#scope.withinMacro(node, [DYN, DYN], () => {
      const testCode = test === undefined ? undefined : this.code(test);
      const bodyCode = body === undefined ? undefined : this.code(body);
      const step = loopStep({
        name,
        target: range.step,
        slot,
        hasTwo: second !== undefined,
        test: testCode?.step,
        body: bodyCode?.step,
        cost: 1 + (testCode?.cost ?? 0) + (bodyCode?.cost ?? 0),
        offset,
      });
      return { step, cost: range.cost + 1, constant: undefined };
    });
  }

  #binding({ name, value, variable, body, offset }: Binding): Code {
    const bound = this.code(value);
    const slot = this.#scope.depth;
    return this.#scope.within(variable, DYN, () => {
      const inner = this.code(body);
      const step =
        name === 'bind'
          ? bindStep(bound.step, slot, inner.step)
          : optionalMapStep(bound.step, slot, inner.step, name === 'optFlatMap', offset);
      return { step, cost: bound.cost + inner.cost + 1, constant: undefined };
    });
  }
}

function constantCode(constant: CelValue): Code {
  return { step: () => constant, cost: 1, constant };
}

function nameStep(name: string, meaning: ReturnType<Scope['meaningOf']>, offset: number): Step {
  if (meaning?.kind === 'local') {
    const { slot } = meaning;
    return (frame) => frame.locals[slot]!;
  }
  const missing = new CelFailure('no_such_key', `\`${name}\` has no value`, offset);
  if (meaning?.kind !== 'variable') return () => missing;
  const { slot } = meaning;
  return (frame) => {
    const value = frame.variables[slot];
    return value === undefined ? missing : value;
  };
}

function matchStep(text: Step, regex: Regex, offset: number): Step {
  const none = new CelFailure('no_overload', '`matches` has no meaning for these values', offset);
  return (frame) => {
    const value = text(frame);
    if (value instanceof CelFailure) return value;
    return typeof value === 'string' ? regex.test(value, frame) : none;
  };
}

function callStep(definition: FunctionDefinition, args: readonly Step[], offset: number): Step {
  const { name, call } = definition;
  const none = new CelFailure('no_overload', `\`${name}\` has no meaning for these values`, offset);
  const placed = (result: ReturnType<typeof call>): Result => {
    if (result === undefined) return none;
    return result instanceof CelFailure ? result.at(offset) : result;
  };
  const [first, second] = args;
  if (args.length === 2 && first !== undefined && second !== undefined) {
    return (frame) => {
      const a = first(frame);
      if (a instanceof CelFailure) return a;
      const b = second(frame);
      if (b instanceof CelFailure) return b;
      return placed(call(frame, a, b, undefined, undefined));
    };
  }
  return (frame) => {
    const values: CelValue[] = [];
    for (const arg of args) {
      const value = arg(frame);
      if (value instanceof CelFailure) return value;
      values.push(value);
    }
    const [a, b, c, d] = values;
    return placed(call(frame, a, b, c, d));
  };
}
