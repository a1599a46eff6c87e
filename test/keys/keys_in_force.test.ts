// An answer leaves only while the keys are in force that its proofs were verified with: on a
// thread, and from the pool.

import assert from 'node:assert/strict';
import { NO_KEY_IMAGE, openKeys, packKeys } from '../../engine/key_image.ts';
import type { KeySets } from '../../engine/key_sets.ts';
import { PASSES_MAX } from '../../engine/limits.ts';
import { Evaluator } from '../../workers/evaluator.ts';
import type { KeySource } from '../../workers/key_holder.ts';
import { readResponse } from '../support/check_response.ts';
import { encodeCall, makeSnapshot } from '../support/mesh.ts';
import { until } from '../support/wait.ts';
import { DIE, WAIT } from '../workers/mortal_commands.ts';
import { LOCAL, noDeadline, type PoolStage, startPool } from '../workers/pool_stage.ts';
import { jwks } from './issuer_server.ts';

function imageOf(version: number, text = jwks(`${version}`)) {
  const set = { kind: 'jwks', owner: 'a', origin: 'u', state: 'fresh', sinceMs: 0, text } as const;
  return packKeys(version, [set]);
}

describe('an evaluator', () => {
  const snapshot = makeSnapshot();
  const versions = [1, 2, 3, 4].map((version) => openKeys(imageOf(version), (_, text) => text));

  /** Keys that change after the first so many looks at them, each time. */
  class Changing implements KeySource {
    changes: number;
    looks = 0;
    #at = 0;

    constructor(changes: number) {
      this.changes = changes;
    }

    get current(): KeySets {
      this.looks++;
      return versions[this.#at]!;
    }

    isCurrent(keys: KeySets): boolean {
      if (this.changes > 0) {
        this.changes--;
        this.#at++;
      }
      return keys === versions[this.#at];
    }

    askFor(): void {
      // Nothing here is asked for.
    }
  }

  const cases: [changes: number, want: string][] = [
    [0, 'allow'],
    [1, 'allow'],
    [PASSES_MAX - 1, 'allow'],
    [PASSES_MAX, 'sys.stale_state'],
  ];
  for (const [changes, want] of cases) {
    it(`answers ${want} when the keys change ${changes} times before the answer leaves`, () => {
      const keys = new Changing(changes);
      const evaluator = new Evaluator(snapshot, { now: Date.now, onInternalError: fail, keys });
      const before = keys.looks;
      const evaluated = evaluator.evaluate(encodeCall(), LOCAL);
      assert.ok(!(evaluated instanceof Promise));
      assert.equal(readResponse(evaluated.response).result, want);
      assert.equal(keys.looks - before, Math.min(changes + 1, PASSES_MAX));
    });
  }
});

describe('a pool', () => {
  let stage: PoolStage;
  afterEach(() => stage.close());

  const wait = (): Promise<string> =>
    Promise.resolve(stage.pool.check(Buffer.from(WAIT), LOCAL, noDeadline())).then(
      (answer) => readResponse(answer).result,
    );
  const sent = (count: number) => until(() => stage.pool.counters.batches === count);

  it('decides a batch again when the keys have changed meanwhile', async () => {
    stage = await startPool({ keys: imageOf(1) });
    const answered = wait();
    await sent(1);
    stage.images.keys = imageOf(2);
    stage.openGate();
    assert.equal(await answered, 'ctx.malformed_request');
    assert.equal(stage.pool.counters.batches, 2);
  });

  it('gives up when they change each time', async () => {
    stage = await startPool({ keys: imageOf(1) });
    let version = 1;
    Object.defineProperty(stage.images, 'keys', { get: () => imageOf(version++) });
    stage.openGate();
    assert.equal(await wait(), 'sys.stale_state');
    assert.equal(stage.pool.counters.batches, PASSES_MAX);
  });

  it('holds keys in every worker before they are in force', async () => {
    stage = await startPool({ threads: 2, real: true });
    const next = imageOf(1);
    await stage.pool.prepareKeys(next);
    stage.images.keys = next;
    await stage.pool.prepareKeys(next);
    const answer = await stage.pool.check(encodeCall(), LOCAL, noDeadline());
    assert.equal(readResponse(answer).result, 'allow');
  });

  const refused: [name: string, image: ReturnType<typeof imageOf>, message: RegExp][] = [
    ['whose bytes are others', { ...imageOf(1), digest: 'sha256:0' }, /damaged/],
    ['that hold no key set', imageOf(1, 'no JSON'), /no JSON/],
  ];
  for (const [name, image, message] of refused) {
    it(`refuses keys ${name}, and goes on with those it has`, async () => {
      stage = await startPool({ real: true });
      await assert.rejects(stage.pool.prepareKeys(image), message);
      const answer = await stage.pool.check(encodeCall(), LOCAL, noDeadline());
      assert.equal(readResponse(answer).result, 'allow');
      assert.equal(stage.images.keys, NO_KEY_IMAGE);
    });
  }

  it('takes keys while its workers die, and each replacement has them', async () => {
    stage = await startPool({ threads: 2 });
    for (let version = 1; version <= 2; version++) {
      const dying = stage.pool.check(Buffer.from(DIE), LOCAL, noDeadline());
      const next = imageOf(version);
      // The death of the worker that is asked fails it; the publisher tries again.
      let isPrepared = false;
      while (!isPrepared) {
        isPrepared = await stage.pool.prepareKeys(next).then(
          () => true,
          () => false,
        );
      }
      stage.images.keys = next;
      assert.equal(readResponse(await dying).result, 'sys.worker_lost');
      const answers = await Promise.all(
        [1, 2, 3, 4].map(() => stage.pool.check(encodeCall(), LOCAL, noDeadline())),
      );
      for (const answer of answers) assert.equal(readResponse(answer).result, 'allow');
    }
  });
});

function fail(error: unknown): never {
  throw error;
}
