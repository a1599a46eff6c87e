// What each thread makes of the text of a key set, once, before it is in force. The control thread
// asks the same of each text that came, so that no thread meets one that it cannot read.

import { SpiffeKeys } from '../engine/identity/spiffe_keys.ts';
import {
  type JwkSet,
  KeySetFault,
  type KeySetPurpose,
  parseJwkSet,
} from '../engine/identity/token/jwk_set.ts';
import {
  AuthoritiesFault,
  readAuthorities,
  TrustBundle,
} from '../engine/identity/trust_bundles.ts';
import type { KeyKind } from '../engine/key_sets.ts';

/** Throws with one phrase that holds nothing of the text. */
export function parseKeys(kind: KeyKind, text: string): JwkSet | SpiffeKeys | TrustBundle {
  switch (kind) {
    case 'jwks':
      return parse(text, 'sig');
    case 'jwt_bundle':
      return new SpiffeKeys(parse(text, 'workload-api'), parse(text, 'wit-svid'));
    case 'x509_bundle': {
      // No authority at all is valid too, and means that nobody is trusted.
      const roots = text.trim() === '' ? [] : readAuthorities(text, 'root');
      if (roots instanceof AuthoritiesFault) throw new Error(roots.message);
      return new TrustBundle(roots, []);
    }
  }
}

function parse(text: string, purpose: KeySetPurpose): JwkSet {
  const set = parseJwkSet(text, purpose);
  if (set instanceof KeySetFault) throw new Error(set.message);
  return set;
}

/** Why a text is no key set; undefined when it is one. */
export function keyProblem(kind: KeyKind, text: string): string | undefined {
  try {
    parseKeys(kind, text);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : 'no key set';
  }
}
