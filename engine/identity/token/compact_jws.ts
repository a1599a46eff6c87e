// The compact form of a JWS (RFC 7515 sections 3.1, 4.1 and 5.2), read before any key is looked up.
// Refused: another form than the canonical one, and every header by which a token would choose its
// own key or change what is signed (RFC 8725 sections 3.1, 3.5 and 3.10).

import type { BodyLimits, BodyValue } from '../../body/body.ts';
import { BodyProblem } from '../../body/body.ts';
import { parseJson } from '../../body/json.ts';
import { decodeUtf8 } from '../../body/utf8.ts';
import { Failure, type Fallible, isFailure } from '../../failure.ts';
import {
  TOKEN_DEPTH_MAX,
  TOKEN_ELEMENTS_MAX,
  TOKEN_KEYS_MAX,
  TOKEN_TEXT_MAX,
} from '../../limits.ts';
import { type Algorithm, isAlgorithm } from './algorithm.ts';
import { decodeBase64url } from './base64url.ts';

export type JsonObject = ReadonlyMap<string, BodyValue>;

/** `embedded`: of a proof by the key in its own header (RFC 9449), and of nothing else. */
export type KeySource = 'issuer' | 'embedded';

/** What a header says. Nobody has checked the signature. */
export interface CompactJws {
  readonly header: JsonObject;
  readonly algorithm: Algorithm;
  readonly kid: string | undefined;
  readonly typ: string | undefined;
  /** `header.payload`, the octets that are signed. */
  readonly signed: Uint8Array;
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
}

const TOKEN_LIMITS: BodyLimits = {
  bytes: TOKEN_TEXT_MAX,
  depth: TOKEN_DEPTH_MAX,
  keys: TOKEN_KEYS_MAX,
  elements: TOKEN_ELEMENTS_MAX,
  parts: 0,
  keyCase: 'distinct',
};

/** Each would change what is verified, or by which key. Nothing here needs any of them. */
const REFUSED_HEADERS = ['crit', 'b64', 'jku', 'x5u', 'x5c', 'zip', 'enc'] as const;

export function invalidToken(detail: string): Failure {
  return new Failure('authn.invalid_token', detail);
}

const TOO_LONG = invalidToken(`longer than ${TOKEN_TEXT_MAX} characters`);
const NOT_THREE_PARTS = invalidToken('not three parts, none of them empty');
const NOT_BASE64URL = invalidToken('a part is not canonical base64url');
const NO_ALGORITHM = invalidToken('`alg` is no algorithm of signatures by a public key');
const EMBEDDED_KEY = invalidToken('a key of its own in the header');
const NO_EMBEDDED_KEY = invalidToken('no key in the header');
const HEADER_TEXTS = invalidToken('`kid` or `typ` is no text');

/** Any text gives what it says or a Failure, in time linear in its length. */
export function parseCompactJws(text: string, keySource: KeySource): Fallible<CompactJws> {
  if (text.length > TOKEN_TEXT_MAX) return TOO_LONG;
  const firstDot = text.indexOf('.');
  const secondDot = text.indexOf('.', firstDot + 1);
  if (firstDot < 1 || secondDot < firstDot + 2 || secondDot === text.length - 1) {
    return NOT_THREE_PARTS;
  }
  if (text.includes('.', secondDot + 1)) return NOT_THREE_PARTS;
  const headerBytes = decodeBase64url(text.slice(0, firstDot));
  const payload = decodeBase64url(text.slice(firstDot + 1, secondDot));
  const signature = decodeBase64url(text.slice(secondDot + 1));
  if (headerBytes === undefined || payload === undefined || signature === undefined) {
    return NOT_BASE64URL;
  }
  const header = parseObject(headerBytes, 'header');
  if (isFailure(header)) return header;
  const fault = headerFault(header, keySource);
  if (fault !== undefined) return fault;
  const algorithm = header.get('alg');
  const kid = header.get('kid');
  const typ = header.get('typ');
  if (typeof algorithm !== 'string' || !isAlgorithm(algorithm)) return NO_ALGORITHM;
  if (!isOptionalText(kid) || !isOptionalText(typ)) return HEADER_TEXTS;
  const signed = Buffer.from(text.slice(0, secondDot), 'latin1');
  return { header, algorithm, kid, typ, signed, payload, signature };
}

/** The claims of a JWT (RFC 7519 section 7.2): nobody has verified them. */
export function parseUnverifiedClaims({ payload }: CompactJws): Fallible<JsonObject> {
  return parseObject(payload, 'payload');
}

function headerFault(header: JsonObject, keySource: KeySource): Failure | undefined {
  const refused = REFUSED_HEADERS.find((name) => header.has(name));
  if (refused !== undefined) return invalidToken(`\`${refused}\` in the header`);
  if (header.has('jwk') === (keySource === 'embedded')) return undefined;
  return keySource === 'embedded' ? NO_EMBEDDED_KEY : EMBEDDED_KEY;
}

function isOptionalText(value: BodyValue | undefined): value is string | undefined {
  return value === undefined || (typeof value === 'string' && value !== '');
}

function parseObject(bytes: Uint8Array, part: 'header' | 'payload'): Fallible<JsonObject> {
  const text = decodeUtf8(bytes);
  if (text === undefined) return invalidToken(`the ${part} is not UTF-8`);
  const value = parseJson(text, TOKEN_LIMITS);
  if (value instanceof BodyProblem) return invalidToken(`the ${part}: JSON ${value.detail}`);
  return isJsonObject(value) ? value : invalidToken(`the ${part} is no JSON object`);
}

export function isJsonObject(value: BodyValue | undefined): value is JsonObject {
  return value instanceof Map;
}
