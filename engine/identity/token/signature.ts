// Which key a token has to be signed by, and whether it is. A token names a key of its issuer's own
// set by `kid`; what it says of an algorithm counts only where issuer and key say the same (RFC
// 8725 sections 3.1 and 3.2). node:crypto and not jose: it answers at once, so that deciding need
// not wait, and it takes half the processor's time.

import { constants, type KeyObject, verify } from 'node:crypto';
import { Failure, type Fallible } from '../../failure.ts';
import { type Algorithm, algorithmRow } from './algorithm.ts';
import { type CompactJws, invalidToken } from './compact_jws.ts';
import { ecdsaSignatureDer } from './ecdsa_signature.ts';
import type { JwkSet } from './jwk_set.ts';
import type { PublicKey } from './public_jwk.ts';

const NOT_ALLOWED = invalidToken('an algorithm that the issuer does not use');
const NO_KID = invalidToken('no `kid`, and not exactly one key fits');
const WRONG_TYPE = invalidToken('an algorithm that the key is not for');

/** No key of the set has the token's `kid`; a newer set may have one. */
export const NO_SUCH_KEY = new Failure(
  'authn.untrusted_issuer',
  'no key of the issuer has its `kid`',
);

/** RFC 7515 section 4.1.4: the `kid` exactly; without one, the only key that fits. */
export function chooseKey(
  { algorithm, kid }: CompactJws,
  keys: JwkSet,
  allowed: ReadonlySet<Algorithm>,
): Fallible<PublicKey> {
  if (!allowed.has(algorithm)) return NOT_ALLOWED;
  if (kid === undefined) return keys.onlyFor(algorithm) ?? NO_KID;
  const key = keys.ofKid(kid);
  if (key === undefined) return NO_SUCH_KEY;
  return key.algorithms.has(algorithm) ? key : WRONG_TYPE;
}

/** RFC 7515 section 5.2. False as well where the key does not fit the algorithm. */
export function isSignedBy({ algorithm, signed, signature }: CompactJws, by: PublicKey): boolean {
  if (!by.algorithms.has(algorithm)) return false;
  const { keyType, digest, padding, signatureBytes } = algorithmRow(algorithm);
  // RFC 7518 sections 3.3 and 3.4: a signature of another length is none.
  if (signature.length !== (signatureBytes || by.modulusBytes)) return false;
  const key = by.key as KeyObject; // Made by `importKey`.
  try {
    if (padding === constants.RSA_PKCS1_PSS_PADDING) {
      // RFC 7518 section 3.5: the salt is as long as the digest.
      const saltLength = constants.RSA_PSS_SALTLEN_DIGEST;
      return verify(digest, signed, { key, padding, saltLength }, signature);
    }
    // By the key alone: of an RSA key it is PKCS #1 v1.5, which RS256 and its like are.
    const isEcdsa = keyType !== 'RSA' && keyType !== 'Ed25519';
    return verify(digest, signed, key, isEcdsa ? ecdsaSignatureDer(signature) : signature);
  } catch {
    // OpenSSL refuses some signatures by an error instead of an answer.
    return false;
  }
}
