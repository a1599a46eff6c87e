// The engine gives the answers that were computed by hand from docs/semantics.md, and those of the
// naive evaluator to the last detail.

import assert from 'node:assert/strict';
import { EFFECT_CASES } from './by_hand/effect_cases.ts';
import { FLOOR_CASES } from './by_hand/floor_cases.ts';
import { ORDER_CASES } from './by_hand/order_cases.ts';
import { OUTCOME_CASES } from './by_hand/outcome_cases.ts';
import { WHAT_CASES } from './by_hand/what_cases.ts';
import { WHERE_CASES } from './by_hand/where_cases.ts';
import { agree, decideBoth, load } from './comparison.ts';
import { askerOf, documentsOf, requestOf, settingsOf, timeOf } from './world.ts';

const CASES = [
  ...ORDER_CASES,
  ...FLOOR_CASES,
  ...WHERE_CASES,
  ...WHAT_CASES,
  ...OUTCOME_CASES,
  ...EFFECT_CASES,
];

describe('the engine, by hand,', () => {
  for (const { name, want, ...world } of CASES) {
    it(name, () => {
      const pair = load(documentsOf(world), settingsOf(world));
      const both = decideBoth(pair, requestOf(world), askerOf(world), timeOf(world));
      const reason = typeof want === 'string' ? want : both.naive.reason;
      assert.equal(both.engine.reason ?? 'allow', reason ?? 'allow');
      assert.ok(agree(both), JSON.stringify(both, undefined, 1));
    });
  }
});
