// Where a credential stands in a request: in `Authorization` (RFC 9110 section 11.6.2), in a header
// of its own, in a cookie (RFC 6265 section 4.2), and only where an Issuer says so in the query.
// What is read here is text; whether it proves anything is for others.
//
// INVARIANT: what could be read as two credentials is none. Whoever repeats a header or a cookie
// would else show one to us and another one to the service behind us.

import { BodyProblem } from '../body/body.ts';
import { parseQuery } from '../body/query.ts';
import { assertNever } from '../failure.ts';
import { CREDENTIAL_HEADER_TEXT_MAX, CREDENTIAL_TEXT_MAX } from '../limits.ts';

/** `scheme` in lower case, header names too; a cookie's name as it is written. */
export type CredentialLocation =
  | { readonly in: 'authorization'; readonly scheme: string }
  | { readonly in: 'header'; readonly name: string; readonly prefix: string }
  | { readonly in: 'cookie'; readonly name: string }
  | { readonly in: 'query'; readonly name: string };

/** Why what stands there is no credential. */
export type Unusable =
  /** A password, which nothing here verifies. */
  | 'basic'
  /** No JWS in its compact form, where only such a token is read. */
  | 'opaque'
  | 'several'
  | 'malformed'
  | 'too_long';

/**
 * `none`: nothing of this kind stands there; a header that stands there and is explained by no
 * location is still a credential that failed (DESIGN 5.8).
 */
export type Presented =
  | { readonly kind: 'none' }
  /** `scheme` in lower case, empty outside of `Authorization`. */
  | { readonly kind: 'token'; readonly scheme: string; readonly text: string }
  | { readonly kind: 'unusable'; readonly why: Unusable };

/** What a location is read from. */
export interface RequestTexts {
  /** Values by name in lower case; those that came more often joined with a comma. */
  readonly headers: ReadonlyMap<string, string>;
  /** As it came, with its query. */
  readonly path: string;
}

const EQUALS = 0x3d;
const COMMA = 0x2c;
const SEMICOLON = 0x3b;

const NONE: Presented = { kind: 'none' };
const unusable = (why: Unusable): Presented => ({ kind: 'unusable', why });
const BASIC = unusable('basic');
const OPAQUE = unusable('opaque');
const SEVERAL = unusable('several');
const MALFORMED = unusable('malformed');
const TOO_LONG = unusable('too_long');

/** RFC 9110 section 11.2. */
const TOKEN68 = /^[A-Za-z0-9._~+/-]+=*$/;
/** RFC 9110 section 5.6.2, followed by one space and what is not empty. */
const CREDENTIALS = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?: ([^ ].*)?)?$/s;
/** RFC 7515 section 3.1: three parts, none of them empty, as nothing unsigned is read. */
const JWS = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;

/** What stands at one location. */
export function presentedAt(location: CredentialLocation, request: RequestTexts): Presented {
  switch (location.in) {
    case 'authorization': {
      const shown = readAuthorization(request.headers.get('authorization') ?? '');
      return shown.kind === 'token' && shown.scheme !== location.scheme ? NONE : shown;
    }
    case 'header':
      return readHeader(request.headers.get(location.name) ?? '', location.prefix);
    case 'cookie':
      return readCookie(request.headers.get('cookie') ?? '', location.name);
    case 'query':
      return readQuery(request.path, location.name);
    default:
      return assertNever(location);
  }
}

/** The same where only a signed token is read: any other text is a credential that failed. */
export function onlyJws(shown: Presented): Presented {
  return shown.kind === 'token' && !JWS.test(shown.text) ? OPAQUE : shown;
}

/** An `Authorization` header of any scheme; a scheme with nothing behind it shows nothing. */
export function readAuthorization(value: string): Presented {
  if (value === '') return NONE;
  if (value.length > CREDENTIAL_TEXT_MAX) return TOO_LONG;
  const [, name, text = ''] = CREDENTIALS.exec(value) ?? [];
  if (name === undefined) return value.includes(',') ? SEVERAL : MALFORMED;
  const scheme = name.toLowerCase();
  if (scheme === 'basic') return BASIC;
  return text === '' ? NONE : token(scheme, text);
}

/** @param prefix as it is written before the credential, with its space if it has one */
function readHeader(value: string, prefix: string): Presented {
  if (value.length > CREDENTIAL_TEXT_MAX) return TOO_LONG;
  // Envoy joins repeated headers with a comma.
  if (value.includes(',')) return SEVERAL;
  if (!value.startsWith(prefix) || value.length === prefix.length) return NONE;
  return token('', value.slice(prefix.length));
}

/**
 * Pairs stand between semicolons. A comma stands between the values of two Cookie headers, which
 * some servers read as two lists of pairs: what hides behind one is no cookie that we can read.
 */
function readCookie(value: string, name: string): Presented {
  if (value.length > CREDENTIAL_HEADER_TEXT_MAX) return TOO_LONG;
  let found: string | undefined;
  let count = 0;
  let start = 0;
  let equals = -1;
  let before = SEMICOLON;
  // One pass over all letters: to look for the next of each separator would start over and over.
  for (let at = 0; at <= value.length; at++) {
    const code = at === value.length ? SEMICOLON : value.charCodeAt(at);
    if (code === EQUALS && equals < 0) equals = at;
    if (code !== SEMICOLON && code !== COMMA) continue;
    if (equals >= 0 && value.slice(start, equals).trim() === name) {
      count++;
      const isPair = before === SEMICOLON && code === SEMICOLON;
      const isClean = isPair && isCleanName(value, start, equals - name.length);
      found = isClean ? value.slice(equals + 1, at) : undefined;
    }
    start = at + 1;
    equals = -1;
    before = code;
  }
  if (count === 0) return NONE;
  if (count > 1) return SEVERAL;
  if (found === undefined) return MALFORMED;
  return found === '' ? NONE : token('', found);
}

/** Only the space behind a semicolon stands before it; readers differ about any other. */
function isCleanName(value: string, start: number, nameAt: number): boolean {
  return nameAt === start || (nameAt === start + 1 && start > 0 && value[start] === ' ');
}

function readQuery(path: string, name: string): Presented {
  const query = parseQuery(path);
  if (query instanceof BodyProblem) return MALFORMED;
  const values = query.get(name) ?? [];
  if (values.length > 1) return SEVERAL;
  const [text = ''] = values;
  return text === '' ? NONE : token('', text);
}

function token(scheme: string, text: string): Presented {
  if (text.length > CREDENTIAL_TEXT_MAX) return TOO_LONG;
  if (TOKEN68.test(text)) return { kind: 'token', scheme, text };
  return text.includes(',') ? SEVERAL : MALFORMED;
}
