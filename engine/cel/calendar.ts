// Parts of a timestamp in a time zone: `getHours('Europe/Berlin')`, `getDayOfWeek('+02:00')` (CEL
// specification, "Timezones"). Names are those of the IANA database that Node carries.

import { TIME_ZONES_MAX } from '../limits.ts';
import { CelFailure } from './failure.ts';
import { NANOS_PER_MILLI, splitNanos } from './time.ts';
import type { CelTimestamp } from './value.ts';

/** The zone's formatter, or nothing if there is no such zone. Kept, as each takes long to make. */
const formatters = new Map<string, Intl.DateTimeFormat | undefined>();

const DAY_MS = 86_400_000;
/** 0002-01-01T00:00:00Z. */
const YEAR_TWO_MS = -62_104_060_800_000;

const GETTERS = {
  getFullYear: (local: Date) => local.getUTCFullYear(),
  getMonth: (local: Date) => local.getUTCMonth(),
  getDayOfMonth: (local: Date) => local.getUTCDate() - 1,
  getDate: (local: Date) => local.getUTCDate(),
  getDayOfWeek: (local: Date) => local.getUTCDay(),
  getDayOfYear: (local: Date) => {
    const newYear = new Date(local);
    newYear.setUTCMonth(0, 1);
    return Math.round((local.getTime() - newYear.getTime()) / DAY_MS);
  },
  getHours: (local: Date) => local.getUTCHours(),
  getMinutes: (local: Date) => local.getUTCMinutes(),
  getSeconds: (local: Date) => local.getUTCSeconds(),
} as const;

export type CalendarPart = keyof typeof GETTERS | 'getMilliseconds';

export const CALENDAR_PARTS: readonly CalendarPart[] = [
  'getFullYear',
  'getMonth',
  'getDayOfMonth',
  'getDate',
  'getDayOfWeek',
  'getDayOfYear',
  'getHours',
  'getMinutes',
  'getSeconds',
  'getMilliseconds',
];

export function calendarPart(
  { nanos }: CelTimestamp,
  part: CalendarPart,
  zone: string,
): bigint | CelFailure {
  const { millis, rest } = splitNanos(nanos);
  if (part === 'getMilliseconds') return rest / NANOS_PER_MILLI;
  const offset = zoneOffset(zone, millis);
  if (offset === undefined) {
    return new CelFailure('invalid_argument', `\`${zone.slice(0, 64)}\` is no time zone`);
  }
  return BigInt(GETTERS[part](new Date(millis + offset)));
}

/** What the zone's clocks were ahead of UTC, in milliseconds. */
function zoneOffset(zone: string, millis: number): number | undefined {
  if (zone === 'UTC' || zone === '') return 0;
  const fixed = zone.length > 6 ? null : /^([+-]?)(\d\d):(\d\d)$/.exec(zone);
  if (fixed !== null) {
    const minutes = Number(fixed[2]) * 60 + Number(fixed[3]);
    return minutes * (fixed[1] === '-' ? -60_000 : 60_000);
  }
  const formatter = formatterOf(zone);
  if (formatter === undefined) return undefined;
  // Years before 1 are written without a sign, and in the year 1 no zone had rules yet.
  const instant = Math.max(millis, YEAR_TWO_MS);
  const parts = new Map(
    formatter.formatToParts(instant).map(({ type, value }) => [type, Number(value)]),
  );
  const part = (name: Intl.DateTimeFormatPartTypes) => parts.get(name) ?? 0;
  const local = new Date(0);
  local.setUTCFullYear(part('year'), part('month') - 1, part('day'));
  local.setUTCHours(part('hour'), part('minute'), part('second'));
  return local.getTime() - Math.floor(instant / 1000) * 1000;
}

function formatterOf(zone: string): Intl.DateTimeFormat | undefined {
  if (zone.length > 64) return undefined;
  if (!formatters.has(zone)) {
    if (formatters.size >= TIME_ZONES_MAX) formatters.clear();
    formatters.set(zone, makeFormatter(zone));
  }
  return formatters.get(zone);
}

function makeFormatter(timeZone: string): Intl.DateTimeFormat | undefined {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone,
      calendar: 'iso8601',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
