// DPoP proofs (RFC 9449 section 4.3): that the sender of a token holds the key that the token is
// bound to, for this method and this URI. Whether it was used before is for a replay cache to say.

import { isFailure } from '../../failure.ts';
import { CLOCK_SKEW_MS_MAX } from '../../limits.ts';
import { timeFault } from '../../token.ts';
import { ClaimReader } from './claim_reader.ts';
import { describeClientJwk, readyClientKey } from './client_key.ts';
import {
  type CompactJws,
  isJsonObject,
  type JsonObject,
  parseCompactJws,
  parseUnverifiedClaims,
} from './compact_jws.ts';
import { coverFault, type Possession, PossessionFailure, replayKeyOf } from './possession.ts';
import { JwkFault, type KeyDescription } from './public_jwk.ts';
import { isSignedBy } from './signature.ts';
import { isSameTarget } from './target_uri.ts';
import { mediaType } from './unverified_token.ts';

/** What a proof has to say. */
export interface DpopExpectation {
  readonly method: string;
  /** Of the request as its sender sees it: configured, never taken from Host or a header. */
  readonly uri: string;
  /** As it was sent. */
  readonly accessToken: string;
  /** `cnf.jkt` of the access token. */
  readonly jkt: string;
  /** Nonces of ours, one of which has to be in it; undefined where none is demanded. */
  readonly nonces: readonly string[] | undefined;
  /** How old it may be. */
  readonly ageMsMax: number;
  /** How far the sender's clock may be from ours; at most 30 s count. */
  readonly skewMs: number;
}

const REQUIRED = ['jti', 'htm', 'htu', 'iat', 'ath'];

/** @param text the one `DPoP` header */
export function verifyDpop(
  text: string,
  expected: DpopExpectation,
  now: number,
): Possession | PossessionFailure {
  const invalid = (detail: string) => new PossessionFailure('authn.invalid_token', detail);
  const jws = parseCompactJws(text, 'embedded');
  if (isFailure(jws)) return invalid(jws.detail);
  if (mediaType(jws.typ ?? '') !== 'dpop+jwt') return invalid('its `typ` is not `dpop+jwt`');
  const shown = embeddedKey(jws);
  if (typeof shown === 'string') return invalid(shown);
  const claims = parseUnverifiedClaims(jws);
  if (isFailure(claims)) return invalid(claims.detail);
  const read = readClaims(claims, expected);
  if (isFailure(read)) return read;
  const { issuedAt, expiresAt, notBefore, jti } = read;
  const late = timeFault({ issuedAt, expiresAt, notBefore }, now, expected.skewMs);
  if (late !== undefined) return new PossessionFailure(late, 'not of this moment');
  const fault = bindingFault(claims, shown, expected);
  if (fault !== undefined) return new PossessionFailure('authn.binding', fault);
  // Not before: whoever has another key does not make us work for it.
  const key = readyClientKey(shown);
  if (key instanceof JwkFault) return invalid(key.message);
  if (!isSignedBy(jws, key)) return invalid('a wrong signature');
  // Last of all: who is told a nonce holds the token and its key.
  if (expected.nonces !== undefined && !hasNonce(claims, expected.nonces)) {
    return new PossessionFailure('authn.nonce', 'without a nonce of ours that is current');
  }
  const { thumbprint } = key;
  const refusedFrom = expiresAt + CLOCK_SKEW_MS_MAX;
  return { thumbprint, replayKey: replayKeyOf(thumbprint, jti), refusedFrom };
}

/** Steps 5 to 7: a public key, which the client chose, so a cheap one. */
function embeddedKey({ header, algorithm }: CompactJws): KeyDescription | string {
  const jwk = header.get('jwk');
  if (!isJsonObject(jwk)) return '`jwk` is no JSON object';
  const key = describeClientJwk(jwk);
  if (key instanceof JwkFault) return `\`jwk\`: ${key.message}`;
  return key.algorithms.has(algorithm) ? key : 'an algorithm that the key is not for';
}

interface ProofClaims {
  readonly issuedAt: number;
  readonly notBefore: number | undefined;
  readonly expiresAt: number;
  readonly jti: string;
}

function readClaims(
  claims: JsonObject,
  { ageMsMax }: DpopExpectation,
): ProofClaims | PossessionFailure {
  const reader = new ClaimReader(claims);
  const issuedAt = reader.time('iat');
  const notBefore = reader.time('nbf');
  const expiresAt = reader.time('exp') ?? Number.POSITIVE_INFINITY;
  const jti = reader.name('jti');
  for (const name of ['htm', 'htu', 'ath']) reader.name(name);
  reader.require(REQUIRED);
  if (reader.fault !== undefined) {
    return new PossessionFailure(reader.fault.reason, reader.fault.detail);
  }
  // INVARIANT: both were required above.
  const ageEnd = issuedAt! + ageMsMax;
  return { issuedAt: issuedAt!, notBefore, expiresAt: Math.min(expiresAt, ageEnd), jti: jti! };
}

/** Steps 8, 9 and 12, and section 7.1: for this request, this token, and the key it is bound to. */
function bindingFault(
  claims: JsonObject,
  { thumbprint }: KeyDescription,
  { method, uri, accessToken, jkt }: DpopExpectation,
): string | undefined {
  if (claims.get('htm') !== method) return 'for another method';
  const htu = claims.get('htu');
  if (typeof htu !== 'string' || !isSameTarget(htu, uri)) return 'for another URI';
  if (thumbprint !== jkt) return 'by another key than the token is bound to';
  return coverFault('ath', claims.get('ath'), accessToken);
}

/** Step 10. */
function hasNonce(claims: JsonObject, nonces: readonly string[]): boolean {
  const nonce = claims.get('nonce');
  return typeof nonce === 'string' && nonces.includes(nonce);
}
