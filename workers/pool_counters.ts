// What a pool counts, where others may see it: an acceptor puts it into memory that the control
// thread reads.

export interface PoolCounters {
  batches: number;
  requests: number;
  refused: number;
  expired: number;
  workersLost: number;
  /** Counted until the pool is done with them, also when their deadline has passed. */
  inFlight: number;
}

export function newPoolCounters(): PoolCounters {
  return { batches: 0, requests: 0, refused: 0, expired: 0, workersLost: 0, inFlight: 0 };
}
