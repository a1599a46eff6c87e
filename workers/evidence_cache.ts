// The evidence cache of one thread (DESIGN section 4): what verifying a credential showed, under
// its digest and that of everything it was verified with. It holds claims, never an outcome:
// whether they are still valid, and what they are good for, is looked at in each pass.

import type { ProofResult, ProofResults, Verified } from '../engine/facts.ts';
import { type Failure, isFailure } from '../engine/failure.ts';

/** Some 1 KB each; a proxy sees a few hundred peers within the hour their certificates live. */
const VERIFIED_MAX = 4096;
/** Apart from the others: a flood of bad certificates pushes out no good one. */
const FAILED_MAX = 1024;
/** Long enough against a client that tries again and again, short for a clock that was wrong. */
const FAILED_MS = 2_000;

interface Failed {
  readonly failure: Failure;
  readonly atMs: number;
}

export interface CacheLimits {
  readonly verifiedMax: number;
  readonly failedMax: number;
}

export class EvidenceCache implements ProofResults {
  readonly #verified = new Map<string, Verified>();
  readonly #failed = new Map<string, Failed>();
  readonly #limits: CacheLimits;
  /** What a Map holds last needs no moving there. */
  #newest = '';

  constructor(limits: CacheLimits = { verifiedMax: VERIFIED_MAX, failedMax: FAILED_MAX }) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#verified.size + this.#failed.size;
  }

  get(key: string, now: number): ProofResult | undefined {
    const verified = this.#verified.get(key);
    if (verified !== undefined) {
      if (key !== this.#newest) this.#set(key, verified);
      return verified;
    }
    const failed = this.#failed.get(key);
    // A clock that went back does not make a failure last longer.
    const isFresh = failed !== undefined && now >= failed.atMs && now < failed.atMs + FAILED_MS;
    return isFresh ? failed.failure : undefined;
  }

  put(key: string, result: ProofResult, now: number): void {
    this.#verified.delete(key);
    this.#failed.delete(key);
    if (isFailure(result)) {
      this.#failed.set(key, { failure: result, atMs: now });
      dropOldest(this.#failed, this.#limits.failedMax);
    } else {
      this.#set(key, result);
      dropOldest(this.#verified, this.#limits.verifiedMax);
    }
  }

  /** A Map keeps the order in which keys were set: the first is the one unused for longest. */
  #set(key: string, verified: Verified): void {
    this.#verified.delete(key);
    this.#verified.set(key, verified);
    this.#newest = key;
  }
}

function dropOldest(map: Map<string, unknown>, max: number): void {
  if (map.size <= max) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
