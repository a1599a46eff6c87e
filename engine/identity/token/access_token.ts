// Tokens of OAuth and OpenID issuers: access tokens (RFC 9068, `at+jwt`), and the plain JWTs of CI
// systems, where the Issuer allows them. One issuer, its own keys, its own algorithms; whether the
// token holds now and is meant for us is asked at each use (engine/token.ts).

import { isFailure } from '../../failure.ts';
import type { TokenFailure, VerifiedToken } from '../../token.ts';
import type { Algorithm } from './algorithm.ts';
import { readSharedClaims } from './claims.ts';
import type { JwkSet } from './jwk_set.ts';
import { chooseKey, isSignedBy, NO_SUCH_KEY } from './signature.ts';
import { mediaType, type UnverifiedToken } from './unverified_token.ts';

/** `absent`: the header has no `typ`. */
export type TokenType = 'at+jwt' | 'JWT' | 'absent';

/** What an Issuer says of its tokens. */
export interface TokenIssuer {
  /** `iss`, character by character (RFC 9068 section 4). */
  readonly issuer: string;
  /** Whom its tokens have to be meant for; never empty. For `audienceFault`. */
  readonly audiences: ReadonlySet<string>;
  readonly algorithms: ReadonlySet<Algorithm>;
  readonly types: ReadonlySet<TokenType>;
  /** Infinite when the Issuer names none. For `lifetimeFault`. */
  readonly maxLifetimeMs: number;
  readonly requiredClaims: readonly string[];
}

/** RFC 9068 section 2.2, besides those that every token has. */
export const OF_ACCESS_TOKENS = ['client_id', 'iat', 'jti'];

export function verifyAccessToken(
  token: UnverifiedToken,
  issuer: TokenIssuer,
  keys: JwkSet,
): VerifiedToken | TokenFailure {
  const type = typeOf(token);
  if (type === undefined || !issuer.types.has(type)) {
    return token.fail('authn.invalid_token', 'a `typ` that its issuer does not use');
  }
  if (token.issuer !== issuer.issuer) {
    return token.fail('authn.untrusted_issuer', 'another issuer');
  }
  const more = type === 'at+jwt' ? OF_ACCESS_TOKENS : [];
  const required = [...more, ...issuer.requiredClaims];
  const shared = readSharedClaims(token.claims, required, issuer.issuer);
  if (isFailure(shared)) return token.failBy(shared);
  if (shared.audiences.length === 0) return token.fail('authn.audience', 'meant for nobody');
  const key = chooseKey(token.jws, keys, issuer.algorithms);
  if (isFailure(key)) return token.failBy(key, key === NO_SUCH_KEY);
  if (!isSignedBy(token.jws, key)) return token.fail('authn.invalid_token', 'a wrong signature');
  return token.verified('jwt', issuer.issuer, undefined, shared, key);
}

function typeOf({ kind, jws }: UnverifiedToken): TokenType | undefined {
  if (kind === 'access_token') return 'at+jwt';
  if (kind !== 'jwt') return undefined;
  if (jws.typ === undefined) return 'absent';
  return mediaType(jws.typ) === 'jwt' ? 'JWT' : undefined;
}
