// The times at which a rule holds: `between: {days, from, to, tz}` (DESIGN section 6). An instant
// is within when the wall clock of the zone shows a time that is: of an hour that comes twice both
// passes count, and what the clock skips never comes. The end is exclusive. A window over midnight
// belongs to the day on which it begins.

import { nearest } from '../diagnostic.ts';
import { findZone, type Zone } from './zone.ts';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
/** In the order of the epoch, which was a Thursday. */
const DAYS: readonly string[] = ['thu', 'fri', 'sat', 'sun', 'mon', 'tue', 'wed'];
const CLOCK = /^(?:([01][0-9]|2[0-3]):([0-5][0-9])|24:00)$/;
/**
 * Boundaries looked at for a change. There are at most three a day, and a window that is not always
 * open or shut changes within a week, or two where the clock skips it.
 */
const BOUNDARIES_MAX = 64;

export interface TimeWindowDocument {
  readonly days?: readonly string[] | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly tz?: string | undefined;
}

/** What is wrong with a window, for its author. */
export class TimeWindowError {
  /** Where below `between`. */
  readonly path: readonly string[];
  readonly message: string;
  readonly expected: string | undefined;

  constructor(path: readonly string[], message: string, expected?: string) {
    this.path = path;
    this.message = message;
    this.expected = expected;
  }
}

/** Wall-clock times on some days of the week; instants are milliseconds since the epoch. */
export class TimeWindow {
  readonly #zone: Zone;
  /** By the number of days since the epoch, modulo 7. */
  readonly #days: readonly boolean[];
  readonly #fromMs: number;
  readonly #toMs: number;

  constructor(zone: Zone, days: readonly boolean[], fromMs: number, toMs: number) {
    this.#zone = zone;
    this.#days = days;
    this.#fromMs = fromMs;
    this.#toMs = toMs;
  }

  holds(nowMs: number): boolean {
    const local = nowMs + this.#zone.offsetAt(nowMs);
    const day = Math.floor(local / DAY_MS);
    const time = local - day * DAY_MS;
    if (this.#fromMs < this.#toMs) {
      return time >= this.#fromMs && time < this.#toMs && this.#isDay(day);
    }
    return time >= this.#fromMs ? this.#isDay(day) : time < this.#toMs && this.#isDay(day - 1);
  }

  /**
   * The instant at which `holds` next changes; Infinity when it never does. Should it be further
   * away than is looked, then an instant before it.
   */
  until(nowMs: number): number {
    if (this.#isAlways) return Number.POSITIVE_INFINITY;
    const holds = this.holds(nowMs);
    let at = nowMs;
    for (let left = BOUNDARIES_MAX; left > 0; left--) {
      at = this.#boundaryAfter(at);
      if (this.holds(at) !== holds) break;
    }
    return at;
  }

  get #isAlways(): boolean {
    return this.#fromMs === 0 && this.#toMs === DAY_MS && !this.#days.includes(false);
  }

  #isDay(day: number): boolean {
    return this.#days[((day % 7) + 7) % 7]!;
  }

  /** The next instant at which the wall clock passes midnight, `from` or `to`, or jumps. */
  #boundaryAfter(ms: number): number {
    const offset = this.#zone.offsetAt(ms);
    const local = ms + offset;
    const midnight = Math.floor(local / DAY_MS) * DAY_MS;
    let next = midnight + DAY_MS;
    for (const time of [this.#fromMs, this.#toMs]) {
      const boundary = midnight + time;
      if (boundary > local && boundary < next) next = boundary;
    }
    return Math.min(next - offset, this.#zone.sameUntil(ms));
  }
}

export function parseTimeWindow(document: TimeWindowDocument): TimeWindow | TimeWindowError {
  const { from, to, tz = 'UTC' } = document;
  if (from === undefined && to === undefined && document.days === undefined) {
    return new TimeWindowError([], 'a window without limits', 'days, or from and to');
  }
  if ((from === undefined) !== (to === undefined)) {
    const missing = from === undefined ? 'from' : 'to';
    return new TimeWindowError([], `\`${missing}\` is missing`, 'from and to, or neither');
  }
  const days = parseDays(document.days);
  if (days instanceof TimeWindowError) return days;
  const fromMs = parseClock(from ?? '00:00');
  const toMs = parseClock(to ?? '24:00');
  if (fromMs === undefined || fromMs === DAY_MS) return clockError('from', from, '23:59');
  if (toMs === undefined) return clockError('to', to, '24:00');
  if (fromMs === toMs) {
    const message = `from and to are both \`${from}\`, which is no time or all of it`;
    return new TimeWindowError(['to'], message, 'another time, or neither of them for whole days');
  }
  const zone = findZone(tz);
  if (zone === undefined) {
    const expected = 'a name of the IANA time zone database, such as Europe/Berlin';
    return new TimeWindowError(['tz'], `\`${tz}\` is no time zone`, expected);
  }
  return new TimeWindow(zone, days, fromMs, toMs);
}

/** Milliseconds since midnight. */
function parseClock(text: string): number | undefined {
  const match = CLOCK.exec(text);
  if (match === null) return undefined;
  const [, hours, minutes] = match;
  if (hours === undefined) return DAY_MS;
  return (Number(hours) * 60 + Number(minutes)) * MINUTE_MS;
}

function clockError(key: string, text: string | undefined, last: string): TimeWindowError {
  return new TimeWindowError([key], `\`${text}\` is no time of a day`, `00:00 to ${last}`);
}

function parseDays(names: readonly string[] | undefined): readonly boolean[] | TimeWindowError {
  if (names === undefined) return DAYS.map(() => true);
  if (names.length === 0) return new TimeWindowError(['days'], 'no days', 'at least one day');
  for (const [index, name] of names.entries()) {
    const path = ['days', String(index)];
    if (!DAYS.includes(name)) {
      const near = nearest(name, DAYS);
      const expected = near === undefined ? 'mon, tue, wed, thu, fri, sat or sun' : `\`${near}\``;
      return new TimeWindowError(path, `\`${name}\` is no day`, expected);
    }
    if (names.indexOf(name) < index) return new TimeWindowError(path, `\`${name}\` twice`);
  }
  return DAYS.map((day) => names.includes(day));
}
