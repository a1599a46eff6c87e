// A proof that is supposed instead of verified, for tests and explanations: how strongly a peer
// that the enforcer names would have been proved, and by a certificate of which age.

import type { Principal } from '../access_request.ts';
import type { Assurance, Evidence } from '../evidence.ts';
import type { X509Svid } from '../svid.ts';
import type { Authentication } from './authenticate.ts';

export interface AssumedProof {
  readonly assurance: Assurance;
  /** Of the certificate, where the assurance is one that a certificate gives. */
  readonly ageMs: number;
  readonly lifetimeMs: number;
}

/** No certificate was ever read, so there is none to tell from others. */
const NO_DIGEST = `sha256:${'0'.repeat(64)}`;

/** @param shown what the enforcer's word alone gives: who is believed, and who is not */
export function assumeProof<S extends object>(
  { assurance, ageMs, lifetimeMs }: AssumedProof,
  shown: Authentication | S,
  now: number,
): Authentication | S {
  if (!('evidence' in shown)) return shown;
  const { evidence, principal } = shown;
  const id = principal?.spiffe;
  if (principal === undefined || id === undefined || assurance === 'asserted') return shown;
  const proved: Principal = { ...principal, assurance };
  const certified = assurance === 'svid' || assurance === 'bound';
  const notBefore = now - ageMs;
  const notAfter = notBefore + lifetimeMs;
  const svid: X509Svid | undefined = certified
    ? {
        id,
        credential: NO_DIGEST,
        keyThumbprint: NO_DIGEST,
        serial: '00',
        notBefore,
        notAfter,
        pathNotBefore: notBefore,
        pathNotAfter: notAfter,
      }
    : undefined;
  const supposed: Evidence = {
    ...evidence,
    method: certified ? 'x509_svid' : evidence.method,
    assurance,
    svid,
    notBefore: svid?.notBefore,
    notAfter: svid?.notAfter,
    holdsUntil: svid?.notAfter ?? Number.POSITIVE_INFINITY,
  };
  if (svid !== undefined && now > notAfter) {
    const reason = 'authn.expired';
    return { principal: undefined, evidence: { ...supposed, result: 'failed', reason } };
  }
  return { principal: proved, evidence: supposed };
}
