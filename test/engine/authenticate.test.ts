// Authentication (DESIGN 5.8): from what was presented to evidence and a principal. A credential
// that was presented and failed never falls back to a weaker one.

import assert from 'node:assert/strict';
import {
  type Ask,
  answerTo,
  CHECKOUT,
  type Document,
  GATEWAY,
  identity,
  PAYMENTS,
  policy,
  service,
  snapshotOf,
  TRUST_DOMAIN,
  verdictOn,
} from './fixture.ts';

const operations = { read: { http: 'GET /a' } };
const rules = [
  { id: 'all', effect: 'permit', from: { trustDomains: [TRUST_DOMAIN] }, to: {} },
  { id: 'none', effect: 'permit', from: { anonymous: true }, to: {} },
];

function mesh(spec: Document = {}, documents: readonly Document[] = []) {
  const pay = service('payments', { destinations: [PAYMENTS], operations, ...spec });
  return snapshotOf([pay, policy('p', rules), identity(CHECKOUT), GATEWAY, ...documents]);
}

const SNAPSHOT = mesh();

type Row = { name: string; ask: Ask; want: string; issuer?: string; subject?: string };

const rows: Row[] = [
  { name: 'a known identity', ask: {}, want: 'verified', issuer: TRUST_DOMAIN, subject: CHECKOUT },
  {
    name: 'an identity of a trusted domain that is not known',
    ask: { caller: `spiffe://${TRUST_DOMAIN}/ns/x/sa/new` },
    want: 'verified',
    issuer: TRUST_DOMAIN,
    subject: `spiffe://${TRUST_DOMAIN}/ns/x/sa/new`,
  },
  { name: 'nobody, where nobody may come', ask: { caller: '' }, want: 'anonymous' },
  {
    name: 'an identity of another trust domain',
    ask: { caller: 'spiffe://evil.example/ns/shop/sa/checkout' },
    want: 'authn.untrusted_issuer',
    issuer: 'evil.example',
    subject: 'spiffe://evil.example/ns/shop/sa/checkout',
  },
  {
    name: 'a trust domain that begins with ours',
    ask: { caller: `spiffe://${TRUST_DOMAIN}.evil/ns/shop/sa/checkout` },
    want: 'authn.untrusted_issuer',
    issuer: `${TRUST_DOMAIN}.evil`,
    subject: `spiffe://${TRUST_DOMAIN}.evil/ns/shop/sa/checkout`,
  },
  ...[
    `spiffe://${TRUST_DOMAIN}`,
    `spiffe://${TRUST_DOMAIN}/`,
    `${CHECKOUT}/`,
    `${CHECKOUT}?x`,
    `${CHECKOUT},${CHECKOUT}`,
    ` ${CHECKOUT}`,
    `${CHECKOUT}\n`,
    CHECKOUT.replace('spiffe', 'SPIFFE'),
    CHECKOUT.replace(TRUST_DOMAIN, TRUST_DOMAIN.toUpperCase()),
    CHECKOUT.replace('/ns/', '/ns/../ns/'),
    CHECKOUT.replace('checkout', 'check%6fut'),
    CHECKOUT.replace('checkout', '*'),
    `spiffe://${TRUST_DOMAIN}/${'a'.repeat(2048)}`,
    'checkout.shop.svc.cluster.local',
    '*.shop.svc.cluster.local',
    'CN=checkout,OU=shop,O=prod.example',
    'https://prod.example/ns/shop/sa/checkout',
    'anonymous',
    'constructor',
  ].map(
    (caller): Row => ({
      name: `what is no identity of a workload: ${JSON.stringify(caller).slice(0, 70)}`,
      ask: { caller },
      want: 'authn.invalid_identity',
      subject: caller,
    }),
  ),
  {
    name: 'an Authorization header that nobody explains, beside a good identity',
    ask: { authorization: true },
    want: 'authn.untrusted_issuer',
    subject: CHECKOUT,
  },
  {
    name: 'an Authorization header alone',
    ask: { authorization: true, caller: '' },
    want: 'authn.untrusted_issuer',
  },
];

describe('whoever presents', () => {
  for (const { name, ask, want, issuer = '', subject = '' } of rows) {
    it(`${name} is ${want}`, () => {
      const { evidence, principal } = verdictOn(SNAPSHOT, ask);
      const { reason, result } = evidence;
      assert.equal(reason ?? result, want);
      assert.equal(result === 'failed', reason !== undefined);
      assert.equal(principal === undefined, result === 'failed', 'a principal exactly if proved');
      assert.deepEqual([evidence.issuer, evidence.subject], [issuer, subject]);
      assert.equal(evidence.assurance, result === 'verified' ? 'asserted' : 'none');
      assert.equal(evidence.method, subject === '' ? 'none' : 'peer_principal');
    });
  }

  it('an identity that is not known may do nothing, whatever is permitted', () => {
    const caller = `spiffe://${TRUST_DOMAIN}/ns/x/sa/new`;
    assert.equal(answerTo(SNAPSHOT, { caller }), 'authz.unknown_identity');
  });

  it('failed proof is denied for that, never as anonymous', () => {
    assert.equal(answerTo(SNAPSHOT, { caller: '' }), 'allow');
    for (const { ask, want } of rows) {
      if (want.startsWith('authn.')) assert.equal(answerTo(SNAPSHOT, ask), want);
    }
  });
});

describe('an identity that nobody registered', () => {
  it('is of a trusted domain also where an Issuer alone vouches for the domain', () => {
    const spec = { trustDomain: 'partner.example', workloadApi: true };
    const vouching: Document[] = [
      { x509: { ...spec, maxLifetime: '24h' } },
      { jwtSvid: { ...spec, audiences: ['remit'] } },
    ].map((it) => ({ kind: 'Issuer', metadata: { name: 'partner' }, spec: it }));
    const caller = 'spiffe://partner.example/ns/a/sa/b';
    assert.equal(answerTo(SNAPSHOT, { caller }), 'authn.untrusted_issuer');
    for (const issuer of vouching)
      assert.equal(answerTo(mesh({}, [issuer]), { caller }), 'authz.unknown_identity');
  });
});

describe('the Authorization header', () => {
  it('is nobody’s evidence where the service reads it itself', () => {
    const snapshot = mesh({ authorization: 'passThrough' });
    assert.equal(answerTo(snapshot, { authorization: true }), 'allow');
    assert.equal(answerTo(snapshot, { authorization: true, caller: '' }), 'allow');
    const { evidence } = verdictOn(snapshot, { authorization: true });
    assert.deepEqual([evidence.method, evidence.assurance], ['peer_principal', 'asserted']);
  });

  it('fails wherever no service says so, also where no service is found', () => {
    for (const destination of ['', `spiffe://${TRUST_DOMAIN}/ns/x/sa/y`]) {
      const ask = { authorization: true, destination };
      assert.equal(answerTo(SNAPSHOT, ask), 'authn.untrusted_issuer');
    }
  });

  it('does not save who fails otherwise', () => {
    const ask = { authorization: true, caller: 'spiffe://evil.example/x' };
    assert.equal(answerTo(mesh({ authorization: 'passThrough' }), ask), 'authn.untrusted_issuer');
  });
});

describe('the weakest proof with which a class is reached', () => {
  const classes: [dataClass: string, caller: string, want: string][] = [
    ['public', '', 'allow'],
    ['public', CHECKOUT, 'allow'],
    ['internal', '', 'allow'],
    ['internal', CHECKOUT, 'allow'],
    ['confidential', '', 'authn.assurance'],
    ['confidential', CHECKOUT, 'allow'],
    ['restricted', '', 'authn.assurance'],
    ['restricted', CHECKOUT, 'authn.assurance'],
  ];
  for (const [dataClass, caller, want] of classes) {
    it(`${dataClass}, by ${caller || 'nobody'}: ${want}`, () => {
      const snapshot = mesh({ operations: { read: { http: 'GET /a', dataClass } } });
      assert.equal(answerTo(snapshot, { caller }), want);
    });
  }
});
