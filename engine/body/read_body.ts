// From bytes and headers to a value or the reason why there is none. Whether a body is whole is
// asked before anything is read: what came of a cut body may well parse, and mean something else.

import {
  BODY_PROBLEMS,
  type Body,
  type BodyKind,
  type BodyLimits,
  BodyProblem,
  type BodyValue,
  DEFAULT_BODY_LIMITS,
  type RawBody,
} from './body.ts';
import { parseForm } from './form.ts';
import { parseJson } from './json.ts';
import { isJson, isUtf8Charset, type Parameterized, parseMediaType } from './media_type.ts';
import { parseMultipart } from './multipart.ts';
import { decodeUtf8 } from './utf8.ts';

/** RFC 9110 section 8.6; more digits than a body has bytes. */
const CONTENT_LENGTH = /^[0-9]{1,15}$/;
const PLAIN_JSON = 'application/json';

export function readBody(raw: RawBody, limits?: Partial<BodyLimits>): Body | BodyProblem {
  const bounds = limits === undefined ? DEFAULT_BODY_LIMITS : { ...DEFAULT_BODY_LIMITS, ...limits };
  return missing(raw, bounds) ?? read(raw, bounds);
}

/** What the content type alone says; `none` also when it is malformed. */
export function bodyKind(contentType: string): BodyKind {
  const type = parseMediaType(contentType);
  return type === undefined ? 'none' : kindOf(type.name);
}

/** Why the body is not all there, or too much. */
function missing(raw: RawBody, limits: BodyLimits): BodyProblem | undefined {
  const { bytes, contentLength, partial } = raw;
  // Envoy says true or false; anything else is no word for whole.
  if (partial !== '' && partial !== 'false') return BODY_PROBLEMS.partial;
  if (contentLength !== '') {
    if (!CONTENT_LENGTH.test(contentLength)) return BODY_PROBLEMS.content_length;
    const told = Number(contentLength);
    if (told > bytes.length) return BODY_PROBLEMS.short;
    if (told < bytes.length) return BODY_PROBLEMS.content_length;
  }
  if (bytes.length === 0) {
    return contentLength === '' && partial === '' ? BODY_PROBLEMS.untold : BODY_PROBLEMS.empty;
  }
  return bytes.length > limits.bytes ? BODY_PROBLEMS.too_large : undefined;
}

function read(raw: RawBody, limits: BodyLimits): Body | BodyProblem {
  const { bytes, contentType } = raw;
  if (raw.contentEncoding !== '' && raw.contentEncoding.toLowerCase() !== 'identity') {
    return BODY_PROBLEMS.encoding;
  }
  // By far the most frequent one needs no parsing.
  if (contentType === PLAIN_JSON) return asBody('json', readJson(bytes, limits));
  if (contentType === '') return BODY_PROBLEMS.media_type;
  const type = parseMediaType(contentType);
  if (type === undefined) return BODY_PROBLEMS.content_type;
  const kind = kindOf(type.name);
  switch (kind) {
    case 'none':
      return BODY_PROBLEMS.media_type;
    case 'grpc':
      return BODY_PROBLEMS.grpc;
    default:
      if (!isUtf8Charset(type)) return BODY_PROBLEMS.charset;
      return asBody(kind, readAs(kind, bytes, type, limits));
  }
}

function asBody(kind: Body['kind'], value: BodyValue | BodyProblem): Body | BodyProblem {
  return value instanceof BodyProblem ? value : { kind, value };
}

function readAs(
  kind: Body['kind'],
  bytes: Uint8Array,
  { parameters }: Parameterized,
  limits: BodyLimits,
): BodyValue | BodyProblem {
  switch (kind) {
    case 'json':
      return readJson(bytes, limits);
    case 'form': {
      const text = decodeUtf8(bytes);
      return text === undefined ? BODY_PROBLEMS.utf8 : parseForm(text, limits.keys);
    }
    case 'multipart':
      return parseMultipart(bytes, parameters.get('boundary'), limits);
  }
}

function readJson(bytes: Uint8Array, limits: BodyLimits): BodyValue | BodyProblem {
  const text = decodeUtf8(bytes);
  return text === undefined ? BODY_PROBLEMS.utf8 : parseJson(text, limits);
}

function kindOf(name: string): BodyKind {
  // Before JSON: `application/grpc+json` is messages with a prefix each.
  if (/^application\/grpc(?:-web|-web-text)?(?:\+.*)?$/.test(name)) return 'grpc';
  if (isJson(name)) return 'json';
  if (name === 'application/x-www-form-urlencoded') return 'form';
  return name === 'multipart/form-data' ? 'multipart' : 'none';
}
