// Workload Identity Tokens (WIMSE workload-creds, SPIFFE WIT-SVID): who a workload is and which key
// it holds. Never a bearer token: without a proof by that key (`wpt.ts`) it says nothing of its
// sender, and nobody looks for it in `Authorization`.

import { isFailure } from '../../failure.ts';
import type { TokenFailure, VerifiedToken } from '../../token.ts';
import { SPIFFE_ALGORITHMS } from './algorithm.ts';
import { readSharedClaims } from './claims.ts';
import { type KeySets, workloadIdOf } from './jwt_svid.ts';
import { chooseKey, isSignedBy, NO_SUCH_KEY } from './signature.ts';
import type { UnverifiedToken } from './unverified_token.ts';

/** @param keySets keys whose `use` is `wit-svid`; chosen by `sub`, never by `iss` */
export function verifyWit(token: UnverifiedToken, keySets: KeySets): VerifiedToken | TokenFailure {
  const invalid = (detail: string) => token.fail('authn.invalid_token', detail);
  if (token.kind !== 'wit') return invalid('its `typ` is not `wit+jwt`');
  if (token.jws.kid === undefined) return invalid('no `kid`');
  const id = workloadIdOf(token.subject);
  if (typeof id === 'string') return token.fail('authn.invalid_identity', id);
  const { trustDomain } = id;
  const shared = readSharedClaims(token.claims, ['cnf'], trustDomain);
  if (isFailure(shared)) return token.failBy(shared);
  if (token.claims.has('aud')) return invalid('a WIT has no audience');
  const jwk = shared.confirmation?.jwk;
  if (jwk === undefined) return invalid('`cnf` has no `jwk`');
  if (!jwk.has('alg')) return invalid('the key of `cnf` has no `alg`');
  const keys = keySets.of(trustDomain);
  if (keys === undefined) {
    return token.fail('authn.untrusted_issuer', 'nobody vouches for the trust domain');
  }
  const key = chooseKey(token.jws, keys, SPIFFE_ALGORITHMS);
  if (isFailure(key)) return token.failBy(key, key === NO_SUCH_KEY);
  if (!isSignedBy(token.jws, key)) return invalid('a wrong signature');
  return token.verified('wit', trustDomain, id, shared, key);
}
