// Trust bundles: for each trust domain the authorities that may vouch for its identities (SPIFFE
// Trust Domain and Bundle, section 4), and intermediates, which nothing trusts by themselves. No
// domain ever looks into the bundle of another one.

import type { KeyObject } from 'node:crypto';
import { isFailure } from '../failure.ts';
import { KEY_FILE_CERTIFICATES_MAX } from '../limits.ts';
import { type Certificate, readCertificate } from './certificate.ts';
import type { KeyKind } from './certificate_key.ts';
import { publicKeyOf } from './certificate_signature.ts';
import { isPemFault, readPem } from './pem.ts';

const ANY_PURPOSE = '2.5.29.37.0';
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';

/** A certificate that may sign others, with its key ready for use. */
export interface Authority {
  readonly certificate: Certificate;
  readonly keyKind: KeyKind;
  readonly key: KeyObject;
}

export class TrustBundle {
  readonly roots: readonly Authority[];
  readonly intermediates: readonly Authority[];
  readonly #roots: ReadonlyMap<string, readonly Authority[]>;
  readonly #intermediates: ReadonlyMap<string, readonly Authority[]>;

  constructor(roots: readonly Authority[], intermediates: readonly Authority[]) {
    this.roots = roots;
    this.intermediates = intermediates;
    this.#roots = bySubject(roots);
    this.#intermediates = bySubject(intermediates);
  }

  rootsNamed(name: Buffer): readonly Authority[] {
    return this.#roots.get(name.toString('latin1')) ?? [];
  }

  intermediatesNamed(name: Buffer): readonly Authority[] {
    return this.#intermediates.get(name.toString('latin1')) ?? [];
  }
}

export class TrustBundles {
  readonly #byTrustDomain: ReadonlyMap<string, TrustBundle>;

  constructor(byTrustDomain: ReadonlyMap<string, TrustBundle>) {
    this.#byTrustDomain = byTrustDomain;
  }

  /** Undefined: nobody vouches for this domain. */
  of(trustDomain: string): TrustBundle | undefined {
    return this.#byTrustDomain.get(trustDomain);
  }
}

function bySubject(authorities: readonly Authority[]): ReadonlyMap<string, readonly Authority[]> {
  return Map.groupBy(authorities, ({ certificate }) => certificate.subject.toString('latin1'));
}

export type AuthorityRole = 'root' | 'intermediate';

/** Why a certificate may not sign others; undefined when it may. */
export function signerFault(certificate: Certificate, role: AuthorityRole): string | undefined {
  const { isCa, keyUsage, purposes, hasUnknownCritical } = certificate.extensions;
  if (!isCa) return 'no certificate authority (basic constraints)';
  // SPIFFE X509-SVID section 4.3 asks it of all; a root made by `openssl req -x509` has no usages.
  const signs = keyUsage === undefined ? role === 'root' : keyUsage.keyCertSign;
  if (!signs) return 'its key usage does not include keyCertSign';
  if (purposes !== undefined && !vouchesForPeers(purposes)) {
    return 'its extended key usage does not include serverAuth and clientAuth';
  }
  if (hasUnknownCritical) return 'an unknown critical extension';
  if (certificate.keyKind === undefined) {
    return 'its key is none of RSA (2048 to 8192 bits), P-256, P-384, P-521 and Ed25519';
  }
  return undefined;
}

/** SPIFFE X509-SVID section 4.4, of leaves; a signer restricted to less cannot vouch for them. */
export function vouchesForPeers(purposes: readonly string[]): boolean {
  if (purposes.includes(ANY_PURPOSE)) return true;
  return hasBothPurposes(purposes);
}

export function hasBothPurposes(purposes: readonly string[]): boolean {
  return purposes.includes(SERVER_AUTH) && purposes.includes(CLIENT_AUTH);
}

/** The authority in a certificate, or why there is none. */
export function authorityOf(certificate: Certificate, role: AuthorityRole): Authority | string {
  const fault = signerFault(certificate, role);
  if (fault !== undefined) return fault;
  const key = publicKeyOf(certificate);
  const { keyKind } = certificate;
  if (key === undefined || keyKind === undefined) return 'its key is no key';
  return { certificate, keyKind, key };
}

/** What is wrong with a file of authorities, and in which line. */
export class AuthoritiesFault {
  readonly line: number;
  readonly message: string;

  constructor(line: number, message: string) {
    this.line = line;
    this.message = message;
  }
}

/** All authorities of a PEM text; none at all is valid, and means that nobody is trusted. */
export function readAuthorities(
  pem: string,
  role: AuthorityRole,
): readonly Authority[] | AuthoritiesFault {
  const blocks = readPem(pem);
  if (isPemFault(blocks)) return new AuthoritiesFault(blocks.line, blocks.message);
  if (blocks.length > KEY_FILE_CERTIFICATES_MAX) {
    return new AuthoritiesFault(1, `more than ${KEY_FILE_CERTIFICATES_MAX} certificates`);
  }
  const authorities: Authority[] = [];
  for (const { der, line } of blocks) {
    const certificate = readCertificate(der);
    if (isFailure(certificate)) return new AuthoritiesFault(line, certificate.detail);
    const authority = authorityOf(certificate, role);
    if (typeof authority === 'string') return new AuthoritiesFault(line, authority);
    authorities.push(authority);
  }
  return authorities;
}
