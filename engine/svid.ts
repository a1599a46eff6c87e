// What verifying an X509-SVID showed: the claims of a certificate, or why it has none. Both stand
// in evidence; neither says what its holder may do.

import { Failure } from './failure.ts';
import type { Reason } from './reason.ts';
import type { SpiffeId } from './spiffe_id.ts';

/** What a verified certificate says. True while `isCurrent`. */
export interface X509Svid {
  readonly id: SpiffeId;
  /** SHA-256 of the certificate's DER: `sha256:` and 64 hexadecimal digits. */
  readonly credential: string;
  /** SHA-256 of its SubjectPublicKeyInfo, in the same form. */
  readonly keyThumbprint: string;
  /** Hexadecimal. */
  readonly serial: string;
  /** Milliseconds since the epoch, inclusive. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** Within these every certificate up to the authority is valid too. */
  readonly pathNotBefore: number;
  readonly pathNotAfter: number;
}

/** False when another path may hold now, or none: then it has to be verified again. */
export function isCurrent({ pathNotBefore, pathNotAfter }: X509Svid, now: number): boolean {
  return now >= pathNotBefore && now <= pathNotAfter;
}

export function lifetimeMs({ notBefore, notAfter }: X509Svid): number {
  return notAfter - notBefore;
}

/** Why a certificate proves nothing, with what it claims, for the record only. */
export class SvidFailure extends Failure {
  /** The SPIFFE ID that it names, empty when it names none. */
  readonly claimedId: string;
  /** As in `X509Svid`; empty when it is no certificate. */
  readonly credential: string;

  constructor(reason: Reason, detail: string, claimedId: string, credential: string) {
    super(reason, detail);
    this.claimedId = claimedId;
    this.credential = credential;
  }
}
