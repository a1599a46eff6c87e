// What a context handler has to read for those who prove: nothing that no Issuer can verify and no
// enforcer may assert ever becomes a string.

import type { PeerAssertion } from '../bundle/identity_kind.ts';
import type { AttributesRead } from '../settings.ts';
import { CLIENT_CERT_CHAIN_HEADER, CLIENT_CERT_HEADER, XFCC_HEADER } from './forwarded_peer.ts';
import type { Issuers } from './issuers.ts';

/** @param isAsserted some enforcer may */
export function readForProof(
  issuers: Issuers,
  isAsserted: (assertion: PeerAssertion) => boolean,
): Pick<AttributesRead, 'certificate' | 'proofHeaders' | 'metadata'> {
  const certified = !issuers.x509.isEmpty;
  const proofHeaders = new Set(issuers.headersRead);
  // Also where no certificate is verified: then its URI is the enforcer's word.
  if (isAsserted('xfcc')) proofHeaders.add(XFCC_HEADER);
  if (certified && isAsserted('clientCert')) {
    proofHeaders.add(CLIENT_CERT_HEADER).add(CLIENT_CERT_CHAIN_HEADER);
  }
  return {
    certificate: certified && isAsserted('certificate'),
    proofHeaders,
    metadata: issuers.vouching.byJwt && isAsserted('metadata'),
  };
}
