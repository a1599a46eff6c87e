// Waiting for something that happens by itself; never for a time to pass.

import { setTimeout as sleep } from 'node:timers/promises';

/** Polls until it holds; there is no bound but mocha's. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(5);
}
