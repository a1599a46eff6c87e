// C-083: an identity that several share reads what anybody inside may see, and does no more unless
// the workload that uses it shows itself; then both stand in evidence.

import assert from 'node:assert/strict';
import {
  type Ask,
  answerTo,
  CHECKOUT,
  type Document,
  identity,
  verdictOn,
} from '../engine/fixture.ts';
import { accessToken, bearer, CI, issuer, mesh, rule } from './token_fixture.ts';

const SHARED: Document = {
  ...CI,
  spec: { ...(CI['spec'] as object), kind: 'workload', shared: true },
};
const ALL = rule('all', { from: { principals: ['ci#repo:acme/app'] } });
const shared = (read: Document = {}) =>
  mesh([issuer(), SHARED, identity(CHECKOUT)], [ALL], { read });
const alone = bearer(accessToken());
const accompanied: Ask = { ...alone, caller: CHECKOUT };

describe('an identity that many share', () => {
  for (const [name, http, read, want] of [
    ['reads', 'GET /a', {}, 'allow'],
    ['does not write', 'POST /a', {}, 'authz.shared_identity'],
    ['does not invoke', 'GET /a', { verb: 'invoke' }, 'authz.shared_identity'],
    ['reads nothing confidential', 'GET /a', { dataClass: 'confidential' }, 'authn.assurance'],
  ] as const) {
    it(`${name} by itself: ${want}`, () => {
      assert.equal(answerTo(shared(read), { ...alone, http }), want);
    });
  }

  it('writes beside the workload that uses it, and both stand in evidence', () => {
    const { decision, principal, evidence } = verdictOn(shared(), {
      ...accompanied,
      http: 'POST /a',
    });
    assert.equal(decision.outcome, 'allow');
    assert.equal(principal?.id, 'ci#repo:acme/app');
    assert.deepEqual(
      evidence.others.map(({ subject }) => subject),
      [CHECKOUT],
    );
  });

  it('is nobody beside a workload that the inventory does not know', () => {
    const stranger = 'spiffe://prod.example/ns/x/sa/stranger';
    const answer = answerTo(shared(), { ...accompanied, caller: stranger, http: 'POST /a' });
    assert.equal(answer, 'authn.identity_conflict');
  });
});
