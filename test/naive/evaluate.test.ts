// The specification by hand: sentences of docs/semantics.md, each with the answer computed from the
// page alone. The naive evaluator has to give it; test/agreement asks the engine the same.

import assert from 'node:assert/strict';
import { EFFECT_CASES } from '../agreement/by_hand/effect_cases.ts';
import { FLOOR_CASES } from '../agreement/by_hand/floor_cases.ts';
import { ORDER_CASES } from '../agreement/by_hand/order_cases.ts';
import { OUTCOME_CASES } from '../agreement/by_hand/outcome_cases.ts';
import { WHAT_CASES } from '../agreement/by_hand/what_cases.ts';
import { WHERE_CASES } from '../agreement/by_hand/where_cases.ts';
import type { Doc } from '../agreement/vocabulary.ts';
import { decideIn } from '../agreement/world.ts';

const CASES = {
  'up to the operation': ORDER_CASES,
  'before the rules': FLOOR_CASES,
  'where and when': WHERE_CASES,
  'who and what': WHAT_CASES,
  'of what matches': OUTCOME_CASES,
  'of what follows': EFFECT_CASES,
};

for (const [about, cases] of Object.entries(CASES)) {
  describe(`the naive evaluator, ${about},`, () => {
    for (const { name, want, ...world } of cases) {
      it(name, () => {
        const decided = decideIn(world);
        if (typeof want === 'string') {
          assert.equal(decided.reason ?? 'allow', want);
          assert.equal(decided.outcome, want === 'allow' ? 'allow' : 'deny');
          return;
        }
        const result: Partial<Record<string, unknown>> = { ...decided };
        const told = Object.fromEntries(Object.keys(want).map((key) => [key, result[key]]));
        assert.deepEqual(told, want);
      });
    }
  });
}

const FRONT = 'spiffe://td.example/ns/shop/sa/front';
const front = (exports: readonly string[]): Doc => ({
  kind: 'Service',
  metadata: { name: 'front', namespace: 'shop' },
  spec: { destinations: [FRONT], operations: { see: { http: 'GET /docs/{doc}' } }, exports },
});

describe('the naive evaluator, of what a bundle should not say,', () => {
  const from = { trustDomains: ['td.example'] };
  const reason = (service: string, exports: readonly string[]) => {
    const rules = [{ id: 'a', effect: 'permit', from, to: { services: [service] } }];
    return decideIn({ rules, documents: [front(exports)], destination: FRONT }).reason;
  };

  it('reaches a service of another namespace by no pattern', () => {
    assert.equal(reason('shop/front', ['pay']), undefined);
    assert.equal(reason('shop/fr*', ['pay']), 'authz.no_match');
  });

  it('reaches a service of another namespace only where it is exported there', () => {
    assert.equal(reason('shop/front', ['*']), undefined);
    assert.equal(reason('shop/front', ['ai']), 'authz.no_match');
  });

  it('takes no forbid away that is not suspendable', () => {
    const rules = [{ id: 'f', effect: 'forbid', from: {}, to: {} }];
    const exception: Doc = {
      kind: 'Exception',
      metadata: { name: 'inc', namespace: 'pay', owner: 'sre' },
      spec: { reason: 'x', expiresAt: '2026-12-01T00:00:00Z', suspends: ['pay/p/f'], from, to: {} },
    };
    const decided = decideIn({ rules, documents: [exception] });
    assert.deepEqual([decided.reason, decided.rules], ['authz.forbidden', ['pay/p/f']]);
  });
});

describe('the naive evaluator, of what is near,', () => {
  const permit = { id: 'a', effect: 'permit', from: { trustDomains: ['td.example'] } };

  it('names no dimension of a permit that fails in two', () => {
    const rules = [{ ...permit, to: { verbs: ['write'], resources: ['doc/2'] } }];
    assert.equal(decideIn({ rules }).reason, 'authz.no_match');
  });

  it('names the first dimension of the table', () => {
    const rules = [
      { ...permit, to: { resources: ['doc/2'] } },
      { ...permit, id: 'b', to: { verbs: ['write'] } },
    ];
    assert.equal(decideIn({ rules }).reason, 'authz.resource');
  });
});
