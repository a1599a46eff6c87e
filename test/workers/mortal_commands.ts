// What mortal_worker.ts understands.

import type { PoolWorkerData } from '../../workers/pool_worker.ts';

/** The whole of a request that is a command. */
export const DIE = 'die';
export const EXHAUST = 'exhaust the heap';
export const THROW = 'throw';
/** Waits until the gate opens, then is answered like any other request. */
export const WAIT = 'wait';

export interface MortalWorkerData extends PoolWorkerData {
  /** One 32-bit word: 0 while the gate is closed. */
  readonly gate: SharedArrayBuffer;
}
