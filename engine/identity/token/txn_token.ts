// Transaction Tokens (draft-ietf-oauth-transaction-tokens): what a call inside a trust domain
// belongs to. Verified as context; it authenticates nobody and is no access token.

import { isFailure } from '../../failure.ts';
import type { TokenFailure, VerifiedToken } from '../../token.ts';
import type { Algorithm } from './algorithm.ts';
import { ClaimReader } from './claim_reader.ts';
import { readSharedClaims } from './claims.ts';
import type { JwkSet } from './jwk_set.ts';
import { chooseKey, isSignedBy, NO_SUCH_KEY } from './signature.ts';
import type { UnverifiedToken } from './unverified_token.ts';

/** The one service of a trust domain that issues them. */
export interface TxnTokenIssuer {
  /** The only `aud`. */
  readonly trustDomain: string;
  /** What `iss` has to be where a token has one; undefined: it has none. */
  readonly issuer: string | undefined;
  readonly algorithms: ReadonlySet<Algorithm>;
}

const REQUIRED = ['iat', 'aud', 'txn', 'scope', 'req_wl'];

/** Its claims `txn`, `req_wl`, `tctx` and `rctx` have the right type and stand in `claims`. */
export function verifyTxnToken(
  token: UnverifiedToken,
  issuer: TxnTokenIssuer,
  keys: JwkSet,
): VerifiedToken | TokenFailure {
  const invalid = (detail: string) => token.fail('authn.invalid_token', detail);
  if (token.kind !== 'txn_token') return invalid('its `typ` is not `txntoken+jwt`');
  const { trustDomain } = issuer;
  const shared = readSharedClaims(token.claims, REQUIRED, trustDomain);
  if (isFailure(shared)) return token.failBy(shared);
  if (shared.issuer !== undefined && shared.issuer !== issuer.issuer) {
    return token.fail('authn.untrusted_issuer', 'another issuer');
  }
  const own = new ClaimReader(token.claims);
  for (const name of ['txn', 'req_wl', 'scope']) own.name(name);
  for (const name of ['tctx', 'rctx']) own.object(name);
  if (own.fault !== undefined) return token.failBy(own.fault);
  if (shared.audiences.length !== 1 || shared.audiences[0] !== trustDomain) {
    return token.fail('authn.audience', 'meant for another trust domain');
  }
  const key = chooseKey(token.jws, keys, issuer.algorithms);
  if (isFailure(key)) return token.failBy(key, key === NO_SUCH_KEY);
  if (!isSignedBy(token.jws, key)) return invalid('a wrong signature');
  return token.verified('txn_token', trustDomain, undefined, shared, key);
}
