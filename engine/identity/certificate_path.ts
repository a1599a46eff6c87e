// Path building and validation (RFC 5280 section 6): from a leaf, over intermediates that nothing
// trusts by themselves, to an authority of one trust bundle. Every step is a signature that was
// checked; how many there may be is bounded, whatever a peer sends along.

import { PATH_INTERMEDIATES_MAX, PATH_SIGNATURES_MAX } from '../limits.ts';
import type { Reason } from '../reason.ts';
import type { Certificate } from './certificate.ts';
import { isSignedBy } from './certificate_signature.ts';
import { keepsConstraints } from './name_constraints.ts';
import type { Authority, TrustBundle } from './trust_bundles.ts';

/** A path that was found, and the time within which all of its certificates are valid. */
export interface CertificatePath {
  readonly notBefore: number;
  readonly notAfter: number;
}

/** @param sent signers that the peer sent along */
export function findPath(
  leaf: Certificate,
  bundle: TrustBundle,
  sent: readonly Authority[],
  now: number,
): CertificatePath | Reason {
  return new PathSearch(bundle, sent, now).from(leaf);
}

class PathSearch {
  readonly #bundle: TrustBundle;
  readonly #sent: readonly Authority[];
  readonly #now: number;
  #signaturesLeft = PATH_SIGNATURES_MAX;
  #fault: Reason = 'authn.untrusted_issuer';

  constructor(bundle: TrustBundle, sent: readonly Authority[], now: number) {
    this.#bundle = bundle;
    this.#sent = sent;
    this.#now = now;
  }

  from(leaf: Certificate): CertificatePath | Reason {
    const path = this.#climb([leaf]);
    if (path === undefined) return this.#fault;
    return {
      notBefore: Math.max(...path.map(({ notBefore }) => notBefore)),
      notAfter: Math.min(...path.map(({ notAfter }) => notAfter)),
    };
  }

  /** The whole path from the leaf up to an authority, or undefined. */
  #climb(path: readonly Certificate[]): readonly Certificate[] | undefined {
    const child = path.at(-1)!;
    const { issuer } = child;
    for (const root of nearestFirst(this.#bundle.rootsNamed(issuer), child)) {
      if (!this.#vouches(root, path)) continue;
      const whole = [...path, root.certificate];
      if (keepsAllConstraints(whole)) return whole;
    }
    if (path.length > PATH_INTERMEDIATES_MAX) return undefined;
    const signers = [
      ...this.#bundle.intermediatesNamed(issuer),
      ...this.#sent.filter(({ certificate }) => certificate.subject.equals(issuer)),
    ];
    for (const signer of nearestFirst(signers, child)) {
      const { certificate } = signer;
      if (path.some(({ der }) => der.equals(certificate.der))) continue;
      const whole = this.#vouches(signer, path) && this.#climb([...path, certificate]);
      if (whole) return whole;
    }
    return undefined;
  }

  /** Has this authority signed the last certificate of the path, and may it, here and now? */
  #vouches({ certificate, key, keyKind }: Authority, path: readonly Certificate[]): boolean {
    const { pathLength } = certificate.extensions;
    if (pathLength !== undefined && countedSigners(path) > pathLength) return false;
    if (this.#signaturesLeft === 0) return false;
    this.#signaturesLeft--;
    if (!isSignedBy(path.at(-1)!, keyKind, key)) return false;
    if (this.#now < certificate.notBefore) this.#fault = 'authn.not_yet_valid';
    else if (this.#now > certificate.notAfter) this.#fault = 'authn.expired';
    else return true;
    return false;
  }
}

/** Signers between leaf and authority; one that only renews itself does not count. */
function countedSigners(path: readonly Certificate[]): number {
  return path.slice(1).filter(({ subject, issuer }) => !subject.equals(issuer)).length;
}

/** Key identifiers prove nothing; they say which of several keys of one name to try first. */
function nearestFirst(signers: readonly Authority[], child: Certificate): readonly Authority[] {
  if (signers.length < 2) return signers;
  const { authorityKeyId } = child.extensions;
  const isNamed = ({ certificate }: Authority): boolean =>
    authorityKeyId !== undefined && certificate.extensions.subjectKeyId === authorityKeyId;
  return [...signers.filter(isNamed), ...signers.filter((signer) => !isNamed(signer))];
}

function keepsAllConstraints(path: readonly Certificate[]): boolean {
  return path.every(({ extensions: { nameConstraints } }, index) => {
    return nameConstraints === undefined || keepsConstraints(nameConstraints, path.slice(0, index));
  });
}
