// C-010 C-011 C-012 C-059: callers by `Client-Cert` (RFC 9440), by the code that serves: verified
// here, only where the enforcer may assert them, and behind a gateway or nobody.

import assert from 'node:assert/strict';
import {
  type Ask,
  answerTo,
  CHECKOUT,
  type Document,
  REPORTS,
  verdictOn,
} from '../engine/fixture.ts';
import { HOUR_MS, makeAuthority, NOW, sentForm } from '../support/certificates.ts';
import {
  BALANCER,
  BEHIND,
  byEdge,
  CERT,
  digest,
  leaf,
  mesh,
  OTHER_PROXY,
  STRANGER,
  UNDER,
} from './forwarding_mesh.ts';

describe('`Client-Cert`', () => {
  const field = (der: Buffer) => `:${der.toString('base64')}:`;
  const shown = (leafDer: Buffer, more: Partial<Ask> = {}, ...chain: Buffer[]): Ask => ({
    ...byEdge,
    proof: {
      'client-cert': field(leafDer),
      ...(chain.length > 0 && { 'client-cert-chain': chain.map(field).join(', ') }),
    },
    ...more,
  });
  const RFC9440 = mesh(['clientCert', 'principal', 'certificate', 'anonymous']);
  const headers = (proof: Record<string, string>): Ask => ({ ...byEdge, proof });
  const cases: readonly [name: string, ask: Ask, want: string][] = [
    ['alone', shown(CERT), 'allow'],
    ['with its chain', shown(BEHIND, {}, UNDER), 'allow'],
    ['without its chain', shown(BEHIND), 'authn.untrusted_issuer'],
    ['of an authority that nobody named', shown(STRANGER), 'authn.untrusted_issuer'],
    [
      'with that authority in the chain',
      shown(STRANGER, {}, makeAuthority('nobody')),
      'authn.untrusted_issuer',
    ],
    ['after it expired', shown(CERT, { now: NOW + 2 * HOUR_MS }), 'authn.expired'],
    ['as PEM', headers({ 'client-cert': sentForm(CERT) }), 'authn.invalid_identity'],
    [
      'twice',
      headers({ 'client-cert': `${field(CERT)}, ${field(CERT)}` }),
      'authn.invalid_identity',
    ],
    ['that is empty', headers({ 'client-cert': '' }), 'authn.invalid_identity'],
    [
      'as a chain without a leaf',
      headers({ 'client-cert-chain': field(CERT) }),
      'authn.invalid_identity',
    ],
    ['beside the same peer', shown(CERT, { caller: CHECKOUT }), 'allow'],
    ['beside its certificate', shown(CERT, { certificate: sentForm(CERT) }), 'allow'],
    [
      'beside another certificate of it',
      shown(leaf(CHECKOUT), { certificate: sentForm(CERT) }),
      'authn.identity_conflict',
    ],
    ['through a gateway', shown(CERT, { caller: BALANCER }), 'allow'],
    ['that a workload sends itself', shown(CERT, { caller: REPORTS }), 'authn.identity_conflict'],
    ['that failed, beside a peer', shown(STRANGER, { caller: CHECKOUT }), 'authn.untrusted_issuer'],
    [
      'through an enforcer that may not assert it',
      shown(CERT, { asker: { kind: 'peer', id: OTHER_PROXY } }),
      'authn.missing',
    ],
  ];
  for (const [name, ask, want] of cases) {
    it(`is judged ${name}: ${want} (C-011 C-059)`, () =>
      assert.equal(answerTo(RFC9440, ask), want));
  }

  it('is a certificate that was verified, and the gateway stands beside it (C-012)', () => {
    const { evidence } = verdictOn(RFC9440, shown(CERT, { caller: BALANCER }));
    assert.deepEqual([evidence.method, evidence.assurance], ['client_cert', 'svid']);
    assert.equal(evidence.credential, `sha256:${digest(CERT)}`);
    assert.deepEqual(
      evidence.others.map(({ subject }) => subject),
      [BALANCER],
    );
  });

  it('is as good as absent from whom may not assert it, and that is counted', () => {
    const { evidence } = verdictOn(
      mesh(['principal', 'anonymous']),
      shown(CERT, { caller: CHECKOUT }),
    );
    assert.deepEqual([evidence.method, evidence.ignored], ['peer_principal', 8]);
  });

  it('is read only where an Issuer verifies it', () => {
    const reads = (peer: string[], documents?: Document[]) =>
      mesh(peer, documents).attributesRead.proofHeaders.has('client-cert');
    assert.deepEqual(
      [reads(['clientCert']), reads(['clientCert'], []), reads(['xfcc'])],
      [true, false, false],
    );
  });
});
