// Conversions between types, and what is asked of any value: `int()`, `string()`, `type()`,
// `size()` (CEL specification, "Standard Definitions").

import { integerOf } from './equality.ts';
import { CelFailure, COST_EXCEEDED, OVERFLOW } from './failure.ts';
import { type Meter, textCost } from './frame.ts';
import { cidrText, ipText } from './ip.ts';
import { define, type FunctionDefinition, type Implementation, signature } from './signature.ts';
import { textSize } from './text_functions.ts';
import {
  durationOf,
  durationText,
  NANOS_PER_SECOND,
  parseDuration,
  parseTimestamp,
  timestampOf,
  timestampText,
} from './time.ts';
import {
  BOOL,
  BYTES,
  CIDR,
  DOUBLE,
  DURATION,
  DYN,
  INT,
  IP,
  listOf,
  mapOf,
  STRING,
  TIMESTAMP,
  TYPE,
  type Type,
  UINT,
} from './type.ts';
import {
  CelCidr,
  CelDuration,
  CelIp,
  CelTimestamp,
  CelType,
  CelUint,
  type CelValue,
  isList,
  kindOf,
  TYPE_NAMES,
} from './value.ts';

type Converted = CelValue | CelFailure | undefined;

const UTF8 = new TextEncoder();
const STRICT_UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
/** The first doubles beyond the two types. */
const INT_END = 2 ** 63;
const UINT_END = 2 ** 64;
/** Digits of the longest 64-bit number and its sign, and room for zeros in front. */
const NUMBER_TEXT_MAX = 64;

const TRUE_TEXTS: readonly string[] = ['1', 't', 'true', 'T', 'TRUE', 'True'];
const FALSE_TEXTS: readonly string[] = ['0', 'f', 'false', 'F', 'FALSE', 'False'];

function invalid(text: string, kind: string): CelFailure {
  return new CelFailure('invalid_argument', `\`${text.slice(0, NUMBER_TEXT_MAX)}\` is no ${kind}`);
}

function toInt(value: CelValue): Converted {
  if (typeof value === 'bigint') return value;
  if (value instanceof CelUint) return int64(value.value);
  if (typeof value === 'number') {
    // The two ends are refused as in cel-go: as doubles they are already beyond the range.
    const isInRange = value > -INT_END && value < INT_END;
    return isInRange ? BigInt(Math.trunc(value)) : OVERFLOW;
  }
  if (value instanceof CelTimestamp) return floorDivide(value.nanos, NANOS_PER_SECOND);
  if (value instanceof CelDuration) return value.nanos / NANOS_PER_SECOND;
  if (typeof value !== 'string') return undefined;
  const isNumber = value.length <= NUMBER_TEXT_MAX && /^[+-]?\d+$/.test(value);
  if (!isNumber) return invalid(value, 'int');
  return int64(value.startsWith('+') ? BigInt(value.slice(1)) : BigInt(value));
}

function floorDivide(a: bigint, b: bigint): bigint {
  return a / b - (a % b < 0n ? 1n : 0n);
}

function int64(value: bigint): bigint | CelFailure {
  return BigInt.asIntN(64, value) === value ? value : OVERFLOW;
}

function uint64(value: bigint): CelUint | CelFailure {
  return BigInt.asUintN(64, value) === value ? new CelUint(value) : OVERFLOW;
}

function toUint(value: CelValue): Converted {
  if (value instanceof CelUint) return value;
  if (typeof value === 'bigint') return uint64(value);
  if (typeof value === 'number') {
    const isInRange = value > -1 && value < UINT_END;
    return isInRange ? uint64(BigInt(Math.trunc(value))) : OVERFLOW;
  }
  if (typeof value !== 'string') return undefined;
  const isNumber = value.length <= NUMBER_TEXT_MAX && /^\+?\d+$/.test(value);
  return isNumber ? uint64(BigInt(value.replace('+', ''))) : invalid(value, 'uint');
}

const DOUBLE_TEXT = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

function toDouble(value: CelValue): Converted {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string') {
    return typeof value === 'bigint' || value instanceof CelUint
      ? Number(integerOf(value))
      : undefined;
  }
  if (value.length <= NUMBER_TEXT_MAX && DOUBLE_TEXT.test(value)) return Number(value);
  const special = /^([+-]?)(?:(nan)|inf|infinity)$/i.exec(value.slice(0, 10));
  if (special === null || value.length > 9) return invalid(value, 'double');
  if (special[2] !== undefined) return Number.NaN;
  return special[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

function toText(meter: Meter, value: CelValue): Converted {
  if (typeof value === 'string') return value;
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return doubleText(value);
  if (value instanceof CelUint) return String(value.value);
  if (value instanceof CelTimestamp) return timestampText(value);
  if (value instanceof CelDuration) return durationText(value);
  if (value instanceof CelIp) return ipText(value.bytes);
  if (value instanceof CelCidr) return cidrText(value);
  if (!(value instanceof Uint8Array)) return undefined;
  if (!meter.charge(textCost(value.length))) return COST_EXCEEDED;
  try {
    return STRICT_UTF8.decode(value);
  } catch (error) {
    if (error instanceof TypeError) {
      return new CelFailure('invalid_argument', 'the bytes are not UTF-8');
    }
    throw error;
  }
}

function doubleText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  return Object.is(value, -0) ? '-0' : String(value);
}

function toBytes(meter: Meter, value: CelValue): Converted {
  if (value instanceof Uint8Array) return value;
  if (typeof value !== 'string') return undefined;
  return meter.charge(textCost(value.length)) ? UTF8.encode(value) : COST_EXCEEDED;
}

function toBool(value: CelValue): Converted {
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'string') return undefined;
  if (TRUE_TEXTS.includes(value)) return true;
  return FALSE_TEXTS.includes(value) ? false : invalid(value, 'bool');
}

function toTimestamp(value: CelValue): Converted {
  if (value instanceof CelTimestamp) return value;
  if (typeof value === 'bigint') return timestampOf(value * NANOS_PER_SECOND);
  return typeof value === 'string' ? parseTimestamp(value) : undefined;
}

function toDuration(value: CelValue): Converted {
  if (value instanceof CelDuration) return value;
  if (typeof value === 'bigint') return durationOf(value * NANOS_PER_SECOND);
  return typeof value === 'string' ? parseDuration(value) : undefined;
}

export function sizeOf(meter: Meter, value: CelValue): Converted {
  if (typeof value === 'string') {
    return meter.charge(textCost(value.length)) ? textSize(value) : COST_EXCEEDED;
  }
  if (isList(value) || value instanceof Uint8Array) return BigInt(value.length);
  return value instanceof Map ? BigInt(value.size) : undefined;
}

const ANY: Type = { kind: 'any', name: 'T' };
const SIZED: readonly Type[] = [STRING, BYTES, listOf(DYN), mapOf(DYN, DYN)];
const [SIZED_FIRST, ...SIZED_REST] = SIZED.map((type) => signature(INT, type));

/** A function of any one value. */
function ofValue(call: (meter: Meter, value: CelValue) => Converted): Implementation {
  return (meter, value) => (value === undefined ? undefined : call(meter, value));
}

function conversion(
  name: string,
  result: Type,
  from: readonly Type[],
  call: (meter: Meter, value: CelValue) => Converted,
): FunctionDefinition {
  const others = from.map((type) => signature(result, type));
  return define('function', name, [signature(result, result), ...others], ofValue(call));
}

function typeOf(_: Meter, value: CelValue): CelType {
  return new CelType(TYPE_NAMES[kindOf(value)]);
}

export const CONVERSIONS: readonly FunctionDefinition[] = [
  conversion('int', INT, [UINT, DOUBLE, STRING, TIMESTAMP, DURATION], (_, it) => toInt(it)),
  conversion('uint', UINT, [INT, DOUBLE, STRING], (_, it) => toUint(it)),
  conversion('double', DOUBLE, [INT, UINT, STRING], (_, it) => toDouble(it)),
  conversion(
    'string',
    STRING,
    [INT, UINT, DOUBLE, BOOL, BYTES, TIMESTAMP, DURATION, IP, CIDR],
    toText,
  ),
  conversion('bytes', BYTES, [STRING], toBytes),
  conversion('bool', BOOL, [STRING], (_, it) => toBool(it)),
  conversion('timestamp', TIMESTAMP, [STRING, INT], (_, it) => toTimestamp(it)),
  conversion('duration', DURATION, [STRING, INT], (_, it) => toDuration(it)),
  define('function', 'dyn', [signature(DYN, ANY)], (_, value) => value),
  define('function', 'type', [signature(TYPE, ANY)], ofValue(typeOf)),
  define('function', 'size', [SIZED_FIRST!, ...SIZED_REST], ofValue(sizeOf)),
  define('method', 'size', [SIZED_FIRST!, ...SIZED_REST], ofValue(sizeOf)),
];
