// Keys of one trust domain for its two kinds of tokens, of one SPIFFE bundle.

import type { JwkSet } from './token/jwk_set.ts';

export class SpiffeKeys {
  readonly jwtKeys: JwkSet;
  readonly witKeys: JwkSet;

  constructor(jwtKeys: JwkSet, witKeys: JwkSet) {
    this.jwtKeys = jwtKeys;
    this.witKeys = witKeys;
  }
}
