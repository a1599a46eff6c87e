// Proofs that take more than a comparison to check, here the certificate of a peer: the key under
// which a result is kept, and the check itself. Who keeps results and calls it stands outside.

import { hash } from 'node:crypto';
import type { Proof, ProofResult } from '../facts.ts';
import type { ProofImage } from './proof_image.ts';

let lastRaw = '';
let lastIssuers = '';
let lastProof: Proof | undefined;

/**
 * SHA-256 of what was presented, with the digest of who may vouch: another issuer, key or bundle
 * is another key, so no result outlives what it was found with. The last one is kept, as a caller
 * comes with the same certificate again and again; it is compared in full, byte by byte.
 */
export function certificateProof(raw: string, { issuers }: ProofImage): Proof {
  if (lastProof !== undefined && raw === lastRaw && issuers.digest === lastIssuers) {
    return lastProof;
  }
  const key = `x509_svid ${issuers.digest} ${hash('sha256', raw, 'hex')}`;
  lastRaw = raw;
  lastIssuers = issuers.digest;
  lastProof = { key, kind: 'x509_svid', raw };
  return lastProof;
}

/** Checks a proof that a pass needs; never throws, and takes a bounded time. */
export function verifyProof({ raw }: Proof, { issuers }: ProofImage, now: number): ProofResult {
  return issuers.verifySent(raw, now);
}
