// What a pool does when it is full, late, or loses a worker: it refuses, at once and on the record,
// and goes on (C-111).

import assert from 'node:assert/strict';
import type { PoolCounters } from '../../workers/pool_counters.ts';
import { type Answered, readResponse } from '../support/check_response.ts';
import { encodeCall } from '../support/mesh.ts';
import { until } from '../support/wait.ts';
import { DIE, EXHAUST, THROW, WAIT } from './mortal_commands.ts';
import { LOCAL, noDeadline, type PoolStage, startPool } from './pool_stage.ts';

const WAITING_PER_WORKER_MAX = 2048;

let stage: PoolStage;

async function check(bytes: Buffer | string, deadlineMs = noDeadline()): Promise<Answered> {
  return readResponse(await stage.pool.check(Buffer.from(bytes as string), LOCAL, deadlineMs));
}

describe('a pool that loses a worker', () => {
  beforeEach(async () => {
    stage = await startPool();
  });
  afterEach(() => stage.close());

  const deaths: { name: string; command: string }[] = [
    { name: 'ends by itself', command: DIE },
    { name: 'exhausts its heap', command: EXHAUST },
  ];
  for (const { name, command } of deaths) {
    it(`answers sys.worker_lost for what a worker had that ${name}, and replaces it`, async () => {
      const { pool, outputs } = stage;
      const answers = await Promise.all([check(encodeCall()), check(command), check(encodeCall())]);
      for (const answer of answers) {
        assert.equal(answer.result, 'sys.worker_lost');
        assert.equal(answer.http, 503);
        assert.equal(answer.allowed, false);
      }
      assert.deepEqual(outputs.results, Array(3).fill('sys.worker_lost'));
      assert.deepEqual(
        outputs.evidence.map(({ result }) => result),
        Array(3).fill('not_evaluated'),
      );
      assert.equal(pool.counters.workersLost, 1);

      assert.equal((await check(encodeCall())).result, 'allow', 'the new worker decides');
      assert.equal(outputs.recorded, 4);
      assert.equal(pool.counters.inFlight, 0);
    });
  }

  it('runs nothing again that a lost worker had: one of them may be the poison', async () => {
    await check(DIE);
    assert.equal((await check(encodeCall())).result, 'allow');
    assert.equal(stage.pool.counters.workersLost, 1);
    assert.equal(stage.pool.counters.requests, 2);
  });

  it('survives one death after the other', async () => {
    for (let death = 1; death <= 2; death++) {
      assert.equal((await check(DIE)).result, 'sys.worker_lost');
      assert.equal(stage.pool.counters.workersLost, death);
    }
    assert.equal((await check(encodeCall())).result, 'allow');
  });

  it('denies what a worker throws at, which lives on', async () => {
    assert.equal((await check(THROW)).allowed, false);
    assert.equal((await check(encodeCall())).result, 'allow');
    assert.equal(stage.pool.counters.workersLost, 0);
    assert.deepEqual(stage.outputs.results, ['sys.worker_lost', 'allow']);
  });
});

describe('a pool that is full or late', () => {
  let earlier: PoolCounters;
  before(async () => {
    stage = await startPool();
  });
  after(() => stage.close());
  beforeEach(() => {
    stage.closeGate();
    stage.outputs.clear();
    earlier = { ...stage.pool.counters };
  });

  it('refuses sys.overloaded at once when it is full, and accepts again when it is not', async () => {
    const { pool, outputs } = stage;
    const accepted = Array.from({ length: WAITING_PER_WORKER_MAX }, () => {
      assert.ok(pool.canAcceptWork());
      return check(encodeCall());
    });
    assert.equal(pool.canAcceptWork(), false);
    assert.equal(pool.counters.inFlight, WAITING_PER_WORKER_MAX);
    const refused = pool.check(encodeCall(), LOCAL, noDeadline());
    assert.ok(!(refused instanceof Promise), 'the answer is there without a wait');
    assert.equal(readResponse(refused).result, 'sys.overloaded');
    assert.equal(pool.counters.refused - earlier.refused, 1);
    assert.deepEqual(outputs.results, ['sys.overloaded']);

    assert.ok((await Promise.all(accepted)).every(({ result }) => result === 'allow'));
    await until(() => pool.canAcceptWork());
    assert.equal((await check(encodeCall())).result, 'allow');
    assert.equal(outputs.recorded, WAITING_PER_WORKER_MAX + 2);
  });

  it('answers sys.deadline when a deadline passes, and drops the late answer with its records', async () => {
    const { pool, outputs } = stage;
    const late = await check(WAIT, Date.now() + 20);
    assert.equal(late.result, 'sys.deadline');
    assert.equal(late.http, 503);
    assert.equal(pool.counters.expired - earlier.expired, 1);
    assert.deepEqual(outputs.results, ['sys.deadline']);
    assert.equal(pool.counters.inFlight, 1, 'the pool is not done with it');

    stage.openGate();
    await check(encodeCall());
    // One worker answers in order, so the late answer has come and gone.
    assert.deepEqual(outputs.results, ['sys.deadline', 'allow']);
    assert.equal(outputs.counts.length, 2);
    await until(() => pool.counters.inFlight === 0);
  });

  it('lets a request wait for its own deadline, whatever others of its batch may', async () => {
    const { pool, outputs } = stage;
    const patient = check(encodeCall());
    const hasty = check(encodeCall(), Date.now() + 20);
    const held = check(WAIT);
    assert.equal((await hasty).result, 'sys.deadline');
    assert.equal(pool.counters.batches - earlier.batches, 1);
    assert.equal(pool.counters.expired - earlier.expired, 1);
    stage.openGate();
    assert.equal((await patient).result, 'allow');
    assert.equal((await held).result, 'ctx.malformed_request');
    assert.deepEqual(outputs.results, ['sys.deadline', 'allow', 'ctx.malformed_request']);
  });

  it('answers sys.deadline to what comes after its deadline', async () => {
    const held = check(WAIT);
    assert.equal((await check(encodeCall(), Date.now() - 1)).result, 'sys.deadline');
    stage.openGate();
    await held;
  });

  it('takes no deadline for one that has passed because it is very far away', async () => {
    const far = check(encodeCall(), Number.MAX_SAFE_INTEGER);
    assert.equal((await far).result, 'allow');
    assert.equal((await check(encodeCall(), Number.POSITIVE_INFINITY)).result, 'allow');
    assert.equal(stage.pool.counters.expired, earlier.expired);
  });
});

describe('the end of a pool', () => {
  beforeEach(async () => {
    stage = await startPool();
  });
  afterEach(() => stage.close());

  it('answers what it holds when it is closed', async () => {
    const { pool } = stage;
    const held = [check(WAIT), check(encodeCall())];
    await until(() => pool.counters.batches === 1);
    const closed = pool.close();
    stage.openGate();
    assert.deepEqual(
      (await Promise.all(held)).map(({ result }) => result),
      ['ctx.malformed_request', 'allow'],
    );
    await closed;
    assert.equal(pool.counters.workersLost, 0);
  });

  it('does not wait for ever for a worker that hangs when it is closed', async () => {
    const held = check(WAIT);
    await until(() => stage.pool.counters.batches === 1);
    await stage.pool.close();
    assert.equal((await held).result, 'sys.worker_lost');
  });
});
