// What a client can make as long as it likes has to cost in proportion: shown as a ratio of two
// runs on one machine, because no bound in milliseconds holds on all of them.

import assert from 'node:assert/strict';

const TIMES = 4;
/** Proportional is 4, quadratic 16. */
const RATIO_MAX = 9;
const RUNS = 7;

/** The fastest of several runs: whatever else the machine does only makes runs slower. */
export function fastestMs(run: () => void): number {
  let fastest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < RUNS; i++) {
    const started = performance.now();
    run();
    fastest = Math.min(fastest, performance.now() - started);
  }
  return fastest;
}

/** @param make what is looked at, of a size; it is made outside of what is measured */
export function assertProportional<T>(
  size: number,
  make: (size: number) => T,
  look: (it: T) => void,
): void {
  const small = make(size);
  const large = make(TIMES * size);
  const ratio = fastestMs(() => look(large)) / fastestMs(() => look(small));
  assert.ok(ratio < RATIO_MAX, `${TIMES} times as much took ${ratio.toFixed(1)} times as long`);
}
