// A snapshot is built in slices, so that a thread that serves does not stand still (DESIGN
// section 4); what comes out is the same.

import assert from 'node:assert/strict';
import { snapshotInSteps, snapshotOf } from '../../engine/bundle_image.ts';
import { runAll, type Steps } from '../../engine/steps.ts';
import { runInSlices, runSlice } from '../../workers/slices.ts';
import { makeImage } from '../support/mesh.ts';

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

  it('builds a snapshot with a step for each document and rule', async () => {
    const image = makeImage();
    let count = 0;
    const steps = snapshotInSteps(image);
    for (let step = steps.next(); !step.done; step = steps.next()) count++;
    assert.ok(count >= image.counts.documents + image.counts.rules);
    const sliced = await runInSlices(snapshotInSteps(image));
    assert.equal(sliced.policy.digest, snapshotOf(image).policy.digest);
    assert.equal(sliced.policy.ruleCount, image.counts.rules);
  });
});
