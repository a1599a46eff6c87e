// JSON as RFC 8259 has it and nothing beyond, in one bounded pass. Stricter than JSON.parse where
// two parsers could read one text differently: a key that is written twice, half of a surrogate
// pair, and a number that would lose its value are refused. Integers are exact; `-0` is the integer
// 0. An object is a Map, so that `__proto__` is a key like any other.

import { BODY_NUMBER_LENGTH_MAX } from '../limits.ts';
import { BODY_PROBLEMS, type BodyLimits, type BodyProblem, type BodyValue } from './body.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** What the character behind a backslash stands for. */
const ESCAPES: ReadonlyMap<number, string> = new Map(
  ['""', '\\\\', '//', 'b\b', 'f\f', 'n\n', 'r\r', 't\t'].map((it) => [it.charCodeAt(0), it[1]!]),
);

/** So many decimal digits are exact in a double, and turning that into a bigint is cheap. */
const SAFE_DIGITS = 15;
const INT64_DIGITS = 19;
const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

/** @param text has no lone surrogates, as it was decoded from UTF-8 */
export function parseJson(text: string, limits: BodyLimits): BodyValue | BodyProblem {
  return new JsonReader(text, limits).document();
}

/** Undefined when it is no integer of 64 bits. */
export function parseInt64(text: string): bigint | undefined {
  if (!/^-?(?:0|[1-9][0-9]{0,18})$/.test(text)) return undefined;
  const value = BigInt(text);
  return value >= INT64_MIN && value <= INT64_MAX ? value : undefined;
}

/** Undefined when it is no number of JSON, or no double comes near it. */
export function parseDouble(text: string): number | undefined {
  if (text.length > BODY_NUMBER_LENGTH_MAX) return undefined;
  if (!/^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/.test(text)) return undefined;
  const value = Number(text);
  // What is not 0 and becomes 0 has lost its value as much as what becomes infinite.
  const isLost = value === 0 && /^[^eE]*[1-9]/.test(text);
  return Number.isFinite(value) && !isLost ? value : undefined;
}

class JsonReader {
  readonly #text: string;
  readonly #depthMax: number;
  readonly #folded: boolean;
  #keysLeft: number;
  #elementsLeft: number;
  #at = 0;
  /** Why the last reading method returned undefined, which no value is. */
  #problem: BodyProblem = BODY_PROBLEMS.syntax;

  constructor(text: string, limits: BodyLimits) {
    this.#text = text;
    this.#depthMax = limits.depth;
    this.#folded = limits.keyCase === 'folded';
    this.#keysLeft = limits.keys;
    this.#elementsLeft = limits.elements;
  }

  document(): BodyValue | BodyProblem {
    const value = this.#value(0);
    if (value === undefined) return this.#problem;
    this.#space();
    return this.#at === this.#text.length ? value : BODY_PROBLEMS.syntax;
  }

  #fail(problem: BodyProblem): undefined {
    this.#problem = problem;
    return undefined;
  }

  /** The next character, 0 at the end. */
  #peek(): number {
    return this.#at < this.#text.length ? this.#text.charCodeAt(this.#at) : 0;
  }

  /** The character behind a member or an element, passed over; 0 at the end. */
  #next(): number {
    this.#space();
    const code = this.#peek();
    this.#at++;
    return code;
  }

  #space(): void {
    const text = this.#text;
    let at = this.#at;
    while (at < text.length) {
      const code = text.charCodeAt(at);
      if (code > 0x20 || (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09)) break;
      at++;
    }
    this.#at = at;
  }

  #value(depth: number): BodyValue | undefined {
    this.#space();
    switch (this.#peek()) {
      case QUOTE:
        return this.#string();
      case OPEN_BRACE:
        return this.#object(depth + 1);
      case OPEN_BRACKET:
        return this.#array(depth + 1);
      case 0x74:
        return this.#literal('true', true);
      case 0x66:
        return this.#literal('false', false);
      case 0x6e:
        return this.#literal('null', null);
      default:
        return this.#number();
    }
  }

  #literal<T extends boolean | null>(word: string, value: T): T | undefined {
    if (!this.#text.startsWith(word, this.#at)) return undefined;
    this.#at += word.length;
    return value;
  }

  #object(depth: number): BodyValue | undefined {
    if (depth > this.#depthMax) return this.#fail(BODY_PROBLEMS.depth);
    const members = new Map<string, BodyValue>();
    const folded = this.#folded ? new Set<string>() : undefined;
    this.#at++;
    this.#space();
    if (this.#peek() === CLOSE_BRACE) {
      this.#at++;
      return members;
    }
    for (;;) {
      this.#space();
      if (this.#peek() !== QUOTE) return undefined;
      if (this.#keysLeft-- === 0) return this.#fail(BODY_PROBLEMS.keys);
      const key = this.#string();
      if (key === undefined) return undefined;
      if (members.has(key)) return this.#fail(BODY_PROBLEMS.duplicate_key);
      if (folded !== undefined && !addFolded(folded, key)) {
        return this.#fail(BODY_PROBLEMS.duplicate_key);
      }
      this.#space();
      if (this.#peek() !== COLON) return undefined;
      this.#at++;
      const value = this.#value(depth);
      if (value === undefined) return undefined;
      members.set(key, value);
      const next = this.#next();
      if (next === CLOSE_BRACE) return members;
      if (next !== COMMA) return undefined;
    }
  }

  #array(depth: number): BodyValue | undefined {
    if (depth > this.#depthMax) return this.#fail(BODY_PROBLEMS.depth);
    const elements: BodyValue[] = [];
    this.#at++;
    this.#space();
    if (this.#peek() === CLOSE_BRACKET) {
      this.#at++;
      return elements;
    }
    for (;;) {
      if (this.#elementsLeft-- === 0) return this.#fail(BODY_PROBLEMS.elements);
      const value = this.#value(depth);
      if (value === undefined) return undefined;
      elements.push(value);
      const next = this.#next();
      if (next === CLOSE_BRACKET) return elements;
      if (next !== COMMA) return undefined;
    }
  }

  #string(): string | undefined {
    const text = this.#text;
    const start = this.#at + 1;
    for (let at = start; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === QUOTE) {
        this.#at = at + 1;
        return text.slice(start, at);
      }
      if (code === BACKSLASH) return this.#escaped(start, at);
      if (code < 0x20) return undefined;
    }
    return undefined;
  }

  /** A string from its first backslash on. */
  #escaped(start: number, firstBackslash: number): string | undefined {
    const text = this.#text;
    let value = text.slice(start, firstBackslash);
    let at = firstBackslash;
    let plain = at;
    while (at < text.length) {
      const code = text.charCodeAt(at);
      if (code === QUOTE) {
        this.#at = at + 1;
        return value + text.slice(plain, at);
      }
      if (code < 0x20) return undefined;
      if (code !== BACKSLASH) {
        at++;
        continue;
      }
      value += text.slice(plain, at);
      const character =
        text[at + 1] === 'u' ? this.#unit(at) : ESCAPES.get(text.charCodeAt(at + 1));
      if (character === undefined) return undefined;
      value += character;
      at += text[at + 1] === 'u' ? 6 * character.length : 2;
      plain = at;
    }
    return undefined;
  }

  /** What `\uXXXX` stands for, or a pair of them. */
  #unit(at: number): string | undefined {
    const first = hexUnit(this.#text, at);
    if (first === undefined) return undefined;
    if (first < 0xd800 || first > 0xdfff) return String.fromCharCode(first);
    const second = hexUnit(this.#text, at + 6);
    if (first > 0xdbff || second === undefined || second < 0xdc00 || second > 0xdfff) {
      return this.#fail(BODY_PROBLEMS.surrogate);
    }
    return String.fromCharCode(first, second);
  }

  #number(): BodyValue | undefined {
    const text = this.#text;
    const start = this.#at;
    const firstDigit = this.#peek() === MINUS ? start + 1 : start;
    let at = digitsEnd(text, firstDigit);
    const digits = at - firstDigit;
    if (digits === 0 || (digits > 1 && text.charCodeAt(firstDigit) === ZERO)) return undefined;
    let isInteger = true;
    if (at < text.length && text.charCodeAt(at) === DOT) {
      const fraction = at + 1;
      at = digitsEnd(text, fraction);
      if (at === fraction) return undefined;
      isInteger = false;
    }
    if (at < text.length && (text.charCodeAt(at) | 0x20) === 0x65) {
      const sign = text[at + 1];
      const exponent = sign === '+' || sign === '-' ? at + 2 : at + 1;
      at = digitsEnd(text, exponent);
      if (at === exponent) return undefined;
      isInteger = false;
    }
    this.#at = at;
    if (isInteger && digits > INT64_DIGITS) return this.#fail(BODY_PROBLEMS.number);
    const written = text.slice(start, at);
    if (isInteger && digits <= SAFE_DIGITS) return BigInt(Number(written));
    const value = isInteger ? parseInt64(written) : parseDouble(written);
    return value ?? this.#fail(BODY_PROBLEMS.number);
  }
}

/** False when the set has a key that differs in nothing but case. */
function addFolded(keys: Set<string>, key: string): boolean {
  // Both ways, because a few letters, such as the long s and the Kelvin sign, have one only.
  const folded = key.toUpperCase().toLowerCase();
  if (keys.has(folded)) return false;
  keys.add(folded);
  return true;
}

function digitsEnd(text: string, from: number): number {
  let at = from;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code < ZERO || code > 0x39) break;
    at++;
  }
  return at;
}

/** The four digits behind `\u`. */
function hexUnit(text: string, at: number): number | undefined {
  const digits = text.slice(at, at + 6);
  return /^\\u[0-9a-fA-F]{4}$/.test(digits) ? Number.parseInt(digits.slice(2), 16) : undefined;
}
