// C-007 C-013: what claims of a token become: attributes of the types that conditions know, beside
// those that the operator wrote, and in no record.

import assert from 'node:assert/strict';
import { subjectPrincipal } from '../../engine/identity/token_principal.ts';
import { verifyToken } from '../../engine/identity/token_verification.ts';
import { NO_KEYS } from '../../engine/key_sets.ts';
import { recordLines } from '../../engine/record.ts';
import { TokenFailure } from '../../engine/token.ts';
import { type Ask, CHECKOUT, type Document, identity, NOW, verdictOn } from '../engine/fixture.ts';
import { ALLOW, accessToken, bearer, CI, issuer, mesh, rule } from './token_fixture.ts';

const claims = { team: 'attributes.team' };
const MESH = mesh([issuer({ claims }), CI], [ALLOW]);
const asking = (more: object): Ask => bearer(accessToken({ claims: more }));

function attributesBy(more: object, snapshot = MESH) {
  const { principal, decision } = verdictOn(snapshot, asking(more));
  assert.equal(decision.outcome, 'allow', decision.reason);
  return Object.fromEntries(principal?.entry.attributes ?? []);
}

/** The claim as JSON has it: what JavaScript would make of a number is part of the question. */
const rows: [claim: unknown, want: unknown][] = [
  ['shop', 'shop'],
  ['', ''],
  ['x'.repeat(1024), 'x'.repeat(1024)],
  ['x'.repeat(1025), undefined],
  [true, true],
  [false, false],
  [0, 0],
  [-7, -7],
  [1.5, 1.5],
  [9_007_199_254_740_991, 9_007_199_254_740_991],
  [9_007_199_254_740_992, '9007199254740992'],
  [
    ['a', 'b'],
    ['a', 'b'],
  ],
  [[], []],
  [['a', 1], undefined],
  [[true], undefined],
  [null, undefined],
  [{ a: 'b' }, undefined],
];

describe('C-007: a claim that becomes an attribute', () => {
  for (const [claim, want] of rows) {
    const name = JSON.stringify(claim).slice(0, 20);
    it(`is of its own type, or nothing: ${name}`, () => {
      assert.deepEqual(attributesBy({ team: claim }), want === undefined ? {} : { team: want });
    });
  }

  it('is nothing where it did not come', () => assert.deepEqual(attributesBy({}), {}));

  it('changes nothing that the operator wrote', () => {
    const app = { ...CI, spec: { ...(CI['spec'] as Document), attributes: { team: 'ours' } } };
    const snapshot = mesh([issuer({ claims }), app], [ALLOW]);
    assert.deepEqual(attributesBy({ team: 'theirs' }, snapshot), { team: 'ours' });
  });
});

describe('C-013: whom a token names', () => {
  const { issuers } = MESH.proof;
  const text = accessToken({ claims: { team: 'shop' } });
  const { result } = verifyToken(text, issuers.tokens, NO_KEYS, undefined);

  it('is kept, but never with another assurance or for another bundle', () => {
    assert.ok(!(result instanceof TokenFailure));
    const ofTenant = (tenant: string): Document => ({
      ...CI,
      spec: { issuer: 'ci', subject: 'repo:acme/app', kind: 'ci', tenant },
    });
    const meshes = ['a', 'b'].map((it) => mesh([issuer({ claims }), ofTenant(it)], [ALLOW]));
    for (const [index, { proof }] of meshes.entries()) {
      for (const assurance of ['bearer', 'bound', 'bearer'] as const) {
        const principal = subjectPrincipal(result, assurance, proof);
        assert.equal(subjectPrincipal(result, assurance, proof), principal);
        assert.equal(principal.assurance, assurance);
        assert.equal(principal.entry.tenant, 'ab'[index]);
      }
    }
  });
});

describe('C-101: the record of a decision by a token', () => {
  const scopes = { read: { scopes: ['pay.read'] } };
  const PLAIN = mesh([issuer(), CI], [ALLOW]);
  const SCOPED = mesh([issuer(), CI], [ALLOW], scopes);
  const inputs: [name: string, snapshot: typeof MESH, claims: object, want: boolean][] = [
    ['by its subject alone', PLAIN, { team: 'shop' }, false],
    ['by a claim', MESH, { team: 'shop' }, true],
    ['by a claim that did not come', MESH, {}, true],
    ['by its scopes', SCOPED, { scope: 'pay.read' }, true],
    ['by scopes that nobody asks for', PLAIN, { scope: 'pay.read' }, false],
  ];
  it('says nothing of one where a workload without any is allowed', () => {
    const rules = [rule('peer', { from: { principals: [CHECKOUT] } })];
    const snapshot = mesh([issuer(), CI, identity(CHECKOUT)], rules, scopes);
    const verdict = verdictOn(snapshot, { caller: CHECKOUT });
    assert.equal(verdict.decision.outcome, 'allow', verdict.decision.reason);
    assert.doesNotMatch(recordLines(verdict, OCCASION, snapshot).decision, /"token"/);
  });

  for (const [name, snapshot, more, want] of inputs) {
    it(`says that the token counted, where it did: ${name}`, () => {
      const verdict = verdictOn(snapshot, asking(more));
      assert.equal(verdict.decision.outcome, 'allow', verdict.decision.reason);
      const { decision } = recordLines(verdict, OCCASION, snapshot);
      assert.equal(/"token":true/.test(decision), want, decision);
    });
  }
});

const OCCASION = {
  ...{ decisionId: '01936f2a-7c00-7000-8000-000000000001', now: NOW, durationUs: 1, revision: 0 },
  ...{ method: 'GET', path: '/a', host: '', destination: '', requestId: '', traceId: '' },
  ...{ sni: '', port: 0 },
};
