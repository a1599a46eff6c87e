// Evidence: what verifying a caller's credentials showed (DESIGN sections 2 and 8). It says who the
// caller is and how strongly that was proved, and can grant nothing.

import type { Reason } from './reason.ts';
import type { X509Svid } from './svid.ts';

/** In rising order; `asserted`: an enforcer asserts a peer that it verified itself. */
export const ASSURANCES = ['none', 'apikey', 'bearer', 'asserted', 'svid', 'bound'] as const;
export type Assurance = (typeof ASSURANCES)[number];

export function assuranceAtLeast(have: Assurance, need: Assurance): boolean {
  return ASSURANCES.indexOf(have) >= ASSURANCES.indexOf(need);
}

/** How the identity came; one word per way to authenticate. */
export const METHODS = ['none', 'peer_principal', 'x509_svid'] as const;
export type Method = (typeof METHODS)[number];

/** What an enforcer may have said of a peer without being allowed to; a bit each. */
export const IGNORABLE = ['principal', 'certificate'] as const;
export const IGNORED_PRINCIPAL = 1;
export const IGNORED_CERTIFICATE = 2;

/** `not_evaluated`: the request ended before anybody's proof was looked at. */
export const EVIDENCE_RESULTS = ['verified', 'anonymous', 'failed', 'not_evaluated'] as const;
export type EvidenceResult = (typeof EVIDENCE_RESULTS)[number];

export interface Evidence {
  readonly result: EvidenceResult;
  readonly method: Method;
  readonly assurance: Assurance;
  /** What the credential names, as it came; empty when there was none. */
  readonly subject: string;
  /** Who vouches: the trust domain of a SPIFFE ID, else empty. */
  readonly issuer: string;
  /** `namespace/name` of the Enforcer that asked, empty when none was recognised. */
  readonly enforcer: string;
  /** SHA-256 of the certificate, `sha256:…`; empty when none was read. */
  readonly credential: string;
  /** The claims of a certificate that was verified. */
  readonly svid: X509Svid | undefined;
  /** The bits of `IGNORABLE`: what came and was as good as absent. */
  readonly ignored: number;
  /** Why proof failed; undefined unless `result` is `failed`. */
  readonly reason: Reason | undefined;
}

export const NOT_EVALUATED: Evidence = {
  result: 'not_evaluated',
  method: 'none',
  assurance: 'none',
  subject: '',
  issuer: '',
  enforcer: '',
  credential: '',
  svid: undefined,
  ignored: 0,
  reason: undefined,
};
