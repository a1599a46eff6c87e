// X509-SVIDs (SPIFFE X509-SVID sections 2 to 5): a certificate that proves one workload, verified
// against the bundle of the trust domain in its own ID and no other. Synchronous, without state;
// any bytes give what the certificate proves, or a Failure that says why it proves nothing.

import { hash } from 'node:crypto';
import { Failure, isFailure } from '../failure.ts';
import { PEER_CHAIN_MAX } from '../limits.ts';
import type { Reason } from '../reason.ts';
import { parseSpiffeId, SpiffeId } from '../spiffe_id.ts';
import { SvidFailure, type X509Svid } from '../svid.ts';
import { type Certificate, readCertificate } from './certificate.ts';
import { findPath } from './certificate_path.ts';
import { isKnownSignature } from './certificate_signature.ts';
import { readSentCertificate, readSentChain } from './pem.ts';
import {
  type Authority,
  authorityOf,
  hasBothPurposes,
  type TrustBundles,
} from './trust_bundles.ts';

/** The one certificate that a CheckRequest carries: URL-encoded PEM, without a chain. */
export function verifyX509Svid(
  text: string,
  bundles: TrustBundles,
  now: number,
): X509Svid | SvidFailure {
  const der = readSentCertificate(text);
  if (isFailure(der)) return new SvidFailure(der.reason, der.detail, '', '');
  return verifyPeer(der, [], bundles, now);
}

/** PEM of a leaf and of what a proxy received behind it; nothing trusts that by itself. */
export function verifySentChain(
  pem: string,
  bundles: TrustBundles,
  now: number,
): X509Svid | SvidFailure {
  const ders = readSentChain(pem);
  if (isFailure(ders)) return new SvidFailure(ders.reason, ders.detail, '', '');
  const [leaf, ...others] = ders;
  return verifyPeer(leaf, others, bundles, now);
}

/**
 * The certificate of a TLS peer.
 * @param chain what it sent behind its own, in any order; nothing trusts it by itself
 */
export function verifyPeer(
  leafDer: Uint8Array,
  chain: readonly Uint8Array[],
  bundles: TrustBundles,
  now: number,
): X509Svid | SvidFailure {
  const der = bufferOf(leafDer);
  const leaf = readCertificate(der);
  const fail = (reason: Reason, detail: string, id = ''): SvidFailure =>
    new SvidFailure(reason, detail, id, digest(der));
  if (isFailure(leaf)) return fail(leaf.reason, leaf.detail);
  const id = workloadIdOf(leaf);
  if (typeof id === 'string') return fail('authn.invalid_identity', id);
  const fault = leafFault(leaf);
  if (fault !== undefined) return fail('authn.invalid_identity', fault, id.id);
  const bundle = bundles.of(id.trustDomain);
  if (bundle === undefined) {
    return fail('authn.untrusted_issuer', 'nobody vouches for the trust domain', id.id);
  }
  if (now < leaf.notBefore) return fail('authn.not_yet_valid', 'not valid yet', id.id);
  if (now > leaf.notAfter) return fail('authn.expired', 'expired', id.id);
  const sent = signersOf(chain);
  if (isFailure(sent)) return fail(sent.reason, sent.detail, id.id);
  const path = findPath(leaf, bundle, sent, now);
  if (typeof path === 'string') return fail(path, 'no path to an authority of its domain', id.id);
  return {
    id,
    credential: digest(der),
    keyThumbprint: digest(leaf.subjectPublicKeyInfo),
    serial: leaf.serial,
    notBefore: leaf.notBefore,
    notAfter: leaf.notAfter,
    pathNotBefore: path.notBefore,
    pathNotAfter: path.notAfter,
  };
}

/** Section 2: exactly one URI, which is the SPIFFE ID of a workload; else why it is none. */
export function workloadIdOf({ extensions: { uris } }: Certificate): SpiffeId | string {
  if (uris.length !== 1) return `${uris.length} URIs among its names, and one is needed`;
  const id = parseSpiffeId(uris[0]!);
  if (!(id instanceof SpiffeId)) return id.rule;
  return id.path === '' ? 'the SPIFFE ID of a trust domain names no workload' : id;
}

/** Sections 4 and 5.2: what a leaf must and must not be, apart from its name and its signers. */
export function leafFault(leaf: Certificate): string | undefined {
  const { isCa, keyUsage, purposes, hasUnknownCritical, nameConstraints } = leaf.extensions;
  if (isCa) return 'a certificate authority';
  if (keyUsage === undefined || !keyUsage.critical)
    return 'its key usage is missing or not critical';
  if (!keyUsage.digitalSignature) return 'its key usage does not include digitalSignature';
  if (keyUsage.keyCertSign || keyUsage.crlSign) return 'its key may sign certificates';
  if (purposes !== undefined && !hasBothPurposes(purposes)) {
    return 'its extended key usage does not include serverAuth and clientAuth';
  }
  if (hasUnknownCritical || nameConstraints !== undefined) return 'an unknown critical extension';
  if (leaf.keyKind === undefined) return 'a key of a kind or length that is not believed';
  return isKnownSignature(leaf) ? undefined : 'a signature algorithm that is not believed';
}

/** Those of a sent chain that may sign; a root among them is one more intermediate. */
function signersOf(chain: readonly Uint8Array[]): readonly Authority[] | Failure {
  if (chain.length > PEER_CHAIN_MAX) {
    return new Failure('authn.invalid_identity', `more than ${PEER_CHAIN_MAX} certificates sent`);
  }
  const signers: Authority[] = [];
  for (const der of chain) {
    const certificate = readCertificate(bufferOf(der));
    if (isFailure(certificate)) return certificate;
    const authority = authorityOf(certificate, 'intermediate');
    if (typeof authority !== 'string') signers.push(authority);
  }
  return signers;
}

function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

function digest(bytes: Buffer): string {
  return `sha256:${hash('sha256', bytes, 'hex')}`;
}
