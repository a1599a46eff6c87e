// C-005 C-011 C-035 C-084: what docs/authentication.md lists under "What one proof more can take
// away", and docs/semantics.md under "What more proof can change": a sentence for each line.

import assert from 'node:assert/strict';
import { CHECKOUT, type Document, PAYMENTS, policy, REPORTS, service } from '../engine/fixture.ts';
import { AGENT, EDGE, enforcer, ISSUERS, identity, loaded } from './bundles.ts';
import { ORIGIN, type ProofName, type Shown, type TokenShown, without } from './credentials.ts';
import { judged } from './judged.ts';

const ENDED = { expiresAt: '2026-11-22T11:00:00Z' };
const OPERATIONS = { a: { http: 'GET /a', taskFree: true } };

interface World {
  readonly rules?: readonly Document[];
  readonly documents?: readonly Document[];
  /** More of the service, and of the Identities of checkout and of the gateway. */
  readonly spec?: Document;
  readonly checkout?: Document;
  readonly gateway?: Document;
}

const permit = (id: string, more: Document): Document => ({
  id,
  effect: 'permit',
  to: {},
  ...more,
});
const may = (...principals: string[]) => permit('may', { from: { principals } });
const forbid = (more: Document): Document => ({ id: 'no', effect: 'forbid', to: {}, ...more });

function answer(world: World, shown: Shown): string {
  const { rules = [may(CHECKOUT)], documents = [], spec = {}, checkout, gateway } = world;
  const snapshot = loaded([
    ...ISSUERS,
    identity(['checkout', { spiffe: CHECKOUT, issuer: 'idp', subject: 'checkout' }], checkout),
    identity(['reports', { spiffe: REPORTS }]),
    identity(['agent', { spiffe: AGENT, kind: 'agent' }]),
    identity(['gateway', { spiffe: EDGE, kind: 'gateway' }], gateway),
    identity(['alice', { issuer: 'idp', subject: 'alice', kind: 'human' }]),
    identity(['robot', { issuer: 'idp', subject: 'robot', shared: true }]),
    identity(['stock', { issuer: 'keys', subject: 'stock' }]),
    enforcer(['principal', 'certificate', 'anonymous']),
    service('payments', {
      ...{ destinations: [PAYMENTS], operations: OPERATIONS, origin: ORIGIN },
      ...spec,
    }),
    policy('p', rules),
    ...documents,
  ]);
  return judged(snapshot, shown, 'GET /a').decision.reason ?? 'allow';
}

const token = (subject: string, more: Partial<TokenShown> = {}): TokenShown => {
  return { kind: 'access', subject, ...more };
};
const withScopes = { operations: { a: { http: 'GET /a', scopes: ['pay'] } } };
const red = { claims: { team: ['red'] } };

interface Case {
  readonly name: string;
  readonly world?: World;
  readonly shown: Shown;
  readonly leftOut: ProofName;
  /** The reason with it; without it the answer is `allow`. */
  readonly want: string;
}

const CONTRADICTS: readonly Case[] = [
  {
    name: 'a token of somebody else beside a workload',
    shown: { peer: CHECKOUT, token: token('alice') },
    ...{ leftOut: 'token', want: 'authn.identity_conflict' },
  },
  {
    name: 'a workload beside a token of somebody else',
    world: { rules: [may('idp#alice')] },
    shown: { peer: CHECKOUT, token: token('alice') },
    ...{ leftOut: 'peer', want: 'authn.identity_conflict' },
  },
  {
    name: 'a key beside a token',
    world: { rules: [may('idp#alice')] },
    shown: { token: token('alice'), key: 'stock' },
    ...{ leftOut: 'key', want: 'authn.identity_conflict' },
  },
  {
    name: 'a human’s token that an agent shows',
    world: { rules: [may(AGENT)] },
    shown: { peer: AGENT, token: token('alice') },
    ...{ leftOut: 'token', want: 'authn.wrong_principal_kind' },
  },
  {
    name: 'a gateway whose Identity has ended',
    world: { rules: [may('idp#alice')], gateway: ENDED },
    shown: { peer: EDGE, token: token('alice') },
    ...{ leftOut: 'peer', want: 'authn.identity_conflict' },
  },
];

const NAMES_ANOTHER: readonly Case[] = [
  {
    name: 'a token that a gateway forwards',
    world: { rules: [permit('gateways', { from: { kinds: ['gateway'] } })] },
    shown: { peer: EDGE, token: token('alice') },
    ...{ leftOut: 'token', want: 'authz.no_match' },
  },
  {
    name: 'a shared identity that a workload uses',
    shown: { peer: CHECKOUT, token: token('robot') },
    ...{ leftOut: 'token', want: 'authz.no_match' },
  },
  {
    name: 'the only proof, where anonymous callers are permitted',
    world: { rules: [permit('anybody', { from: { anonymous: true } })] },
    shown: { peer: CHECKOUT },
    ...{ leftOut: 'peer', want: 'authz.no_match' },
  },
];

const NARROWS: readonly Case[] = [
  {
    name: 'for whom he acts: everybody has to be permitted',
    shown: { peer: CHECKOUT, token: token('alice', { act: { sub: CHECKOUT } }) },
    ...{ leftOut: 'token', want: 'authz.no_match' },
  },
  {
    name: 'scopes, none of which covers the operation',
    world: { spec: withScopes },
    shown: { peer: CHECKOUT, token: token('checkout', { scope: 'read' }) },
    ...{ leftOut: 'token', want: 'authz.token_scope' },
  },
  {
    name: 'no scope at all, where the operation names some',
    world: { spec: withScopes },
    shown: { peer: CHECKOUT, token: token('checkout') },
    ...{ leftOut: 'token', want: 'authz.token_scope' },
  },
  {
    name: 'a claim that a forbid reads',
    world: { rules: [may(CHECKOUT), forbid({ from: red })] },
    shown: { peer: CHECKOUT, token: token('checkout', { team: 'red' }) },
    ...{ leftOut: 'token', want: 'authz.forbidden' },
  },
  {
    name: 'a claim that `not` of a permit reads',
    world: { rules: [permit('may', { from: { principals: [CHECKOUT], not: red } })] },
    shown: { peer: CHECKOUT, token: token('checkout', { team: 'red' }) },
    ...{ leftOut: 'token', want: 'authz.no_match' },
  },
];

const MAY_NOT_NAME: readonly Case[] = [
  {
    name: 'its kind is not in `accepts`',
    world: { spec: { accepts: ['wit'] } },
    shown: { peer: CHECKOUT, wit: CHECKOUT },
    ...{ leftOut: 'peer', want: 'authn.wrong_principal_kind' },
  },
  {
    name: 'it lives longer than the Identity allows',
    world: { checkout: { maxLifetime: '3h' } },
    shown: { certificate: { id: CHECKOUT, long: true }, wit: CHECKOUT },
    ...{ leftOut: 'certificate', want: 'authn.lifetime_exceeded' },
  },
  {
    name: 'it does not show how long it lives',
    world: { checkout: { maxLifetime: '3h' } },
    shown: { peer: CHECKOUT, wit: CHECKOUT },
    ...{ leftOut: 'peer', want: 'authn.assurance' },
  },
  {
    name: 'it does not show its age, which a permit asks for',
    world: { rules: [{ ...may(CHECKOUT), require: { maxAge: '1h' } }] },
    shown: { peer: CHECKOUT, wit: CHECKOUT },
    ...{ leftOut: 'peer', want: 'authn.assurance' },
  },
];

const GROUPS: readonly (readonly [title: string, cases: readonly Case[]])[] = [
  ['that contradicts is a deny, and without it there is an allow', CONTRADICTS],
  ['that names the caller is judged, and without it somebody else is', NAMES_ANOTHER],
  ['that narrows takes an allow away, and without it there is one', NARROWS],
  ['that names the caller and may not is a deny, and without it another names him', MAY_NOT_NAME],
];

for (const [title, cases] of GROUPS) {
  describe(`one proof more ${title} (C-011)`, () => {
    for (const { name, world = {}, shown, leftOut, want } of cases) {
      it(`${name}: ${want}`, () => {
        assert.equal(answer(world, shown), want);
        assert.equal(answer(world, without(shown, leftOut)), 'allow');
      });
    }
  });
}

describe('stronger proof of the same caller (C-005 C-084)', () => {
  const asserted = { peer: CHECKOUT };
  const proved = { certificate: { id: CHECKOUT } };
  const demanding = { ...may(CHECKOUT), require: { assurance: 'svid' } };
  const change = (world: World) => [answer(world, asserted), answer(world, proved)];

  it('lifts what asks for proof: a permit, an operation’s class', () => {
    assert.deepEqual(change({ rules: [demanding] }), ['authn.assurance', 'allow']);
    const operations = { a: { http: 'GET /a', dataClass: 'restricted' } };
    assert.deepEqual(change({ spec: { operations } }), ['authn.assurance', 'allow']);
  });

  it('lifts a forbid where an Exception that suspends it asks for proof', () => {
    const spec = {
      ...{ reason: 'an incident', expiresAt: '2027-01-01T00:00:00Z', suspends: ['pay/p/no'] },
      ...{ from: { principals: [CHECKOUT] }, to: {}, require: { assurance: 'svid' } },
    };
    const metadata = { name: 'e', namespace: 'pay', owner: 'team-pay' };
    const documents = [{ kind: 'Exception', metadata, spec }];
    const rules = [may(CHECKOUT), forbid({ from: {}, suspendable: true })];
    assert.deepEqual(change({ rules, documents }), ['authz.forbidden', 'allow']);
  });

  it('lifts a role’s being too little where another permit asks for proof', () => {
    const metadata = { name: 'reader', namespace: 'pay' };
    const role = { kind: 'Role', metadata, spec: { covers: [{ services: ['payments'] }] } };
    const rules = [permit('role', { from: { roles: ['reader'] } }), demanding];
    const operations = { a: { http: 'GET /a', dataClass: 'confidential' } };
    const world = { rules, documents: [role], checkout: { roles: ['pay/reader'] } };
    const denied = ['authz.coarse_only', 'allow'];
    assert.deepEqual(change({ ...world, spec: { operations } }), denied);
  });

  it('lifts a condition that reads the assurance', () => {
    const condition = "principal.assurance == 'svid'";
    const rules = [{ ...may(CHECKOUT), condition }];
    assert.deepEqual(change({ rules }), ['authz.condition', 'allow']);
  });

  for (const [name, world, want] of [
    ['no permit', { rules: [may(REPORTS)] }, 'authz.no_match'],
    ['a forbid', { rules: [may(CHECKOUT), forbid({ from: {} })] }, 'authz.forbidden'],
    ['an identity that has ended', { checkout: ENDED }, 'authz.unknown_identity'],
    ['a ceiling', { checkout: { ceiling: { verbs: ['write'] } } }, 'authz.ceiling'],
    ['no such operation', { spec: { operations: {} } }, 'ctx.unmapped_operation'],
  ] as const) {
    it(`does not lift ${name}: ${want}`, () => assert.deepEqual(change(world), [want, want]));
  }
});
