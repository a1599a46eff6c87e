// X509-SVIDs on x509-svid.json (C-110): each case as Envoy sends it, the leaf alone with the rest
// configured as intermediates, and as a TLS peer sends it, the whole chain.

import assert from 'node:assert/strict';
import { isFailure } from '../../engine/failure.ts';
import { readCertificate } from '../../engine/identity/certificate.ts';
import { isPemFault, readPem } from '../../engine/identity/pem.ts';
import {
  authorityOf,
  readAuthorities,
  signerFault,
  TrustBundle,
  TrustBundles,
} from '../../engine/identity/trust_bundles.ts';
import {
  leafFault,
  verifyPeer,
  verifyX509Svid,
  workloadIdOf,
} from '../../engine/identity/x509_svid.ts';
import { SpiffeId } from '../../engine/spiffe_id.ts';
import { withSharedCases } from '../shared_cases.ts';

interface Case {
  readonly id: string;
  readonly check: 'verify' | 'profile';
  readonly now?: string;
  readonly certificatesPem: string;
  readonly bundles?: Readonly<Record<string, string>>;
  readonly valid: boolean;
  readonly spiffeId?: string;
  readonly reason?: string;
}

/** Decided otherwise on purpose, with the reason; none so far. */
const DELIBERATE: Readonly<Record<string, string>> = {};

/** The words of the data, as ours. */
const REASONS: Readonly<Record<string, string>> = {
  expired: 'authn.expired',
  'not-yet-valid': 'authn.not_yet_valid',
  untrusted: 'authn.untrusted_issuer',
  'no-bundle': 'authn.untrusted_issuer',
};

/** Certificates in PEM, as DER; undefined when the text holds anything else. */
function dersOf(pem: string): Buffer[] | undefined {
  const blocks = readPem(pem);
  return isPemFault(blocks) ? undefined : blocks.map(({ der }) => der);
}

/** As Envoy encodes it. */
function sent(der: Buffer | undefined): string {
  if (der === undefined) return '';
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  const pem = `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
  return encodeURIComponent(pem);
}

function bundlesOf(test: Case, intermediates: readonly Buffer[]): TrustBundles {
  const signers = intermediates.flatMap((der) => {
    const certificate = readCertificate(der);
    if (isFailure(certificate)) return [];
    const authority = authorityOf(certificate, 'intermediate');
    return typeof authority === 'string' ? [] : [authority];
  });
  const bundles = Object.entries(test.bundles ?? {}).map(([trustDomain, pem]) => {
    const roots = readAuthorities(pem, 'root');
    assert.ok(Array.isArray(roots), JSON.stringify(roots));
    return [trustDomain, new TrustBundle(roots, signers)] as const;
  });
  return new TrustBundles(new Map(bundles));
}

/** The SPIFFE ID, or a word for why there is none. */
function profileOf([leafDer, ...others]: readonly Buffer[]): string {
  const leaf = readCertificate(leafDer ?? Buffer.alloc(0));
  if (isFailure(leaf)) return leaf.reason;
  const id = workloadIdOf(leaf);
  if (!(id instanceof SpiffeId)) return id;
  const faults = others.map((der) => {
    const certificate = readCertificate(der);
    return isFailure(certificate) ? certificate.reason : signerFault(certificate, 'intermediate');
  });
  return [leafFault(leaf), ...faults].find((fault) => fault !== undefined) ?? id.id;
}

function resultsOf(test: Case): string[] {
  const ders = dersOf(test.certificatesPem) ?? [];
  if (test.check === 'profile') return [profileOf(ders)];
  const [leaf, ...chain] = ders;
  const now = Date.parse(test.now ?? '');
  const byEnvoy = verifyX509Svid(sent(leaf), bundlesOf(test, chain), now);
  const byPeer = verifyPeer(leaf ?? Buffer.alloc(0), chain, bundlesOf(test, []), now);
  return [byEnvoy, byPeer].map((result) => (isFailure(result) ? result.reason : result.id.id));
}

function agrees(test: Case): boolean {
  return resultsOf(test).every((result) => {
    if (test.valid) return result === test.spiffeId;
    if (test.check === 'profile') return !result.startsWith('spiffe://');
    return result === (REASONS[test.reason ?? ''] ?? 'authn.invalid_identity');
  });
}

describe('C-110: X509-SVIDs on x509-svid.json', () => {
  withSharedCases<{ readonly cases: readonly Case[] }>('x509-svid.json', ({ cases }) => {
    for (const test of cases) {
      const why = DELIBERATE[test.id];
      const title = why === undefined ? test.id : `differs on purpose: ${test.id}, ${why}`;
      it(title, () => {
        assert.equal(agrees(test), why === undefined, resultsOf(test).join(', '));
      });
    }

    it('are all there', () => assert.equal(cases.length, 62));
  });
});
