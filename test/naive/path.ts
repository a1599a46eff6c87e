// The canonical path and its ambiguity (DESIGN 5.9), written again token by token: one pass over
// the text for each thing that Envoy does, none of them clever.

import { isUtf8 } from 'node:buffer';
import type { NaiveSettings } from './request.ts';

/** Undefined where Envoy refuses the path itself: it holds a NUL, plain or encoded. */
export function canonical(
  raw: string,
  level: NaiveSettings['pathNormalization'],
): string | undefined {
  const path = withoutQuery(raw);
  if (level === 'NONE' || raw === '') return path;
  let text = path;
  if (level === 'DECODE_AND_MERGE_SLASHES') {
    text = text.replace(/%2f/gi, '/').replace(/%5c/gi, '\\');
  }
  text = text
    .split('/')
    .map((segment) => segment.replace(/^(\.\.?);.*$/s, '$1'))
    .join('/');
  const normalized = normalize(text);
  if (normalized === undefined || level === 'BASE') return normalized;
  // Of a path of nothing but slashes Envoy leaves two.
  return /^\/\/+$/.test(normalized) ? '//' : normalized.replace(/\/+/g, '/');
}

/** One byte of the path as it was written, and how it is written afterwards. */
interface Token {
  readonly written: string;
  readonly text: string;
}

/** RFC 3986 section 6 as Envoy's URL library has it. */
function normalize(path: string): string | undefined {
  const bytes = Buffer.from(path).toString('latin1');
  const tokens: Token[] = [];
  for (const [written] of bytes.matchAll(/%[0-9a-fA-F]{2}|./gs)) {
    const text = rewritten(written);
    if (text === undefined) return undefined;
    tokens.push({ written, text });
  }
  if (tokens[0]?.text !== '/') tokens.unshift({ written: '/', text: '/' });
  const done: string[] = [];
  const segments = segmentsOf(tokens);
  for (const [index, segment] of segments.entries()) {
    const text = segment.map((token) => token.text).join('');
    const dots = text === '.' || text === '..';
    if (!dots) done.push(segmentText(segment));
    if (text === '..') done.pop();
    // A dot segment at the end leaves the folder it stands in, which ends with a slash.
    if (dots && index === segments.length - 1) done.push('');
  }
  return `/${done.join('/')}`;
}

function rewritten(written: string): string | undefined {
  if (written === '\\') return '/';
  if (written === '\0' || written === '%00') return undefined;
  if (written.length === 3) {
    const decoded = String.fromCharCode(Number.parseInt(written.slice(1), 16));
    return /[A-Za-z0-9\-._~]/.test(decoded) ? decoded : written;
  }
  if (/[A-Za-z0-9\-._~!$&'()*+,/:;=@[\]%]/.test(written)) return written;
  return `%${written.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}

/** What stands between the slashes, without the empty text before the first. */
function segmentsOf(tokens: readonly Token[]): Token[][] {
  const segments: Token[][] = [];
  for (const token of tokens) {
    if (token.text === '/') segments.push([]);
    else segments.at(-1)!.push(token);
  }
  return segments;
}

/** A lone `%` that now stands before two hexadecimal digits must not become an escape. */
function segmentText(segment: readonly Token[]): string {
  return segment
    .map(({ written, text }, index) => {
      const next = segment.slice(index + 1, index + 3).map((token) => token.text);
      return written === '%' && /^[0-9a-fA-F]{2}/.test(next.join('')) ? '%25' : text;
    })
    .join('');
}

function withoutQuery(raw: string): string {
  return raw.split('?')[0]!.split('#')[0]!;
}

/**
 * Could two parsers read this path differently? Judged on the canonical path, but for a semicolon:
 * `/..;x/` is canonical no longer with one, and yet other parsers read a folder of that name.
 */
export function ambiguous(raw: string, path: string): boolean {
  if (withoutQuery(raw).includes(';')) return true;
  if (path.includes('//') || /[\\;\x00-\x1f\x7f\ufffd]/.test(path)) return true;
  if (path.split('/').some((segment) => segment === '.' || segment === '..')) return true;
  if (!path.isWellFormed() || /%(?![0-9a-fA-F]{2})/.test(path)) return true;
  for (const [run] of path.matchAll(/(?:%[0-9a-fA-F]{2})+/g)) {
    const bytes = Buffer.from(run.replaceAll('%', ''), 'hex');
    if (!isUtf8(bytes) || /[/.%\\;\x00-\x1f\x7f\ufffd]/.test(bytes.toString())) return true;
  }
  return false;
}
