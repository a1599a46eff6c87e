// Keys that clients chose themselves and show in a proof or in `cnf`. The same ones come again and
// again, so a thread keeps some ready for use.

import { CLIENT_KEYS_KEPT_MAX, CLIENT_RSA_BITS_MAX } from '../../limits.ts';
import type { JsonObject } from './compact_jws.ts';
import {
  describeJwk,
  importKey,
  JwkFault,
  type KeyDescription,
  NO_KEY,
  type PublicKey,
  type ReadyKey,
} from './public_jwk.ts';

/** By thumbprint, which names a key and nothing else. The one that has been here longest goes. */
const ready = new Map<string, ReadyKey>();

export function describeClientJwk(jwk: JsonObject): KeyDescription | JwkFault {
  return describeJwk(jwk, CLIENT_RSA_BITS_MAX);
}

export function readyClientKey(description: KeyDescription): PublicKey | JwkFault {
  const { thumbprint } = description;
  const key = ready.get(thumbprint) ?? importKey(description);
  if (key === undefined) return NO_KEY;
  if (!ready.has(thumbprint)) {
    if (ready.size >= CLIENT_KEYS_KEPT_MAX) ready.delete(ready.keys().next().value!);
    ready.set(thumbprint, key);
  }
  return { ...description, key };
}

export function readClientJwk(jwk: JsonObject): PublicKey | JwkFault {
  const description = describeClientJwk(jwk);
  return description instanceof JwkFault ? description : readyClientKey(description);
}
