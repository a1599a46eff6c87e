// Timestamps and durations: RFC 3339 and Go's notation of durations in, the same out, arithmetic
// within years 1 to 9999 and 64-bit nanoseconds (CEL specification, "Timestamp", "Duration").

import { CelFailure } from './failure.ts';
import { CelDuration, CelTimestamp, type CelValue } from './value.ts';

export const NANOS_PER_SECOND = 1_000_000_000n;
export const NANOS_PER_MILLI = 1_000_000n;
const TIMESTAMP_MIN = -62_135_596_800_000_000_000n;
const TIMESTAMP_MAX = 253_402_300_799_999_999_999n;
const OUT_OF_RANGE = new CelFailure('overflow', 'the time is out of range');

export function timestampOf(nanos: bigint): CelTimestamp | CelFailure {
  return nanos < TIMESTAMP_MIN || nanos > TIMESTAMP_MAX ? OUT_OF_RANGE : new CelTimestamp(nanos);
}

export function durationOf(nanos: bigint): CelDuration | CelFailure {
  return BigInt.asIntN(64, nanos) === nanos ? new CelDuration(nanos) : OUT_OF_RANGE;
}

const RFC3339 =
  /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9})\d*)?(?:[Zz]|([+-])(\d\d):(\d\d))$/;

export function parseTimestamp(text: string): CelTimestamp | CelFailure {
  const match = text.length > 64 ? null : RFC3339.exec(text);
  if (match === null) return invalid('timestamp', text);
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    // The expression has six groups of digits here.
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const [offsetHour, offsetMinute] = [Number(match[9] ?? 0), Number(match[10] ?? 0)];
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const isDay = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  if (!isDay || hour > 23 || minute > 59 || second > 59 || offsetHour > 23 || offsetMinute > 59) {
    return invalid('timestamp', text);
  }
  date.setUTCHours(hour, minute, second);
  const offset = (offsetHour * 60 + offsetMinute) * (match[8] === '-' ? -60_000 : 60_000);
  const fraction = BigInt((match[7] ?? '').padEnd(9, '0'));
  return timestampOf(BigInt(date.getTime() - offset) * NANOS_PER_MILLI + fraction);
}

function invalid(kind: string, text: string): CelFailure {
  return new CelFailure('invalid_argument', `\`${text.slice(0, 64)}\` is no ${kind}`);
}

/** Whole milliseconds, rounded down, and the nanoseconds within the second. */
export function splitNanos(nanos: bigint): { readonly millis: number; readonly rest: bigint } {
  const rest = ((nanos % NANOS_PER_SECOND) + NANOS_PER_SECOND) % NANOS_PER_SECOND;
  return { millis: Number((nanos - rest) / NANOS_PER_MILLI), rest };
}

export function timestampText({ nanos }: CelTimestamp): string {
  const { millis, rest } = splitNanos(nanos);
  return `${new Date(millis).toISOString().slice(0, 19)}${fractionText(rest)}Z`;
}

function fractionText(nanos: bigint): string {
  if (nanos === 0n) return '';
  return `.${nanos.toString().padStart(9, '0').replace(/0+$/, '')}`;
}

const UNITS: ReadonlyMap<string, bigint> = new Map([
  ['ns', 1n],
  ['us', 1000n],
  ['µs', 1000n],
  ['μs', 1000n],
  ['ms', NANOS_PER_MILLI],
  ['s', NANOS_PER_SECOND],
  ['m', 60n * NANOS_PER_SECOND],
  ['h', 3600n * NANOS_PER_SECOND],
]);

const PART = /(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)/y;

/** `1h30m`, `-1.5s`, `0`. */
export function parseDuration(text: string): CelDuration | CelFailure {
  if (text.length > 64) return invalid('duration', text);
  const sign = text[0] === '-' || text[0] === '+' ? 1 : 0;
  if (text.slice(sign) === '0') return new CelDuration(0n);
  let nanos = 0n;
  PART.lastIndex = sign;
  while (PART.lastIndex < text.length) {
    const match = PART.exec(text);
    const [, whole = '', fraction = '', unit = ''] = match ?? [];
    const size = UNITS.get(unit);
    if (size === undefined || whole + fraction === '') return invalid('duration', text);
    nanos += (BigInt(`${whole}${fraction}`) * size) / 10n ** BigInt(fraction.length);
  }
  if (text.length === sign) return invalid('duration', text);
  return durationOf(text[0] === '-' ? -nanos : nanos);
}

/** Seconds, as in the JSON of protocol buffers. */
export function durationText({ nanos }: CelDuration): string {
  const size = nanos < 0n ? -nanos : nanos;
  const seconds = size / NANOS_PER_SECOND;
  return `${nanos < 0n ? '-' : ''}${seconds}${fractionText(size % NANOS_PER_SECOND)}s`;
}

export function addTimes(a: CelValue, b: CelValue): CelValue | CelFailure | undefined {
  if (a instanceof CelTimestamp && b instanceof CelDuration) return timestampOf(a.nanos + b.nanos);
  if (!(a instanceof CelDuration)) return undefined;
  if (b instanceof CelTimestamp) return timestampOf(a.nanos + b.nanos);
  return b instanceof CelDuration ? durationOf(a.nanos + b.nanos) : undefined;
}

export function subtractTimes(a: CelValue, b: CelValue): CelValue | CelFailure | undefined {
  if (a instanceof CelTimestamp) {
    if (b instanceof CelTimestamp) return durationOf(a.nanos - b.nanos);
    return b instanceof CelDuration ? timestampOf(a.nanos - b.nanos) : undefined;
  }
  if (!(a instanceof CelDuration && b instanceof CelDuration)) return undefined;
  return durationOf(a.nanos - b.nanos);
}
