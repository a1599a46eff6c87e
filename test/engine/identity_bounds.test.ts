// What an identity's own entry bounds, whatever rules permit: ceilings (C-093), audiences (C-099),
// lifetimes, expiry and reviews (C-072); and what an enforcer may say of a request (C-024, C-090).

import assert from 'node:assert/strict';
import {
  type Ask,
  answerTo,
  CHECKOUT,
  type Document,
  enforcer,
  GATEWAY,
  identity,
  PAYMENTS,
  policy,
  service,
  snapshotOf,
  textOf,
  told,
  verdictOn,
} from './fixture.ts';

const PERMIT = {
  id: 'a',
  effect: 'permit',
  from: { principals: [CHECKOUT] },
  to: { verbs: ['read', 'write', 'admin'] },
};
const OPERATIONS = {
  read: { http: 'GET /a' },
  write: { http: 'POST /a' },
  admin: { http: 'PUT /a', verb: 'admin' },
  secret: { http: 'GET /secret', dataClass: 'confidential' },
};

function mesh(about: Document, settings = {}, reviewBy?: string, asking = GATEWAY) {
  const pay = service('payments', { destinations: [PAYMENTS], operations: OPERATIONS });
  const metadata = { name: 'payments', namespace: 'pay', ...(reviewBy && { reviewBy }) };
  const documents = [
    { ...pay, metadata },
    policy('p', [PERMIT]),
    identity(CHECKOUT, about),
    asking,
  ];
  return snapshotOf(documents, settings);
}

const cases: [name: string, about: Document, http: string, want: string][] = [
  ['a ceiling of verbs, below it', { ceiling: { verbs: ['read'] } }, 'GET /a', 'allow'],
  ['a ceiling of verbs, above it', { ceiling: { verbs: ['read'] } }, 'POST /a', 'authz.ceiling'],
  [
    'a ceiling of classes',
    { ceiling: { dataClasses: ['internal'] } },
    'GET /secret',
    'authz.ceiling',
  ],
  ['a ceiling of services', { ceiling: { services: ['crm/*'] } }, 'GET /a', 'authz.ceiling'],
  ['a ceiling of its service', { ceiling: { services: ['pay/payments'] } }, 'GET /a', 'allow'],
  ['a ceiling of its namespace', { ceiling: { services: ['pay/*'] } }, 'GET /a', 'allow'],
  [
    'a third party with an admin’s permit',
    { kind: 'third_party', ceiling: { verbs: ['read', 'write'] } },
    'PUT /a',
    'authz.ceiling',
  ],
  ['an audience that is its destination', { audiences: [PAYMENTS] }, 'GET /a', 'allow'],
  ['an audience that is its service', { audiences: ['pay/payments'] }, 'GET /a', 'allow'],
  ['another audience', { audiences: ['crm/crm'] }, 'GET /a', 'authn.audience'],
  [
    'a lifetime that an asserted peer cannot show',
    { maxLifetime: '1h' },
    'GET /a',
    'authn.assurance',
  ],
  [
    'an end that has come',
    { expiresAt: '2026-11-22T12:00:00Z' },
    'GET /a',
    'authz.unknown_identity',
  ],
  ['an end to come', { expiresAt: '2026-11-22T12:00:00.001Z' }, 'GET /a', 'allow'],
];

describe('C-093 C-099: an identity with', () => {
  for (const [name, about, http, want] of cases) {
    it(`${name}: ${want}`, () => assert.equal(answerTo(mesh(about), { http }), want));
  }

  it('an audience is not asked for it where no service speaks of the destination', () => {
    const ask = { destination: 'spiffe://prod.example/ns/x/sa/x' };
    assert.equal(answerTo(mesh({ audiences: ['crm/crm'] }), ask), 'authz.no_policy');
  });
});

describe('C-072: a review', () => {
  const overdue = { reviewBy: '2026-11-21' };
  const today = { reviewBy: '2026-11-22' };
  const END = Date.parse('2026-11-23T00:00:00Z');

  it('that is over changes nothing where it only warns', () => {
    assert.equal(answerTo(mesh(overdue, {}, '2026-11-21')), 'allow');
  });

  it('of the identity or of the service that is over denies where it says so', () => {
    const settings = { overdueReviews: 'deny' } as const;
    assert.equal(answerTo(mesh(overdue, settings)), 'authz.review_overdue');
    assert.equal(answerTo(mesh({}, settings, '2026-11-21')), 'authz.review_overdue');
    assert.equal(answerTo(mesh(today, settings, '2026-11-22')), 'allow');
  });

  it('is over when its day has ended in UTC, and bounds every decision until then', () => {
    for (const snapshot of [
      mesh(today, { overdueReviews: 'deny' }),
      mesh({}, { overdueReviews: 'deny' }, '2026-11-22'),
    ]) {
      for (const http of ['GET /a', 'GET /secret', 'GET /nothing']) {
        const { decision } = verdictOn(snapshot, { http, now: END - 1 });
        assert.equal(decision.validUntil, END, http);
      }
      assert.equal(answerTo(snapshot, { now: END - 1 }), 'allow');
      assert.equal(answerTo(snapshot, { now: END }), 'authz.review_overdue');
    }
  });
});

describe('C-024: an enforcer that asserts', () => {
  const asserting = (asserts: Document) =>
    enforcer('g', {
      type: 'gateway',
      local: true,
      asserts: { peer: ['principal'], destinations: ['*'], ...asserts },
    });
  const answer = (asserts: Document, ask: Ask, about: Document = { environment: 'prod' }) =>
    answerTo(mesh(about, {}, undefined, asserting(asserts)), ask);
  const said = (value: string) => ({ extensions: { 'remit.environment': value } });

  it('an environment is believed where it may', () => {
    const may = { environment: ['test', 'prod'] };
    assert.equal(answer(may, said('prod')), 'allow');
    assert.equal(answer(may, said('test')), 'authz.boundary');
  });

  it('one that it may not assert is as good as absent', () => {
    assert.equal(answer({ environment: ['prod'] }, said('test')), 'allow');
    assert.equal(answer({}, said('test')), 'allow');
  });

  it('no header of a caller changes anything', () => {
    const may = { environment: ['*'], tenant: ['*'], runtime: ['region'] };
    const headers = {
      'x-env': 'prod',
      'remit.environment': 'prod',
      'x-remit-environment': 'prod',
      'remit-environment': 'prod',
      'x-remit-principal': CHECKOUT,
      'x-envoy-internal': 'true',
      'x-forwarded-for': '10.0.0.1',
    };
    const about = { environment: 'prod' };
    for (const value of ['prod', 'test']) {
      const plain = answer(may, said(value), about);
      assert.equal(answer(may, { ...said(value), headers }, about), plain);
    }
  });
});

describe('C-090: a network location', () => {
  const rule = (from: Document) => policy('p', [{ id: 'a', effect: 'permit', from, to: {} }]);

  it('permits nothing by itself', () => {
    for (const from of [
      { ipBlocks: ['10.0.0.0/8'] },
      { runtime: { region: ['eu'] } },
      { ipBlocks: ['::/0'], runtime: { region: ['*'] } },
      { ipBlocks: ['10.0.0.0/8'], not: { kinds: ['ci'] } },
    ]) {
      const [line, ...more] = told(textOf([rule(from)]));
      assert.match(
        line!,
        /where a request comes from permits nothing by itself; expected a key that/,
      );
      assert.deepEqual(more, []);
    }
  });

  it('restricts, and no header moves the caller', () => {
    const from = { principals: [CHECKOUT], ipBlocks: ['10.0.0.0/8', '2001:db8::/32'] };
    const pay = service('payments', { destinations: [PAYMENTS], operations: OPERATIONS });
    const snapshot = snapshotOf([pay, rule(from), identity(CHECKOUT), GATEWAY]);
    const headers = { 'x-forwarded-for': '10.0.0.1', 'x-real-ip': '10.0.0.1' };
    const from4 = ['10.0.0.1', '10.255.255.255', '::ffff:10.0.0.1', '2001:db8::1'];
    for (const sourceAddress of from4) assert.equal(answerTo(snapshot, { sourceAddress }), 'allow');
    for (const sourceAddress of ['11.0.0.1', '', '2001:db9::1', '10.0.0.1.evil', '0x0a000001']) {
      assert.equal(answerTo(snapshot, { sourceAddress, headers }), 'authz.runtime', sourceAddress);
    }
  });
});
