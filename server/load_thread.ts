// Reads configuration and bundle in a thread of its own, which ends afterwards: parsing takes
// seconds for 10,000 rules and leaves much behind, parsers included, and the control thread has
// metrics and probes to answer.

import { extname } from 'node:path';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import type { LoadResult, LoadTask } from './load.ts';
import type { LoadedConfig } from './load_config.ts';

/** Of what parsing leaves behind most lives on; a larger one only stays in the process. */
const YOUNG_GENERATION_MIB = 24;

/** What `remit serve` starts with. */
export interface Start extends LoadedConfig {
  /** Undefined where the configuration is. */
  readonly bundle: LoadResult | undefined;
}

interface Task {
  readonly config?: string;
  readonly bundle?: LoadTask;
}

/** Rejects only when the thread itself fails, for example for lack of memory. */
export function loadInThread(task: LoadTask): Promise<LoadResult> {
  return run<LoadResult>({ bundle: task });
}

/** The configuration in this file and the bundle that it names. Rejects when it cannot be read. */
export function startInThread(configFile: string): Promise<Start> {
  return run<Start>({ config: configFile });
}

function run<R>(task: Task): Promise<R> {
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
function taskOfThread(): Task | undefined {
  const data: unknown = workerData;
  if (isMainThread || typeof data !== 'object' || data === null || !('load' in data)) return;
  return data.load as Task; // Given by `run` above.
}

async function perform({ config: file, bundle }: Task): Promise<LoadResult | Start> {
  // Here and nowhere else: what parses is large, and the control thread does without.
  const { load } = await import('./load.ts');
  if (bundle !== undefined) return load(bundle);
  const { loadConfig } = await import('./load_config.ts');
  const loaded = loadConfig(file!); // Either is given.
  const { config } = loaded;
  const first = config && { path: config.policies, settings: config.settings, version: 1 };
  return { ...loaded, bundle: first && load(first) };
}

const task = taskOfThread();
if (task !== undefined) parentPort?.postMessage(await perform(task));
