// Proofs of possession of one request: what verifying them showed, kept for this request's passes
// and no other's. Each is good once, so its use is noted when it is verified.

import type { Facts, Proof, ProofResult, ProofResults } from '../engine/facts.ts';
import { isFailure } from '../engine/failure.ts';
import type { Possession } from '../engine/identity/token/possession.ts';
import { PossessionFailure } from '../engine/identity/token/possession.ts';

/** Remembers proofs that were used, for all threads of the process. */
export interface UsedProofs {
  /**
   * @param user a number that no other request has, of one that may be decided again by another
   *   evaluator: for that request the proof stays fresh
   * @returns `full` when there is no room to remember it, so it counts as no proof
   */
  use(key: string, untilMs: number, now: number, user?: bigint): 'fresh' | 'used' | 'full';
}

const REPLAYED = new PossessionFailure('authn.replay', 'used before');
const NO_ROOM = new PossessionFailure('sys.overloaded', 'no room to remember its use');

export function isOfPossession({ kind }: Proof): boolean {
  return kind === 'dpop' || kind === 'wpt';
}

/** The result, unless the proof was used before. */
export function usedOnce(
  result: ProofResult,
  used: UsedProofs,
  now: number,
  user: bigint | undefined,
): ProofResult {
  if (isFailure(result)) return result;
  const { replayKey, refusedFrom } = result as Possession; // Only such results come here.
  const use = used.use(replayKey, refusedFrom, now, user);
  if (use === 'fresh') return result;
  return use === 'used' ? REPLAYED : NO_ROOM;
}

export class Possessions implements ProofResults {
  /** Credentials of the request that had to be verified now: their results outlive it. */
  misses = 0;
  /** See `UsedProofs.use`. */
  readonly user: bigint | undefined;
  #results: Map<string, ProofResult> | undefined;
  #kept: ProofResults | undefined;

  constructor(user?: bigint) {
    this.user = user;
  }

  put(key: string, result: ProofResult): void {
    this.#results ??= new Map();
    this.#results.set(key, result);
  }

  get(key: string, now: number): ProofResult | undefined {
    return this.#results?.get(key) ?? this.#kept?.get(key, now);
  }

  /** With the results of this request before those that are kept. */
  facts(facts: Facts): Facts {
    if (this.#results === undefined) return facts;
    this.#kept = facts.verified;
    return { ...facts, verified: this };
  }
}
