// Nonces that a DPoP proof has to hold (RFC 9449 sections 8 and 9): values of ours that nobody
// knows before we have told him, so no proof can be made in advance for a time when its key is
// gone. Deciding sees them through this port, as it has neither a secret nor randomness.

export interface DpopNonces {
  /**
   * All that are good at the moment, the newest first, which is the one to hand out.
   * @param issuer the id of its document: a nonce is good for tokens of one Issuer
   */
  valid(issuer: string, now: number): readonly string[];
}

const NONE: readonly string[] = Object.freeze([]);

/** Where nobody provides any, no proof is good at an Issuer that demands one. */
export const NO_NONCES: DpopNonces = { valid: () => NONE };
