// Headers in which proof comes, in lower case (DESIGN 5.8), besides those that Issuers name.

export const PROOF_HEADERS = [
  'authorization',
  'client-cert',
  'client-cert-chain',
  'cookie',
  'dpop',
  'txn-token',
  'workload-identity-token',
  'workload-proof-token',
  'x-forwarded-client-cert',
] as const;
export type ProofHeader = (typeof PROOF_HEADERS)[number];

/** A browser may split its cookies (RFC 9113 section 8.2.3), and each proxy adds to XFCC. */
const REPEATABLE: ReadonlySet<string> = new Set<ProofHeader>(['cookie', 'x-forwarded-client-cert']);

/** Of any other that came twice nobody knows which is meant. */
export function mayRepeat(name: string): boolean {
  return REPEATABLE.has(name);
}
