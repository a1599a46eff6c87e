// Long work on a thread that serves: a few milliseconds at a time, and requests in between.

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Steps } from '../engine/steps.ts';

/** A request that comes at the beginning of a slice waits for its end. */
const SLICE_MS = 2;

/** One slice of it; undefined when there is more to do. */
export function runSlice<R extends object>(steps: Steps<R>): R | undefined {
  const until = performance.now() + SLICE_MS;
  do {
    const step = steps.next();
    if (step.done) return step.value;
  } while (performance.now() < until);
  return undefined;
}

/** All of it, with a turn of the event loop after each slice. */
export async function runInSlices<R extends object>(steps: Steps<R>): Promise<R> {
  for (;;) {
    const result = runSlice(steps);
    if (result !== undefined) return result;
    await nextTurn();
  }
}
