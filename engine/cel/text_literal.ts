// Strings and bytes as they are written: quotes, triple quotes, raw texts and escapes (CEL
// specification, "String and Bytes Values"). In bytes `\x` and octal escapes are bytes, in strings
// code points.

import { mistake } from './mistake.ts';
import type { CelValue } from './value.ts';

const UTF8 = new TextEncoder();
const CODE_POINT_MAX = 0x10ffff;

/** Escapes of one character; a map, as the character is the author's. */
const SIMPLE: ReadonlyMap<string, string> = new Map([
  ['a', '\x07'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
  ['\\', '\\'],
  ['?', '?'],
  ['"', '"'],
  ["'", "'"],
  ['`', '`'],
]);

/** Digits of the escapes that name a number, by their letter. */
const HEX_DIGITS: ReadonlyMap<string, number> = new Map([
  ['x', 2],
  ['X', 2],
  ['u', 4],
  ['U', 8],
]);

export function readText(
  text: string,
  offset: number,
  prefix: string,
): { readonly value: CelValue; readonly end: number } {
  const isBytes = prefix.includes('b');
  const isRaw = prefix.includes('r');
  const open = offset + prefix.length;
  const quote = text[open]!;
  const isTriple = text.startsWith(quote.repeat(3), open);
  const closing = isTriple ? quote.repeat(3) : quote;
  const parts: (string | number)[] = [];
  let at = open + closing.length;
  while (!text.startsWith(closing, at)) {
    const character = text[at];
    if (character === undefined) throw mistake(offset, 'the text is not closed', `\`${closing}\``);
    if (!isTriple && (character === '\n' || character === '\r')) {
      throw mistake(at, 'a text ends before its line does', `\`${closing}\``);
    }
    if (character !== '\\') {
      parts.push(character);
      at++;
    } else if (isRaw) {
      // A quote behind a backslash does not end a raw text, and both stay.
      parts.push(text.slice(at, at + 2));
      at += 2;
    } else at = readEscape(text, at, isBytes, parts);
  }
  const end = at + closing.length;
  if (isBytes) return { value: bytesOf(parts), end };
  return { value: parts.join(''), end };
}

/** Appends what the escape means, a number for one byte, and gives where it ends. */
function readEscape(
  text: string,
  at: number,
  isBytes: boolean,
  parts: (string | number)[],
): number {
  const letter = text[at + 1] ?? '';
  const simple = SIMPLE.get(letter);
  if (simple !== undefined) {
    parts.push(simple);
    return at + 2;
  }
  if (/^[0-3][0-7][0-7]$/.test(text.slice(at + 1, at + 4))) {
    const octal = Number.parseInt(text.slice(at + 1, at + 4), 8);
    parts.push(isBytes ? octal : String.fromCodePoint(octal));
    return at + 4;
  }
  const length = HEX_DIGITS.get(letter);
  const digits = text.slice(at + 2, at + 2 + (length ?? 0));
  if (length === undefined || digits.length !== length || !/^[0-9a-fA-F]+$/.test(digits)) {
    throw mistake(at, `\`${text.slice(at, at + 2)}\` begins no escape`);
  }
  const code = Number.parseInt(digits, 16);
  if (isBytes) {
    if (length !== 2) throw mistake(at, 'bytes have no escapes of code points');
    parts.push(code);
  } else {
    if (code > CODE_POINT_MAX || (code >= 0xd800 && code <= 0xdfff)) {
      throw mistake(at, `\`${text.slice(at, at + 2 + length)}\` is no code point`);
    }
    parts.push(String.fromCodePoint(code));
  }
  return at + 2 + length;
}

/** Runs of characters become UTF-8; single ones would tear surrogates apart. */
function bytesOf(parts: readonly (string | number)[]): Uint8Array {
  const bytes: number[] = [];
  let run = '';
  for (const part of parts) {
    if (typeof part === 'string') run += part;
    else {
      bytes.push(...UTF8.encode(run), part);
      run = '';
    }
  }
  bytes.push(...UTF8.encode(run));
  return Uint8Array.from(bytes);
}
