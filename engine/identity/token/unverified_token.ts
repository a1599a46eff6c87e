// A token as it came, before anybody's key was looked at: what it is, by its `typ` (RFC 8725
// section 3.11), and whom it names, which tells where to look for keys and nothing more.

import { hash } from 'node:crypto';
import { type Failure, isFailure } from '../../failure.ts';
import type { Reason } from '../../reason.ts';
import { type TokenClaim, TokenFailure, type VerifiedToken } from '../../token.ts';
import type { SharedClaims } from './claims.ts';
import {
  type CompactJws,
  type JsonObject,
  parseCompactJws,
  parseUnverifiedClaims,
} from './compact_jws.ts';
import type { PublicKey } from './public_jwk.ts';

/**
 * Which of the validators judges it; there is exactly one. `access_token`: RFC 9068. `jwt`: it says
 * no more than that it is a JWT, as those of CI systems do. `jwt_svid`: the same, and names a
 * SPIFFE ID.
 */
export type TokenKind = 'access_token' | 'jwt' | 'jwt_svid' | 'wit' | 'txn_token';

const KINDS: ReadonlyMap<string, TokenKind> = new Map([
  ['at+jwt', 'access_token'],
  ['jwt', 'jwt'],
  ['jose', 'jwt'],
  ['wit+jwt', 'wit'],
  ['txntoken+jwt', 'txn_token'],
]);

/** What is a signed JWT and no credential, or not by itself. */
const NO_CREDENTIALS: ReadonlyMap<string, string> = new Map([
  ['dpop+jwt', 'a proof of possession'],
  ['wpt+jwt', 'a proof of possession'],
  ['oauth-id-jag+jwt', 'a grant for an authorization server'],
  ['secevent+jwt', 'a security event'],
  ['logout+jwt', 'a logout'],
  ['statuslist+jwt', 'a list of states'],
]);

export class UnverifiedToken implements TokenClaim {
  readonly jws: CompactJws;
  readonly claims: JsonObject;
  readonly kind: TokenKind;
  /** `iss` and `sub` as they came, empty when they are no text. */
  readonly issuer: string;
  readonly subject: string;
  readonly credential: string;

  constructor(jws: CompactJws, claims: JsonObject, kind: TokenKind, credential: string) {
    this.jws = jws;
    this.claims = claims;
    this.kind = kind;
    this.issuer = textOf(claims, 'iss');
    this.subject = textOf(claims, 'sub');
    this.credential = credential;
  }

  fail(reason: Reason, detail: string): TokenFailure {
    return new TokenFailure(reason, detail, this);
  }

  failBy({ reason, detail }: Failure, keyMissing = false): TokenFailure {
    return new TokenFailure(reason, detail, this, keyMissing);
  }

  /** Once the signature is right. */
  verified(
    kind: VerifiedToken['kind'],
    issuer: string,
    spiffe: VerifiedToken['spiffe'],
    shared: SharedClaims,
    { keyThumbprint }: PublicKey,
  ): VerifiedToken {
    const { claims, credential } = this;
    const { typ } = this.jws;
    return { ...shared, kind, issuer, spiffe, claims, keyThumbprint, credential, typ };
  }
}

/** SHA-256 of a token as it was sent: by this it is found again, and named in records. */
export function credentialOf(text: string): string {
  return `sha256:${hash('sha256', text, 'hex')}`;
}

export function readToken(text: string): UnverifiedToken | TokenFailure {
  const credential = credentialOf(text);
  const fail = ({ reason, detail }: Failure, issuer = '', subject = ''): TokenFailure =>
    new TokenFailure(reason, detail, { issuer, subject, credential });
  const jws = parseCompactJws(text, 'issuer');
  if (isFailure(jws)) return fail(jws);
  const claims = parseUnverifiedClaims(jws);
  if (isFailure(claims)) return fail(claims);
  const type = mediaType(jws.typ ?? 'JWT');
  const kind = KINDS.get(type);
  if (kind === undefined) {
    const detail = NO_CREDENTIALS.get(type) ?? 'a `typ` that is not known';
    const claim = { issuer: textOf(claims, 'iss'), subject: textOf(claims, 'sub'), credential };
    return new TokenFailure('authn.invalid_token', detail, claim);
  }
  const isSvid = kind === 'jwt' && textOf(claims, 'sub').startsWith('spiffe://');
  return new UnverifiedToken(jws, claims, isSvid ? 'jwt_svid' : kind, credential);
}

/** RFC 7515 section 4.1.9: in lower case, and `application/` may be left out. */
export function mediaType(typ: string): string {
  const lower = typ.toLowerCase();
  const prefix = 'application/';
  const isShort = lower.startsWith(prefix) && !lower.includes('/', prefix.length);
  return isShort ? lower.slice(prefix.length) : lower;
}

function textOf(claims: JsonObject, name: string): string {
  const value = claims.get(name);
  return typeof value === 'string' ? value : '';
}
