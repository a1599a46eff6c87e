// Whom a rule speaks of (DESIGN section 6, "from"): keys AND, items OR, `not` negates its block,
// and a negation matches what is absent.

import assert from 'node:assert/strict';
import {
  answerTo,
  type Document,
  GATEWAY,
  identity,
  PAYMENTS,
  policy,
  service,
  snapshotOf,
} from './fixture.ts';

const SHOP = 'spiffe://prod.example/ns/shop/sa/checkout';
const CI = 'spiffe://prod.example/ns/ci/sa/runner';
const HOST = 'spiffe://prod.example/host/web-1';
const AGENT = 'spiffe://prod.example/ns/ai/sa/support';
const EDGE = 'spiffe://prod.example/ns/edge/sa/gateway';
const FOREIGN = 'spiffe://partner.example/ns/shop/sa/checkout';
const CALLERS = { SHOP, CI, HOST, AGENT, EDGE, FOREIGN, nobody: '' };

const IDENTITIES = [
  identity(SHOP),
  identity(CI, { kind: 'ci' }),
  identity(HOST),
  identity(AGENT, { kind: 'agent' }),
  identity(EDGE, { kind: 'gateway' }),
  identity(FOREIGN),
];

function mesh(...rules: Document[]) {
  const operations = { op: { http: 'GET /a', taskFree: true } };
  const pay = service('payments', { destinations: [PAYMENTS], operations });
  return snapshotOf([pay, policy('p', rules), GATEWAY, ...IDENTITIES]);
}

/** Everybody whom a permit with this `from` lets through. */
function permitted(from: Document): string {
  const snapshot = mesh({ id: 'a', effect: 'permit', from, to: {} });
  const allowed = Object.entries(CALLERS).filter(([, caller]) => {
    return answerTo(snapshot, { caller }) === 'allow';
  });
  return allowed.map(([name]) => name).join(' ');
}

/** Everybody whom a forbid with this `from` stops, who could do all otherwise. */
function forbidden(from: Document): string {
  const snapshot = mesh(
    { id: 'a', effect: 'forbid', from, to: {} },
    {
      id: 'all',
      effect: 'permit',
      from: {
        trustDomains: ['prod.example', 'partner.example'],
        kinds: ['workload', 'ci', 'agent', 'gateway'],
      },
      to: {},
    },
    { id: 'anonymous', effect: 'permit', from: { anonymous: true }, to: {} },
  );
  const stopped = Object.entries(CALLERS).filter(([, caller]) => {
    const answer = answerTo(snapshot, { caller });
    assert.ok(answer === 'allow' || answer === 'authz.forbidden', `${caller}: ${answer}`);
    return answer !== 'allow';
  });
  return stopped.map(([name]) => name).join(' ');
}

const HOME = ['prod.example'];

/** A permit never reaches a gateway that it does not name; a forbid reaches whom it describes. */
const blocks: { name: string; from: Document; permits: string; forbids: string }[] = [
  {
    name: 'a SPIFFE ID',
    from: { principals: [SHOP] },
    permits: 'SHOP',
    forbids: 'SHOP',
  },
  {
    name: 'one of several SPIFFE IDs',
    from: { principals: [SHOP, HOST] },
    permits: 'SHOP HOST',
    forbids: 'SHOP HOST',
  },
  {
    name: 'a pattern of whole segments',
    from: { principals: ['spiffe://prod.example/ns/*/sa/*'] },
    permits: 'SHOP CI AGENT',
    forbids: 'SHOP CI AGENT EDGE',
  },
  {
    name: 'a pattern and an ID, of which the ID is no pattern',
    from: { principals: ['spiffe://prod.example/ns/*/sa/runner', HOST] },
    permits: 'CI HOST',
    forbids: 'CI HOST',
  },
  {
    name: 'a trust domain',
    from: { trustDomains: ['partner.example'] },
    permits: 'FOREIGN',
    forbids: 'FOREIGN',
  },
  {
    name: 'a namespace: a permit stays at home, a forbid does not',
    from: { namespaces: ['shop'] },
    permits: 'SHOP',
    forbids: 'SHOP FOREIGN',
  },
  {
    name: 'any namespace, which a host has not',
    from: { namespaces: ['*'] },
    permits: 'SHOP CI AGENT',
    forbids: 'SHOP CI AGENT EDGE FOREIGN',
  },
  {
    name: 'namespaces that begin or end alike',
    from: { namespaces: ['c*', '*i'] },
    permits: 'CI AGENT',
    forbids: 'CI AGENT',
  },
  {
    name: 'a namespace abroad, when the permit names the trust domain',
    from: { namespaces: ['shop'], trustDomains: ['partner.example'] },
    permits: 'FOREIGN',
    forbids: 'FOREIGN',
  },
  {
    name: 'a service account: a permit stays at home, a forbid does not',
    from: { serviceAccounts: ['shop/checkout', 'shop/other'] },
    permits: 'SHOP',
    forbids: 'SHOP FOREIGN',
  },
  {
    name: 'a service account beside IDs, which name their trust domain',
    from: { serviceAccounts: ['shop/checkout'], principals: [FOREIGN, CI] },
    permits: 'FOREIGN',
    forbids: 'FOREIGN',
  },
  { name: 'a kind', from: { kinds: ['ci'] }, permits: 'CI', forbids: 'CI' },
  {
    name: 'the kind gateway, which a permit has to name',
    from: { kinds: ['gateway', 'ci'] },
    permits: 'CI EDGE',
    forbids: 'CI EDGE',
  },
  {
    name: 'a gateway by its ID alone, which is not enough for a permit',
    from: { principals: [EDGE] },
    permits: '',
    forbids: 'EDGE',
  },
  {
    name: 'a gateway by its ID and its kind',
    from: { principals: [EDGE], kinds: ['gateway'] },
    permits: 'EDGE',
    forbids: 'EDGE',
  },
  {
    name: 'two keys that contradict each other',
    from: { principals: [SHOP], kinds: ['ci'] },
    permits: '',
    forbids: '',
  },
  {
    name: 'all but an ID',
    from: { trustDomains: HOME, not: { principals: [SHOP] } },
    permits: 'CI HOST AGENT',
    forbids: 'CI HOST AGENT EDGE',
  },
  {
    name: 'all but a namespace, also those without any',
    from: { trustDomains: HOME, not: { namespaces: ['shop', 'ai'] } },
    permits: 'CI HOST',
    forbids: 'CI HOST EDGE',
  },
  {
    name: 'all but a service account, also those without any',
    from: { trustDomains: HOME, not: { serviceAccounts: ['shop/checkout'] } },
    permits: 'CI HOST AGENT',
    forbids: 'CI HOST AGENT EDGE',
  },
  {
    name: 'all but those for whom all keys of `not` hold',
    from: { trustDomains: HOME, not: { namespaces: ['ci', 'shop'], kinds: ['ci'] } },
    permits: 'SHOP HOST AGENT',
    forbids: 'SHOP HOST AGENT EDGE',
  },
  {
    name: 'a namespace but for one of it',
    from: { namespaces: ['shop', 'ci'], not: { kinds: ['ci'] } },
    permits: 'SHOP',
    forbids: 'SHOP FOREIGN',
  },
  {
    name: 'whoever has no identity',
    from: { anonymous: true },
    permits: 'nobody',
    forbids: 'nobody',
  },
];

describe('a rule from', () => {
  for (const { name, from, permits, forbids } of blocks) {
    it(`${name} permits ${permits || 'none'}`, () => assert.equal(permitted(from), permits));
    it(`${name} forbids ${forbids || 'none'}`, () => assert.equal(forbidden(from), forbids));
  }

  it('everybody is a forbid only, and reaches also whoever has no identity', () => {
    assert.equal(forbidden({}), 'SHOP CI HOST AGENT EDGE FOREIGN nobody');
  });

  it('everybody but some forbids whoever has no identity: a negation matches what is absent', () => {
    assert.equal(forbidden({ not: { principals: [SHOP] } }), 'CI HOST AGENT EDGE FOREIGN nobody');
    // What is spared by a namespace is spared at home only.
    assert.equal(forbidden({ not: { namespaces: ['*'] } }), 'HOST FOREIGN nobody');
    assert.equal(forbidden({ not: { kinds: ['workload'] } }), 'CI AGENT EDGE nobody');
  });

  it('without `anonymous` permits nobody without an identity', () => {
    for (const { from } of blocks) {
      if ('anonymous' in from) continue;
      assert.ok(!permitted(from).includes('nobody'));
    }
  });

  it('a namespace of the only trust domain there is needs no setting for it', () => {
    const rule = { id: 'a', effect: 'permit', from: { namespaces: ['shop'] }, to: {} };
    const operations = { op: { http: 'GET /a' } };
    const pay = service('payments', { destinations: [PAYMENTS], operations });
    const documents = [pay, policy('p', [rule]), GATEWAY, identity(SHOP)];
    const snapshot = snapshotOf(documents, { trustDomain: undefined });
    assert.equal(answerTo(snapshot, { caller: SHOP }), 'allow');
  });
});
