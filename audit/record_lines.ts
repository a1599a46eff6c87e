// Record lines as bytes, looked at without reading them as JSON: what repeats from line to line,
// and when it was written. Thousands come each second, and nearly all say what was said before.
//
// The layout is that of engine/record.ts. A line with another, for example of a file that somebody
// else has formatted, has no key and is to be read in full.

import { randomBytes } from 'node:crypto';

const codeOf = (letter: string) => letter.charCodeAt(0);
const LINE_FEED = codeOf('\n');
const QUOTE = codeOf('"');
const COLON = codeOf(':');
const ZERO = codeOf('0');

/** The letter in which the two kinds differ. */
const KIND_AT = '{"kind":"auth'.length;
const EVIDENCE = codeOf('n');
const DECISION = codeOf('z');
const ID_LENGTH = 36;
const TIME_LENGTH = 24;
const TIME_AT = '{"kind":"authn.evidence","id":"'.length + ID_LENGTH + '","time":"'.length;
const TRACE_AT = TIME_AT + TIME_LENGTH + '","traceId":'.length;
/** `null`, or 32 hexadecimal digits in quotes. */
const TRACE_LENGTHS = [4, 34] as const;
const RESULT = ',"result":"';
/**
 * Lines that tell nothing here are passed over: only proof and permission do, and who showed the
 * credential of somebody else. A flood of what proves nothing must cost nothing.
 */
const VERIFIED = codeOf('v');
const FAILED = codeOf('f');
/** No text that a caller chose holds these quotes: in JSON they are escaped. */
const CONFLICT = Buffer.from('"reason":"authn.identity_conflict"');
const EVALUATED = codeOf('e');
const OUTCOME_AT = 'evaluated","outcome":"'.length;
const ALLOW = codeOf('a');
/** From here on a decision is about its own request. */
const POLICY_DIGEST = Buffer.from(',"policyDigest":');

/**
 * @param key the same for lines that say the same of who and what; undefined: to be read in full
 * @param minute another one in each minute; not a time
 */
export type TakeLine = (
  key: number | undefined,
  minute: number,
  bytes: Buffer,
  start: number,
  end: number,
) => void;

export class RecordLines {
  /** Of this process: nobody outside can look for two lines of one key. */
  readonly #high = randomBytes(4).readInt32LE();
  readonly #low = randomBytes(4).readInt32LE();

  /** @returns how many bytes were whole lines */
  read(bytes: Buffer, take: TakeLine): number {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let start = 0;
    for (;;) {
      const end = bytes.indexOf(LINE_FEED, start);
      if (end === -1) return start;
      this.#readLine(bytes, view, start, end, take);
      start = end + 1;
    }
  }

  #readLine(bytes: Buffer, view: DataView, start: number, end: number, take: TakeLine): void {
    const kind = bytes[start + KIND_AT];
    const from = resultAt(bytes, start);
    if (from === undefined || from >= end || (kind !== EVIDENCE && kind !== DECISION)) {
      if (end > start) take(undefined, 0, bytes, start, end);
      return;
    }
    let to: number;
    if (kind === EVIDENCE) {
      if (bytes[from] !== VERIFIED && !isConflict(bytes, from, end)) return;
      // The last is the age, which changes each second.
      to = end;
      while (bytes[to] !== COLON) to--;
    } else {
      if (bytes[from] !== EVALUATED || bytes[from + OUTCOME_AT] !== ALLOW) return;
      to = bytes.indexOf(POLICY_DIGEST, from);
    }
    const key = to > from && to < end ? this.#keyOf(view, from, to) : undefined;
    take(key, minuteAt(bytes, start + TIME_AT), bytes, start, end);
  }

  /**
   * 53 bits of all that stands there, four bytes at a time: a Map keyed by the text itself would
   * copy it and walk it again, which takes three times as long.
   */
  #keyOf(view: DataView, from: number, to: number): number {
    let high = this.#high;
    let low = this.#low;
    let at = from;
    for (; at + 4 <= to; at += 4) {
      const word = view.getInt32(at, true);
      high = Math.imul(high ^ word, 0x9e3779b1);
      high ^= high >>> 15;
      low = Math.imul((low + word) | 0, 0x85ebca6b);
      low ^= low >>> 13;
    }
    // The rest with some of what came before it: no shorter than a word.
    const rest = view.getInt32(to - 4, true);
    high = Math.imul(high ^ rest, 0x9e3779b1);
    low = Math.imul((low + rest) | 0, 0x85ebca6b);
    return (high >>> 0) * 2 ** 21 + ((low >>> 11) & 0x1fffff);
  }
}

function isConflict(bytes: Buffer, from: number, end: number): boolean {
  if (bytes[from] !== FAILED) return false;
  // Not beyond the line: there is always a next one.
  const at = bytes.subarray(from, end).indexOf(CONFLICT);
  return at !== -1;
}

/** Where the value of `result` begins. */
function resultAt(bytes: Buffer, start: number): number | undefined {
  for (const length of TRACE_LENGTHS) {
    const at = start + TRACE_AT + length;
    if (bytes[at + RESULT.length - 1] !== QUOTE || bytes[at + RESULT.length - 2] !== COLON)
      continue;
    if (bytes[at + 2] === RESULT.charCodeAt(2) && bytes[at + 7] === RESULT.charCodeAt(7)) {
      return at + RESULT.length;
    }
  }
  return undefined;
}

/** Of an RFC 3339 time: month, day, hour and minute, as one number. */
function minuteAt(bytes: Buffer, at: number): number {
  return (
    ((twoAt(bytes, at + 5) * 32 + twoAt(bytes, at + 8)) * 24 + twoAt(bytes, at + 11)) * 60 +
    twoAt(bytes, at + 14)
  );
}

function twoAt(bytes: Buffer, at: number): number {
  return (bytes[at]! - ZERO) * 10 + bytes[at + 1]! - ZERO;
}
