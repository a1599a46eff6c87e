// Authentication: from what was presented, and what its enforcer may assert, to evidence and a
// principal (DESIGN 5.8). Nothing here can grant: what comes out is who, never what.
//
// INVARIANT: a credential that was presented and failed never falls back to a weaker one.

import { ANONYMOUS, type Principal } from '../access_request.ts';
import { type Evidence, IGNORED_CERTIFICATE, IGNORED_PRINCIPAL } from '../evidence.ts';
import type { Proof, ProofResults } from '../facts.ts';
import { isFailure } from '../failure.ts';
import { CERTIFICATE_TEXT_MAX } from '../limits.ts';
import type { Reason } from '../reason.ts';
import { parseSpiffeId, SpiffeId } from '../spiffe_id.ts';
import { isCurrent, lifetimeMs, SvidFailure, type X509Svid } from '../svid.ts';
import type { Enforcer } from './enforcer.ts';
import { certificateProof } from './proof.ts';
import type { ProofImage } from './proof_image.ts';

/** What a request presents, raw, and not yet believed. */
export interface Credentials {
  /** AttributeContext.Peer.principal of the source: first URI SAN, else DNS SAN, else Subject. */
  readonly peerPrincipal: string;
  /** AttributeContext.Peer.certificate came along. */
  readonly hasCertificate: boolean;
  /** URL-encoded PEM, as it came; empty where the snapshot does not read it. */
  readonly peerCertificate: string;
  /** An `Authorization` header came along. */
  readonly authorization: boolean;
}

export interface Authentication {
  readonly evidence: Evidence;
  /** Undefined when proof failed; `evidence.reason` says why. */
  readonly principal: Principal | undefined;
}

const TOO_LONG = new SvidFailure('authn.invalid_identity', 'too long', '', '');

/**
 * @param passesAuthorization the destination reads `Authorization` itself, so the header is not
 *   presented to us. A header that nobody explains is a credential that failed.
 * @returns the proof that has to be verified first, when it was not
 */
export function authenticate(
  credentials: Credentials,
  enforcer: Enforcer,
  passesAuthorization: boolean,
  proof: ProofImage,
  results: ProofResults,
  now: number,
): Authentication | Proof {
  const { peerPrincipal, peerCertificate } = credentials;
  const ignored = ignoredOf(credentials, enforcer);
  if (credentials.authorization && !passesAuthorization) {
    return failed('authn.untrusted_issuer', enforcer, peerPrincipal, '', ignored);
  }
  // What an enforcer may not assert is as good as absent.
  const principal = enforcer.peer.has('principal') ? peerPrincipal : '';
  const certificate = enforcer.peer.has('certificate') ? peerCertificate : '';
  if (certificate === '') return byPrincipal(principal, credentials, enforcer, proof, ignored);
  // Its digest alone would cost more than the whole check of one that could be true.
  if (certificate.length > CERTIFICATE_TEXT_MAX) return refuted(TOO_LONG, enforcer, ignored);
  const needed = certificateProof(certificate, proof);
  const result = results.get(needed.key, now);
  if (result === undefined) return needed;
  if (isFailure(result)) return refuted(result, enforcer, ignored);
  if (!isCurrent(result, now)) return needed;
  return bySvid(result, principal, enforcer, proof, ignored);
}

function ignoredOf({ peerPrincipal, hasCertificate }: Credentials, { peer }: Enforcer): number {
  return (
    (peerPrincipal !== '' && !peer.has('principal') ? IGNORED_PRINCIPAL : 0) |
    (hasCertificate && !peer.has('certificate') ? IGNORED_CERTIFICATE : 0)
  );
}

/** The enforcer's word alone. */
function byPrincipal(
  asserted: string,
  credentials: Credentials,
  enforcer: Enforcer,
  proof: ProofImage,
  ignored: number,
): Authentication {
  if (asserted === '') {
    // A peer that shows something, which the enforcer may not pass on, is no anonymous one.
    const showsNothing = credentials.peerPrincipal === '' && !credentials.hasCertificate;
    if (!showsNothing || !enforcer.peer.has('anonymous')) {
      return failed('authn.missing', enforcer, '', '', ignored);
    }
    return { principal: ANONYMOUS, evidence: evidence('anonymous', enforcer, '', '', ignored) };
  }
  const known = proof.inventory.findExact(asserted);
  if (known !== undefined) return believed(known, enforcer, ignored);
  const id = parseSpiffeId(asserted);
  if (!(id instanceof SpiffeId) || id.path === '') {
    return failed('authn.invalid_identity', enforcer, asserted, '', ignored);
  }
  const { trustDomain } = id;
  if (!proof.trustDomains.has(trustDomain)) {
    return failed('authn.untrusted_issuer', enforcer, asserted, trustDomain, ignored);
  }
  return believed(proof.inventory.find(id), enforcer, ignored);
}

/** A certificate that was verified; what it may be used for is looked at each time. */
function bySvid(
  svid: X509Svid,
  asserted: string,
  enforcer: Enforcer,
  proof: ProofImage,
  ignored: number,
): Authentication {
  const { id } = svid;
  const maxLifetimeMs = proof.issuers.ofTrustDomain(id.trustDomain)?.maxLifetimeMs ?? 0;
  let reason: Reason | undefined;
  if (lifetimeMs(svid) > maxLifetimeMs) reason = 'authn.lifetime_exceeded';
  else if (asserted !== '' && asserted !== id.id) reason = 'authn.identity_conflict';
  const shown: Evidence = {
    result: reason === undefined ? 'verified' : 'failed',
    method: 'x509_svid',
    assurance: reason === undefined ? 'svid' : 'none',
    subject: id.id,
    issuer: id.trustDomain,
    enforcer: enforcer.id,
    credential: svid.credential,
    svid,
    ignored,
    reason,
  };
  const principal = reason === undefined ? proof.inventory.findBySvid(id) : undefined;
  return { principal, evidence: shown };
}

function refuted(failure: SvidFailure, enforcer: Enforcer, ignored: number): Authentication {
  const { reason, claimedId, credential } = failure;
  const id = parseSpiffeId(claimedId);
  const issuer = id instanceof SpiffeId ? id.trustDomain : '';
  const base = evidence('failed', enforcer, claimedId, issuer, ignored, reason);
  return { principal: undefined, evidence: { ...base, method: 'x509_svid', credential } };
}

function believed(principal: Principal, enforcer: Enforcer, ignored: number): Authentication {
  const issuer = principal.spiffe?.trustDomain ?? '';
  return { principal, evidence: evidence('verified', enforcer, principal.id, issuer, ignored) };
}

/** Evidence of a proof that failed, also for an asker that is no enforcer. */
export function failed(
  reason: Reason,
  enforcer: Enforcer | undefined,
  subject: string,
  issuer: string,
  ignored = 0,
): Authentication {
  const shown = evidence('failed', enforcer, subject, issuer, ignored, reason);
  return { principal: undefined, evidence: shown };
}

/** Of the enforcer's word alone, or of nothing. */
function evidence(
  result: Evidence['result'],
  enforcer: Enforcer | undefined,
  subject: string,
  issuer: string,
  ignored: number,
  reason?: Reason,
): Evidence {
  return {
    result,
    method: subject === '' ? 'none' : 'peer_principal',
    assurance: result === 'verified' ? 'asserted' : 'none',
    subject,
    issuer,
    enforcer: enforcer?.id ?? '',
    credential: '',
    svid: undefined,
    ignored,
    reason,
  };
}
