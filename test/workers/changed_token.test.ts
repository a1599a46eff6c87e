// C-032: access is looked at again when what a token says changes. The same identity with another
// token is decided anew, on what that one says; what is kept of a token is what its signature
// showed, under its own digest, and never an outcome.

import assert from 'node:assert/strict';
import { Evaluator } from '../../workers/evaluator.ts';
import { PAYMENTS } from '../engine/fixture.ts';
import { accessToken, CI, issuer, mesh, NOW, rule, S } from '../identity/token_fixture.ts';
import { readResponse } from '../support/check_response.ts';
import { encodeCall } from '../support/mesh.ts';

const RULES = [
  rule('paid', {
    from: { principals: ['ci#repo:acme/app'], claims: { plan: ['paid'] } },
    to: { services: ['payments'], operations: ['read'] },
  }),
];
const SNAPSHOT = mesh([issuer({ claims: { plan: 'attributes.plan' } }), CI], RULES, {
  read: { scopes: ['pay.read'] },
});

function startEvaluator() {
  const onInternalError = (error: unknown): never => {
    throw error;
  };
  const evaluator = new Evaluator(SNAPSHOT, { now: () => NOW, onInternalError });
  return (claims: object) => {
    const headers = { authorization: `Bearer ${tokenOf(claims)}` };
    const call = encodeCall({ from: '', to: PAYMENTS, path: '/a', headers });
    const evaluated = evaluator.evaluate(call, { kind: 'local' });
    assert.ok(!(evaluated instanceof Promise));
    const { principal } = evaluated.answer.verdict;
    const { result } = readResponse(evaluated.response);
    return { result, misses: evaluated.misses, id: principal?.id };
  };
}

/** The same claims are the same token: a signature is another one each time. */
const tokens = new Map<string, string>();
function tokenOf(claims: object): string {
  const text = JSON.stringify(claims);
  const token = tokens.get(text) ?? accessToken({ claims });
  tokens.set(text, token);
  return token;
}

const GOOD = { scope: 'pay.read', plan: 'paid' };
const DETAILS = [{ type: 'payment', actions: ['read'] }];
const changes: [name: string, claims: object, want: string][] = [
  ['another scope', { ...GOOD, scope: 'other' }, 'authz.token_scope'],
  ['no scope', { ...GOOD, scope: undefined }, 'authz.token_scope'],
  ['a claim that a rule reads', { ...GOOD, plan: 'free' }, 'authz.no_match'],
  ['that claim no more', { ...GOOD, plan: undefined }, 'authz.no_match'],
  [
    '`authorization_details`, which no rule reads',
    { ...GOOD, authorization_details: DETAILS },
    'allow',
  ],
  ['another end', { ...GOOD, exp: S + 500 }, 'allow'],
  ['an end that has come', { ...GOOD, iat: S - 90, exp: S - 31 }, 'authn.expired'],
];

describe('C-032: the same identity with a token that has', () => {
  for (const [name, claims, want] of changes) {
    it(`${name} is decided anew, and so is the first one again: ${want}`, () => {
      const ask = startEvaluator();
      const first = ask(GOOD);
      assert.deepEqual(first, { result: 'allow', misses: 1, id: 'ci#repo:acme/app' });
      const changed = ask(claims);
      assert.deepEqual([changed.result, changed.misses], [want, 1], 'it was verified now');
      if (want !== 'authn.expired') assert.equal(changed.id, first.id);
      assert.deepEqual(ask(GOOD), { ...first, misses: 0 });
      assert.deepEqual(ask(claims), { ...changed, misses: 0 });
    });
  }
});
