// Where a request is decided: in place what is small while this thread is not behind, else the
// pool.

import assert from 'node:assert/strict';
import { DispatchingChecker } from '../../workers/dispatching_checker.ts';
import { readResponse } from '../support/check_response.ts';
import { type Call, encodeCall } from '../support/mesh.ts';
import { LOCAL, noDeadline, type PoolStage, startPool } from './pool_stage.ts';

const KiB = 1024;
const MiB = 1024 * KiB;
const A_TURN = 16;

describe('the dispatcher', () => {
  let stage: PoolStage;
  let dispatcher: DispatchingChecker;
  let inPlaceRequests = 0;
  before(async () => {
    stage = await startPool({ real: true });
  });
  after(() => dispatcher.close());
  beforeEach(() => {
    inPlaceRequests = 0;
    dispatcher = new DispatchingChecker(stage.inPlace, stage.pool, () => {
      inPlaceRequests++;
    });
  });

  const check = (bytes: Buffer): Buffer | Promise<Buffer> =>
    dispatcher.check(bytes, LOCAL, noDeadline());

  /** A message of exactly this size. */
  function sized(size: number, call: Call = {}): Buffer {
    const padded = (filler: number): Buffer =>
      encodeCall({ ...call, headers: { 'x-filler': 'x'.repeat(filler) } });
    // The lengths of its parts take a few bytes more or less, so that one more step finds it.
    let filler = size;
    for (let step = 0; step < 4; step++) filler += size - padded(filler).length;
    const message = padded(filler);
    assert.equal(message.length, size);
    return message;
  }

  const sizes: { name: string; size: number; inPlace: boolean; want: string }[] = [
    { name: '1 KiB', size: KiB, inPlace: true, want: 'allow' },
    { name: '16 KiB', size: 16 * KiB, inPlace: true, want: 'allow' },
    { name: '16 KiB and a byte', size: 16 * KiB + 1, inPlace: false, want: 'allow' },
    { name: '4 MiB', size: 4 * MiB, inPlace: false, want: 'allow' },
    { name: '4 MiB and a byte', size: 4 * MiB + 1, inPlace: true, want: 'ctx.malformed_too_large' },
  ];
  for (const { name, size, inPlace, want } of sizes) {
    it(`decides ${name} ${inPlace ? 'in place' : 'on the pool'}`, async () => {
      const inPool = stage.pool.counters.requests;
      const answer = check(sized(size));
      assert.equal(answer instanceof Promise, !inPlace);
      assert.equal(readResponse(await answer).result, want);
      assert.equal(inPlaceRequests, inPlace ? 1 : 0);
      assert.equal(stage.pool.counters.requests - inPool, inPlace ? 0 : 1);
    });
  }

  it('sends to the pool what queues up within one turn', async () => {
    const inPool = stage.pool.counters.requests;
    const answers = Array.from({ length: 50 }, () => check(encodeCall()));
    assert.deepEqual(
      answers.map((answer) => answer instanceof Promise),
      answers.map((_, index) => index >= A_TURN),
    );
    for (const answer of answers) assert.equal(readResponse(await answer).result, 'allow');
    assert.equal(inPlaceRequests, A_TURN);
    assert.equal(stage.pool.counters.requests - inPool, 50 - A_TURN);
  });

  it('decides in place again in the next turn', async () => {
    for (let index = 0; index < A_TURN + 1; index++) check(encodeCall());
    await new Promise((resolve) => setImmediate(resolve));
    assert.ok(check(encodeCall()) instanceof Buffer);
  });

  it('accepts work while the pool does', () => {
    assert.equal(dispatcher.canAcceptWork(), stage.pool.canAcceptWork());
  });
});
