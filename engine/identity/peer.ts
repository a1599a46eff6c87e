// Who holds the connection, as its enforcer may say (DESIGN 5.8): a certificate that is verified
// here, or the enforcer's word alone.

import type { Facts, Proof } from '../facts.ts';
import { isFailure } from '../failure.ts';
import { CERTIFICATE_TEXT_MAX } from '../limits.ts';
import type { Reason } from '../reason.ts';
import { parseSpiffeId, SpiffeId } from '../spiffe_id.ts';
import { isCurrent, lifetimeMs, SvidFailure, type X509Svid } from '../svid.ts';
import { certificateProof } from './proof.ts';
import type { ProofImage } from './proof_image.ts';
import type { Proved } from './proved.ts';

/** The facts that authentication looks at. */
export type ProofFacts = Pick<Facts, 'verified' | 'keys' | 'nonces'>;

/** Why a peer is nobody, with what it claims, for the record only. */
export interface PeerRefusal {
  readonly refused: Reason;
  readonly method: Proved['method'];
  readonly subject: string;
  readonly issuer: string;
  readonly credential: string;
  readonly svid?: X509Svid | undefined;
}

export type PeerOutcome = Proved | PeerRefusal | { readonly need: Proof };

/** What a certificate can be verified from, and by which way it came. */
export interface SentCertificate {
  readonly method: 'x509_svid' | 'xfcc' | 'client_cert';
  /** As in `certificateProof`. */
  readonly kind: 'x509_svid' | 'x509_chain';
  readonly raw: string;
}

const TOO_LONG = new SvidFailure('authn.invalid_identity', 'too long', '', '');

/** The enforcer's word alone. */
export function peerByPrincipal(asserted: string, image: ProofImage): Proved | PeerRefusal {
  const known = image.inventory.findExact(asserted);
  const refused = (reason: Reason, issuer: string): PeerRefusal => {
    return { refused: reason, method: 'peer_principal', subject: asserted, issuer, credential: '' };
  };
  const id = known?.spiffe ?? parseSpiffeId(asserted);
  if (!(id instanceof SpiffeId) || id.path === '') return refused('authn.invalid_identity', '');
  const { trustDomain } = id;
  if (known === undefined && !image.trustDomains.has(trustDomain)) {
    return refused('authn.untrusted_issuer', trustDomain);
  }
  return {
    method: 'peer_principal',
    principal: known ?? image.inventory.find(id),
    issuer: trustDomain,
    subject: asserted,
    credential: '',
    svid: undefined,
    token: undefined,
    notBefore: undefined,
    notAfter: undefined,
  };
}

/**
 * A certificate that came along; what it may be used for is looked at each time.
 * @param asserted what the enforcer says of the same peer, empty when it may not or does not
 */
export function peerByCertificate(
  { method, kind, raw }: SentCertificate,
  asserted: string,
  image: ProofImage,
  { verified: results, keys }: ProofFacts,
  now: number,
): PeerOutcome {
  // Its digest alone would cost more than the whole check of one that could be true.
  const bounded = kind === 'x509_chain' || raw.length <= CERTIFICATE_TEXT_MAX;
  if (!bounded) return refuted(TOO_LONG, method);
  const need = certificateProof(kind, raw, image, keys);
  const result = results.get(need.key, now);
  if (result === undefined) return { need };
  // Its key is that of a certificate.
  if (isFailure(result)) return refuted(result as SvidFailure, method);
  const svid = result as X509Svid;
  if (!isCurrent(svid, now)) return { need };
  return peerBySvid(svid, method, asserted, image);
}

function peerBySvid(
  svid: X509Svid,
  method: SentCertificate['method'],
  asserted: string,
  image: ProofImage,
): Proved | PeerRefusal {
  const { id, credential } = svid;
  const { trustDomain } = id;
  const shown = { method, issuer: trustDomain, subject: id.id, credential };
  const maxLifetimeMs = image.issuers.x509.ofTrustDomain(trustDomain)?.maxLifetimeMs ?? 0;
  if (lifetimeMs(svid) > maxLifetimeMs) {
    return { ...shown, refused: 'authn.lifetime_exceeded', svid };
  }
  if (asserted !== '' && asserted !== id.id) {
    return { ...shown, refused: 'authn.identity_conflict', svid };
  }
  const { notBefore, notAfter } = svid;
  const principal = image.inventory.findBySvid(id);
  return { ...shown, principal, svid, token: undefined, notBefore, notAfter };
}

function refuted(
  { reason, claimedId, credential }: SvidFailure,
  method: SentCertificate['method'],
): PeerRefusal {
  const id = parseSpiffeId(claimedId);
  const issuer = id instanceof SpiffeId ? id.trustDomain : '';
  return { refused: reason, method, subject: claimedId, issuer, credential };
}
