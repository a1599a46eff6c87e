// The claims of a token that the enforcer verified instead of us, Envoy's `jwt_authn` metadata: its
// word that an Issuer of ours signed them. Everything that can be asked of claims is asked again.
//
// INVARIANT: who shows claims shows no key, so they are worth a bearer token at most, and a binding
// holds only to the certificate that was verified here.

import type { BodyValue } from '../body/body.ts';
import { isFailure } from '../failure.ts';
import { CLOCK_SKEW_MS_MAX } from '../limits.ts';
import type { Reason } from '../reason.ts';
import {
  audienceFault,
  bindingFault,
  lifetimeFault,
  TokenFailure,
  timeFault,
  type VerifiedToken,
  x5tS256Of,
} from '../token.ts';
import type { JwtPayloads } from './credentials.ts';
import type { Proved } from './proved.ts';
import { OF_ACCESS_TOKENS } from './token/access_token.ts';
import { isName } from './token/claim_reader.ts';
import { readSharedClaims, type SharedClaims } from './token/claims.ts';
import { isJsonObject, type JsonObject } from './token/compact_jws.ts';
import {
  provedBy,
  type TokenCircumstances,
  type TokenOutcome,
  type TokenRefusal,
} from './token_credential.ts';
import type { JwtIssuer } from './token_issuers.ts';
import { subjectPrincipal } from './token_principal.ts';

/** Undefined where the enforcer says nothing. */
export function payloadProved(
  payloads: JwtPayloads,
  around: TokenCircumstances,
): TokenOutcome | undefined {
  if (isFailure(payloads)) return refusal(payloads.reason);
  const [payload, ...others] = payloads.values();
  if (payload === undefined) return undefined;
  // Of two tokens nobody knows which one names the caller.
  if (others.length > 0) return refusal('authn.identity_conflict');
  if (!isJsonObject(payload)) return refusal('authn.invalid_token');
  const claims = asSigned(payload);
  const issuer = around.image.issuers.tokens.ofIssuer(nameIn(claims, 'iss'));
  if (issuer === undefined) return refusal('authn.untrusted_issuer', claims);
  const required = requiredOf(issuer);
  if (required === undefined) return refusal('authn.invalid_token', claims);
  const shared = readSharedClaims(claims, required, issuer.issuer);
  if (isFailure(shared)) return refusal(shared.reason, claims);
  const token = tokenOf(shared, claims, issuer);
  const fault = faultOf(token, issuer, around);
  if (fault !== undefined) return { ...refusal(fault), claim: token };
  const principal = subjectPrincipal(token, 'bearer', around.image);
  return { ...provedBy(token, principal, around.now), method: 'jwt_metadata' };
}

/**
 * A token that was verified here counts, and the enforcer has to speak of that very token.
 * @returns undefined when it speaks of another one
 */
export function besidePayload(
  token: Proved | undefined,
  asserted: Proved | undefined,
): { readonly token: Proved | undefined; readonly others: readonly Proved[] } | undefined {
  if (token === undefined || asserted === undefined) {
    return { token: token ?? asserted, others: [] };
  }
  const [a, b] = [token.token, asserted.token];
  const isOne =
    a !== undefined &&
    b !== undefined &&
    a.kind === b.kind &&
    a.issuer === b.issuer &&
    a.subject === b.subject &&
    a.jti === b.jti &&
    a.expiresAt === b.expiresAt;
  return isOne ? { token, others: [asserted] } : undefined;
}

/**
 * Istio has Envoy make a list of `scope` (`normalize_payload_in_metadata`), and Envoy has made a
 * double of each number: two large ones may have become one, so those say nothing.
 */
function asSigned(payload: JsonObject): JsonObject {
  const claims = new Map(payload);
  const scope = claims.get('scope');
  if (isTexts(scope) && scope.every((it) => !it.includes(' '))) {
    claims.set('scope', scope.join(' '));
  }
  for (const [name, value] of claims) {
    const inexact = typeof value === 'number' && Number.isInteger(value);
    if (inexact) claims.delete(name);
  }
  return claims;
}

function isTexts(value: BodyValue | undefined): value is readonly string[] {
  return Array.isArray(value) && value.every((it) => typeof it === 'string');
}

/** No header came along that would say which kind of token it is. */
function requiredOf({ uses, requiredClaims }: JwtIssuer): readonly string[] | undefined {
  if (uses.has('id')) return requiredClaims;
  return uses.has('access') ? [...OF_ACCESS_TOKENS, ...requiredClaims] : undefined;
}

function tokenOf(shared: SharedClaims, claims: JsonObject, { issuer }: JwtIssuer): VerifiedToken {
  const unseen = { keyThumbprint: '', credential: '', typ: undefined };
  return { ...shared, ...unseen, kind: 'jwt', issuer, spiffe: undefined, claims };
}

function faultOf(
  token: VerifiedToken,
  issuer: JwtIssuer,
  { now, audiences, svid }: TokenCircumstances,
): Reason | undefined {
  const x5tS256 = svid && x5tS256Of(svid.credential);
  const unbound = issuer.boundOnly && token.confirmation === undefined;
  return (
    timeFault(token, now, CLOCK_SKEW_MS_MAX) ??
    audienceFault(token, audiences ?? issuer.audiences) ??
    lifetimeFault(token, issuer.maxLifetimeMs) ??
    (unbound ? 'authn.binding' : bindingFault(token, { x5tS256, jkt: undefined, wpt: undefined }))
  );
}

function nameIn(claims: JsonObject, claim: string): string {
  const value = claims.get(claim);
  return isName(value) ? value : '';
}

function refusal(refused: Reason, claims?: JsonObject): TokenRefusal {
  const named = claims && { issuer: nameIn(claims, 'iss'), subject: nameIn(claims, 'sub') };
  const claim = named && new TokenFailure(refused, '', { ...named, credential: '' });
  // To the enforcer the token came as a bearer token, and another one could mend it.
  return { refused, claim, method: 'jwt_metadata', shownBy: 'bearer' };
}
