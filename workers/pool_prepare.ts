// Makes every worker of a pool build something before it is in force.

import type { Prepared } from './pool_worker.ts';

/** A worker that dies again and again never answers. */
const PREPARE_MS_MAX = 50_000;

/**
 * Piscina chooses the worker, so it is asked until all of them have built it. Between the slices
 * they answer batches.
 *
 * @param ask one worker, whichever is free, for one slice
 */
export async function askEveryWorker(
  threads: number,
  digest: string,
  ask: () => Promise<ArrayBuffer | Prepared>,
): Promise<void> {
  const seen = new Set<number>();
  const until = performance.now() + PREPARE_MS_MAX;
  while (seen.size < threads) {
    if (performance.now() > until) throw new Error('not every worker of the pool answered');
    for (const answer of await Promise.all(Array.from({ length: threads }, ask))) {
      if (answer instanceof ArrayBuffer) throw new Error('the answer to another task');
      if (answer.digest === undefined) continue;
      if (answer.digest !== digest) throw new Error('a worker of the pool built something else');
      seen.add(answer.threadId);
    }
  }
}
