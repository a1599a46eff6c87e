// The change that flips an outcome: candidates in the order of how little they ask for, each
// decided again, until one gives the other outcome. Nothing is said that was not decided.

import type { Verdict } from '../../engine/check.ts';
import { Progress } from '../terminal.ts';
import { changesOf, type Explained } from './candidate_changes.ts';
import { type Change, decideChanged, type Origin } from './situation.ts';

export interface Flip {
  readonly change: Change;
  /** What was decided with it. */
  readonly verdict: Verdict;
}

/** Each changed bundle is compiled anew. */
const BUNDLES_TRIED_MAX = 64;
const REQUESTS_TRIED_MAX = 512;

/** @returns the number of changes that were tried in vain, when none flips it */
export function findFlip(explained: Explained, origin: Origin): Flip | number {
  const { rehearsal, verdict } = explained;
  const progress = new Progress('changes tried');
  let bundles = 0;
  let requests = 0;
  for (const change of changesOf(explained, origin)) {
    if (change === undefined) continue;
    const isFull =
      change.bundle === undefined ? requests === REQUESTS_TRIED_MAX : bundles === BUNDLES_TRIED_MAX;
    if (isFull) continue;
    if (change.bundle === undefined) requests++;
    else bundles++;
    progress.tell(bundles + requests);
    const changed = decideChanged(change, rehearsal, origin);
    if (changed === undefined || changed.decision.outcome === verdict.decision.outcome) continue;
    progress.end();
    return { change, verdict: changed };
  }
  progress.end();
  return bundles + requests;
}
