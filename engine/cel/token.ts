// Words of CEL (CEL specification, "Syntax"): the text cut into tokens with their offsets, one at a
// time, without regular expressions that could be slow.

import { mistake } from './mistake.ts';
import { isDigit, readNumber } from './number_literal.ts';
import { readText } from './text_literal.ts';
import type { CelValue } from './value.ts';

export interface Token {
  readonly kind: 'name' | 'quoted' | 'literal' | 'symbol' | 'end';
  /** The name or the symbol; of a literal how it is written. */
  readonly text: string;
  readonly offset: number;
  readonly end: number;
  readonly value: CelValue | undefined;
}

const SYMBOLS = [
  ...['==', '!=', '<=', '>=', '&&', '||'],
  ...['<', '>', '+', '-', '*', '/', '%', '!', '?', ':', '.', ',', '(', ')', '[', ']', '{', '}'],
];

function isNameStart(code: number): boolean {
  return (code >= 65 && code <= 90) || (code >= 97 && code <= 122) || code === 95;
}

function isQuote(code: number): boolean {
  return code === 34 || code === 39;
}

export function readToken(text: string, from: number): Token {
  const offset = skipBlank(text, from);
  if (offset >= text.length) {
    return { kind: 'end', text: '', offset, end: offset, value: undefined };
  }
  const code = text.charCodeAt(offset);
  const prefix = textPrefix(text, offset);
  if (prefix !== undefined) return literal(text, offset, readText(text, offset, prefix));
  if (isNameStart(code)) return readName(text, offset);
  if (isDigit(code) || (code === 46 && isDigit(text.charCodeAt(offset + 1)))) {
    return literal(text, offset, readNumber(text, offset));
  }
  if (code === 96) return readQuotedName(text, offset);
  const symbol = SYMBOLS.find((it) => text.startsWith(it, offset));
  if (symbol === undefined) {
    const written = String.fromCodePoint(text.codePointAt(offset)!);
    throw mistake(offset, `\`${written}\` has no meaning here`);
  }
  return { kind: 'symbol', text: symbol, offset, end: offset + symbol.length, value: undefined };
}

function literal(
  text: string,
  offset: number,
  read: { readonly value: CelValue; readonly end: number },
): Token {
  return { kind: 'literal', text: text.slice(offset, read.end), offset, ...read };
}

/** White space and comments. */
function skipBlank(text: string, from: number): number {
  let at = from;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code === 32 || (code >= 9 && code <= 13 && code !== 11)) at++;
    else if (code === 47 && text.charCodeAt(at + 1) === 47) {
      const end = text.indexOf('\n', at);
      at = end === -1 ? text.length : end + 1;
    } else return at;
  }
}

/** What stands before the opening quote of a text, or nothing if there is no text here. */
function textPrefix(text: string, offset: number): string | undefined {
  let at = offset;
  if (text[at] === 'b' || text[at] === 'B') at++;
  if (text[at] === 'r' || text[at] === 'R') at++;
  return isQuote(text.charCodeAt(at)) ? text.slice(offset, at).toLowerCase() : undefined;
}

function readName(text: string, offset: number): Token {
  let end = offset + 1;
  while (isNameStart(text.charCodeAt(end)) || isDigit(text.charCodeAt(end))) end++;
  return { kind: 'name', text: text.slice(offset, end), offset, end, value: undefined };
}

/** A field whose name is no identifier, between backticks. */
function readQuotedName(text: string, offset: number): Token {
  const end = text.indexOf('`', offset + 1);
  const name = text.slice(offset + 1, end);
  if (end === -1 || !/^[a-zA-Z0-9_.\-/ ]+$/.test(name)) {
    throw mistake(offset, 'a quoted field name is not well-formed', 'a name between backticks');
  }
  return { kind: 'quoted', text: name, offset, end: end + 1, value: undefined };
}
