// How matching rules become a decision (DESIGN section 5): default deny, forbid overrides permit,
// order never matters, and what no single rule can widen.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  answerTo,
  CHECKOUT,
  type Document,
  GATEWAY,
  identity,
  meshWith,
  NOW,
  PAYMENTS,
  policy,
  service,
  snapshotOf,
  TRUST_DOMAIN,
  verdictOn,
} from './fixture.ts';

const WHO = { trustDomains: [TRUST_DOMAIN] };

const permit = (id: string, more: Document = {}): Document => {
  return { id, effect: 'permit', from: WHO, to: {}, ...more };
};
const forbid = (id: string, more: Document = {}): Document => {
  return { id, effect: 'forbid', from: WHO, to: {}, ...more };
};

function decisionOn(rules: readonly Document[], now = NOW) {
  return verdictOn(meshWith(rules), { now }).decision;
}

/** What no rule of a mesh says anything about. */
const PLAIN = {
  shadow: [],
  errors: [],
  obligations: { headers: [], metadata: [], denialBody: '' },
  validUntil: NOW + 5 * 60_000,
};

describe('a decision', () => {
  it('is deny when no rule matches, and names none', () => {
    assert.deepEqual(decisionOn([]), {
      outcome: 'deny',
      reason: 'authz.no_match',
      rules: [],
      ruleCount: 0,
      ...PLAIN,
    });
  });

  it('names rules in the order of the bundle, whatever found them', () => {
    const dimensions: Document[] = [
      { kinds: ['workload'] },
      { principals: [CHECKOUT] },
      { namespaces: ['shop'] },
      { trustDomains: [TRUST_DOMAIN] },
      { serviceAccounts: ['shop/checkout'] },
    ];
    for (let first = 0; first < dimensions.length; first++) {
      const turned = [...dimensions.slice(first), ...dimensions.slice(0, first)];
      const rules = turned.map((from, index) => permit(`r${index}`, { from }));
      const want = rules.map(({ id }) => `pay/p/${id}`);
      assert.deepEqual(decisionOn(rules).rules, want);
      const forbidden = [...rules, ...rules.map((it) => ({ ...it, id: `f${it['id']}` }))].map(
        (it, index) => (index < rules.length ? it : { ...it, effect: 'forbid' }),
      );
      assert.deepEqual(
        decisionOn(forbidden).rules,
        rules.map(({ id }) => `pay/p/f${id}`),
      );
    }
  });

  it('is allow when a permit matches, and names it with its policy and namespace', () => {
    assert.deepEqual(decisionOn([permit('a')]), {
      outcome: 'allow',
      reason: undefined,
      rules: ['pay/p/a'],
      ruleCount: 1,
      ...PLAIN,
    });
  });

  it('is deny when a forbid matches, whatever permits, and names the forbids only', () => {
    const rules = [permit('a'), forbid('c'), permit('d'), forbid('b'), permit('e')];
    assert.deepEqual(decisionOn(rules), {
      outcome: 'deny',
      reason: 'authz.forbidden',
      rules: ['pay/p/b', 'pay/p/c'],
      ruleCount: 2,
      ...PLAIN,
    });
  });

  it('does not depend on the order of rules, nor of policies', () => {
    const rules = [
      permit('a'),
      permit('b', { from: { kinds: ['workload'] } }),
      permit('c', { from: { principals: [CHECKOUT] } }),
      permit('d', { from: { namespaces: ['s*'] } }),
      permit('e', { from: { anonymous: true } }),
    ];
    const want = decisionOn(rules);
    assert.equal(want.ruleCount, 4);
    const shuffled = fc.shuffledSubarray(rules, { minLength: rules.length });
    fc.assert(
      fc.property(shuffled, fc.nat(rules.length), (order, at) => {
        assert.deepEqual(decisionOn(order), want);
        assert.equal(decisionOn(order.toSpliced(at, 0, forbid('f'))).reason, 'authz.forbidden');
      }),
      { numRuns: 50 },
    );
  });

  it('overrides permits of one policy by a forbid of another', () => {
    const operations = { read: { http: 'GET /a' } };
    const pay = service('payments', { destinations: [PAYMENTS], operations });
    const policies = [policy('one', [permit('a')]), policy('two', [forbid('b')])];
    for (const order of [policies, policies.toReversed()]) {
      const snapshot = snapshotOf([...order, pay, GATEWAY, identity(CHECKOUT)]);
      assert.deepEqual(verdictOn(snapshot).decision.rules, ['pay/two/b']);
    }
  });

  it('is not changed by a policy of another namespace', () => {
    const operations = { read: { http: 'GET /a' } };
    const pay = service('payments', { destinations: [PAYMENTS], operations });
    const answer = (rule: Document, ...more: Document[]) => {
      const others = [policy('p', [rule], 'other'), policy('p', more), GATEWAY, identity(CHECKOUT)];
      return answerTo(snapshotOf([pay, ...others]));
    };
    assert.equal(answer(permit('a')), 'authz.no_match');
    assert.equal(answer(forbid('a'), permit('a')), 'allow');
  });

  for (const count of [1, 16, 17, 40]) {
    it(`names at most 16 rules and counts ${count}`, () => {
      const ids = Array.from({ length: count }, (_, index) => `r${index}`);
      for (const rules of [ids.map((id) => permit(id)), ids.map((id) => forbid(id))]) {
        const decision = decisionOn(rules);
        assert.equal(decision.ruleCount, count);
        const sorted = ids.map((id) => `pay/p/${id}`).sort();
        assert.deepEqual(decision.rules, sorted.slice(0, 16));
      }
    });
  }
});

/** What the caller is, what the operation belongs to, and what a rule may do about it. */
const boundaries: { name: string; caller: Document; crossTenant?: boolean; want: string }[] = [
  { name: 'its own tenant', caller: { tenant: 'acme' }, want: 'allow' },
  { name: 'another tenant', caller: { tenant: 'globex' }, want: 'authz.boundary' },
  { name: 'another tenant in another case', caller: { tenant: 'ACME' }, want: 'authz.boundary' },
  { name: 'a tenant, having none', caller: {}, want: 'authz.boundary' },
  {
    name: 'another tenant by a rule that says so',
    caller: { tenant: 'globex' },
    crossTenant: true,
    want: 'allow',
  },
  {
    name: 'a tenant, having none, by a rule that says so',
    caller: {},
    crossTenant: true,
    want: 'allow',
  },
  {
    name: 'its own environment',
    caller: { tenant: 'acme', environment: 'prod' },
    want: 'allow',
  },
  {
    name: 'another environment',
    caller: { tenant: 'acme', environment: 'test' },
    want: 'authz.boundary',
  },
  {
    name: 'another environment by a rule that crosses tenants',
    caller: { tenant: 'acme', environment: 'test' },
    crossTenant: true,
    want: 'authz.boundary',
  },
  {
    name: 'another environment and another tenant by such a rule',
    caller: { tenant: 'globex', environment: 'test' },
    crossTenant: true,
    want: 'authz.boundary',
  },
];

describe('C-024: whoever reaches for', () => {
  const operations = { read: { http: 'GET /{t}', tenant: '{path.t}' } };
  const pay = service('payments', { destinations: [PAYMENTS], environment: 'prod', operations });
  const mesh = (caller: Document, rules: Document[]) =>
    snapshotOf([pay, policy('p', rules), GATEWAY, identity(CHECKOUT, caller)]);

  for (const { name, caller, crossTenant = false, want } of boundaries) {
    it(`${name} is answered ${want}`, () => {
      const snapshot = mesh(caller, [permit('a', { crossTenant })]);
      assert.equal(answerTo(snapshot, { http: 'GET /acme' }), want);
    });
  }

  it('another tenant is stopped by each rule that does not cross, and let through by one', () => {
    const rules = [permit('a'), permit('b', { crossTenant: true }), permit('c')];
    const { decision } = verdictOn(mesh({ tenant: 'globex' }, rules), { http: 'GET /acme' });
    assert.deepEqual([decision.outcome, decision.rules], ['allow', ['pay/p/b']]);
  });

  it('another tenant is told no more when no permit matches at all', () => {
    const rules = [permit('a', { to: { verbs: ['write'] } })];
    const answer = answerTo(mesh({ tenant: 'globex' }, rules), { http: 'GET /acme' });
    assert.equal(answer, 'authz.no_match');
  });

  it('another tenant is forbidden by a forbid: no boundary stops one', () => {
    const rules = [permit('a'), forbid('b')];
    const answer = answerTo(mesh({ tenant: 'globex' }, rules), { http: 'GET /acme' });
    assert.equal(answer, 'authz.forbidden');
  });

  it('a tenant without an identity is no exception', () => {
    const rule = { id: 'a', effect: 'permit', from: { anonymous: true }, to: {} };
    const ask = { caller: '', http: 'GET /acme' };
    assert.equal(answerTo(mesh({}, [rule]), ask), 'authz.boundary');
    assert.equal(answerTo(mesh({}, [{ ...rule, crossTenant: true }]), ask), 'allow');
  });
});

describe('an agent', () => {
  const mesh = (operation: Document, ...rules: Document[]) => {
    const operations = { read: { http: 'GET /a', ...operation } };
    const pay = service('payments', { destinations: [PAYMENTS], operations });
    return snapshotOf([pay, policy('p', rules), GATEWAY, identity(CHECKOUT, { kind: 'agent' })]);
  };

  it('without a task may do nothing that is not taskFree, however much is permitted', () => {
    const rule = permit('a', { to: { operations: ['read'] } });
    assert.equal(answerTo(mesh({}, rule)), 'authz.task_required');
    assert.equal(answerTo(mesh({ taskFree: true }, rule)), 'allow');
  });

  it('is told first what would be denied with a task as well', () => {
    assert.equal(answerTo(mesh({})), 'authz.no_match');
    assert.equal(answerTo(mesh({}, permit('a'), forbid('b'))), 'authz.forbidden');
    assert.equal(answerTo(mesh({ tenant: 'acme' }, permit('a'))), 'authz.boundary');
  });

  it('needs the permit for a taskFree operation as well', () => {
    assert.equal(answerTo(mesh({ taskFree: true })), 'authz.no_match');
  });
});
