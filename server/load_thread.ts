// Reads and compiles a bundle in a thread of its own, which ends afterwards: parsing takes seconds
// for 10,000 rules and leaves much behind, and the control thread has metrics and probes to answer.

import { extname } from 'node:path';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { type LoadResult, type LoadTask, load } from './load.ts';

/** Of what parsing leaves behind most lives on; a larger one only stays in the process. */
const YOUNG_GENERATION_MIB = 24;

/** Rejects only when the thread itself fails, for example for lack of memory. */
export function loadInThread(task: LoadTask): Promise<LoadResult> {
  const file = new URL(`load_thread${extname(import.meta.filename)}`, import.meta.url);
  const worker = new Worker(file, {
    workerData: { load: task },
    name: 'load',
    stdout: true,
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MIB },
  });
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`loading ended with code ${code}`)));
  });
}

/** The same module is the thread, as long as it was started as one. */
function taskOfThread(): LoadTask | undefined {
  const data: unknown = workerData;
  if (isMainThread || typeof data !== 'object' || data === null || !('load' in data)) return;
  return data.load as LoadTask; // Given by loadInThread above.
}

const task = taskOfThread();
if (task !== undefined) parentPort?.postMessage(load(task));
