// Operators as steps (CEL specification, "Logical Operators", "Equality", "Ordering"): `&&` and
// `||` do not depend on the order of their operands, so one that decides absorbs the failure of
// another.

import {
  add,
  divide,
  multiply,
  negate,
  type Operation,
  remainder,
  subtract,
} from './arithmetic.ts';
import { compare, equals, lookUp } from './equality.ts';
import { CelFailure } from './failure.ts';
import type { Frame, Result, Step } from './frame.ts';
import type { BinaryOperator } from './syntax.ts';
import { type CelValue, isList } from './value.ts';

const ARITHMETIC = new Map<BinaryOperator, Operation>([
  ['+', add],
  ['-', subtract],
  ['*', multiply],
  ['/', divide],
  ['%', remainder],
]);

/** `constant` is the right operand, where it is known. */
export function binaryStep(
  operator: BinaryOperator,
  left: Step,
  right: Step,
  constant: CelValue | undefined,
  offset: number,
): Step {
  const none = noMeaning(operator, offset);
  const arithmetic = ARITHMETIC.get(operator);
  if (arithmetic !== undefined) {
    return both(left, right, (a, b, frame) => {
      const result = arithmetic(a, b, frame);
      if (result === undefined) return none;
      return result instanceof CelFailure ? result.at(offset) : result;
    });
  }
  switch (operator) {
    case '==':
      return both(left, right, equals);
    case '!=':
      return both(left, right, (a, b, frame) => !equals(a, b, frame));
    case 'in': {
      const isTexts = constant !== undefined && isList(constant) && constant.every(isText);
      return isTexts ? inTexts(left, new Set(constant)) : both(left, right, isIn(none));
    }
    default:
      return orderStep(operator, left, right, none);
  }
}

function noMeaning(operator: string, offset: number): CelFailure {
  return new CelFailure('no_overload', `\`${operator}\` has no meaning for these values`, offset);
}

function isText(value: CelValue): value is string {
  return typeof value === 'string';
}

function both(
  left: Step,
  right: Step,
  work: (a: CelValue, b: CelValue, frame: Frame) => Result,
): Step {
  return (frame) => {
    const a = left(frame);
    if (a instanceof CelFailure) return a;
    const b = right(frame);
    return b instanceof CelFailure ? b : work(a, b, frame);
  };
}

/** Integers, which nearly all comparisons are of, are compared without a call. */
function orderStep(operator: BinaryOperator, left: Step, right: Step, none: CelFailure): Step {
  switch (operator) {
    case '<':
      return both(left, right, (a, b, frame) => {
        if (typeof a === 'bigint' && typeof b === 'bigint') return a < b;
        const order = compare(a, b, frame);
        return order === undefined ? none : order < 0;
      });
    case '<=':
      return both(left, right, (a, b, frame) => {
        if (typeof a === 'bigint' && typeof b === 'bigint') return a <= b;
        const order = compare(a, b, frame);
        return order === undefined ? none : order <= 0;
      });
    case '>':
      return both(left, right, (a, b, frame) => {
        if (typeof a === 'bigint' && typeof b === 'bigint') return a > b;
        const order = compare(a, b, frame);
        return order === undefined ? none : order > 0;
      });
    default:
      return both(left, right, (a, b, frame) => {
        if (typeof a === 'bigint' && typeof b === 'bigint') return a >= b;
        const order = compare(a, b, frame);
        return order === undefined ? none : order >= 0;
      });
  }
}

/** A list of texts that is known beforehand is a set. */
function inTexts(left: Step, texts: ReadonlySet<CelValue>): Step {
  return (frame) => {
    const value = left(frame);
    return value instanceof CelFailure ? value : texts.has(value);
  };
}

function isIn(none: CelFailure): (a: CelValue, b: CelValue, frame: Frame) => Result {
  return (value, range, frame) => {
    if (range instanceof Map) return lookUp(range, value, frame) !== undefined;
    if (!isList(range)) return none;
    for (const element of range) {
      if (!frame.charge(1)) return none;
      if (equals(value, element, frame)) return true;
    }
    return false;
  };
}

export function negateStep(operand: Step, offset: number): Step {
  const none = noMeaning('-', offset);
  return (frame) => {
    const value = operand(frame);
    if (value instanceof CelFailure) return value;
    const result = negate(value) ?? none;
    return result instanceof CelFailure ? result.at(offset) : result;
  };
}

export function notStep(operand: Step, offset: number): Step {
  const none = noMeaning('!', offset);
  return (frame) => {
    const value = operand(frame);
    if (typeof value === 'boolean') return !value;
    return value instanceof CelFailure ? value : none;
  };
}

/** Decided by the first operand that is `decisive`, else by a failure, else undecided. */
export function logicalStep(
  operator: '&&' | '||',
  operands: readonly Step[],
  offset: number,
): Step {
  const decisive = operator === '||';
  const none = noMeaning(operator, offset);
  const [left, right] = operands;
  if (operands.length === 2 && left !== undefined && right !== undefined) {
    return (frame) => {
      const a = left(frame);
      if (a === decisive) return decisive;
      const b = right(frame);
      if (b === decisive || (a === !decisive && b === !decisive)) return b;
      if (a !== !decisive) return a instanceof CelFailure ? a : none;
      return b instanceof CelFailure ? b : none;
    };
  }
  return (frame) => {
    let failure: CelFailure | undefined;
    for (const operand of operands) {
      const value = operand(frame);
      if (value === decisive) return decisive;
      if (value !== !decisive) failure ??= value instanceof CelFailure ? value : none;
    }
    return failure ?? !decisive;
  };
}

export function conditionalStep(test: Step, yes: Step, no: Step, offset: number): Step {
  const none = noMeaning('?', offset);
  return (frame) => {
    const value = test(frame);
    if (value === true) return yes(frame);
    if (value === false) return no(frame);
    return value instanceof CelFailure ? value : none;
  };
}
