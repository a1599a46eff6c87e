// A worker of the pool that also does what a worker should never do, when a request says so; all
// other requests are answered by the real one.

import { workerData } from 'node:worker_threads';
import { unpackRequests } from '../../workers/batch.ts';
import type { Prepare, Task } from '../../workers/pool_worker.ts';
import realAnswer from '../../workers/pool_worker.ts';
import { DIE, EXHAUST, type MortalWorkerData, THROW, WAIT } from './mortal_commands.ts';

const gate = new Int32Array((workerData as MortalWorkerData).gate);

export default function answer(task: Task | Prepare): ReturnType<typeof realAnswer> {
  if ('buffer' in task) {
    for (const request of unpackRequests(task.buffer)) obey(request.toString());
  }
  return realAnswer(task);
}

function obey(command: string): void {
  if (command === DIE) process.exit(7);
  if (command === THROW) throw new Error('thrown on demand');
  if (command === WAIT) Atomics.wait(gate, 0, 0);
  if (command === EXHAUST) {
    const kept: unknown[] = [];
    for (;;) kept.push(new Array(10_000).fill(kept.length));
  }
}
