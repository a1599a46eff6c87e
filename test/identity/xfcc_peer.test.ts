// C-010 C-011 C-012 C-059: callers by XFCC, by the code that serves: only from the enforcer that
// names itself in it, only where it may assert them, and what has to agree.

import assert from 'node:assert/strict';
import { CERTIFICATE_TEXT_MAX } from '../../engine/limits.ts';
import {
  type Ask,
  answerTo,
  CHECKOUT,
  enforcer,
  identity,
  issuer,
  PAYMENTS,
  policy,
  REPORTS,
  service,
  snapshotOf,
  verdictOn,
} from '../engine/fixture.ts';
import { HOUR_MS, NOW, sentForm } from '../support/certificates.ts';
import {
  BEHIND,
  byEdge,
  CERT,
  digest,
  EDGE,
  mesh,
  OTHER_PROXY,
  STRANGER,
  UNDER,
} from './forwarding_mesh.ts';

const chainOf = (...ders: Buffer[]) => ders.map(sentForm).join('');
const xfcc = (text: string, more: Partial<Ask> = {}): Ask => {
  return { ...byEdge, proof: { 'x-forwarded-client-cert': text }, ...more };
};
const MESH = mesh(['xfcc', 'principal', 'certificate', 'anonymous']);
const MINE = `By=${EDGE}`;

describe('XFCC', () => {
  const cases: readonly [name: string, ask: Ask, want: string][] = [
    ['with a URI', xfcc(`${MINE};URI=${CHECKOUT}`), 'allow'],
    ['with the URI of somebody else', xfcc(`${MINE};URI=${REPORTS}`), 'authz.no_match'],
    ['with a certificate', xfcc(`${MINE};Cert="${sentForm(CERT)}";URI=${CHECKOUT}`), 'allow'],
    ['with a certificate alone', xfcc(`${MINE};Cert="${sentForm(CERT)}"`), 'allow'],
    ['with a chain', xfcc(`${MINE};Chain="${chainOf(BEHIND, UNDER)}"`), 'allow'],
    [
      'with both',
      xfcc(`${MINE};Hash=${digest(CERT)};Cert="${sentForm(CERT)}";Chain="${chainOf(CERT)}"`),
      'allow',
    ],
    [
      'without the signer between',
      xfcc(`${MINE};Cert="${sentForm(BEHIND)}"`),
      'authn.untrusted_issuer',
    ],
    [
      'with a certificate that nobody trusts',
      xfcc(`${MINE};Cert="${sentForm(STRANGER)}";URI=${CHECKOUT}`),
      'authn.untrusted_issuer',
    ],
    [
      'with a certificate of another hash',
      xfcc(`${MINE};Hash=${digest(UNDER)};Cert="${sentForm(CERT)}"`),
      'authn.identity_conflict',
    ],
    [
      'with a certificate of another URI',
      xfcc(`${MINE};Cert="${sentForm(CERT)}";URI=${REPORTS}`),
      'authn.identity_conflict',
    ],
    [
      'with a chain of another certificate',
      xfcc(`${MINE};Cert="${sentForm(CERT)}";Chain="${chainOf(BEHIND, UNDER)}"`),
      'authn.identity_conflict',
    ],
    [
      'with garbage as a certificate',
      xfcc(`${MINE};Cert="${'A'.repeat(CERTIFICATE_TEXT_MAX)}";URI=${CHECKOUT}`),
      'authn.invalid_identity',
    ],
    ['with two URIs', xfcc(`${MINE};URI=${CHECKOUT};URI=${REPORTS}`), 'authn.invalid_identity'],
    ['without a URI', xfcc(`${MINE};Subject="CN=checkout"`), 'authn.invalid_identity'],
    [
      'with a URI that is no SPIFFE ID',
      xfcc(`${MINE};URI=https://prod.example/a`),
      'authn.invalid_identity',
    ],
    [
      'of a foreign trust domain',
      xfcc(`${MINE};URI=spiffe://evil.example/a`),
      'authn.untrusted_issuer',
    ],
    ['by another proxy', xfcc(`By=${OTHER_PROXY};URI=${CHECKOUT}`), 'authn.untrusted_issuer'],
    ['by nobody', xfcc(`URI=${CHECKOUT}`), 'authn.untrusted_issuer'],
    [
      'that a client wrote, before the own element',
      xfcc(`By=${OTHER_PROXY};URI=${CHECKOUT},${MINE};URI=${REPORTS}`),
      'authz.no_match',
    ],
    [
      'that a client wrote in the name of the enforcer',
      xfcc(`${MINE};URI=${CHECKOUT},${MINE};URI=${REPORTS}`),
      'authn.invalid_identity',
    ],
    [
      'that a client wrote as a subject',
      xfcc(`${MINE};Subject="CN=a";URI=${REPORTS};URI=${CHECKOUT}"`),
      'authn.invalid_identity',
    ],
    ['that is empty', xfcc(''), 'authn.missing'],
    [
      'that is malformed, beside a peer',
      xfcc(`${MINE};`.repeat(600), { caller: CHECKOUT }),
      'authn.invalid_identity',
    ],
    ['beside the same peer', xfcc(`${MINE};URI=${CHECKOUT}`, { caller: CHECKOUT }), 'allow'],
    [
      'beside another peer',
      xfcc(`${MINE};URI=${CHECKOUT}`, { caller: REPORTS }),
      'authn.identity_conflict',
    ],
    [
      'with a certificate, beside another peer',
      xfcc(`${MINE};Cert="${sentForm(CERT)}"`, { caller: REPORTS }),
      'authn.identity_conflict',
    ],
    [
      'beside its certificate',
      xfcc(`${MINE};Hash=${digest(CERT)};URI=${CHECKOUT}`, { certificate: sentForm(CERT) }),
      'allow',
    ],
    [
      'beside another certificate of it',
      xfcc(`${MINE};Hash=${digest(BEHIND)};URI=${CHECKOUT}`, { certificate: sentForm(CERT) }),
      'authn.identity_conflict',
    ],
    [
      'beside the certificate of somebody else',
      xfcc(`${MINE};URI=${REPORTS}`, { certificate: sentForm(CERT) }),
      'authn.identity_conflict',
    ],
    [
      'through an enforcer that may not assert it',
      xfcc(`By=${OTHER_PROXY};URI=${CHECKOUT}`, { asker: { kind: 'peer', id: OTHER_PROXY } }),
      'authn.missing',
    ],
    [
      'over a connection that shows no identity',
      xfcc(`${MINE};URI=${CHECKOUT}`, { asker: { kind: 'local' } }),
      'authn.untrusted_issuer',
    ],
  ];
  for (const [name, ask, want] of cases) {
    it(`is judged ${name}: ${want} (C-011 C-059)`, () => assert.equal(answerTo(MESH, ask), want));
  }

  it('is read anew for each proxy, also where the same text came just before', () => {
    const third = 'spiffe://prod.example/ns/edge/sa/third';
    const asserts = { peer: ['xfcc'], destinations: ['*'] };
    const spec = { type: 'gateway', identities: [third], asserts };
    const snapshot = mesh(['xfcc'], [issuer(), enforcer('third', spec)]);
    const by = (id: string) =>
      answerTo(snapshot, xfcc(`${MINE};URI=${CHECKOUT}`, { asker: { kind: 'peer', id } }));
    for (let round = 0; round < 2; round++) {
      assert.deepEqual(
        [by(EDGE), by(EDGE), by(third)],
        ['allow', 'allow', 'authn.untrusted_issuer'],
      );
    }
  });

  it('is worth what its certificate is, or the word of the enforcer (C-012)', () => {
    const { evidence } = verdictOn(MESH, xfcc(`${MINE};Hash=${digest(CERT)};URI=${CHECKOUT}`));
    assert.equal(evidence.method, 'xfcc');
    assert.equal(evidence.assurance, 'asserted');
    assert.equal(evidence.credential, `sha256:${digest(CERT)}`);
    assert.equal(evidence.svid, undefined);
    const verified = verdictOn(MESH, xfcc(`${MINE};Cert="${sentForm(CERT)}"`)).evidence;
    assert.deepEqual([verified.method, verified.assurance], ['xfcc', 'svid']);
    assert.equal(verified.notAfter, NOW + HOUR_MS);
    assert.equal(verified.svid?.credential, `sha256:${digest(CERT)}`);
  });

  it('stands beside the certificate of the message, which names the caller', () => {
    const ask = xfcc(`${MINE};URI=${CHECKOUT}`, { certificate: sentForm(CERT), caller: CHECKOUT });
    const { evidence } = verdictOn(MESH, ask);
    assert.deepEqual([evidence.method, evidence.assurance], ['x509_svid', 'svid']);
    assert.deepEqual(
      evidence.others.map(({ method }) => method),
      ['xfcc'],
    );
  });

  it('is the word of a sidecar on this host that is named exactly', () => {
    const asserts = { peer: ['xfcc'] };
    const beside = (identities: string[]) =>
      snapshotOf([
        service('payments', { destinations: [PAYMENTS], operations: { read: { http: 'GET /a' } } }),
        policy('p', [{ id: 'a', effect: 'permit', from: { principals: [CHECKOUT] }, to: {} }]),
        identity(CHECKOUT),
        enforcer('here', { type: 'sidecar', local: true, identities, asserts }),
      ]);
    const ask = xfcc(`By=${PAYMENTS};URI=${CHECKOUT}`, { asker: { kind: 'local' } });
    assert.equal(answerTo(beside([PAYMENTS]), ask), 'allow');
    assert.equal(
      answerTo(beside([PAYMENTS]), {
        ...ask,
        proof: { 'x-forwarded-client-cert': `By=${EDGE};URI=${CHECKOUT}` },
      }),
      'authn.untrusted_issuer',
    );
  });

  it('is the word alone where no Issuer verifies certificates', () => {
    const text = `${MINE};Cert="${sentForm(STRANGER)}";URI=${CHECKOUT}`;
    const { evidence } = verdictOn(mesh(['xfcc'], []), xfcc(text));
    assert.deepEqual([evidence.result, evidence.assurance], ['verified', 'asserted']);
  });

  it('is read only where somebody may assert it', () => {
    const header = 'x-forwarded-client-cert';
    assert.ok(MESH.attributesRead.proofHeaders.has(header));
    assert.ok(!mesh(['principal', 'certificate']).attributesRead.proofHeaders.has(header));
  });
});
