// Authentication: from what was presented, and what its enforcer may assert, to evidence and a
// principal (DESIGN 5.8). Nothing here can grant: what comes out is who, never what.

import { ANONYMOUS, type Principal } from '../access_request.ts';
import type { Evidence } from '../evidence.ts';
import type { Reason } from '../reason.ts';
import { parseSpiffeId, SpiffeId } from '../spiffe_id.ts';
import type { Enforcer } from './enforcer.ts';
import type { ProofImage } from './proof_image.ts';

/** What a request presents, raw, and not yet believed. */
export interface Credentials {
  /** AttributeContext.Peer.principal of the source: first URI SAN, else DNS SAN, else Subject. */
  readonly peerPrincipal: string;
  /** An `Authorization` header came along. */
  readonly authorization: boolean;
}

export interface Authentication {
  readonly evidence: Evidence;
  /** Undefined when proof failed; `evidence.reason` says why. */
  readonly principal: Principal | undefined;
}

/**
 * @param passesAuthorization the destination reads `Authorization` itself, so the header is not
 *   presented to us. A header that nobody explains is a credential that failed.
 */
export function authenticate(
  credentials: Credentials,
  enforcer: Enforcer,
  passesAuthorization: boolean,
  proof: ProofImage,
): Authentication {
  if (credentials.authorization && !passesAuthorization) {
    return failed('authn.untrusted_issuer', enforcer, credentials.peerPrincipal, '');
  }
  // What an enforcer may not assert is as good as absent.
  const asserted = enforcer.peer.has('principal') ? credentials.peerPrincipal : '';
  if (asserted === '') {
    // A peer that the enforcer may not name is no anonymous peer either.
    const anonymous = credentials.peerPrincipal === '' && enforcer.peer.has('anonymous');
    if (!anonymous) return failed('authn.missing', enforcer, '', '');
    return { principal: ANONYMOUS, evidence: evidence('anonymous', enforcer, '', '', undefined) };
  }
  const known = proof.inventory.findExact(asserted);
  if (known !== undefined) return verified(known, enforcer);
  const id = parseSpiffeId(asserted);
  if (!(id instanceof SpiffeId) || id.path === '') {
    return failed('authn.invalid_identity', enforcer, asserted, '');
  }
  const { trustDomain } = id;
  if (!proof.trustDomains.has(trustDomain)) {
    return failed('authn.untrusted_issuer', enforcer, asserted, trustDomain);
  }
  return verified(proof.inventory.find(id), enforcer);
}

function verified(principal: Principal, enforcer: Enforcer): Authentication {
  const issuer = principal.spiffe?.trustDomain ?? '';
  return {
    principal,
    evidence: evidence('verified', enforcer, principal.id, issuer, undefined),
  };
}

/** Evidence of a proof that failed, also for an asker that is no enforcer. */
export function failed(
  reason: Reason,
  enforcer: Enforcer | undefined,
  subject: string,
  issuer: string,
): Authentication {
  return { principal: undefined, evidence: evidence('failed', enforcer, subject, issuer, reason) };
}

function evidence(
  result: Evidence['result'],
  enforcer: Enforcer | undefined,
  subject: string,
  issuer: string,
  reason: Reason | undefined,
): Evidence {
  return {
    result,
    method: subject === '' ? 'none' : 'peer_principal',
    assurance: result === 'verified' ? 'asserted' : 'none',
    subject,
    issuer,
    enforcer: enforcer?.id ?? '',
    reason,
  };
}
