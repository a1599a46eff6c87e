// The ports through which deciding sees what a snapshot does not hold: verified proofs, keys from
// outside the bundle, and the state (DESIGN section 3). The engine declares them; what implements
// them stands outside.

import { type DpopNonces, NO_NONCES } from './dpop_nonces.ts';
import type { Failure } from './failure.ts';
import type { DpopExpectation } from './identity/token/dpop.ts';
import type { Possession } from './identity/token/possession.ts';
import type { WptExpectation } from './identity/token/wpt.ts';
import { type KeySets, NO_KEYS } from './key_sets.ts';
import type { X509Svid } from './svid.ts';
import type { VerifiedToken } from './token.ts';

/** A proof that nobody has checked yet, for example the signatures above a certificate. */
export type Proof = {
  /** The key under which the verified result is found again. */
  readonly key: string;
  readonly raw: string;
} /** `x509_chain`: PEM, the leaf first, with what came along behind it. */ & (
  | { readonly kind: 'x509_svid' | 'x509_chain' }
  /** Who pays for it when it fails: the peer, as its enforcer names it. */
  | { readonly kind: 'token'; readonly payer: string }
  /** Of possession: good for one request, and its result never kept for another. */
  | { readonly kind: 'dpop'; readonly expected: DpopExpectation }
  | { readonly kind: 'wpt'; readonly expected: WptExpectation }
);

/** A change of state that must be durable before the answer leaves. */
export interface Effect {
  readonly kind: string;
  readonly key: string;
}

/** Verified claims, or why there are none; never what they are good for. */
export type ProofResult = Verified | Failure;

/** By the kind of its proof; a proof of possession gives `Possession`. */
export type Verified = X509Svid | VerifiedToken | Possession;

/** Results by the key of their proof. A result may be forgotten at any time. */
export interface ProofResults {
  get(key: string, now: number): ProofResult | undefined;
}

/** What is known at one pass. A later pass over the same request may know more. */
export interface Facts {
  /** The revision of the state that the pass sees. */
  readonly revision: number;
  readonly verified: ProofResults;
  /** The key sets that the pass verifies with. */
  readonly keys: KeySets;
  /** For proofs of possession at Issuers that demand one of ours. */
  readonly nonces: DpopNonces;
}

export const NO_FACTS: Facts = {
  revision: 0,
  verified: { get: () => undefined },
  keys: NO_KEYS,
  nonces: NO_NONCES,
};
