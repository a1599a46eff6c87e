// The dimensions of a rule (docs/semantics.md, "When a rule matches"): all have to match, and where
// a permit fails in one only, the denial names it.

import assert from 'node:assert/strict';
import * as dimension from '../../engine/policy/dimension.ts';
import {
  type Ask,
  answerTo,
  CHECKOUT,
  type Document,
  enforcer,
  identity,
  meshWith,
  NOW,
  PAYMENTS,
  policy,
  REPORTS,
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

const ROLE = {
  kind: 'Role',
  metadata: { name: 'editor', namespace: 'pay' },
  spec: { covers: [{ operations: ['payments/edit', 'payments/peek'], resources: ['doc/*'] }] },
};

/** All six dimensions of C-023 in one rule, which are all met by `REQUEST`. */
const WHOLE = {
  id: 'a',
  effect: 'permit',
  from: {
    roles: ['editor'],
    serviceAccounts: ['shop/checkout', 'bi/reports'],
    runtime: { region: ['eu*'] },
    ipBlocks: ['10.0.0.0/8'],
  },
  to: { verbs: ['write'], resources: ['doc/1'], environments: ['prod'] },
  between: { days: ['sun'], from: '08:00', to: '18:00', tz: 'Europe/Berlin' },
  condition: "request.headers['x-ticket'] != ''",
};
const RUNTIME = { 'remit.environment': 'prod', 'remit.runtime.region': 'eu-west' };
const REQUEST: Ask = {
  http: 'POST /docs/1',
  headers: { 'x-ticket': 'T-1' },
  extensions: RUNTIME,
  sourceAddress: '10.1.2.3',
};

function whole(rule: Document = WHOLE, more: readonly Document[] = []) {
  const operations = {
    edit: { http: 'POST /docs/{id}', resource: 'doc/{path.id}' },
    peek: { http: 'GET /docs/{id}', resource: 'doc/{path.id}' },
  };
  return snapshotOf([
    service('payments', { destinations: [PAYMENTS], operations }),
    ROLE,
    policy('p', [rule, ...more]),
    identity(CHECKOUT, { roles: ['pay/editor'] }),
    identity(REPORTS),
    TELLING,
  ]);
}

const variants: { name: string; ask: Ask; want: string }[] = [
  { name: 'the role', ask: { caller: REPORTS }, want: 'authz.role' },
  { name: 'the resource', ask: { http: 'POST /docs/2' }, want: 'authz.resource' },
  { name: 'the verb', ask: { http: 'GET /docs/1' }, want: 'authz.verb' },
  {
    name: 'the environment',
    ask: { extensions: { ...RUNTIME, 'remit.environment': 'test' } },
    want: 'authz.environment',
  },
  { name: 'the time of day', ask: { now: NOW + 5 * 3_600_000 }, want: 'authz.time_window' },
  { name: 'the context', ask: { headers: { 'x-ticket': '' } }, want: 'authz.condition' },
  { name: 'a header that is missing', ask: { headers: {} }, want: 'authz.condition' },
  { name: 'the address', ask: { sourceAddress: '11.0.0.1' }, want: 'authz.runtime' },
  { name: 'an address that nobody told', ask: { sourceAddress: '' }, want: 'authz.runtime' },
  {
    name: 'a runtime fact',
    ask: { extensions: { ...RUNTIME, 'remit.runtime.region': 'us' } },
    want: 'authz.runtime',
  },
  {
    name: 'a runtime fact that nobody told',
    ask: { extensions: { 'remit.environment': 'prod' } },
    want: 'authz.runtime',
  },
];

describe('C-023: a rule with every dimension', () => {
  it('permits the request that meets them all', () => {
    assert.equal(answerTo(whole(), REQUEST), 'allow');
  });

  for (const { name, ask, want } of variants) {
    it(`names what is off when it is ${name}: ${want}`, () => {
      assert.equal(answerTo(whole(), { ...REQUEST, ...ask }), want);
    });
  }

  it('names nothing when two are off', () => {
    const ask = { ...REQUEST, http: 'POST /docs/2', sourceAddress: '11.0.0.1' };
    assert.equal(answerTo(whole(), ask), 'authz.no_match');
  });

  it('names the first of the table when two rules each fail in another', () => {
    const other = { ...WHOLE, id: 'b', to: { ...WHOLE.to, resources: ['doc/2'] } };
    const ask = { ...REQUEST, headers: { 'x-ticket': '' } };
    assert.equal(answerTo(whole(WHOLE, [other]), ask), 'authz.resource');
  });

  it('says nothing of a rule that does not speak of the caller', () => {
    const rule = { ...WHOLE, from: { ...WHOLE.from, serviceAccounts: ['bi/reports'] } };
    assert.equal(answerTo(whole(rule), { ...REQUEST, http: 'GET /docs/1' }), 'authz.no_match');
  });
});

describe('C-025: a window', () => {
  const mesh = whole();
  const at = (time: string) => answerTo(mesh, { ...REQUEST, now: Date.parse(time) });
  const cases: [string, string, string][] = [
    ['holds from its first millisecond', '2026-11-22T07:00:00.000Z', 'allow'],
    ['does not hold a millisecond before', '2026-11-22T06:59:59.999Z', 'authz.time_window'],
    ['holds until its last millisecond', '2026-11-22T16:59:59.999Z', 'allow'],
    ['does not hold at its end', '2026-11-22T17:00:00.000Z', 'authz.time_window'],
    ['follows the clock of its zone in summer', '2026-07-05T06:00:00.000Z', 'allow'],
    ['and is later in winter', '2026-11-22T06:30:00.000Z', 'authz.time_window'],
    ['holds on its days only', '2026-11-23T12:00:00.000Z', 'authz.time_window'],
  ];
  for (const [name, time, want] of cases) {
    it(name, () => assert.equal(at(time), want));
  }
});

describe('C-027: workload, destination and data class', () => {
  const operations = {
    open: { http: 'GET /open', dataClass: 'internal' },
    secret: { http: 'GET /secret', dataClass: 'confidential' },
  };
  const LEDGER = 'spiffe://prod.example/ns/pay/sa/ledger';
  const rule = {
    id: 'a',
    effect: 'permit',
    from: { principals: [CHECKOUT] },
    to: { services: ['payments'], dataClasses: ['internal'] },
  };
  const mesh = snapshotOf([
    service('payments', { destinations: [PAYMENTS], operations }),
    service('ledger', { destinations: [LEDGER], operations }),
    policy('p', [rule]),
    identity(CHECKOUT),
    identity(REPORTS),
    TELLING,
  ]);
  for (const caller of [CHECKOUT, REPORTS]) {
    for (const destination of [PAYMENTS, LEDGER]) {
      for (const path of ['/open', '/secret']) {
        const met = [caller === CHECKOUT, destination === PAYMENTS, path === '/open'];
        it(`${met.join(' ')}`, () => {
          const answer = answerTo(mesh, { caller, destination, http: `GET ${path}` });
          if (met.every(Boolean)) assert.equal(answer, 'allow');
          else if (met[0] && met[1]) assert.equal(answer, 'authz.resource');
          else assert.equal(answer, 'authz.no_match');
        });
      }
    }
  }
});

describe('C-095: of a secret', () => {
  const verbs = ['read', 'rotate', 'delegate'];
  const methods = ['GET', 'POST', 'PUT'];
  const operations = Object.fromEntries(
    verbs.map((verb, index) => {
      return [verb, { http: `${methods[index]} /a`, verb, resource: 'secret/db' }];
    }),
  );
  for (const verb of verbs) {
    const to = { verbs: [verb], resources: ['secret/db'] };
    const rule = { id: 'a', effect: 'permit', from: { principals: [CHECKOUT] }, to };
    for (const [index, asked] of verbs.entries()) {
      const want = asked === verb ? 'allow' : 'authz.verb';
      it(`who may ${verb} it asks to ${asked}: ${want}`, () => {
        assert.equal(
          answerTo(meshWith([rule], operations), { http: `${methods[index]} /a` }),
          want,
        );
      });
    }
  }
});

const tiers: [to: Document, low: string, high: string, none: string][] = [
  [{ tiers: [0, 1] }, 'allow', 'authz.resource', 'authz.resource'],
  [{ tiers: [4] }, 'authz.resource', 'allow', 'authz.resource'],
  [{ not: { tiers: [4] } }, 'allow', 'authz.resource', 'allow'],
  [{ not: { tiers: [0, 1, 2, 3, 4] } }, 'authz.resource', 'authz.resource', 'allow'],
];

describe('a rule about tiers', () => {
  const operations = {
    low: { http: 'GET /low', tier: 1 },
    high: { http: 'GET /high', tier: 4 },
    none: { http: 'GET /none' },
  };
  for (const [to, ...want] of tiers) {
    it(`${JSON.stringify(to)} answers ${want.join(', ')}`, () => {
      const mesh = meshWith(
        [{ id: 'a', effect: 'permit', from: { kinds: ['workload'] }, to }],
        operations,
      );
      const answers = ['low', 'high', 'none'].map((it) => answerTo(mesh, { http: `GET /${it}` }));
      assert.deepEqual(answers, want);
    });
  }
});

const needs: [require: Document, want: string][] = [
  [{ assurance: 'none' }, 'allow'],
  [{ assurance: 'asserted' }, 'allow'],
  [{ assurance: 'svid' }, 'authn.assurance'],
  [{ bound: true }, 'authn.assurance'],
  [{ maxAge: '1h' }, 'authn.assurance'],
  [{ intent: 'refund' }, 'authz.task_required'],
  [{ approval: 'owner' }, 'authz.approval_required'],
  [{ intent: 'refund', approval: 'owner' }, 'authz.no_match'],
];

describe('what a permit requires of an asserted peer', () => {
  for (const [require, want] of needs) {
    it(`${JSON.stringify(require)} is answered ${want}`, () => {
      const rule = { id: 'a', effect: 'permit', from: { principals: [CHECKOUT] }, to: {}, require };
      assert.equal(answerTo(meshWith([rule])), want);
    });
  }
});

describe('a dimension', () => {
  /** In the order of docs/semantics.md, which is that of nearness. */
  const all: [bit: number, name: string, reason: string][] = [
    [dimension.PROOF, 'proof', 'authn.assurance'],
    [dimension.BOUNDARY, 'boundary', 'authz.boundary'],
    [dimension.ENVIRONMENT, 'environment', 'authz.environment'],
    [dimension.WINDOW, 'window', 'authz.time_window'],
    [dimension.RUNTIME, 'runtime', 'authz.runtime'],
    [dimension.RESOURCE, 'resource', 'authz.resource'],
    [dimension.ROLE, 'role', 'authz.role'],
    [dimension.TASK, 'task', 'authz.task_required'],
    [dimension.APPROVAL, 'approval', 'authz.approval_required'],
    [dimension.CONDITION, 'condition', 'authz.condition'],
    [dimension.VERB, 'verb', 'authz.verb'],
    [dimension.WHO, 'who', 'authz.no_match'],
    [dimension.SERVICE, 'service', 'authz.no_match'],
  ];

  it('has a name by which it is explained, and a reason', () => {
    for (const [bit, name, reason] of all) {
      assert.deepEqual(dimension.namesOf(bit), [name]);
      assert.equal(dimension.reasonOf(bit), reason);
      assert.ok(dimension.isSingle(bit));
    }
    assert.deepEqual(
      dimension.DIMENSION_NAMES,
      all.map(([, name]) => name),
    );
  });

  it('that comes first gives the reason of several', () => {
    for (const [index, [first, name, reason]] of all.entries()) {
      for (const [second, other] of all.slice(index + 1)) {
        assert.deepEqual(dimension.namesOf(first | second), [name, other]);
        assert.equal(dimension.reasonOf(first | second), reason);
        assert.ok(!dimension.isSingle(first | second));
      }
    }
    assert.deepEqual(dimension.namesOf(0), []);
    assert.ok(!dimension.isSingle(0));
  });
});
