// C-059 C-096: a proof of possession is good once, whichever thread it comes to; what has no room
// to be remembered counts as no proof.

import assert from 'node:assert/strict';
import { Evaluator } from '../../workers/evaluator.ts';
import type { UsedProofs } from '../../workers/possessions.ts';
import { SharedUsedProofs } from '../../workers/used_proofs.ts';
import { Random } from '../agreement/random.ts';
import { CHECKOUT, NOW, PAYMENTS, policy, service } from '../engine/fixture.ts';
import { bytesOf } from '../envoy/fixture.ts';
import { enforcer, ISSUERS, identity, loaded } from '../properties/bundles.ts';
import { askOf, ORIGIN, type Shown } from '../properties/credentials.ts';
import { readResponse } from '../support/check_response.ts';

const SNAPSHOT = loaded([
  ...ISSUERS,
  identity(['checkout', { spiffe: CHECKOUT }]),
  identity(['alice', { issuer: 'idp', subject: 'alice' }]),
  enforcer(['principal']),
  service('payments', {
    ...{ destinations: [PAYMENTS], origin: ORIGIN, operations: { a: { http: 'GET /a' } } },
  }),
  policy('p', [{ id: 'all', effect: 'permit', from: { kinds: ['workload'] }, to: {} }]),
]);
const PROOFS: readonly (readonly [name: string, shown: Shown])[] = [
  ['DPoP', { token: { kind: 'access', subject: 'alice', binding: 'dpop' } }],
  ['WPT', { wit: CHECKOUT }],
];

/** Of one thread. */
function evaluator(used: UsedProofs): Evaluator {
  const onInternalError = (error: unknown) => {
    throw error;
  };
  return new Evaluator(SNAPSHOT, { now: () => NOW, onInternalError, used });
}

async function result(thread: Evaluator, shown: Shown): Promise<string> {
  const { proof = {} } = askOf(shown, 'GET /a');
  const bytes = bytesOf({ caller: '', http: 'GET /a', headers: proof });
  return readResponse((await thread.evaluate(bytes, { kind: 'local' })).response).result;
}

describe('a proof of possession that was used', () => {
  for (const [name, shown] of PROOFS) {
    it(`is authn.replay on its own thread and on every other one: ${name}`, async () => {
      const used = new SharedUsedProofs();
      const threads = [evaluator(used), evaluator(new SharedUsedProofs(used.buffer))] as const;
      assert.equal(await result(threads[0], shown), 'allow');
      assert.equal(await result(threads[1], shown), 'authn.replay');
      assert.equal(await result(threads[0], shown), 'authn.replay');
    });

    it(`is sys.overloaded where there is no room to remember it: ${name}`, async () => {
      assert.equal(await result(evaluator({ use: () => 'full' }), shown), 'sys.overloaded');
    });
  }

  it('is remembered until it is refused for its age, and not for ever', () => {
    const used = new SharedUsedProofs();
    const until = NOW + 90_000;
    const uses = [NOW, NOW + 1, until - 1, until].map((now) => used.use('a', until, now));
    assert.deepEqual(uses, ['fresh', 'used', 'used', 'used']);
    assert.equal(used.use('a', until + 100_000, until + 3_000), 'fresh');
  });

  it('is never forgotten for another one: where too many come there is no room', () => {
    const used = new SharedUsedProofs();
    const random = new Random(1);
    const keys = Array.from({ length: 80_000 }, () => String(random.next()));
    const first = keys.map((key) => used.use(key, NOW + 90_000, NOW));
    assert.ok(first.includes('full'));
    for (const [at, key] of keys.entries()) {
      if (first[at] === 'fresh') assert.equal(used.use(key, NOW + 90_000, NOW), 'used');
    }
  });
});
