// Signatures on certificates: which algorithms are believed, each as the exact bytes of its
// AlgorithmIdentifier (RFC 4055, 5758, 8410). MD5 and SHA-1 are in no table.

import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import type { Certificate } from './certificate.ts';
import type { KeyKind } from './certificate_key.ts';

interface SignatureRow {
  readonly kind: KeyKind;
  /** Ed25519 hashes by itself. */
  readonly digest: 'sha256' | 'sha384' | 'sha512' | null;
}

const SIGNATURES: ReadonlyMap<string, SignatureRow> = new Map([
  ['300d06092a864886f70d01010b0500', { kind: 'rsa', digest: 'sha256' }],
  ['300d06092a864886f70d01010c0500', { kind: 'rsa', digest: 'sha384' }],
  ['300d06092a864886f70d01010d0500', { kind: 'rsa', digest: 'sha512' }],
  ['300a06082a8648ce3d040302', { kind: 'ec', digest: 'sha256' }],
  ['300a06082a8648ce3d040303', { kind: 'ec', digest: 'sha384' }],
  ['300a06082a8648ce3d040304', { kind: 'ec', digest: 'sha512' }],
  ['300506032b6570', { kind: 'ed25519', digest: null }],
]);

/** The key to check signatures with; undefined when its numbers make no key. */
export function publicKeyOf({ subjectPublicKeyInfo }: Certificate): KeyObject | undefined {
  try {
    return createPublicKey({ key: subjectPublicKeyInfo, format: 'der', type: 'spki' });
  } catch {
    // A point that is on no curve: whose key it is, it signs nothing.
    return undefined;
  }
}

/** @param kind of the signer's key: it has to be what the certificate says it was signed with */
export function isSignedBy(certificate: Certificate, kind: KeyKind, key: KeyObject): boolean {
  const row = SIGNATURES.get(certificate.signatureAlgorithm);
  if (row === undefined || row.kind !== kind) return false;
  try {
    return verify(row.digest, certificate.signed, key, certificate.signature);
  } catch {
    // OpenSSL refuses some signatures by an error instead of an answer.
    return false;
  }
}

/** False for an algorithm that nobody's signature is believed with. */
export function isKnownSignature({ signatureAlgorithm }: Certificate): boolean {
  return SIGNATURES.has(signatureAlgorithm);
}
