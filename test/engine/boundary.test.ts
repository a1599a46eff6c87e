// Boundaries of tenant, environment and trust domain, which a permit crosses only where it says so
// (C-052), whether a Service or an enforcer tells where they run.

import assert from 'node:assert/strict';
import {
  type Ask,
  answerTo,
  CHECKOUT,
  type Document,
  enforcer,
  identity,
  PAYMENTS,
  policy,
  service,
  snapshotOf,
} from './fixture.ts';

const TELLING = enforcer('gateway', {
  type: 'gateway',
  local: true,
  asserts: {
    peer: ['principal', 'anonymous'],
    destinations: ['*'],
    environment: ['prod', 'test'],
    tenant: ['acme', 'globex'],
    runtime: ['region', 'attested'],
  },
});

describe('C-052: a boundary', () => {
  const operations = {
    read: { http: 'GET /t/{t}', tenant: '{path.t}' },
    plain: { http: 'GET /a' },
  };
  const permit = { id: 'a', effect: 'permit', from: { principals: [CHECKOUT] }, to: {} };
  const mesh = (rule: Document, about: Document, spec: Document = {}) =>
    snapshotOf([
      service('payments', { destinations: [PAYMENTS], operations, ...spec }),
      policy('p', [rule]),
      identity(CHECKOUT, about),
      TELLING,
    ]);
  const cases: [name: string, want: string, mesh: ReturnType<typeof mesh>, ask: Ask][] = [
    ['the caller’s own tenant', 'allow', mesh(permit, { tenant: 'acme' }), { http: 'GET /t/acme' }],
    [
      'another tenant',
      'authz.boundary',
      mesh(permit, { tenant: 'acme' }),
      { http: 'GET /t/globex' },
    ],
    [
      'a tenant, by a caller without one',
      'authz.boundary',
      mesh(permit, {}),
      { http: 'GET /t/acme' },
    ],
    [
      'another tenant, where the rule says so',
      'allow',
      mesh({ ...permit, crossTenant: true }, { tenant: 'acme' }),
      { http: 'GET /t/globex' },
    ],
    [
      'the environment of the service',
      'allow',
      mesh(permit, { environment: 'prod' }, { environment: 'prod' }),
      { http: 'GET /a' },
    ],
    [
      'another environment',
      'authz.boundary',
      mesh({ ...permit, crossTenant: true }, { environment: 'test' }, { environment: 'prod' }),
      { http: 'GET /a' },
    ],
    [
      'an environment that the enforcer tells',
      'authz.boundary',
      mesh(permit, { environment: 'test' }),
      { http: 'GET /a', extensions: { 'remit.environment': 'prod' } },
    ],
    [
      'a tenant that the enforcer tells',
      'authz.boundary',
      mesh(permit, { tenant: 'acme' }),
      { http: 'GET /a', extensions: { 'remit.tenant': 'globex' } },
    ],
  ];
  for (const [name, want, snapshot, ask] of cases) {
    it(`${name}: ${want}`, () => assert.equal(answerTo(snapshot, ask), want));
  }

  it('is no namespace of another trust domain that has the same name', () => {
    const foreign = 'spiffe://other.example/ns/shop/sa/checkout';
    const rule = { ...permit, from: { namespaces: ['shop'] } };
    const pay = service('payments', { destinations: [PAYMENTS], operations });
    const snapshot = snapshotOf([pay, policy('p', [rule]), identity(foreign), TELLING]);
    assert.equal(answerTo(snapshot, { caller: foreign, http: 'GET /a' }), 'authz.boundary');
  });
});
