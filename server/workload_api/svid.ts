// The SVID that the SPIFFE Workload API gives Remit itself, with its private key. It is verified
// like anybody's: against the bundle that comes with it, by the rules for peers (DESIGN 5.8), so
// that what is served is what others can verify.

import { createPrivateKey, createPublicKey } from 'node:crypto';
import { isFailure } from '../../engine/failure.ts';
import type { Certificate } from '../../engine/identity/certificate.ts';
import { readCertificateSequence } from '../../engine/identity/certificate_sequence.ts';
import { TrustBundle, TrustBundles } from '../../engine/identity/trust_bundles.ts';
import { verifyPeer } from '../../engine/identity/x509_svid.ts';
import { PEER_CHAIN_MAX, PRIVATE_KEY_BYTES_MAX } from '../../engine/limits.ts';
import { parseSpiffeId, SpiffeId } from '../../engine/spiffe_id.ts';
import { type Ders, readAuthoritySequence, type Update, UpdateFault } from './updates.ts';

export interface WorkloadSvid {
  readonly id: string;
  /** The leaf first. */
  readonly chain: Ders;
  /** PKCS#8 in DER, unencrypted. */
  readonly key: Uint8Array;
}

export interface SvidsMessage {
  readonly svids?: readonly SvidMessage[] | null;
}

interface SvidMessage {
  readonly spiffe_id: string;
  readonly x509_svid: Buffer;
  readonly x509_svid_key: Buffer;
  readonly bundle: Buffer;
}

/** Workload API section 8: the first is the default identity. Others are used by nobody here. */
export function readSvid(message: SvidsMessage, now: number): Update<WorkloadSvid> | UpdateFault {
  const svid = message.svids?.[0];
  if (svid === undefined) return new UpdateFault('no SVID in it');
  const id = parseSpiffeId(svid.spiffe_id);
  if (!(id instanceof SpiffeId)) return new UpdateFault(id.rule);
  const chain = readCertificateSequence(svid.x509_svid, PEER_CHAIN_MAX + 1);
  if (isFailure(chain)) return new UpdateFault(`the SVID: ${chain.detail}`);
  const [leaf, ...signers] = chain;
  if (leaf === undefined) return new UpdateFault('no certificate in the SVID');
  const ignored: string[] = [];
  const roots = readAuthoritySequence(svid.bundle, (why) => ignored.push(why));
  if (roots instanceof UpdateFault) return new UpdateFault(`its bundle: ${roots.message}`);
  const bundles = new TrustBundles(new Map([[id.trustDomain, new TrustBundle(roots, [])]]));
  const ders = signers.map(({ der }) => der);
  const verified = verifyPeer(leaf.der, ders, bundles, now);
  if (isFailure(verified)) return new UpdateFault(`the SVID: ${verified.detail}`);
  if (verified.id.id !== id.id) return new UpdateFault('the SVID is that of another ID');
  if (!fits(svid.x509_svid_key, leaf)) return new UpdateFault('no PKCS#8 key of its certificate');
  const value: WorkloadSvid = {
    id: id.id,
    chain: chain.map(({ der }) => new Uint8Array(der)),
    key: new Uint8Array(svid.x509_svid_key),
  };
  return { value, kept: [], ignored };
}

/** Compared as bytes: of a key that we believe there is one SubjectPublicKeyInfo only. */
function fits(key: Buffer, { subjectPublicKeyInfo }: Certificate): boolean {
  if (key.length === 0 || key.length > PRIVATE_KEY_BYTES_MAX) return false;
  try {
    const privateKey = createPrivateKey({ key, format: 'der', type: 'pkcs8' });
    const publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
    return publicKey.equals(subjectPublicKeyInfo);
  } catch {
    return false;
  }
}
