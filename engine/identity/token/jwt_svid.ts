// JWT-SVIDs (SPIFFE JWT-SVID sections 2 to 4): a token that names one workload, verified with the
// bundle of the trust domain in its own subject and no other.

import { isFailure } from '../../failure.ts';
import { parseSpiffeId, SpiffeId } from '../../spiffe_id.ts';
import type { TokenFailure, VerifiedToken } from '../../token.ts';
import { SPIFFE_ALGORITHMS } from './algorithm.ts';
import { readSharedClaims } from './claims.ts';
import type { CompactJws } from './compact_jws.ts';
import type { JwkSet } from './jwk_set.ts';
import { chooseKey, isSignedBy, NO_SUCH_KEY } from './signature.ts';
import type { UnverifiedToken } from './unverified_token.ts';

/** For each trust domain the keys that vouch for its tokens; undefined: nobody does. */
export interface KeySets {
  of(trustDomain: string): JwkSet | undefined;
}

const HEADERS: readonly string[] = ['alg', 'kid', 'typ'];
const TYPES: readonly (string | undefined)[] = [undefined, 'JWT', 'JOSE'];

export function verifyJwtSvid(
  token: UnverifiedToken,
  keySets: KeySets,
): VerifiedToken | TokenFailure {
  const fault = headerFault(token.jws);
  if (fault !== undefined) return token.fail('authn.invalid_token', fault);
  const id = workloadIdOf(token.subject);
  if (typeof id === 'string') return token.fail('authn.invalid_identity', id);
  const { trustDomain } = id;
  const shared = readSharedClaims(token.claims, [], trustDomain);
  if (isFailure(shared)) return token.failBy(shared);
  if (shared.audiences.length === 0) return token.fail('authn.audience', 'meant for nobody');
  const keys = keySets.of(trustDomain);
  if (keys === undefined) {
    return token.fail('authn.untrusted_issuer', 'nobody vouches for the trust domain');
  }
  const key = chooseKey(token.jws, keys, SPIFFE_ALGORITHMS);
  if (isFailure(key)) return token.failBy(key, key === NO_SUCH_KEY);
  if (!isSignedBy(token.jws, key)) return token.fail('authn.invalid_token', 'a wrong signature');
  return token.verified('jwt_svid', trustDomain, id, shared, key);
}

/** Section 2: three headers and no others; `kid` says which key of the bundle it is. */
function headerFault({ header, kid, typ }: CompactJws): string | undefined {
  for (const name of header.keys()) {
    if (!HEADERS.includes(name)) return 'a header that a JWT-SVID does not have';
  }
  if (!TYPES.includes(typ)) return 'a `typ` that a JWT-SVID does not have';
  return kid === undefined ? 'no `kid`' : undefined;
}

/** The SPIFFE ID of a workload, or why it is none. */
export function workloadIdOf(subject: string): SpiffeId | string {
  const id = parseSpiffeId(subject);
  if (!(id instanceof SpiffeId)) return id.rule;
  return id.path === '' ? 'the SPIFFE ID of a trust domain names no workload' : id;
}
