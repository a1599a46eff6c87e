// From the text of a token to its claims: whose keys have to have signed it, and whether they did.
// Which validator judges it is decided by its `typ` alone; what it names only tells where to look.

import { assertNever } from '../failure.ts';
import { isHeld, type KeySet, type KeySets } from '../key_sets.ts';
import { TokenFailure, type VerifiedToken } from '../token.ts';
import { SpiffeKeys } from './spiffe_keys.ts';
import { verifyAccessToken } from './token/access_token.ts';
import { JwkSet } from './token/jwk_set.ts';
import { verifyJwtSvid } from './token/jwt_svid.ts';
import { verifyTxnToken } from './token/txn_token.ts';
import { readToken, type UnverifiedToken } from './token/unverified_token.ts';
import { verifyWit } from './token/wit.ts';
import type { JwtIssuer, TokenIssuers } from './token_issuers.ts';

/** What a verification found, and the set that has no such key, for which a newer one may have. */
export interface TokenResult {
  readonly result: VerifiedToken | TokenFailure;
  readonly outdated: KeySet | undefined;
}

/** @param trustDomain the mesh's own, which transaction tokens are meant for */
export function verifyToken(
  text: string,
  issuers: TokenIssuers,
  keys: KeySets,
  trustDomain: string | undefined,
): TokenResult {
  const token = readToken(text);
  if (token instanceof TokenFailure) return { result: token, outdated: undefined };
  switch (token.kind) {
    case 'access_token':
    case 'jwt':
      return byIssuer(token, issuers.ofIssuer(token.issuer), keys, verifyAccessToken);
    case 'txn_token':
      return byIssuer(token, transactionIssuer(token, issuers), keys, (it, issuer, set) =>
        verifyTxnToken(it, { ...issuer, trustDomain: trustDomain ?? '' }, set),
      );
    case 'jwt_svid':
      return bySpiffe(token, issuers, keys, 'jwtKeys', verifyJwtSvid);
    case 'wit':
      return bySpiffe(token, issuers, keys, 'witKeys', verifyWit);
    default:
      return assertNever(token.kind);
  }
}

/** By the bundle of the trust domain that the token itself names, and no other. */
function bySpiffe(
  token: UnverifiedToken,
  issuers: TokenIssuers,
  keys: KeySets,
  kind: keyof SpiffeKeys,
  verify: typeof verifyJwtSvid,
): TokenResult {
  let set: KeySet | undefined;
  let isAbsent = false;
  const of = (domain: string): JwkSet | undefined => {
    const issuer = issuers.ofTrustDomain(domain);
    if (issuer === undefined || issuer.keys !== undefined) return issuer?.keys?.[kind];
    set = keys.jwtBundle(domain);
    if (isHeld(set) && set.keys instanceof SpiffeKeys) return set.keys[kind];
    isAbsent = true;
    return undefined;
  };
  const result = verify(token, { of });
  if (isAbsent && result instanceof TokenFailure) {
    return { result: token.fail('sys.keys_unavailable', 'no bundle at hand'), outdated: undefined };
  }
  const missing = result instanceof TokenFailure && result.keyMissing;
  return { result, outdated: missing ? set : undefined };
}

function byIssuer(
  token: UnverifiedToken,
  issuer: JwtIssuer | undefined,
  keys: KeySets,
  verify: (token: UnverifiedToken, issuer: JwtIssuer, keys: JwkSet) => VerifiedToken | TokenFailure,
): TokenResult {
  if (issuer === undefined) {
    const result = token.fail('authn.untrusted_issuer', 'an issuer that nobody named');
    return { result, outdated: undefined };
  }
  if (issuer.keys !== undefined) {
    return { result: verify(token, issuer, issuer.keys), outdated: undefined };
  }
  const set = keys.jwks(issuer.id, issuer.keysUrl);
  if (!isHeld(set) || !(set.keys instanceof JwkSet)) {
    const result = token.fail('sys.keys_unavailable', 'the keys of its issuer are not at hand');
    return { result, outdated: undefined };
  }
  const result = verify(token, issuer, set.keys);
  const missing = result instanceof TokenFailure && result.keyMissing;
  return { result, outdated: missing ? set : undefined };
}

/** By `iss`, of those that issue such tokens; one without it is of the only one. */
function transactionIssuer(
  { issuer }: UnverifiedToken,
  issuers: TokenIssuers,
): JwtIssuer | undefined {
  const issuing = issuers.all.filter(({ uses }) => uses.has('transaction'));
  if (issuer !== '') return issuing.find((it) => it.issuer === issuer);
  const [only, ...others] = issuing;
  return others.length === 0 ? only : undefined;
}
