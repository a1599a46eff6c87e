// `remit explain`: for each reason that rules give, the dimension that failed is named, and the
// change that is told flips the outcome: decided once more here.

import assert from 'node:assert/strict';
import { namesOf } from '../../engine/policy/dimension.ts';
import { DENIALS, one, read, refund } from './denials.ts';
import { explained, id, originOf, POLICIES } from './fixture.ts';

describe('remit explain: what would flip a denial', () => {
  for (const it_ of DENIALS) {
    const { reason, request, dimension, kind, change } = it_;
    it(`${reason}: ${dimension ?? 'no single dimension'}, ${kind} ${change.source}`, () => {
      const origin = originOf(it_.policies ?? POLICIES, it_.settings);
      const result = explained({ service: 'payments', ...request }, origin);
      const { verdict, rules, flip } = result;
      assert.equal(verdict.decision.reason, reason);
      if (dimension !== undefined) {
        const single = rules.map(({ failed }) => namesOf(failed).join());
        assert.ok(single.includes(dimension), single.join(' | '));
      }
      assert.ok(typeof flip === 'object', `${flip} tried in vain`);
      assert.match(flip.change.text, change);
      assert.equal(flip.change.kind, kind);
      assert.equal(flip.verdict.decision.outcome, 'allow');
      assert.equal(result.again()?.decision.outcome, 'allow');
      // Nothing of it stays: the bundle itself decides as before.
      assert.equal(
        explained({ service: 'payments', ...request }, origin).verdict.decision.reason,
        reason,
      );
    });
  }

  it('of an allow, what would deny it', () => {
    const request = { service: 'payments', principal: id('writer'), ...refund };
    const { verdict, flip, again } = explained(request, originOf(POLICIES));
    assert.equal(verdict.decision.outcome, 'allow');
    assert.ok(typeof flip === 'object');
    assert.match(flip.change.text, /set `request\.body\.amount` to `100`/);
    assert.equal(again()?.decision.outcome, 'deny');
  });

  it('says how many were tried where no single change does it', () => {
    const policies = one('{id: a, effect: forbid, from: {}, to: {}}');
    const request = { service: 'payments', principal: id('stage'), ...read() };
    const { flip } = explained(request, originOf(policies));
    assert.ok(typeof flip === 'number' && flip > 0);
  });
});
