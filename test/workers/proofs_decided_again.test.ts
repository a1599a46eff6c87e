// A proof of possession is good once, for one request; and that request may be decided more than
// once, because keys or policy changed meanwhile. It must not be refused for having come before.

import assert from 'node:assert/strict';
import { packKeys } from '../../engine/key_image.ts';
import { SharedUsedProofs } from '../../workers/used_proofs.ts';
import { readResponse } from '../support/check_response.ts';
import { makeImage } from '../support/mesh.ts';
import { callBy, ROTATING_MESH, tokenBundles } from '../workload_api/rotating_mesh.ts';
import { LOCAL, noDeadline, type PoolStage, startPool } from './pool_stage.ts';

const MESH = 'mesh.example';
const text = tokenBundles([0]).bundles[`spiffe://${MESH}`]!.toString();
const set = { kind: 'jwt_bundle', owner: MESH, origin: '', state: 'fresh', text } as const;
const keysOf = (version: number) => packKeys(version, [{ ...set, sinceMs: version }]);

describe('a request with a proof of possession, in a pool (C-096)', () => {
  let stage: PoolStage;
  const first = keysOf(1);
  beforeEach(async () => {
    stage = await startPool({ real: true, image: makeImage(ROTATING_MESH), keys: first });
  });
  afterEach(() => stage.close());

  const ask = async (bytes: Buffer): Promise<string> =>
    readResponse(await stage.pool.check(bytes, LOCAL, noDeadline())).result;

  /** Another version is in force from the next look but one on. */
  function changeMeanwhile(): void {
    const next = keysOf(2);
    let looks = 0;
    Object.defineProperty(stage.images, 'keys', { get: () => (looks++ === 0 ? first : next) });
  }

  it('is allowed when its batch is decided again', async () => {
    changeMeanwhile();
    assert.equal(await ask(callBy('WIT', 0, false)), 'allow');
    assert.equal(stage.pool.counters.batches, 2);
  });

  it('is refused when another has used its proof, also when it is decided again', async () => {
    const bytes = callBy('WIT', 0, false);
    assert.equal(await ask(bytes), 'allow');
    assert.equal(await ask(bytes), 'authn.replay');
    changeMeanwhile();
    assert.equal(await ask(bytes), 'authn.replay');
    assert.equal(stage.pool.counters.batches, 4);
  });

  it('is allowed once of two with one proof in a batch that is decided again', async () => {
    const bytes = callBy('WIT', 0, false);
    changeMeanwhile();
    const results = await Promise.all([ask(bytes), ask(bytes), ask(callBy('WIT', 0, false))]);
    assert.deepEqual(results.sort(), ['allow', 'allow', 'authn.replay']);
    assert.equal(stage.pool.counters.batches, 2);
  });
});

describe('proofs that were used (C-096)', () => {
  const NOW = 1_000_000;
  const UNTIL = NOW + 90_000;

  it('are fresh again for the request that used them, and for nobody else', () => {
    const used = new SharedUsedProofs();
    const other = new SharedUsedProofs(used.buffer);
    const own = used.numbers(2);
    assert.equal(used.use('a', UNTIL, NOW, own), 'fresh');
    assert.equal(other.use('a', UNTIL, NOW, own), 'fresh', 'on another thread');
    assert.equal(used.use('a', UNTIL, NOW, own + 1n), 'used', 'beside it in the batch');
    assert.equal(used.use('a', UNTIL, NOW), 'used');
    assert.equal(used.use('a', UNTIL, NOW, own), 'fresh', 'whoever has tried meanwhile');
  });

  it('are used, and nobody’s, when a request without a number used them', () => {
    const used = new SharedUsedProofs();
    assert.equal(used.use('a', UNTIL, NOW), 'fresh');
    assert.equal(used.use('a', UNTIL, NOW), 'used');
    assert.equal(used.use('a', UNTIL, NOW, used.numbers(1)), 'used');
  });

  it('give no number twice, on whichever thread', () => {
    const used = new SharedUsedProofs();
    const other = new SharedUsedProofs(used.buffer);
    const numbers = [used.numbers(3), other.numbers(2), used.numbers(1), other.numbers(1)];
    assert.deepEqual(numbers, [1n, 4n, 6n, 7n]);
  });
});
