// A real pool for tests, with a gate behind which its workers can be held.

import type { BundleImage } from '../../engine/bundle_image.ts';
import type { Asker } from '../../engine/identity/enforcer.ts';
import { type KeyImage, NO_KEY_IMAGE } from '../../engine/key_image.ts';
import type { Snapshot } from '../../engine/snapshot.ts';
import { Evaluator } from '../../workers/evaluator.ts';
import { InPlaceChecker } from '../../workers/in_place_checker.ts';
import { PooledChecker } from '../../workers/pooled_checker.ts';
import { makeImage, makeSnapshot } from '../support/mesh.ts';
import { KeptOutputs } from '../support/outputs.ts';
import type { MortalWorkerData } from './mortal_commands.ts';

export const LOCAL: Asker = { kind: 'local' };
const MORTAL_WORKER = new URL('./mortal_worker.ts', import.meta.url);

export interface PoolStage {
  readonly pool: PooledChecker;
  readonly inPlace: InPlaceChecker;
  readonly outputs: KeptOutputs;
  /** What is in force; a test may put another there. */
  readonly images: { image: BundleImage; keys: KeyImage };
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
  readonly image?: BundleImage;
  readonly keys?: KeyImage;
}

export async function startPool(options: PoolOptions = {}): Promise<PoolStage> {
  const { threads = 1, real = false, heapMiB = 64, image = makeImage() } = options;
  const { keys = NO_KEY_IMAGE } = options;
  const snapshot: Snapshot = makeSnapshot();
  const outputs = new KeptOutputs();
  const onInternalError = (error: unknown): never => {
    throw error;
  };
  const evaluator = new Evaluator(snapshot, { now: Date.now, onInternalError });
  const inPlace = new InPlaceChecker(evaluator, outputs);
  const gate = new SharedArrayBuffer(4);
  const workerData: MortalWorkerData = { gate };
  const images = { image, keys };
  const pool = await PooledChecker.start(
    images,
    real ? { threads, heapMiB } : { threads, heapMiB, workerFile: MORTAL_WORKER, workerData },
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
    images,
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
