// An image is hashed in slices, so that a thread that serves does not stand still (DESIGN
// section 4); what comes out is the same.

import assert from 'node:assert/strict';
import type { BundleImage } from '../../engine/bundle_image.ts';
import { KiB } from '../../engine/limits.ts';
import { openInSteps, openSnapshot } from '../../engine/snapshot.ts';
import { runAll, type Steps } from '../../engine/steps.ts';
import { runInSlices, runSlice } from '../../workers/slices.ts';
import { BUNDLE, makeImage } from '../support/mesh.ts';

function* spin(steps: number, stepMs: number): Steps<{ readonly steps: number }> {
  for (let count = 0; count < steps; count++) {
    const until = performance.now() + stepMs;
    while (performance.now() < until);
    yield;
  }
  return { steps };
}

describe('long work on a thread that serves', () => {
  it('lets the event loop turn between its slices', async () => {
    let turns = 0;
    let isDone = false;
    const turn = (): void => {
      turns++;
      if (!isDone) setImmediate(turn);
    };
    setImmediate(turn);
    assert.deepEqual(await runInSlices(spin(40, 1)), { steps: 40 });
    isDone = true;
    assert.ok(turns >= 10, `${turns} turns`);
  });

  it('goes on where the last slice ended', () => {
    const steps = spin(3, 5);
    assert.equal(runSlice(steps), undefined);
    assert.equal(runSlice(steps), undefined);
    assert.equal(runSlice(steps), undefined);
    assert.deepEqual(runSlice(steps), { steps: 3 });
  });

  it('fails as it would in one go', async () => {
    function* failing(): Steps<object> {
      yield;
      throw new Error('a bug of ours');
    }
    await assert.rejects(runInSlices(failing()), /a bug of ours/);
    assert.throws(() => runAll(failing()), /a bug of ours/);
  });

  it('opens an image with a step for each part that is hashed', async () => {
    const image = largeImage();
    let count = 0;
    const steps = openInSteps(image);
    for (let step = steps.next(); !step.done; step = steps.next()) count++;
    assert.equal(count, Math.ceil(image.bytes.byteLength / (256 * KiB)));
    assert.ok(count > 2, `${count} steps`);
    const sliced = await runInSlices(openInSteps(image));
    assert.equal(sliced.policy.digest, openSnapshot(image).policy.digest);
    assert.equal(sliced.policy.rules.size, image.counts.rules);
  });

  it('opens no image that differs in one bit from what was checked', () => {
    const image = makeImage();
    const { byteLength } = image.bytes;
    for (const at of [0, 8, byteLength >> 1, byteLength - 1]) {
      const bytes = new SharedArrayBuffer(byteLength);
      new Uint8Array(bytes).set(new Uint8Array(image.bytes));
      new Uint8Array(bytes)[at]! ^= 1;
      assert.throws(() => openSnapshot({ ...image, bytes }), /damaged/, `byte ${at}`);
    }
    assert.equal(openSnapshot(image).policy.digest, image.policyDigest);
  });
});

function largeImage(): BundleImage {
  const rules = Array.from({ length: 3000 }, (_, index) => {
    return `  - {id: r${index}, effect: permit, from: {principals: ["spiffe://a/${index}"]}, to: {}}`;
  });
  const policy = 'kind: Policy\nmetadata: {name: many, namespace: pay}\nspec:\n  rules:\n';
  return makeImage({ ...BUNDLE, 'many.yaml': policy + rules.join('\n') });
}
