// The ports through which deciding sees what a snapshot does not hold: verified proofs and the
// state (DESIGN section 3). The engine declares them; what implements them stands outside.

/** A proof that nobody has checked yet, for example a token's signature. */
export interface Proof {
  /** The key under which the verified result is found again. */
  readonly key: string;
  readonly kind: string;
  readonly raw: string;
}

/** A change of state that must be durable before the answer leaves. */
export interface Effect {
  readonly kind: string;
  readonly key: string;
}

/** What is known at one pass. A later pass over the same request may know more. */
export interface Facts {
  /** The revision of the state that the pass sees. */
  readonly revision: number;
  /** Proofs that were verified for this request, by key. */
  readonly verified: ReadonlyMap<string, unknown>;
}

export const NO_FACTS: Facts = { revision: 0, verified: new Map() };
