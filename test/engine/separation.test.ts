// Proof and permission are apart and both are needed: a perfect credential permits nothing (C-006,
// C-089), a permit proves nobody (C-005), and neither stage needs the other to run (C-001).

import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  NO_ENTRY,
  PLAIN_PRINCIPAL,
  PRINCIPAL_KINDS,
  type Principal,
  VERBS,
} from '../../engine/access_request.ts';
import type { Decision } from '../../engine/decision.ts';
import { ASSURANCES, type Assurance } from '../../engine/evidence.ts';
import { NO_FACTS } from '../../engine/facts.ts';
import { authenticate } from '../../engine/identity/authenticate.ts';
import { decide } from '../../engine/policy/decide.ts';
import type { Snapshot } from '../../engine/snapshot.ts';
import { parseSpiffeId, SpiffeId } from '../../engine/spiffe_id.ts';
import {
  accessBy,
  answerTo,
  CHECKOUT,
  type Document,
  GATEWAY,
  identity,
  inquiryOf,
  meshWith,
  NOW,
  PAYMENTS,
  policy,
  REPORTS,
  service,
  snapshotOf,
  TRUST_DOMAIN,
  verdictOn,
} from './fixture.ts';

/** A principal as no enforcer has to vouch for. */
function synthetic(assurance: Assurance, about: Partial<Principal['entry']> = {}): Principal {
  const spiffe = parseSpiffeId(CHECKOUT);
  assert.ok(spiffe instanceof SpiffeId);
  return {
    id: CHECKOUT,
    spiffe,
    assurance,
    known: true,
    entry: { ...NO_ENTRY, ...about },
    ...PLAIN_PRINCIPAL,
  };
}

/** What the rules of a mesh say, without any proof. */
function decided(principal: Principal, { policy }: Snapshot): Decision {
  const route = policy.serviceAt(0).operations[0]!;
  const access = accessBy(principal, route.operation);
  return decide(access, route.rules(policy.rules), Number.POSITIVE_INFINITY);
}

const permitFor = (caller: string, to: Document = {}): Document => {
  return { id: 'a', effect: 'permit', from: { principals: [caller] }, to };
};

describe('C-001: the two stages', () => {
  it('decide about a principal that nobody authenticated', () => {
    const nobody = synthetic('bound');
    assert.equal(decided(nobody, meshWith([permitFor(CHECKOUT)])).outcome, 'allow');
    assert.equal(decided(nobody, meshWith([])).outcome, 'deny');
  });

  it('authenticate somebody about whom there is no policy', () => {
    const { proof } = snapshotOf([identity(CHECKOUT), GATEWAY]);
    const enforcer = proof.enforcers.of({ kind: 'local' });
    assert.ok(enforcer);
    const { credentials } = inquiryOf({ caller: CHECKOUT });
    const terms = { passesAuthorization: false, origin: '', audiences: undefined };
    const shown = authenticate(credentials, enforcer, terms, proof, NO_FACTS, NOW);
    assert.ok('evidence' in shown);
    const { principal, evidence } = shown;
    assert.equal(principal?.id, CHECKOUT);
    assert.equal(evidence.result, 'verified');
    assert.ok(!('outcome' in evidence) && !('reason' in principal), 'neither says what is allowed');
  });
});

describe('C-006 C-089: a perfect identity', () => {
  it('is permitted nothing by an empty policy', () => {
    const { decision, evidence } = verdictOn(meshWith([]));
    assert.equal(evidence.result, 'verified');
    assert.equal(decision.reason, 'authz.no_match');
  });

  it('is permitted nothing where no policy is at all', () => {
    const pay = service('payments', { destinations: [PAYMENTS], operations: {} });
    assert.equal(answerTo(snapshotOf([identity(CHECKOUT), GATEWAY])), 'authz.no_policy');
    const snapshot = snapshotOf([pay, identity(CHECKOUT), GATEWAY]);
    assert.equal(answerTo(snapshot), 'ctx.unmapped_operation');
  });

  it('proved by mTLS with a rule for somebody else is permitted nothing', () => {
    const { decision, evidence } = verdictOn(meshWith([permitFor(REPORTS)]));
    assert.deepEqual([evidence.method, evidence.assurance], ['peer_principal', 'asserted']);
    assert.equal(decision.reason, 'authz.no_match');
  });
});

const anyAssurance = fc.constantFrom(...ASSURANCES);
const anyPrincipal = fc.record({
  assurance: anyAssurance,
  kind: fc.constantFrom(...PRINCIPAL_KINDS),
  tenant: fc.constantFrom('', 'acme', 'globex'),
  environment: fc.constantFrom('', 'prod', 'test'),
});

/** Rules of which none permits what CHECKOUT asks for below: another caller, verb or resource. */
const anyUselessRule = fc.oneof(
  fc.constant(permitFor(REPORTS)),
  fc.constant(permitFor(CHECKOUT, { resources: ['other/*'] })),
  fc.constantFrom(...VERBS.filter((verb) => verb !== 'read')).map((verb) => {
    return permitFor(CHECKOUT, { verbs: [verb] });
  }),
  fc.constant({ id: 'f', effect: 'forbid', from: {}, to: { verbs: ['write'] } }),
);
const anyUselessRules = fc
  .array(anyUselessRule, { maxLength: 4 })
  .map((rules) => rules.map((rule, index) => ({ ...rule, id: `r${index}` })));

describe('C-005: one strong control does not make up for the other:', () => {
  it('raising the assurance without a permit stays deny', () => {
    fc.assert(
      fc.property(anyUselessRules, anyPrincipal, (rules, about) => {
        const mesh = meshWith(rules);
        for (const assurance of ASSURANCES.slice(ASSURANCES.indexOf(about.assurance))) {
          const principal = synthetic(assurance, about);
          assert.equal(decided(principal, mesh).outcome, 'deny');
        }
      }),
      { numRuns: 100 },
    );
  });

  it('the outcome of a decision does not depend on the assurance at all', () => {
    fc.assert(
      fc.property(anyPrincipal, anyAssurance, (about, other) => {
        const mesh = meshWith([permitFor(CHECKOUT)]);
        const outcomes = [about.assurance, other].map((assurance) => {
          return decided(synthetic(assurance, about), mesh);
        });
        assert.deepEqual(outcomes[0], outcomes[1]);
      }),
      { numRuns: 100 },
    );
  });

  it('adding a permit for whoever failed the proof stays deny', () => {
    const failing = fc.oneof(
      fc.constantFrom('', 'spiffe://evil.example/a', 'CN=root', `spiffe://${TRUST_DOMAIN}`),
      fc.string(),
    );
    const everything: Document[] = [
      { id: 'a', effect: 'permit', from: { trustDomains: [TRUST_DOMAIN, 'evil.example'] }, to: {} },
      { id: 'b', effect: 'permit', from: { principals: ['spiffe://evil.example/a'] }, to: {} },
      { id: 'c', effect: 'permit', from: { kinds: ['workload', 'gateway'] }, to: {} },
    ];
    const before = meshWith([]);
    const after = meshWith(everything);
    assert.equal(answerTo(after), 'allow', 'whoever has proof is let through');
    fc.assert(
      fc.property(failing, fc.boolean(), (caller, authorization) => {
        fc.pre(caller !== '' || authorization);
        const ask = { caller, authorization };
        const reason = answerTo(before, ask);
        assert.match(reason, /^authn\./);
        assert.equal(answerTo(after, ask), reason);
      }),
      { numRuns: 300 },
    );
  });

  it('a permit does not make an identity known', () => {
    const stranger = `spiffe://${TRUST_DOMAIN}/ns/x/sa/stranger`;
    const answer = answerTo(meshWith([permitFor(stranger)]), { caller: stranger });
    assert.equal(answer, 'authz.unknown_identity');
  });
});

describe('C-020: each request is decided on the policy of now', () => {
  it('the same request is allowed by one snapshot and denied by the next', () => {
    const [before, after] = [meshWith([permitFor(CHECKOUT)]), meshWith([])];
    const answers = [before, after, before].map((snapshot) => answerTo(snapshot));
    assert.deepEqual(answers, ['allow', 'authz.no_match', 'allow']);
  });
});

describe('C-021 C-026: one identity', () => {
  const operations = {
    read: { http: 'GET /docs/{id}', resource: 'doc/{path.id}' },
    list: { http: 'GET /docs' },
  };
  const mesh = meshWith([permitFor(CHECKOUT, { resources: ['doc/1'] })], operations);
  const cases: [http: string, want: string][] = [
    ['GET /docs/1', 'allow'],
    ['GET /docs/2', 'authz.resource'],
    ['GET /docs/1', 'allow'],
    ['GET /docs/10', 'authz.resource'],
    ['GET /docs/%31', 'allow'],
    ['GET /docs', 'authz.resource'],
    ['POST /docs/1', 'ctx.unmapped_operation'],
  ];
  for (const [http, want] of cases) {
    it(`asking ${http} is answered ${want}`, () => assert.equal(answerTo(mesh, { http }), want));
  }
});

describe('C-086: an allow is for one hop', () => {
  const [a, b, c] = ['a', 'b', 'c'].map((name) => `spiffe://${TRUST_DOMAIN}/ns/pay/sa/${name}`);
  const operations = { read: { http: 'GET /a' } };
  const services = [b, c].map((id, index) => {
    return service(index === 0 ? 'b' : 'c', { destinations: [id], operations });
  });
  const permit = (id: string, caller: string, name: string): Document => {
    return { ...permitFor(caller, { services: [name] }), id };
  };
  const mesh = (...rules: Document[]) =>
    snapshotOf([...services, policy('p', rules), identity(a!), identity(b!), GATEWAY]);

  it('A may call B, which does not let it call C', () => {
    const snapshot = mesh(permit('ab', a!, 'b'), permit('bc', b!, 'c'));
    assert.equal(answerTo(snapshot, { caller: a!, destination: b! }), 'allow');
    assert.equal(answerTo(snapshot, { caller: b!, destination: c! }), 'allow');
    assert.equal(answerTo(snapshot, { caller: a!, destination: c! }), 'authz.no_match');
  });

  it('A may call B, which does not let B call C', () => {
    const snapshot = mesh(permit('ab', a!, 'b'));
    assert.equal(answerTo(snapshot, { caller: a!, destination: b! }), 'allow');
    assert.equal(answerTo(snapshot, { caller: b!, destination: c! }), 'authz.no_match');
  });
});
