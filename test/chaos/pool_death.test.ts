// A pool whose workers die at random under load: every request is answered, what a dead worker had
// with `sys.worker_lost`, and nobody is allowed what the policy does not permit.

import assert from 'node:assert/strict';
import { Random, seedOfRun } from '../agreement/random.ts';
import { readResponse } from '../support/check_response.ts';
import { encodeCall, WAYS } from '../support/mesh.ts';
import { DIE, EXHAUST, THROW } from '../workers/mortal_commands.ts';
import { LOCAL, noDeadline, startPool } from '../workers/pool_stage.ts';

const ROUNDS = 60;
const REQUESTS_A_ROUND = 50;
const LOST = 'sys.worker_lost';

describe('a pool whose workers die at random', () => {
  it('answers every request, and allows nothing that the policy does not', async function () {
    this.timeout(60_000);
    const seed = seedOfRun();
    console.log(`      REMIT_SEED=${seed}`);
    const random = new Random(seed);
    const stage = await startPool({ threads: 2 });
    const counts = new Map<string, number>();
    try {
      for (let round = 0; round < ROUNDS; round++) {
        const deadly = random.chance(0.3) ? random.pick([DIE, EXHAUST, THROW]) : undefined;
        const asked = Array.from({ length: REQUESTS_A_ROUND }, () => random.pick(WAYS));
        const answers = asked.map(async ({ call, want }) => {
          const bytes = await stage.pool.check(encodeCall(call), LOCAL, noDeadline());
          return { want, got: readResponse(bytes).result };
        });
        if (deadly !== undefined) {
          const bytes = await stage.pool.check(Buffer.from(deadly), LOCAL, noDeadline());
          assert.equal(readResponse(bytes).result, LOST);
        }
        for (const { want, got } of await Promise.all(answers)) {
          assert.ok(got === want || got === LOST, `${got} where ${want} was right`);
          counts.set(got, (counts.get(got) ?? 0) + 1);
        }
      }
    } finally {
      await stage.close();
    }
    const answered = [...counts.values()].reduce((sum, count) => sum + count, 0);
    assert.equal(answered, ROUNDS * REQUESTS_A_ROUND);
    assert.ok((counts.get('allow') ?? 0) > 0);
    assert.ok(stage.pool.counters.workersLost > 0);
    assert.equal(stage.outputs.decisions.length, stage.outputs.evidence.length);
  });
});
