// The offset of a time zone from UTC at an instant, by the runtime's copy of the IANA time zone
// database. Asking `Intl` costs microseconds, so an answer is kept with the interval in which it is
// known to hold; as time passes a zone asks again about once a week.

/** Two changes of one zone were never closer than four days, so that none hides between steps. */
const STEP_MS = 24 * 3_600_000;
/** How far ahead of an instant its offset is looked up. */
const HORIZON_MS = 7 * 24 * 3_600_000;
/** Whoever looks ahead for the next change of something passes one change of the offset, or two. */
const SPANS_MAX = 8;

/** From `from` until `to`, without `to`, the offset is the same; behind it it may be. */
interface Span {
  readonly from: number;
  to: number;
  readonly offsetMs: number;
}

/** One for each name, because each holds a formatter of the runtime, which is large. */
const zones = new Map<string, Zone>();

/** The zone of that name; undefined when the runtime knows none. `+05:45` is an offset, no name. */
export function findZone(name: string): Zone | undefined {
  if (!/^[A-Za-z]/.test(name)) return undefined;
  const known = zones.get(name);
  if (known !== undefined) return known;
  let format: Intl.DateTimeFormat;
  try {
    format = formatOf(name);
  } catch {
    return undefined;
  }
  const zone = new Zone(format);
  zones.set(name, zone);
  return zone;
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('en-US', {
    calendar: 'gregory',
    numberingSystem: 'latn',
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
}

export class Zone {
  readonly #format: Intl.DateTimeFormat;
  // INVARIANT: each begins where the one before it ends.
  readonly #spans: Span[] = [];
  #current: Span = { from: 0, to: 0, offsetMs: 0 };

  constructor(format: Intl.DateTimeFormat) {
    this.#format = format;
  }

  /** What to add to an instant to get its wall clock. All in milliseconds, since the epoch. */
  offsetAt(ms: number): number {
    return this.#spanAt(ms).offsetMs;
  }

  /** The first instant after this one that may have another offset. */
  sameUntil(ms: number): number {
    return this.#spanAt(ms).to;
  }

  #spanAt(ms: number): Span {
    if (ms < this.#current.from || ms >= this.#current.to) this.#current = this.#lookUp(ms);
    return this.#current;
  }

  #lookUp(ms: number): Span {
    const known = this.#spans.find(({ from, to }) => ms >= from && ms < to);
    if (known !== undefined) return known;
    const last = this.#spans.at(-1);
    const goesOn = last !== undefined && ms >= last.to && ms < last.to + HORIZON_MS;
    if (!goesOn) this.#spans.length = 0;
    // What is behind the horizon is added to what is known, or whoever looks ahead would make it
    // forget the present.
    let span = this.#addFrom(goesOn ? last.to : ms);
    while (ms >= span.to) span = this.#addFrom(span.to);
    return span;
  }

  #addFrom(from: number): Span {
    const offsetMs = this.#ask(from);
    let same = from;
    const horizon = from + HORIZON_MS;
    while (same < horizon && this.#ask(same + STEP_MS) === offsetMs) same += STEP_MS;
    const to = same < horizon ? this.#change(same, same + STEP_MS, offsetMs) : same;
    const last = this.#spans.at(-1);
    if (last !== undefined && last.offsetMs === offsetMs) {
      last.to = to;
      return last;
    }
    const span = { from, to, offsetMs };
    this.#spans.push(span);
    if (this.#spans.length > SPANS_MAX) this.#spans.shift();
    return span;
  }

  /** The first instant after `same` with another offset; `other` has one. */
  #change(same: number, other: number, offsetMs: number): number {
    let low = same;
    let high = other;
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (this.#ask(middle) === offsetMs) low = middle;
      else high = middle;
    }
    return high;
  }

  #ask(ms: number): number {
    const second = Math.floor(ms / 1000) * 1000;
    const parts = { year: 0, month: 0, day: 0, hour: 0, minute: 0, second: 0 };
    for (const { type, value } of this.#format.formatToParts(second)) {
      if (type in parts) parts[type as keyof typeof parts] = Number(value); // As `in` has shown.
    }
    const { year, month, day, hour, minute } = parts;
    return Date.UTC(year, month - 1, day, hour, minute, parts.second) - second;
  }
}
