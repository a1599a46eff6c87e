// The ports through which deciding sees what a snapshot does not hold: verified proofs and the
// state (DESIGN section 3). The engine declares them; what implements them stands outside.

import type { SvidFailure, X509Svid } from './svid.ts';

/** A proof that nobody has checked yet, for example the signatures above a certificate. */
export interface Proof {
  /** The key under which the verified result is found again. */
  readonly key: string;
  readonly kind: 'x509_svid';
  readonly raw: string;
}

/** A change of state that must be durable before the answer leaves. */
export interface Effect {
  readonly kind: string;
  readonly key: string;
}

/** Verified claims, or why there are none; never what they are good for. */
export type ProofResult = X509Svid | SvidFailure;

/** Results by the key of their proof. A result may be forgotten at any time. */
export interface ProofResults {
  get(key: string, now: number): ProofResult | undefined;
}

/** What is known at one pass. A later pass over the same request may know more. */
export interface Facts {
  /** The revision of the state that the pass sees. */
  readonly revision: number;
  readonly verified: ProofResults;
}

export const NO_FACTS: Facts = { revision: 0, verified: { get: () => undefined } };
