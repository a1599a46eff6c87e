// The operators of numbers, texts, lists and times (CEL specification, "Arithmetic"): 64-bit
// integers that overflow are a failure, never a wrapped result.

import { CelFailure, COST_EXCEEDED, OVERFLOW } from './failure.ts';
import { type Meter, textCost } from './frame.ts';
import { addTimes, subtractTimes } from './time.ts';
import { CelUint, type CelValue, isList } from './value.ts';

export type Operation = (
  a: CelValue,
  b: CelValue,
  meter: Meter,
) => CelValue | CelFailure | undefined;

const DIVIDE_BY_ZERO = new CelFailure('divide_by_zero', 'division by zero');

function int(value: bigint): bigint | CelFailure {
  return BigInt.asIntN(64, value) === value ? value : OVERFLOW;
}

function uint(value: bigint): CelUint | CelFailure {
  return BigInt.asUintN(64, value) === value ? new CelUint(value) : OVERFLOW;
}

/** Undefined where the operator has no meaning for these types, here and below. */
export function add(a: CelValue, b: CelValue, meter: Meter): CelValue | CelFailure | undefined {
  if (typeof a === 'bigint') return typeof b === 'bigint' ? int(a + b) : undefined;
  if (typeof a === 'number') return typeof b === 'number' ? a + b : undefined;
  if (typeof a === 'string') {
    if (typeof b !== 'string') return undefined;
    return meter.charge(textCost(a.length + b.length)) ? a + b : COST_EXCEEDED;
  }
  if (a instanceof CelUint) return b instanceof CelUint ? uint(a.value + b.value) : undefined;
  if (isList(a)) {
    if (!isList(b)) return undefined;
    return meter.charge(a.length + b.length) ? [...a, ...b] : COST_EXCEEDED;
  }
  if (a instanceof Uint8Array) {
    if (!(b instanceof Uint8Array)) return undefined;
    if (!meter.charge(textCost(a.length + b.length))) return COST_EXCEEDED;
    const joined = new Uint8Array(a.length + b.length);
    joined.set(a);
    joined.set(b, a.length);
    return joined;
  }
  return addTimes(a, b);
}

export function subtract(a: CelValue, b: CelValue): CelValue | CelFailure | undefined {
  if (typeof a === 'bigint') return typeof b === 'bigint' ? int(a - b) : undefined;
  if (typeof a === 'number') return typeof b === 'number' ? a - b : undefined;
  if (a instanceof CelUint) return b instanceof CelUint ? uint(a.value - b.value) : undefined;
  return subtractTimes(a, b);
}

export function multiply(a: CelValue, b: CelValue): CelValue | CelFailure | undefined {
  if (typeof a === 'bigint') return typeof b === 'bigint' ? int(a * b) : undefined;
  if (typeof a === 'number') return typeof b === 'number' ? a * b : undefined;
  if (!(a instanceof CelUint && b instanceof CelUint)) return undefined;
  return uint(a.value * b.value);
}

export function divide(a: CelValue, b: CelValue): CelValue | CelFailure | undefined {
  if (typeof a === 'bigint') {
    if (typeof b !== 'bigint') return undefined;
    return b === 0n ? DIVIDE_BY_ZERO : int(a / b);
  }
  if (typeof a === 'number') return typeof b === 'number' ? a / b : undefined;
  if (!(a instanceof CelUint && b instanceof CelUint)) return undefined;
  return b.value === 0n ? DIVIDE_BY_ZERO : new CelUint(a.value / b.value);
}

export function remainder(a: CelValue, b: CelValue): CelValue | CelFailure | undefined {
  if (typeof a === 'bigint') {
    if (typeof b !== 'bigint') return undefined;
    return b === 0n ? DIVIDE_BY_ZERO : int(a % b);
  }
  if (!(a instanceof CelUint && b instanceof CelUint)) return undefined;
  return b.value === 0n ? DIVIDE_BY_ZERO : new CelUint(a.value % b.value);
}

export function negate(value: CelValue): CelValue | CelFailure | undefined {
  if (typeof value === 'bigint') return int(-value);
  return typeof value === 'number' ? -value : undefined;
}
