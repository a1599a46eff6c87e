// Parts of timestamps and durations: `request.time.getHours('Europe/Berlin')` (CEL specification,
// "Date/time functions").

import { CALENDAR_PARTS, type CalendarPart, calendarPart } from './calendar.ts';
import { COST_EXCEEDED } from './failure.ts';
import { define, type FunctionDefinition, type Implementation, signature } from './signature.ts';
import { NANOS_PER_MILLI, NANOS_PER_SECOND } from './time.ts';
import { DURATION, INT, STRING, TIMESTAMP } from './type.ts';
import { CelDuration, CelTimestamp } from './value.ts';

/** Looking up the rules of a zone. */
const ZONE_COST = 50;

/** Whole units of a duration; `getMilliseconds` is what is left beyond its seconds. */
const DURATION_PARTS: ReadonlyMap<CalendarPart, (nanos: bigint) => bigint> = new Map([
  ['getHours', (nanos: bigint) => nanos / (3600n * NANOS_PER_SECOND)],
  ['getMinutes', (nanos: bigint) => nanos / (60n * NANOS_PER_SECOND)],
  ['getSeconds', (nanos: bigint) => nanos / NANOS_PER_SECOND],
  ['getMilliseconds', (nanos: bigint) => (nanos % NANOS_PER_SECOND) / NANOS_PER_MILLI],
]);

function partOf(part: CalendarPart): Implementation {
  const ofDuration = DURATION_PARTS.get(part);
  return (meter, time, zone) => {
    if (time instanceof CelDuration && zone === undefined) return ofDuration?.(time.nanos);
    if (!(time instanceof CelTimestamp)) return undefined;
    if (zone === undefined) return calendarPart(time, part, 'UTC');
    if (typeof zone !== 'string') return undefined;
    return meter.charge(ZONE_COST) ? calendarPart(time, part, zone) : COST_EXCEEDED;
  };
}

export const TIME_FUNCTIONS: readonly FunctionDefinition[] = CALENDAR_PARTS.flatMap((part) => {
  const call = partOf(part);
  const plain = signature(INT, TIMESTAMP);
  return [
    DURATION_PARTS.has(part)
      ? define('method', part, [plain, signature(INT, DURATION)], call)
      : define('method', part, [plain], call),
    define('method', part, [signature(INT, TIMESTAMP, STRING)], call),
  ];
});
