// One good SVID with the authority above it, and what verifying its variants shows.

import assert from 'node:assert/strict';
import * as asn from '@peculiar/asn1-x509';
import { isFailure } from '../../engine/failure.ts';
import {
  AuthoritiesFault,
  readAuthorities,
  TrustBundle,
  TrustBundles,
} from '../../engine/identity/trust_bundles.ts';
import { verifyPeer } from '../../engine/identity/x509_svid.ts';
import { makeAuthority, NOW, pemOf, type Template } from '../support/certificates.ts';

export const ID = 'spiffe://prod.example/ns/shop/sa/checkout';
export const UNKNOWN_OID = '1.3.6.1.4.1.99999.1';
export const BOTH = [asn.id_kp_serverAuth, asn.id_kp_clientAuth];

export function bundlesOf(
  roots: readonly Buffer[],
  intermediates: readonly Buffer[] = [],
): TrustBundles {
  const read = (ders: readonly Buffer[], role: 'root' | 'intermediate') => {
    const authorities = readAuthorities(pemOf(...ders), role);
    assert.ok(!(authorities instanceof AuthoritiesFault), JSON.stringify(authorities));
    return authorities;
  };
  const bundle = new TrustBundle(read(roots, 'root'), read(intermediates, 'intermediate'));
  return new TrustBundles(new Map([['prod.example', bundle]]));
}

export const ROOT = makeAuthority('root');
const BUNDLES = bundlesOf([ROOT]);

/** The SPIFFE ID, or the reason why it is not proved. */
export function resultOf(leaf: Buffer, chain: Buffer[] = [], bundles = BUNDLES, now = NOW): string {
  const result = verifyPeer(leaf, chain, bundles, now);
  if (!isFailure(result)) return result.id.id;
  assert.notEqual(result.detail, '', 'whoever reads the log is told more');
  return result.reason;
}

export const withExtensions = (...extensions: asn.Extension[]): Partial<Template> => ({
  extensions,
});
