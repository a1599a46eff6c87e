// What one acceptor counts, in memory that the control thread reads when somebody scrapes: on the
// hot path a count is an increment in an array. Only its acceptor writes, so nothing is locked; a
// replacement goes on where a dead acceptor stopped.

import { EVIDENCE_CODES, OUTCOME_CODES } from '../workers/checker.ts';
import type { PoolCounters } from '../workers/pool_counters.ts';
import { TLS_FIGURES } from './tls_result.ts';

/** Upper bounds in microseconds, from a decision in place to Envoy's default time-out of 200 ms. */
export const DURATION_BOUNDS_US = [
  10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000,
] as const;

/** Single figures. */
export const FIGURES = [
  'durationSumUs',
  'inPlaceRequests',
  'poolRequests',
  'poolBatches',
  'poolRefused',
  'poolExpired',
  'poolWorkersLost',
  'poolInFlight',
  'poolThreads',
  'snapshotVersion',
  'keysVersion',
  'tlsVersion',
  'recordsDropped',
  'connections',
  ...TLS_FIGURES,
] as const;
export type Figure = (typeof FIGURES)[number];

const POOL_FIGURES: Readonly<Record<keyof PoolCounters, Figure>> = {
  batches: 'poolBatches',
  requests: 'poolRequests',
  refused: 'poolRefused',
  expired: 'poolExpired',
  workersLost: 'poolWorkersLost',
  inFlight: 'poolInFlight',
};

const BUCKETS = DURATION_BOUNDS_US.length + 1;
const LENGTH = OUTCOME_CODES + EVIDENCE_CODES + BUCKETS + FIGURES.length;

export class Counters {
  readonly buffer: SharedArrayBuffer;
  readonly outcomes: Float64Array;
  readonly evidence: Float64Array;
  readonly buckets: Float64Array;
  readonly #figures: Float64Array;

  constructor(buffer = new SharedArrayBuffer(LENGTH * Float64Array.BYTES_PER_ELEMENT)) {
    this.buffer = buffer;
    let at = 0;
    const part = (length: number): Float64Array => {
      const array = new Float64Array(buffer, at, length);
      at += array.byteLength;
      return array;
    };
    this.outcomes = part(OUTCOME_CODES);
    this.evidence = part(EVIDENCE_CODES);
    this.buckets = part(BUCKETS);
    this.#figures = part(FIGURES.length);
  }

  /** One answered request. */
  count(outcome: number, evidence: number, durationUs: number): void {
    this.outcomes[outcome]!++;
    this.evidence[evidence]!++;
    let bucket = 0;
    while (bucket < DURATION_BOUNDS_US.length && durationUs > DURATION_BOUNDS_US[bucket]!) bucket++;
    this.buckets[bucket]!++;
    this.#figures[0]! += durationUs;
  }

  /** As the pool wants them: an object whose fields are figures here. */
  pool(): PoolCounters {
    const fields = Object.entries(POOL_FIGURES).map(([field, figure]) => {
      const index = FIGURES.indexOf(figure);
      const get = (): number => this.#figures[index]!;
      const set = (value: number): void => this.set(figure, value);
      return [field, { get, set, enumerable: true }] as const;
    });
    // Its fields are those that the table below must have.
    return Object.defineProperties({}, Object.fromEntries(fields)) as PoolCounters;
  }

  figure(name: Figure): number {
    return this.#figures[FIGURES.indexOf(name)]!;
  }

  set(name: Figure, value: number): void {
    this.#figures[FIGURES.indexOf(name)] = value;
  }

  add(name: Figure, value: number): void {
    this.#figures[FIGURES.indexOf(name)]! += value;
  }
}

export function sumOf(counters: readonly Counters[], read: (one: Counters) => number): number {
  return counters.reduce((sum, one) => sum + read(one), 0);
}
