// Reads and compiles a bundle in a thread of its own, which ends afterwards: parsing takes seconds
// for 10,000 rules and leaves much behind, and the control thread has metrics and probes to answer.

import { extname } from 'node:path';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { parseBundle } from '../engine/bundle/bundle.ts';
import { type BundleImage, bundleImage } from '../engine/bundle_image.ts';
import { type Diagnostic, Diagnostics } from '../engine/diagnostic.ts';
import { compileBundle, type Settings } from '../engine/snapshot.ts';
import { loadBundle, loadKeyFiles } from './load_bundle.ts';

export interface LoadTask {
  /** A folder, or one file. */
  readonly path: string;
  readonly settings: Settings;
  readonly version: number;
}

export interface LoadResult {
  /** Undefined when there is an error among the diagnostics. */
  readonly image: BundleImage | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/** Rejects only when the thread itself fails, for example for lack of memory. */
export function loadInThread(task: LoadTask): Promise<LoadResult> {
  const file = new URL(`load_thread${extname(import.meta.filename)}`, import.meta.url);
  const worker = new Worker(file, { workerData: { load: task }, name: 'load', stdout: true });
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`loading ended with code ${code}`)));
  });
}

function load({ path, settings, version }: LoadTask): LoadResult {
  const diagnostics = new Diagnostics();
  const files = loadBundle(path, diagnostics);
  const bundle = parseBundle(files, diagnostics);
  const keyFiles = loadKeyFiles(bundle.keyFiles, diagnostics);
  const snapshot = compileBundle(bundle, keyFiles, settings, version, diagnostics);
  snapshot?.proof.issuers.warnOfExpired(Date.now(), diagnostics);
  const image = snapshot && bundleImage(bundle, keyFiles, snapshot);
  return { image, diagnostics: diagnostics.list };
}

/** The same module is the thread, as long as it was started as one. */
function taskOfThread(): LoadTask | undefined {
  const data: unknown = workerData;
  if (isMainThread || typeof data !== 'object' || data === null || !('load' in data)) return;
  return data.load as LoadTask; // Given by loadInThread above.
}

const task = taskOfThread();
if (task !== undefined) parentPort?.postMessage(load(task));
