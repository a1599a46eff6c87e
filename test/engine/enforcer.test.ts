// Who may ask, and what it may say (DESIGN 5.7): an enforcer is known by its connection, a sidecar
// speaks of the workload beside it, and what it may not assert is as good as absent.

import assert from 'node:assert/strict';
import type { Asker } from '../../engine/identity/enforcer.ts';
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
  TRUST_DOMAIN,
  verdictOn,
} from './fixture.ts';
import { toldOf } from './mistakes.ts';

const LEDGER = `spiffe://${TRUST_DOMAIN}/ns/pay/sa/ledger`;
const NOBODY = `spiffe://${TRUST_DOMAIN}/ns/pay/sa/nobody`;
const GATEWAY_ITSELF = `spiffe://${TRUST_DOMAIN}/ns/edge/sa/gateway`;

const operations = { read: { http: 'GET /a' } };
const ALL = [
  service('payments', { destinations: [PAYMENTS], operations }),
  service('ledger', { destinations: [LEDGER], operations }),
  service('nowhere', { operations }),
  policy('p', [
    { id: 'a', effect: 'permit', from: { trustDomains: [TRUST_DOMAIN] }, to: {} },
    { id: 'b', effect: 'permit', from: { anonymous: true }, to: {} },
  ]),
  identity(CHECKOUT),
];

const peer = ['principal', 'anonymous'];
const specs = {
  sidecar: { type: 'sidecar', local: true, identities: [PAYMENTS], asserts: { peer } },
  gateway: { type: 'gateway', local: true, asserts: { peer, destinations: ['*'] } },
  'gateway of one': { type: 'gateway', local: true, asserts: { peer, destinations: [PAYMENTS] } },
  'gateway of a namespace': {
    type: 'gateway',
    local: true,
    asserts: { peer, destinations: [`spiffe://${TRUST_DOMAIN}/ns/pay/sa/*`] },
  },
  'waypoint of one': { type: 'waypoint', local: true, asserts: { peer, destinations: [PAYMENTS] } },
};

const scopes: { by: keyof typeof specs; name: string; ask: Ask; want: string }[] = [
  { by: 'sidecar', name: 'its own workload', ask: {}, want: 'allow' },
  {
    by: 'sidecar',
    name: 'another workload',
    ask: { destination: LEDGER },
    want: 'authn.enforcer_scope',
  },
  {
    by: 'sidecar',
    name: 'a workload without a Service',
    ask: { destination: NOBODY },
    want: 'authn.enforcer_scope',
  },
  { by: 'sidecar', name: 'nobody', ask: { destination: '' }, want: 'authn.enforcer_scope' },
  {
    by: 'sidecar',
    name: 'what is no SPIFFE ID',
    ask: { destination: 'payments.pay' },
    want: 'authn.enforcer_scope',
  },
  {
    by: 'sidecar',
    name: 'its own service by its configuration alone',
    ask: { destination: '', extension: 'pay/payments' },
    want: 'allow',
  },
  {
    by: 'sidecar',
    name: 'another service by its configuration alone',
    ask: { destination: '', extension: 'pay/ledger' },
    want: 'authn.enforcer_scope',
  },
  {
    by: 'sidecar',
    name: 'a service without a destination',
    ask: { destination: '', extension: 'pay/nowhere' },
    want: 'authn.enforcer_scope',
  },
  {
    by: 'sidecar',
    name: 'its own workload, and another service by its configuration',
    ask: { extension: 'pay/ledger' },
    want: 'authn.enforcer_scope',
  },
  { by: 'gateway', name: 'any workload', ask: { destination: LEDGER }, want: 'allow' },
  {
    by: 'gateway',
    name: 'a workload without a Service',
    ask: { destination: NOBODY },
    want: 'authz.no_policy',
  },
  {
    by: 'gateway',
    name: 'a service without a destination',
    ask: { destination: '', extension: 'pay/nowhere' },
    want: 'allow',
  },
  { by: 'gateway', name: 'nobody', ask: { destination: '' }, want: 'authz.no_policy' },
  { by: 'gateway of one', name: 'that one', ask: {}, want: 'allow' },
  {
    by: 'gateway of one',
    name: 'another one',
    ask: { destination: LEDGER },
    want: 'authn.enforcer_scope',
  },
  {
    by: 'gateway of one',
    name: 'another one by its configuration',
    ask: { destination: GATEWAY_ITSELF, extension: 'pay/ledger' },
    want: 'authn.enforcer_scope',
  },
  {
    by: 'gateway of one',
    name: 'that one by its configuration, behind its own certificate',
    ask: { destination: GATEWAY_ITSELF, extension: 'pay/payments' },
    want: 'allow',
  },
  {
    by: 'gateway of one',
    name: 'a service without a destination',
    ask: { destination: '', extension: 'pay/nowhere' },
    want: 'authn.enforcer_scope',
  },
  {
    by: 'gateway of a namespace',
    name: 'a workload of it',
    ask: { destination: LEDGER },
    want: 'allow',
  },
  { by: 'waypoint of one', name: 'that one', ask: {}, want: 'allow' },
  {
    by: 'waypoint of one',
    name: 'another one',
    ask: { destination: LEDGER },
    want: 'authn.enforcer_scope',
  },
];

describe('an enforcer that asks about', () => {
  for (const { by, name, ask, want } of scopes) {
    it(`${name} is answered ${want}: ${by}`, () => {
      const snapshot = snapshotOf([...ALL, enforcer('e', specs[by])]);
      assert.equal(answerTo(snapshot, ask), want);
    });
  }
});

describe('an enforcer is known', () => {
  const remote = { type: 'gateway', identities: [GATEWAY_ITSELF], asserts: specs.gateway.asserts };
  const snapshot = snapshotOf([
    ...ALL,
    enforcer('here', specs.gateway),
    enforcer('there', { ...remote, asserts: { ...remote.asserts, peer: [] } }),
  ]);
  const askers: { asker: Asker; caller?: string; want: string }[] = [
    { asker: { kind: 'local' }, want: 'allow' },
    { asker: { kind: 'remote' }, want: 'authn.untrusted_enforcer' },
    { asker: { kind: 'named', enforcer: 'here' }, want: 'allow' },
    { asker: { kind: 'named', enforcer: 'there' }, want: 'authn.missing' },
    { asker: { kind: 'named', enforcer: 'nobody' }, want: 'authn.untrusted_enforcer' },
    { asker: { kind: 'named', enforcer: '' }, want: 'authn.untrusted_enforcer' },
    { asker: { kind: 'named', enforcer: 'constructor' }, want: 'authn.untrusted_enforcer' },
    { asker: { kind: 'everything' }, want: 'allow' },
    { asker: { kind: 'everything' }, caller: '', want: 'allow' },
  ];
  for (const { asker, caller = CHECKOUT, want } of askers) {
    const name = asker.kind === 'named' ? `named \`${asker.enforcer}\`` : asker.kind;
    it(`by its connection (${name}, caller \`${caller}\`): ${want}`, () => {
      assert.equal(answerTo(snapshot, { asker, caller }), want);
    });
  }

  it('by nothing that the message says', () => {
    const asker: Asker = { kind: 'remote' };
    const answer = answerTo(snapshot, { asker, caller: GATEWAY_ITSELF, destination: PAYMENTS });
    assert.equal(answer, 'authn.untrusted_enforcer');
  });

  it('in both records, also by its namespace', () => {
    const inMesh = { ...enforcer('e', specs.gateway), metadata: { name: 'e', namespace: 'mesh' } };
    assert.equal(verdictOn(snapshotOf([...ALL, inMesh])).evidence.enforcer, 'mesh/e');
  });

  it('and without one in the bundle nobody is, but whoever decides offline', () => {
    const none = snapshotOf(ALL);
    assert.equal(answerTo(none), 'authn.untrusted_enforcer');
    assert.equal(answerTo(none, { asker: { kind: 'everything' } }), 'allow');
  });

  it('once where two are local: that is a mistake', () => {
    const [mistake] = toldOf(
      ['a', 'b'].map((name) => JSON.stringify(enforcer(name, specs.gateway))).join('\n---\n'),
    );
    assert.equal(mistake?.[1], 'two enforcers are local: `a` and this one');
  });
});

describe('what an enforcer may not assert is as good as absent:', () => {
  const answer = (peer: string[], caller: string) => {
    const spec: Document = { type: 'gateway', local: true, asserts: { peer, destinations: ['*'] } };
    return answerTo(snapshotOf([...ALL, enforcer('e', spec)]), { caller });
  };
  const cases: [peer: string[], caller: string, want: string][] = [
    [['principal', 'anonymous'], CHECKOUT, 'allow'],
    [['principal', 'anonymous'], '', 'allow'],
    [['principal'], CHECKOUT, 'allow'],
    [['principal'], '', 'authn.missing'],
    [['anonymous'], CHECKOUT, 'authn.missing'],
    [['anonymous'], '', 'allow'],
    [[], CHECKOUT, 'authn.missing'],
    [[], '', 'authn.missing'],
    [['certificate', 'xfcc', 'metadata'], CHECKOUT, 'authn.missing'],
  ];
  for (const [peer, caller, want] of cases) {
    it(`${peer.join(', ') || 'nothing'}, with ${caller || 'no caller'}: ${want}`, () => {
      assert.equal(answer(peer, caller), want);
    });
  }
});

describe('an enforcer with a certificate', () => {
  const { asserts } = specs.gateway;
  const anyOf = (namespace: string) => `spiffe://${TRUST_DOMAIN}/ns/${namespace}/sa/*`;
  const snapshot = snapshotOf([
    ...ALL,
    enforcer('here', specs.gateway),
    enforcer('gateway', { type: 'gateway', identities: [GATEWAY_ITSELF], asserts }),
    // Weaker than the one above: it may say nothing of peers.
    enforcer('edge', {
      type: 'gateway',
      identities: [anyOf('edge')],
      asserts: { peer: [], destinations: ['*'] },
    }),
    enforcer('sidecars', { type: 'sidecar', identities: [anyOf('pay')], asserts: { peer } }),
  ]);
  const cases: { name: string; id: string; ask?: Ask; want: string }[] = [
    { name: 'its exact identity', id: GATEWAY_ITSELF, want: 'allow' },
    {
      name: 'a pattern, which yields to the exact identity',
      id: `spiffe://${TRUST_DOMAIN}/ns/edge/sa/other`,
      want: 'authn.missing',
    },
    { name: 'a pattern of sidecars', id: PAYMENTS, want: 'allow' },
    {
      name: 'a pattern of sidecars, about a neighbour that the pattern covers too',
      id: LEDGER,
      want: 'authn.enforcer_scope',
    },
    { name: 'nothing', id: CHECKOUT, want: 'authn.untrusted_enforcer' },
    {
      name: 'nothing: the path of another in a foreign domain',
      id: GATEWAY_ITSELF.replace(TRUST_DOMAIN, 'other.example'),
      want: 'authn.untrusted_enforcer',
    },
    { name: 'nothing: no SPIFFE ID', id: 'gateway', want: 'authn.untrusted_enforcer' },
    { name: 'nothing: a pattern as an id', id: anyOf('pay'), want: 'authn.untrusted_enforcer' },
    { name: 'nothing: a domain', id: `spiffe://${TRUST_DOMAIN}`, want: 'authn.untrusted_enforcer' },
  ];
  for (const { name, id, ask, want } of cases) {
    it(`is known by ${name}: ${want}`, () => {
      const asker: Asker = { kind: 'peer', id };
      assert.equal(answerTo(snapshot, { ...ask, asker }), want);
      assert.equal(answerTo(snapshot, { ...ask, asker }), want, 'and so it stays');
    });
  }

  it('is another one, or nobody, as soon as another bundle says so', () => {
    const asker: Asker = { kind: 'peer', id: GATEWAY_ITSELF };
    assert.equal(answerTo(snapshot, { asker }), 'allow');
    assert.equal(answerTo(snapshotOf(ALL), { asker }), 'authn.untrusted_enforcer');
  });

  it('is one and not two: the same identity in two documents is a mistake', () => {
    const spec = { type: 'gateway', identities: [anyOf('edge')], asserts };
    const [mistake] = toldOf(
      ['a', 'b'].map((name) => JSON.stringify(enforcer(name, spec))).join('\n---\n'),
    );
    assert.equal(mistake?.[1], `\`${anyOf('edge')}\` is the enforcer \`a\` already`);
  });
});
