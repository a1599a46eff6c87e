// What mortal_worker.ts understands.

/** The whole of a request that is a command. */
export const DIE = 'die';
export const EXHAUST = 'exhaust the heap';
export const THROW = 'throw';
/** Waits until the gate opens, then is answered like any other request. */
export const WAIT = 'wait';

/** Beside the image, which the pool itself hands over. */
export interface MortalWorkerData {
  /** One 32-bit word: 0 while the gate is closed. */
  readonly gate: SharedArrayBuffer;
}
