// `remit explain` on every denial of the examples: the dimension that failed is named, and the
// change that is told flips the outcome, decided once more here.

import assert from 'node:assert/strict';
import { considerRules } from '../../cli/explain/considered.ts';
import { findFlip } from '../../cli/explain/find_flip.ts';
import { decideChanged } from '../../cli/explain/situation.ts';
import { rehearse } from '../../cli/rehearsal/rehearse.ts';
import { type PlannedCase, plannedCases } from '../../cli/rehearsal/run_tests.ts';
import { isSingle, reasonOf } from '../../engine/policy/dimension.ts';
import { EXAMPLES, type Loaded, load } from './load_example.ts';

const REASONS_MIN = 20;

/** Where more than one thing would have to be otherwise, so that no change of one flips it. */
const UNFLIPPED: ReadonlySet<string> = new Set([
  'ci/deploy/a pull request deploys to staging',
  'ci/deploy/a branch that no entry knows deploys to staging',
  'ci/images/a pull request, whose credential is not meant for the signer',
  'ops/roles/somebody who left and whose entry is gone',
  'partner/carriers/another workload of the partner, which nobody entered',
  'partner/carriers/a workload of the partner in our trust domain’s clothes',
  'sec/three-powers/who delegates, does not read',
  'sec/three-powers/who delegates, does not rotate',
  'sec/one-step-further/the secret by an encoded slash',
  'shop/orders/a workload of the right name in a trust domain that nobody vouches for',
  'shop/orders/a workload that stands in no inventory',
]);

/** Reasons that one dimension of a permit gives. */
const BY_DIMENSION =
  /^authz\.(boundary|environment|time_window|runtime|verb|resource|role|condition)$/;

function explain({ it, namespace, now }: PlannedCase, origin: Loaded) {
  const rehearsal = { request: it.request, namespace, now: Date.parse(now ?? '') };
  const verdict = rehearse(rehearsal, origin.snapshot);
  const rules = considerRules(verdict, origin.snapshot);
  const flip = findFlip({ rehearsal, verdict, rules }, origin);
  const again = typeof flip === 'number' ? undefined : flip.change;
  return { verdict, rules, flipped: again && decideChanged(again, rehearsal, origin) };
}

describe('remit explain, on the denials of the examples', () => {
  const flippedReasons = new Set<string>();

  for (const name of EXAMPLES) {
    it(`${name}: names the dimension that failed, and a change that flips the outcome`, () => {
      const origin = load(name);
      for (const planned of plannedCases(origin.bundle)) {
        if (planned.it.expect.outcome !== 'deny') continue;
        const id = `${planned.test}/${planned.it.name}`;
        const { verdict, rules, flipped } = explain(planned, origin);
        const { reason = '' } = verdict.decision;
        if (BY_DIMENSION.test(reason)) {
          const single = rules.filter(({ failed, rule }) => {
            return rule.effect === 'permit' && isSingle(failed) && reasonOf(failed) === reason;
          });
          assert.ok(single.length > 0, `${id}: no permit fails in ${reason} alone`);
        }
        assert.equal(flipped === undefined, UNFLIPPED.has(id), id);
        if (flipped === undefined) continue;
        assert.equal(flipped.decision.outcome, 'allow', id);
        flippedReasons.add(reason);
      }
    });
  }

  it(`flips denials of at least ${REASONS_MIN} different reasons`, () => {
    assert.ok(flippedReasons.size >= REASONS_MIN, [...flippedReasons].sort().join(', '));
  });
});
