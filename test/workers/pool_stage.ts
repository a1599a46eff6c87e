// A real pool for tests, with a gate behind which its workers can be held.

import type { Asker } from '../../engine/identity/enforcer.ts';
import { DEFAULT_SETTINGS, type Snapshot } from '../../engine/snapshot.ts';
import { Evaluator } from '../../workers/evaluator.ts';
import { InPlaceChecker } from '../../workers/in_place_checker.ts';
import { PooledChecker } from '../../workers/pooled_checker.ts';
import { BUNDLE, type BundleFiles, makeSnapshot, sourceFiles } from '../support/mesh.ts';
import { KeptOutputs } from '../support/outputs.ts';
import type { MortalWorkerData } from './mortal_commands.ts';

export const LOCAL: Asker = { kind: 'local' };
const MORTAL_WORKER = new URL('./mortal_worker.ts', import.meta.url);

export interface PoolStage {
  readonly pool: PooledChecker;
  readonly inPlace: InPlaceChecker;
  readonly outputs: KeptOutputs;
  /** Lets the workers that wait go on; none waits until the gate is closed again. */
  openGate(): void;
  closeGate(): void;
  close(): Promise<void>;
}

export interface PoolOptions {
  readonly threads?: number;
  /** True: the workers of the product; else those that obey mortal_worker.ts's commands. */
  readonly real?: boolean;
  readonly heapMiB?: number;
  /** What the workers compile; default what this thread has. */
  readonly workerBundle?: BundleFiles;
}

export async function startPool(options: PoolOptions = {}): Promise<PoolStage> {
  const { threads = 1, real = false, heapMiB = 64, workerBundle = BUNDLE } = options;
  const snapshot: Snapshot = makeSnapshot();
  const outputs = new KeptOutputs();
  const onInternalError = (error: unknown): never => {
    throw error;
  };
  const evaluator = new Evaluator(snapshot, { now: Date.now, onInternalError });
  const inPlace = new InPlaceChecker(evaluator, outputs);
  const gate = new SharedArrayBuffer(4);
  const data: MortalWorkerData = {
    files: sourceFiles(workerBundle),
    keyFiles: new Map(),
    settings: DEFAULT_SETTINGS,
    version: 1,
    gate,
  };
  const pool = await PooledChecker.start(
    data,
    { proof: snapshot.proof.digest, policy: snapshot.policy.digest },
    real ? { threads, heapMiB } : { threads, heapMiB, workerFile: MORTAL_WORKER },
    inPlace,
    outputs,
  );
  const openGate = (): void => {
    Atomics.store(new Int32Array(gate), 0, 1);
    Atomics.notify(new Int32Array(gate), 0);
  };
  return {
    pool,
    inPlace,
    outputs,
    openGate,
    closeGate: () => void Atomics.store(new Int32Array(gate), 0, 0),
    close: async () => {
      openGate();
      await pool.close();
    },
  };
}

/** So late that no test meets it. */
export function noDeadline(): number {
  return Date.now() + 3_600_000;
}
