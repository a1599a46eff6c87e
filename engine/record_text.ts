// The text of which record lines are made: JSON of single values, and parts that repeat from record
// to record, made once and kept.

import { RECORDED_TEXT_MAX } from './limits.ts';

/** Characters that stand for themselves in JSON. */
const PLAIN = Uint8Array.from({ length: 128 }, (_, code) => {
  return code >= 0x20 && code < 0x7f && code !== 0x22 && code !== 0x5c ? 1 : 0;
});

/** As JSON, cut at a bound: a caller does not choose how long a line gets. */
export function jsonText(value: string, lengthMax = RECORDED_TEXT_MAX): string {
  const { length } = value;
  if (length > lengthMax) {
    return JSON.stringify(`${value.slice(0, lengthMax)}…(${length - lengthMax} more)`);
  }
  // Nearly all text is plain, and then a look at it costs less than a call into native code.
  for (let index = 0; index < length; index++) {
    if (PLAIN[value.charCodeAt(index)] !== 1) return JSON.stringify(value);
  }
  return `"${value}"`;
}

export function jsonTextOrNull(value: string): string {
  return value === '' ? 'null' : jsonText(value);
}

let timeMs = -1;
let timeIso = '';

/** RFC 3339 in UTC; many requests share a millisecond, so the last text is kept. */
export function timeText(now: number): string {
  if (now !== timeMs) {
    timeIso = new Date(now).toISOString();
    timeMs = now;
  }
  return timeIso;
}

let untilMs = -1;
let untilIso = '';

/** The same for the time until which a decision is valid; 0 is none. */
export function untilText(until: number): string {
  if (until === 0) return 'null';
  if (until !== untilMs) {
    untilIso = `"${new Date(until).toISOString()}"`;
    untilMs = until;
  }
  return untilIso;
}

interface Part {
  readonly facts: readonly unknown[];
  readonly text: string;
}

/** Parts of one kind; beyond them all are made anew. */
const PARTS_MAX = 2048;

/**
 * Parts of lines by two keys, for example who and what. A part is used again only while everything
 * that it was made of is the same, so it never says what is no longer true.
 */
export class RecordParts {
  readonly #parts = new Map<string, Map<string, Part>>();
  #count = 0;

  /** @param facts all that `make` reads */
  get(a: string, b: string, facts: readonly unknown[], make: () => string): string {
    const known = this.#parts.get(a)?.get(b);
    if (known !== undefined && same(known.facts, facts)) return known.text;
    // Through bytes and back: in one piece, where concatenation leaves a tree to walk each time.
    const text = new TextDecoder().decode(new TextEncoder().encode(make()));
    if (known === undefined && this.#count++ === PARTS_MAX) {
      this.#parts.clear();
      this.#count = 1;
    }
    let byB = this.#parts.get(a);
    if (byB === undefined) {
      byB = new Map();
      this.#parts.set(a, byB);
    }
    byB.set(b, { facts, text });
    return text;
  }
}

function same(a: readonly unknown[], b: readonly unknown[]): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false;
  return true;
}
