// The canonical form of a request path, and whether two parsers could still read it differently.
//
// A level says what Envoy does to a path before its filters see it (Istio's four names, and the
// settings of Envoy's HTTP connection manager they stand for):
//   NONE                      nothing but cutting the fragment
//   BASE                      `normalize_path`, RFC 3986 section 6: unreserved characters are
//                             decoded, `\` becomes `/`, characters that no path may hold are
//                             encoded, dot segments are resolved; %00 is refused
//   MERGE_SLASHES             BASE, then `merge_slashes`
//   DECODE_AND_MERGE_SLASHES  `%2f` and `%5c` are decoded first, then MERGE_SLASHES
// The query is never part of a path. Nothing is decoded twice; letter case stays, in escapes too.
//
// From BASE on `/..;x/` is `/../` and `/.;x/` is `/./`, as in Envoy since 1.39.1 (CVE-2026-73551).
// Like Envoy, this looks for them before it decodes `%2e` and turns `\` into `/`, so a canonical
// path may still hold `/..;x/` and canonicalising it again would change it. Such a path has a
// semicolon and is therefore ambiguous; for every other path canonicalising is idempotent. Like
// Envoy's too, a path of nothing but slashes merges to `//`, which is ambiguous as well.

import type { PathNormalization } from '../engine/settings.ts';

/** Why two parsers could read a path differently. */
export type PathAmbiguity =
  | 'encoded_slash'
  | 'encoded_dot'
  | 'encoded_percent'
  | 'encoded_backslash'
  | 'backslash'
  | 'semicolon'
  | 'control_byte'
  | 'invalid_utf8'
  | 'malformed_percent'
  | 'empty_segment'
  | 'dot_segment';

const PERCENT = 0x25;
const DOT = 0x2e;
const SLASH = 0x2f;
const SEMICOLON = 0x3b;
const BACKSLASH = 0x5c;

// What `normalize_path` does with each byte (the table of Envoy's URL library).
const COPIED = 0;
const UNRESERVED = 1; // Copied, and decoded when it is percent-encoded.
const ESCAPED = 2;
const SPECIAL = 3;

const HEX_DIGITS = '0123456789ABCDEF';
const BYTE_KIND = new Uint8Array(256).fill(ESCAPED);
const HEX_VALUE = new Int8Array(128);
const SUSPECT = new Uint8Array(128); // 1 where pathAmbiguity has to look more closely.
for (let code = 0; code < 128; code++) {
  const c = String.fromCharCode(code);
  if (/[A-Za-z0-9\-._~]/.test(c)) BYTE_KIND[code] = UNRESERVED;
  else if ("!$&'()*+,/:;=@[]".includes(c)) BYTE_KIND[code] = COPIED;
  else if ('%\\\0'.includes(c)) BYTE_KIND[code] = SPECIAL;
  HEX_VALUE[code] = HEX_DIGITS.indexOf(c.toUpperCase());
  SUSPECT[code] = code < 0x20 || '/.%\\;\x7f'.includes(c) ? 1 : 0;
}

/** The canonical path without query and fragment; undefined when Envoy would refuse it (%00). */
export function canonicalPath(rawPath: string, level: PathNormalization): string | undefined {
  const path = withoutQuery(rawPath);
  // A request without a path (CONNECT) must not turn into one for `/`.
  if (level === 'NONE' || rawPath === '') return path;
  if (isCanonical(path, level !== 'BASE')) return path;
  let text = level === 'DECODE_AND_MERGE_SLASHES' ? decodeSlashes(path) : path;
  if (text.includes('.;')) text = stripDotParameters(text);
  const normalized = normalizePath(text);
  return normalized === undefined || level === 'BASE' ? normalized : mergeSlashes(normalized);
}

/** The first reason, from left to right, why two parsers could read this canonical path unlike. */
export function pathAmbiguity(canonical: string): PathAmbiguity | undefined {
  let previous = 0;
  for (let i = 0; i < canonical.length; i++) {
    const code = canonical.charCodeAt(i);
    if (code < 128 && SUSPECT[code] === 0) {
      previous = code;
      continue;
    }
    if (code === SLASH) {
      if (previous === SLASH) return 'empty_segment';
    } else if (code === DOT) {
      if ((previous === SLASH || i === 0) && isDotSegment(canonical, i)) return 'dot_segment';
    } else if (code === PERCENT) {
      const byte = escapedByte(canonical, i);
      if (byte < 0) return 'malformed_percent';
      const reason = escapeAmbiguity(byte);
      if (reason !== undefined) return reason;
      const end = byte < 0x80 ? i + 3 : utf8EscapesEnd(canonical, i, byte);
      if (end < 0) return 'invalid_utf8';
      i = end - 1;
    } else if (code === BACKSLASH) {
      return 'backslash';
    } else if (code === SEMICOLON) {
      return 'semicolon';
    } else if (code < 128) {
      return 'control_byte';
    } else {
      const point = canonical.codePointAt(i)!;
      if (point > 0xffff) i++;
      // U+FFFD is what a decoder leaves where the bytes were not UTF-8.
      else if ((point >= 0xd800 && point < 0xe000) || point === 0xfffd) return 'invalid_utf8';
    }
    previous = code;
  }
  return undefined;
}

function withoutQuery(path: string): string {
  const query = path.indexOf('?');
  const beforeQuery = query < 0 ? path : path.slice(0, query);
  const fragment = beforeQuery.indexOf('#');
  return fragment < 0 ? beforeQuery : beforeQuery.slice(0, fragment);
}

// The common path: nothing to rewrite. May say no to a canonical path, never yes to another.
function isCanonical(path: string, merging: boolean): boolean {
  if (path.charCodeAt(0) !== SLASH) return false;
  let previous = 0;
  for (let i = 0; i < path.length; i++) {
    const code = path.charCodeAt(i);
    if (code > 127 || BYTE_KIND[code]! >= ESCAPED) return false;
    if (previous === SLASH && (code === DOT || (code === SLASH && merging))) return false;
    previous = code;
  }
  return true;
}

// All escapes at once in Envoy; `/` and `\` are in no escape, so one after the other is the same.
function decodeSlashes(path: string): string {
  return path.includes('%') ? path.replace(/%2f/gi, '/').replace(/%5c/gi, '\\') : path;
}

function stripDotParameters(path: string): string {
  const segments = path.split('/');
  for (let i = 0; i < segments.length; i++) {
    if (segments[i]!.startsWith('..;')) segments[i] = '..';
    else if (segments[i]!.startsWith('.;')) segments[i] = '.';
  }
  return segments.join('/');
}

function mergeSlashes(path: string): string {
  if (!path.includes('//')) return path;
  const segments = path.split('/').filter((segment) => segment !== '');
  return `/${segments.join('/')}${path.endsWith('/') ? '/' : ''}`;
}

// Works on bytes, as Envoy does, and writes each at most three times as long: linear throughout,
// where looking back into a growing string would flatten it again and again.
function normalizePath(path: string): string | undefined {
  const input = Buffer.from(path);
  const output = new PathOutput(3 * input.length + 1);
  if (!isSlash(input[0])) output.push(SLASH);
  for (let i = 0; i < input.length; i++) {
    const byte = input[i]!;
    if (output.endsWithSlash() && (byte === DOT || byte === PERCENT)) {
      const first = dotLength(input, i);
      const second = first === 0 ? 0 : dotLength(input, i + first);
      const end = i + first + second;
      if (first > 0 && (end === input.length || isSlash(input[end]))) {
        if (second > 0) output.dropSegment();
        i = end;
        continue;
      }
    }
    const kind = BYTE_KIND[byte]!;
    if (kind <= UNRESERVED) {
      output.push(byte);
    } else if (kind === ESCAPED) {
      output.pushEscape(byte);
    } else if (byte === BACKSLASH) {
      output.push(SLASH);
    } else if (byte !== PERCENT) {
      return undefined; // NUL
    } else {
      const escaped = byteOf(input[i + 1], input[i + 2]);
      if (escaped === 0) return undefined;
      if (escaped >= 0 && BYTE_KIND[escaped] === UNRESERVED) {
        output.pushDecoded(escaped, input[i + 3]);
        i += 2;
      } else {
        // The digits of an escape that stays are copied as they come.
        output.pushPercent(escaped < 0);
      }
    }
  }
  return output.toString();
}

class PathOutput {
  private readonly bytes: Buffer;
  private length = 0;
  private lonePercent = -1;

  constructor(bytesMax: number) {
    this.bytes = Buffer.allocUnsafe(bytesMax);
  }

  push(byte: number): void {
    this.bytes[this.length++] = byte;
  }

  pushEscape(byte: number): void {
    this.push(PERCENT);
    this.push(HEX_DIGITS.charCodeAt(byte >> 4));
    this.push(HEX_DIGITS.charCodeAt(byte & 15));
  }

  pushPercent(isLone: boolean): void {
    if (isLone) this.lonePercent = this.length;
    this.push(PERCENT);
  }

  // A lone `%` before decoded characters could now begin an escape that was not in the input
  // (`%%300` → `%00`); it is written as %25 then, so that nobody decodes twice.
  pushDecoded(byte: number, nextByte: number | undefined): void {
    this.push(byte);
    if (this.lonePercent < 0) return;
    const first = this.lonePercent + 1;
    if (first < this.length - 2) return;
    const second = first === this.length - 1 ? nextByte : byte;
    if (byteOf(this.bytes[first], second) < 0) return;
    this.bytes.copyWithin(first + 2, first, this.length);
    this.bytes.write('25', first, 'latin1');
    this.length += 2;
    this.lonePercent = -1;
  }

  endsWithSlash(): boolean {
    return this.length > 0 && this.bytes[this.length - 1] === SLASH;
  }

  /** Drops the last segment of an output that ends with a slash; the root stays. */
  dropSegment(): void {
    if (this.length === 1) return;
    do this.length--;
    while (this.bytes[this.length - 1] !== SLASH);
    if (this.lonePercent >= this.length) this.lonePercent = -1;
  }

  toString(): string {
    return this.bytes.toString('latin1', 0, this.length);
  }
}

function isSlash(byte: number | undefined): boolean {
  return byte === SLASH || byte === BACKSLASH;
}

function dotLength(input: Buffer, at: number): number {
  if (input[at] === DOT) return 1;
  return input[at] === PERCENT && byteOf(input[at + 1], input[at + 2]) === DOT ? 3 : 0;
}

// The byte that two hexadecimal digits stand for, -1 when they are not two.
function byteOf(high: number | undefined, low: number | undefined): number {
  const value = (HEX_VALUE[high ?? 128] ?? -1) * 16;
  const rest = HEX_VALUE[low ?? 128] ?? -1;
  return value < 0 || rest < 0 ? -1 : value + rest;
}

function escapedByte(path: string, at: number): number {
  if (path.charCodeAt(at) !== PERCENT) return -1;
  return byteOf(path.charCodeAt(at + 1), path.charCodeAt(at + 2));
}

function isDotSegment(path: string, at: number): boolean {
  const end = path.charCodeAt(at + 1) === DOT ? at + 2 : at + 1;
  return end === path.length || path.charCodeAt(end) === SLASH;
}

function escapeAmbiguity(byte: number): PathAmbiguity | undefined {
  if (byte < 0x20 || byte === 0x7f) return 'control_byte';
  if (byte === SLASH) return 'encoded_slash';
  if (byte === DOT) return 'encoded_dot';
  if (byte === PERCENT) return 'encoded_percent';
  if (byte === BACKSLASH) return 'encoded_backslash';
  return byte === SEMICOLON ? 'semicolon' : undefined;
}

// Where the escapes of one UTF-8 character (RFC 3629 section 4) end, -1 when they are not one:
// stray or missing continuation bytes, overlong forms, surrogates, and U+FFFD as above.
function utf8EscapesEnd(path: string, at: number, lead: number): number {
  if (lead < 0xc2 || lead > 0xf4) return -1;
  const length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  const second = escapedByte(path, at + 3);
  if (second < low || second > high) return -1;
  let last = second;
  for (let i = 2; i < length; i++) {
    last = escapedByte(path, at + 3 * i);
    if (last < 0x80 || last > 0xbf) return -1;
  }
  return lead === 0xef && second === 0xbf && last === 0xbd ? -1 : at + 3 * length;
}
