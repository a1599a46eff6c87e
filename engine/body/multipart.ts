// multipart/form-data (RFC 7578, RFC 2046 section 5.1), in the one form in which all parsers read
// it alike: lines end with CRLF, nothing stands before the first and behind the last delimiter, and
// the delimiter occurs nowhere else, not even in the middle of a line.
//
// The value of a part is its text, its JSON if it says that it is JSON, and else a map of
// `filename`, `mediaType` and `bytes` (its length): what is in a file is nothing to decide on.

import { MULTIPART_HEADER_BYTES_MAX, MULTIPART_HEADERS_MAX } from '../limits.ts';
import { BODY_PROBLEMS, type BodyLimits, BodyProblem, type BodyValue } from './body.ts';
import { parseJson } from './json.ts';
import { isJson, isUtf8Charset, parseDisposition, parseMediaType } from './media_type.ts';
import { decodeUtf8 } from './utf8.ts';

/** RFC 2046 section 5.1.1: `bchars`, and no space at the end. */
const BOUNDARY = /^[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]$/;
const HEADER_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*)$/s;
const CONTROL = /[\x00-\x08\n-\x1f\x7f]/;
/** Encodings that change nothing (RFC 2045 section 6.1). */
const IDENTITY_ENCODINGS: readonly string[] = ['', '7bit', '8bit', 'binary'];
const CRLF = '\r\n';

interface PartHeaders {
  readonly name: string;
  /** Undefined for a field that is no file. */
  readonly filename: string | undefined;
  readonly contentType: string;
}

export function parseMultipart(
  bytes: Uint8Array,
  boundary: string | undefined,
  limits: BodyLimits,
): ReadonlyMap<string, readonly BodyValue[]> | BodyProblem {
  if (boundary === undefined || !BOUNDARY.test(boundary)) return BODY_PROBLEMS.boundary;
  const fields = new Map<string, BodyValue[]>();
  // One character a byte, so that positions are those of the bytes.
  const text = bufferOf(bytes).toString('latin1');
  const delimiter = `--${boundary}`;
  if (!text.startsWith(delimiter)) return BODY_PROBLEMS.boundary;
  let at = delimiter.length;
  for (let left = limits.parts; !text.startsWith('--', at); left--) {
    if (left === 0) return BODY_PROBLEMS.parts;
    const start = at + CRLF.length;
    const next = text.indexOf(delimiter, start);
    const end = next - CRLF.length;
    if (!text.startsWith(CRLF, at) || end < start || !text.startsWith(CRLF, end)) {
      return BODY_PROBLEMS.boundary;
    }
    const headersEnd = text.indexOf(CRLF + CRLF, start);
    const contentStart = headersEnd + 2 * CRLF.length;
    if (headersEnd < 0 || contentStart > end) return BODY_PROBLEMS.part;
    const headers = readHeaders(bytes.subarray(start, headersEnd));
    if (headers === undefined) return BODY_PROBLEMS.part;
    const value = readContent(bytes.subarray(contentStart, end), headers, limits);
    if (value instanceof BodyProblem) return value;
    const values = fields.get(headers.name);
    if (values === undefined) fields.set(headers.name, [value]);
    else values.push(value);
    at = next + delimiter.length;
  }
  const rest = text.slice(at + '--'.length);
  return rest === '' || rest === CRLF ? fields : BODY_PROBLEMS.boundary;
}

function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

/** Undefined when they are none, or say something in a way that is read in two ways. */
function readHeaders(bytes: Uint8Array): PartHeaders | undefined {
  if (bytes.length > MULTIPART_HEADER_BYTES_MAX) return undefined;
  const lines = decodeUtf8(bytes)?.split(CRLF);
  if (lines === undefined || lines.length > MULTIPART_HEADERS_MAX) return undefined;
  const headers = new Map<string, string>();
  for (const line of lines) {
    const [, name, value] = HEADER_LINE.exec(line) ?? [];
    if (name === undefined || value === undefined || CONTROL.test(value)) return undefined;
    if (headers.has(name.toLowerCase())) return undefined;
    headers.set(name.toLowerCase(), value.replace(/[ \t]+$/, ''));
  }
  const encoding = headers.get('content-transfer-encoding') ?? '';
  if (!IDENTITY_ENCODINGS.includes(encoding.toLowerCase())) return undefined;
  const contentType = headers.get('content-type') ?? 'text/plain';
  return readName(headers.get('content-disposition') ?? '', contentType);
}

function readName(disposition: string, contentType: string): PartHeaders | undefined {
  // A backslash is itself for some parsers and an escape for others, so `"a\"` ends where they say.
  if (disposition.includes('\\')) return undefined;
  const parsed = parseDisposition(disposition);
  if (parsed?.name !== 'form-data') return undefined;
  const { parameters } = parsed;
  const name = parameters.get('name') ?? '';
  // Browsers write `%22` for a quote, and few parsers decode it; `name*` is not for forms.
  if (name === '' || name.includes('%') || parameters.has('name*')) return undefined;
  const filename = parameters.has('filename*') ? '' : undefined;
  return { name, filename: parameters.get('filename') ?? filename, contentType };
}

function readContent(
  bytes: Uint8Array,
  { name, filename, contentType }: PartHeaders,
  limits: BodyLimits,
): BodyValue | BodyProblem {
  const type = parseMediaType(contentType);
  if (type === undefined) return BODY_PROBLEMS.part;
  if (filename !== undefined || !(type.name === 'text/plain' || isJson(type.name))) {
    return new Map<string, BodyValue>([
      ['filename', filename ?? ''],
      ['mediaType', type.name],
      ['bytes', BigInt(bytes.length)],
    ]);
  }
  if (!isUtf8Charset(type)) return BODY_PROBLEMS.charset;
  const text = decodeUtf8(bytes);
  if (text === undefined) return BODY_PROBLEMS.utf8;
  if (isJson(type.name)) return parseJson(text, limits);
  // This field sets the charset of all others (RFC 7578 section 4.6).
  if (name === '_charset_' && text.toLowerCase() !== 'utf-8') return BODY_PROBLEMS.charset;
  return text;
}
