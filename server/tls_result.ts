// How TLS connections of the check port begin and end: one closed list, which is the label of a
// metric and the word in the log.

import type { Reason } from '../engine/reason.ts';

export const TLS_RESULTS = [
  'accepted',
  /** No certificate, where one is needed. */
  'no_certificate',
  'untrusted_issuer',
  'invalid_identity',
  'expired',
  'not_yet_valid',
  /** Its share of the connections is taken. */
  'too_many',
  /** No HTTP/2 agreed on (ALPN). */
  'no_h2',
  /** Not TLS, a version or cipher that is not spoken, or broken off. */
  'failed',
  'timeout',
  /** Unfinished, and gave way to newer ones. */
  'displaced',
  /** Was accepted, and was closed because its certificate proves nothing any more. */
  'withdrawn',
] as const;
export type TlsResult = (typeof TLS_RESULTS)[number];

/** The figures of counters.ts. */
export const TLS_FIGURES = TLS_RESULTS.map((result) => `tls ${result}` as const);
export type TlsFigure = (typeof TLS_FIGURES)[number];

const BY_REASON: Readonly<Partial<Record<Reason, TlsResult>>> = {
  'authn.untrusted_issuer': 'untrusted_issuer',
  'authn.expired': 'expired',
  'authn.not_yet_valid': 'not_yet_valid',
};

/** Of a certificate that proved nothing. */
export function resultOf(reason: Reason): TlsResult {
  return BY_REASON[reason] ?? 'invalid_identity';
}
