// Workload Proof Tokens (WIMSE wpt): that the sender of a WIT holds its key, for this URI and with
// these tokens beside it. What the proof does not cover is not believed because of it.

import { isFailure } from '../../failure.ts';
import { CLOCK_SKEW_MS_MAX } from '../../limits.ts';
import { timeFault, type VerifiedToken } from '../../token.ts';
import { ClaimReader } from './claim_reader.ts';
import { readClientJwk } from './client_key.ts';
import { type JsonObject, parseCompactJws, parseUnverifiedClaims } from './compact_jws.ts';
import { coverFault, type Possession, PossessionFailure, replayKeyOf } from './possession.ts';
import { JwkFault, type PublicKey } from './public_jwk.ts';
import { isSignedBy } from './signature.ts';
import { isSameTarget } from './target_uri.ts';
import { mediaType } from './unverified_token.ts';

/** What a proof has to say. Tokens are as they were sent. */
export interface WptExpectation {
  readonly wit: string;
  readonly confirmation: VerifiedToken['confirmation'];
  /** Of the request as its sender sees it: configured, never taken from Host or a header. */
  readonly uri: string;
  readonly accessToken: string | undefined;
  /** One that nobody here reads: to the client it is an access token, or none. */
  readonly passedToken?: string | undefined;
  readonly txnToken: string | undefined;
  /** How far ahead it may expire. */
  readonly aheadMsMax: number;
  readonly skewMs: number;
}

const REQUIRED = ['aud', 'exp', 'jti', 'wth'];

/** @param text the one `Workload-Proof-Token` header */
export function verifyWpt(
  text: string,
  expected: WptExpectation,
  now: number,
): Possession | PossessionFailure {
  const invalid = (detail: string) => new PossessionFailure('authn.invalid_token', detail);
  const jws = parseCompactJws(text, 'issuer');
  if (isFailure(jws)) return invalid(jws.detail);
  if (mediaType(jws.typ ?? '') !== 'wpt+jwt') return invalid('its `typ` is not `wpt+jwt`');
  const key = confirmedKey(expected.confirmation);
  if (typeof key === 'string') return invalid(key);
  const claims = parseUnverifiedClaims(jws);
  if (isFailure(claims)) return invalid(claims.detail);
  const reader = new ClaimReader(claims);
  const jti = reader.name('jti');
  const expiresAt = reader.time('exp');
  const times = { notBefore: reader.time('nbf'), issuedAt: reader.time('iat') };
  const audiences = reader.textOrTexts('aud') ?? [];
  const others = reader.object('oth');
  reader.require(REQUIRED);
  if (reader.fault !== undefined) return invalid(reader.fault.detail);
  // INVARIANT: required above.
  const late = timeFault({ ...times, expiresAt: expiresAt! }, now, expected.skewMs);
  if (late !== undefined) return new PossessionFailure(late, 'not of this moment');
  if (expiresAt! > now + expected.aheadMsMax + expected.skewMs) {
    return new PossessionFailure('authn.lifetime_exceeded', 'it expires too far ahead');
  }
  const fault = bindingFault(claims, audiences, others, expected);
  if (fault !== undefined) return new PossessionFailure('authn.binding', fault);
  if (!isSignedBy(jws, key)) return invalid('a wrong signature');
  const { thumbprint } = key;
  const refusedFrom = expiresAt! + CLOCK_SKEW_MS_MAX;
  return { thumbprint, replayKey: replayKeyOf(thumbprint, jti!), refusedFrom };
}

/** The key of the WIT, which names the only algorithm that it is for. */
function confirmedKey(confirmation: VerifiedToken['confirmation']): PublicKey | string {
  const jwk = confirmation?.jwk;
  if (jwk === undefined || !jwk.has('alg')) return 'the WIT names no key with an algorithm';
  const key = readClientJwk(jwk);
  return key instanceof JwkFault ? key.message : key;
}

function bindingFault(
  claims: JsonObject,
  audiences: readonly string[],
  others: JsonObject | undefined,
  { wit, uri, accessToken, passedToken, txnToken }: WptExpectation,
): string | undefined {
  const covered = accessToken ?? (claims.has('ath') ? passedToken : undefined);
  const [audience] = audiences;
  if (audiences.length !== 1 || !isSameTarget(audience!, uri)) return 'for another URI';
  // The draft: an entry that is not understood has to be refused, and none is.
  if (others !== undefined && others.size > 0) return '`oth` covers a token that is not known';
  return (
    coverFault('wth', claims.get('wth'), wit) ??
    coverFault('ath', claims.get('ath'), covered) ??
    coverFault('tth', claims.get('tth'), txnToken)
  );
}
