// Evidence: what verifying a caller's credentials showed (DESIGN sections 2 and 8). It says who the
// caller is and how strongly that was proved, and can grant nothing.

import type { Reason } from './reason.ts';
import type { X509Svid } from './svid.ts';
import type { VerifiedToken } from './token.ts';

/** In rising order; `asserted`: an enforcer asserts a peer that it verified itself. */
export const ASSURANCES = ['none', 'apikey', 'bearer', 'asserted', 'svid', 'bound'] as const;
export type Assurance = (typeof ASSURANCES)[number];

export function assuranceAtLeast(have: Assurance, need: Assurance): boolean {
  return ASSURANCES.indexOf(have) >= ASSURANCES.indexOf(need);
}

/** How the identity came; one word per way to authenticate. */
export const METHODS = [
  'none',
  'peer_principal',
  'x509_svid',
  'xfcc',
  'client_cert',
  'jwt',
  'jwt_metadata',
  'jwt_svid',
  'wit',
  'api_key',
] as const;
export type Method = (typeof METHODS)[number];

/** What a token was bound to, and was proved with it; `dpop` also beside a certificate. */
export const BINDINGS = ['none', 'certificate', 'dpop', 'wpt'] as const;
export type Binding = (typeof BINDINGS)[number];

/** What an enforcer may have said of a peer without being allowed to; a bit each. */
export const IGNORABLE = ['principal', 'certificate', 'xfcc', 'clientCert', 'metadata'] as const;
export type Ignorable = (typeof IGNORABLE)[number];

/** In all places the same word as the assertion that is missing. */
export function ignoredBit(assertion: Ignorable): number {
  return 1 << IGNORABLE.indexOf(assertion);
}

/**
 * What the caller came with, as far as a challenge answers to it (RFC 9110 section 11.6.1).
 * `nothing`: no token, `dpop_proof`: a token that is good, and whose proof is not; `other`: what
 * no token mends, such as a certificate.
 */
export type ShownBy = 'nothing' | 'bearer' | 'dpop' | 'dpop_proof' | 'other';

/** `not_evaluated`: the request ended before anybody's proof was looked at. */
export const EVIDENCE_RESULTS = ['verified', 'anonymous', 'failed', 'not_evaluated'] as const;
export type EvidenceResult = (typeof EVIDENCE_RESULTS)[number];

/** A credential beside the one that names the caller; it was verified and does not contradict. */
export interface OtherEvidence {
  readonly method: Method;
  readonly subject: string;
  readonly issuer: string;
  readonly credential: string;
  readonly svid: X509Svid | undefined;
  readonly token: VerifiedToken | undefined;
  readonly notBefore: number | undefined;
  readonly notAfter: number | undefined;
}

export interface Evidence {
  readonly result: EvidenceResult;
  readonly method: Method;
  readonly assurance: Assurance;
  /** What the credential names, as it came; empty when there was none. */
  readonly subject: string;
  /** Who vouches: a trust domain, the `iss` of a token, the id of an Issuer; else empty. */
  readonly issuer: string;
  /** `namespace/name` of the Enforcer that asked, empty when none was recognised. */
  readonly enforcer: string;
  /**
   * What the credential is told by: SHA-256 of a certificate or a token, `sha256:…`, or the HMAC of
   * a key, `hmac-sha256:…`; empty when none was read.
   */
  readonly credential: string;
  /** The claims of a certificate that was verified. */
  readonly svid: X509Svid | undefined;
  /** The claims of a token whose signature was verified; also of one that is refused for them. */
  readonly token: VerifiedToken | undefined;
  /** Of that token. */
  readonly binding: Binding;
  /** Of the credential that names the caller, in milliseconds; undefined where it does not say. */
  readonly notBefore: number | undefined;
  readonly notAfter: number | undefined;
  /** Nothing of what was shown holds longer; Infinity where nothing says so. */
  readonly holdsUntil: number;
  readonly others: readonly OtherEvidence[];
  /** The bits of `IGNORABLE`: what came and was as good as absent. */
  readonly ignored: number;
  readonly shownBy: ShownBy;
  /** Why proof failed; undefined unless `result` is `failed`. */
  readonly reason: Reason | undefined;
}

export const NO_OTHERS: readonly OtherEvidence[] = Object.freeze([]);

export const NOT_EVALUATED: Evidence = {
  result: 'not_evaluated',
  method: 'none',
  assurance: 'none',
  subject: '',
  issuer: '',
  enforcer: '',
  credential: '',
  svid: undefined,
  token: undefined,
  binding: 'none',
  notBefore: undefined,
  notAfter: undefined,
  holdsUntil: Number.POSITIVE_INFINITY,
  others: NO_OTHERS,
  ignored: 0,
  shownBy: 'other',
  reason: undefined,
};
