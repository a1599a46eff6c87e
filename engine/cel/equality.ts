// Equality and order of values (CEL specification, "Equality" and "Ordering"): numbers compare
// across their types, all else that differs in type is unequal, and only what has an order is
// ordered.

import { CONDITION_VALUE_DEPTH_MAX } from '../limits.ts';
import { type Meter, textCost } from './frame.ts';
import {
  CelCidr,
  CelDuration,
  CelIp,
  type CelMap,
  type CelMapKey,
  CelOptional,
  CelTimestamp,
  CelType,
  CelUint,
  type CelValue,
  isList,
} from './value.ts';

/** False when it became too costly: the evaluation ends with that and not with this result. */
export function equals(a: CelValue, b: CelValue, meter: Meter, depth = 0): boolean {
  if (typeof a === 'string' && typeof b === 'string') {
    meter.charge(a.length === b.length ? textCost(a.length) : 0);
    return a === b;
  }
  if (typeof a === 'boolean' || a === null || typeof a === 'string') return a === b;
  if (isNumeric(a)) return isNumeric(b) && compareNumbers(a, b) === 0;
  if (typeof b !== 'object' || b === null) return false;
  // Shared parts of a value may be reached on many ways, so each step is charged.
  if (depth > CONDITION_VALUE_DEPTH_MAX) meter.charge(Number.POSITIVE_INFINITY);
  if (!meter.charge(1)) return false;
  if (isList(a)) return isList(b) && equalLists(a, b, meter, depth);
  if (a instanceof Map) return b instanceof Map && equalMaps(a, b, meter, depth);
  if (a instanceof CelOptional) {
    if (!(b instanceof CelOptional)) return false;
    if (a.value === undefined || b.value === undefined) return a.value === b.value;
    return equals(a.value, b.value, meter, depth + 1);
  }
  if (a instanceof Uint8Array) {
    return b instanceof Uint8Array && meter.charge(textCost(a.length)) && compareBytes(a, b) === 0;
  }
  return equalObjects(a, b);
}

function equalObjects(a: CelValue, b: CelValue): boolean {
  if (a instanceof CelTimestamp) return b instanceof CelTimestamp && a.nanos === b.nanos;
  if (a instanceof CelDuration) return b instanceof CelDuration && a.nanos === b.nanos;
  if (a instanceof CelType) return b instanceof CelType && a.name === b.name;
  if (a instanceof CelIp) return b instanceof CelIp && compareBytes(a.bytes, b.bytes) === 0;
  if (a instanceof CelCidr) {
    if (!(b instanceof CelCidr) || a.prefixBits !== b.prefixBits) return false;
    return compareBytes(a.bytes, b.bytes) === 0;
  }
  return a === b;
}

function equalLists(
  a: readonly CelValue[],
  b: readonly CelValue[],
  meter: Meter,
  depth: number,
): boolean {
  return a.length === b.length && a.every((it, i) => equals(it, b[i]!, meter, depth + 1));
}

function equalMaps(a: CelMap, b: CelMap, meter: Meter, depth: number): boolean {
  if (a.size !== b.size) return false;
  for (const [key, value] of a) {
    const other = lookUp(b, key, meter);
    if (other === undefined || !equals(value, other, meter, depth + 1)) return false;
  }
  return true;
}

/** The entry of a map; numbers of all types are one key if they are equal. */
export function lookUp(map: CelMap, key: CelValue, meter: Meter): CelValue | undefined {
  if (typeof key === 'string' || typeof key === 'boolean') return map.get(key);
  const integer = integerOf(key);
  if (integer === undefined) return undefined;
  const found = map.get(integer);
  if (found !== undefined) return found;
  for (const [candidate, value] of map) {
    if (!meter.charge(1)) return undefined;
    if (candidate instanceof CelUint && candidate.value === integer) return value;
  }
  return undefined;
}

/** The number as an integer, if it is one. */
export function integerOf(value: CelValue): bigint | undefined {
  if (typeof value === 'bigint') return value;
  if (value instanceof CelUint) return value.value;
  return typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : undefined;
}

export function isMapKey(value: CelValue): value is CelMapKey {
  return (
    typeof value === 'string' ||
    typeof value === 'bigint' ||
    typeof value === 'boolean' ||
    value instanceof CelUint
  );
}

type Numeric = bigint | number | CelUint;

function isNumeric(value: CelValue): value is Numeric {
  return typeof value === 'bigint' || typeof value === 'number' || value instanceof CelUint;
}

/** As in cel-go, a double and an integer compare as doubles. NaN has no order. */
function compareNumbers(a: Numeric, b: Numeric): number {
  const x = a instanceof CelUint ? a.value : a;
  const y = b instanceof CelUint ? b.value : b;
  if (typeof x === typeof y) return x < y ? -1 : x > y ? 1 : x === y ? 0 : Number.NaN;
  const [p, q] = [Number(x), Number(y)];
  return p < q ? -1 : p > q ? 1 : p === q ? 0 : Number.NaN;
}

/** Below, at or above zero; NaN if one is NaN; `undefined` if the two have no order. */
export function compare(a: CelValue, b: CelValue, meter: Meter): number | undefined {
  if (isNumeric(a)) return isNumeric(b) ? compareNumbers(a, b) : undefined;
  if (typeof a === 'string') {
    if (typeof b !== 'string') return undefined;
    return meter.charge(textCost(Math.min(a.length, b.length))) ? compareTexts(a, b) : 0;
  }
  if (typeof a === 'boolean') return typeof b === 'boolean' ? Number(a) - Number(b) : undefined;
  if (a instanceof CelTimestamp) {
    return b instanceof CelTimestamp ? compareNumbers(a.nanos, b.nanos) : undefined;
  }
  if (a instanceof CelDuration) {
    return b instanceof CelDuration ? compareNumbers(a.nanos, b.nanos) : undefined;
  }
  if (!(a instanceof Uint8Array && b instanceof Uint8Array)) return undefined;
  return meter.charge(textCost(Math.min(a.length, b.length))) ? compareBytes(a, b) : 0;
}

/** By code points: surrogates, which stand for the highest ones, come last. */
function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    const isHighX = x >= 0xd800 && x <= 0xdfff;
    const isHighY = y >= 0xd800 && y <= 0xdfff;
    return isHighX === isHighY ? x - y : isHighX ? 1 : -1;
  }
  return a.length - b.length;
}

export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = a[i]! - b[i]!;
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
