// Certificates as the SPIFFE Workload API sends them: DER, one behind the other with nothing
// between. They are cut apart by the lengths that they say, and each is then read by itself.

import { Failure, type Fallible, isFailure } from '../failure.ts';
import { type Certificate, readCertificate } from './certificate.ts';
import { DerReader, NOT_DER, TAG } from './der.ts';

/** In order; none at all is valid. Any bytes give certificates or a Failure. */
export function readCertificateSequence(
  bytes: Buffer,
  countMax: number,
): Fallible<readonly Certificate[]> {
  const certificates: Certificate[] = [];
  const reader = new DerReader(bytes);
  try {
    while (!reader.done) {
      if (certificates.length === countMax) {
        return new Failure('authn.invalid_identity', `more than ${countMax} certificates`);
      }
      const { start, end } = reader.expect(TAG.sequence);
      const certificate = readCertificate(bytes.subarray(start, end));
      if (isFailure(certificate)) return certificate;
      certificates.push(certificate);
    }
  } catch (error) {
    if (error === NOT_DER) return NOT_DER;
    throw error;
  }
  return certificates;
}
