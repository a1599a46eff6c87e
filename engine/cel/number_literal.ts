// Numbers as they are written: int, uint and double (CEL specification, "Syntax", INT_LIT to
// FLOAT_LIT). Whether an int is in range is known only together with its sign, so that is the
// parser's to say.

import { mistake } from './mistake.ts';
import { CelUint, type CelValue } from './value.ts';

const UINT_MAX = 0xffff_ffff_ffff_ffffn;

export function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

function isHexDigit(code: number): boolean {
  return isDigit(code) || (code >= 65 && code <= 70) || (code >= 97 && code <= 102);
}

export function readNumber(
  text: string,
  offset: number,
): { readonly value: CelValue; readonly end: number } {
  const isHex = text[offset] === '0' && (text[offset + 1] === 'x' || text[offset + 1] === 'X');
  let end = isHex ? skip(text, offset + 2, isHexDigit) : skip(text, offset, isDigit);
  if (isHex && end === offset + 2) throw mistake(offset, 'a hexadecimal number has no digits');
  const whole = end;
  if (!isHex) {
    if (text[end] === '.' && isDigit(text.charCodeAt(end + 1))) end = skip(text, end + 1, isDigit);
    end = skipExponent(text, end);
  }
  if (end > whole) {
    const value = Number(text.slice(offset, end));
    if (!Number.isFinite(value)) throw mistake(offset, 'the number is out of range');
    return checked(text, offset, { value, end });
  }
  const integer = BigInt(text.slice(offset, end));
  if (text[end] !== 'u' && text[end] !== 'U') {
    return checked(text, offset, { value: integer, end });
  }
  if (integer > UINT_MAX) throw mistake(offset, 'the number is out of range of uint');
  return checked(text, offset, { value: new CelUint(integer), end: end + 1 });
}

function skip(text: string, from: number, is: (code: number) => boolean): number {
  let end = from;
  while (is(text.charCodeAt(end))) end++;
  return end;
}

function skipExponent(text: string, from: number): number {
  if (text[from] !== 'e' && text[from] !== 'E') return from;
  const digits = text[from + 1] === '+' || text[from + 1] === '-' ? from + 2 : from + 1;
  return isDigit(text.charCodeAt(digits)) ? skip(text, digits, isDigit) : from;
}

/** A letter right behind a number is a slip, not the next word. */
function checked<T extends { readonly end: number }>(text: string, offset: number, read: T): T {
  if (/[a-zA-Z0-9_]/.test(text[read.end] ?? '')) {
    throw mistake(offset, `\`${text.slice(offset, read.end + 1)}\` is not a number`);
  }
  return read;
}
