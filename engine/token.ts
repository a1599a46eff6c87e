// What verifying a signed token showed: its claims, or why it has none. Whether it holds now, for
// us, and for no longer than allowed is asked apart, at each use, because a result is kept. Nothing
// here says what its holder may do.

import type { BodyValue } from './body/body.ts';
import { Failure } from './failure.ts';
import { CLOCK_SKEW_MS_MAX, RECORDED_TEXT_MAX } from './limits.ts';
import type { Reason } from './reason.ts';
import type { SpiffeId } from './spiffe_id.ts';

/** `jwt`: of an OAuth or OpenID issuer. A Transaction Token is context and authenticates nobody. */
export type VerifiedTokenKind = 'jwt' | 'jwt_svid' | 'wit' | 'txn_token';

/** Who acts for the subject (RFC 8693 section 4.1). */
export interface TokenActor {
  /** Its own `iss`, else the token's issuer. */
  readonly issuer: string;
  readonly subject: string;
}

/** What has to be proved together with the token (RFC 7800); at least one member is there. */
export interface Confirmation {
  /** Base64url of the SHA-256 of the client's certificate (RFC 8705 section 3.1). */
  readonly x5tS256: string | undefined;
  /** Base64url of the SHA-256 thumbprint of the client's key (RFC 9449 section 6). */
  readonly jkt: string | undefined;
  /** The client's key itself (RFC 7800 section 3.2); it was checked when the token was. */
  readonly jwk: ReadonlyMap<string, BodyValue> | undefined;
  /** Of that key, in the form of `jkt`. */
  readonly jwkThumbprint: string | undefined;
}

/** What was proved beside a token: base64url, or undefined where nothing was. */
export interface ProvedKeys {
  /** SHA-256 of the certificate of the connection. */
  readonly x5tS256: string | undefined;
  /** Thumbprint of the key of a DPoP proof. */
  readonly jkt: string | undefined;
  /** Thumbprint of the key of a WPT. */
  readonly wpt: string | undefined;
}

/** Times are milliseconds since the epoch. */
export interface VerifiedToken {
  readonly kind: VerifiedTokenKind;
  /** `iss` of a `jwt`; the trust domain that vouches for any other. */
  readonly issuer: string;
  readonly subject: string;
  /** Only of a `jwt_svid` and a `wit`: no other issuer's `sub` is a SPIFFE ID, whatever it says. */
  readonly spiffe: SpiffeId | undefined;
  /** Empty for a `wit` only, which is meant for whoever checks its proof. */
  readonly audiences: readonly string[];
  readonly notBefore: number | undefined;
  readonly issuedAt: number | undefined;
  readonly expiresAt: number;
  readonly jti: string | undefined;
  readonly clientId: string | undefined;
  readonly scopes: ReadonlySet<string>;
  readonly confirmation: Confirmation | undefined;
  /** Outermost first: the one that acts now. */
  readonly actors: readonly TokenActor[];
  /** The whole payload. */
  readonly claims: ReadonlyMap<string, BodyValue>;
  /** RFC 7638 thumbprint of the key that signed: `sha256:` and 64 hexadecimal digits. */
  readonly keyThumbprint: string;
  /** SHA-256 of the token as it was sent, in the same form. */
  readonly credential: string;
  /** As the header has it. */
  readonly typ: string | undefined;
}

/** The claims that `timeFault` reads. */
export type TokenTimes = Pick<VerifiedToken, 'notBefore' | 'issuedAt' | 'expiresAt'>;

/**
 * RFC 7519 sections 4.1.4 to 4.1.6: not on or after `exp`, not before `nbf`, and not issued in the
 * future.
 * @param skewMs at most 30 s count
 */
export function timeFault(token: TokenTimes, now: number, skewMs: number): Reason | undefined {
  const skew = skewMs > 0 ? Math.min(skewMs, CLOCK_SKEW_MS_MAX) : 0;
  const { notBefore, issuedAt, expiresAt } = token;
  // Asked so that a time that is no number fails.
  if (!(now - skew < expiresAt)) return 'authn.expired';
  if (notBefore !== undefined && !(now + skew >= notBefore)) return 'authn.not_yet_valid';
  if (issuedAt !== undefined && !(now + skew >= issuedAt)) return 'authn.not_yet_valid';
  return undefined;
}

/** RFC 7519 section 4.1.3: one of its audiences is ours, character by character. */
export function audienceFault(
  { audiences }: Pick<VerifiedToken, 'audiences'>,
  accepted: ReadonlySet<string>,
): Reason | undefined {
  return audiences.some((it) => accepted.has(it)) ? undefined : 'authn.audience';
}

/**
 * RFC 8705 section 3.1: base64url of a certificate's SHA-256.
 * @param credential the same as records have it, `sha256:` and hexadecimal digits
 */
export function x5tS256Of(credential: string): string {
  return Buffer.from(credential.slice('sha256:'.length), 'hex').toString('base64url');
}

/** RFC 7800 section 3.1: whatever a token is bound to was proved, all of it, in its own way. */
export function bindingFault(
  { confirmation }: Pick<VerifiedToken, 'confirmation'>,
  proved: ProvedKeys,
): Reason | undefined {
  if (confirmation === undefined) return undefined;
  const { x5tS256, jkt, jwkThumbprint } = confirmation;
  const isProved =
    (x5tS256 === undefined || x5tS256 === proved.x5tS256) &&
    (jkt === undefined || jkt === proved.jkt) &&
    (jwkThumbprint === undefined || jwkThumbprint === proved.wpt);
  return isProved ? undefined : 'authn.binding';
}

/** From `iat`, else `nbf`. Undefined when it names neither: then nothing bounds it. */
export function tokenLifetimeMs({
  issuedAt,
  notBefore,
  expiresAt,
}: TokenTimes): number | undefined {
  const from = issuedAt ?? notBefore;
  return from === undefined ? undefined : expiresAt - from;
}

/** A limit that no claim shows to be kept is not kept. */
export function lifetimeFault(token: TokenTimes, maxLifetimeMs: number): Reason | undefined {
  if (maxLifetimeMs === Number.POSITIVE_INFINITY) return undefined;
  const lifetimeMs = tokenLifetimeMs(token);
  const kept = lifetimeMs !== undefined && lifetimeMs <= maxLifetimeMs;
  return kept ? undefined : 'authn.lifetime_exceeded';
}

/** What a token claims to be, for the record only, and which it is. */
export interface TokenClaim {
  readonly issuer: string;
  readonly subject: string;
  readonly credential: string;
}

/** Why a token proves nothing, with what it claims. */
export class TokenFailure extends Failure {
  /** What it names, cut to a bounded length; empty when it names none. */
  readonly claimedIssuer: string;
  readonly claimedSubject: string;
  /** As in `VerifiedToken`. */
  readonly credential: string;
  /** No key of its issuer has its `kid`: a newer key set might. */
  readonly keyMissing: boolean;

  constructor(reason: Reason, detail: string, claim: TokenClaim, keyMissing = false) {
    super(reason, detail);
    this.claimedIssuer = claim.issuer.slice(0, RECORDED_TEXT_MAX);
    this.claimedSubject = claim.subject.slice(0, RECORDED_TEXT_MAX);
    this.credential = claim.credential;
    this.keyMissing = keyMissing;
  }
}
