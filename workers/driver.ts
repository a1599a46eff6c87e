// The driver around the synchronous check (DESIGN section 3): it verifies what a pass needs or
// commits what it wants to change, then calls it again with fresh snapshot, facts and time, at most
// three passes and no await inside one.

import type { Step } from '../engine/check.ts';
import type { Effect, Facts, Proof } from '../engine/facts.ts';
import { Failure } from '../engine/failure.ts';
import { PASSES_MAX } from '../engine/limits.ts';
import type { Reason } from '../engine/reason.ts';
import type { Snapshot } from '../engine/snapshot.ts';

/** What one pass sees; `now` is the wall clock in milliseconds, read once. */
export interface Moment {
  readonly snapshot: Snapshot;
  readonly facts: Facts;
  readonly now: number;
}

export interface World {
  /** Fresh at each call. */
  moment(): Moment;
  /**
   * Done, or resolves, when the proofs are among the facts; rejects when they cannot be verified
   * now.
   */
  verify(proofs: readonly Proof[]): void | Promise<void>;
  /** True when the effects are durable, false when the state has moved on meanwhile. */
  commit(effects: readonly Effect[]): Promise<boolean>;
}

export type Pass<A> = (moment: Moment) => Step<A>;

const VERIFY_FAILED: Reason = 'sys.keys_unavailable';
const COMMIT_FAILED: Reason = 'sys.stale_state';

/** Where a request stands: after so many passes, with what the last of them asked for. */
interface Progress<A> {
  readonly step: Step<A>;
  readonly moment: Moment;
  readonly passes: number;
  /** The verification that the step asked for, when it has begun. */
  readonly verifying: Promise<void> | undefined;
}

/** The answer at once where nothing has to be waited for, which is nearly always. */
export function drive<A>(
  pass: Pass<A>,
  world: World,
  refuse: (failure: Failure, moment: Moment) => A,
): A | Promise<A> {
  let moment = world.moment();
  let step = pass(moment);
  for (let passes = 1; step.kind !== 'answer'; passes++) {
    const verifying = step.kind === 'need' ? world.verify(step.proofs) : undefined;
    if (verifying instanceof Promise) {
      return driveOn({ step, moment, passes, verifying }, pass, world, refuse);
    }
    if (step.kind === 'commit') {
      return driveOn({ step, moment, passes, verifying: undefined }, pass, world, refuse);
    }
    if (passes === PASSES_MAX) return refuse(noAnswer(VERIFY_FAILED), moment);
    moment = world.moment();
    step = pass(moment);
  }
  return step.answer;
}

async function driveOn<A>(
  progress: Progress<A>,
  pass: Pass<A>,
  world: World,
  refuse: (failure: Failure, moment: Moment) => A,
): Promise<A> {
  let { step, moment, passes, verifying } = progress;
  for (; ; passes++) {
    if (step.kind === 'answer') return step.answer;
    const reason = step.kind === 'need' ? VERIFY_FAILED : COMMIT_FAILED;
    try {
      if (step.kind === 'need') await (verifying ?? world.verify(step.proofs));
      // What was committed holds for the facts it was computed from, so the answer does too.
      else if (await world.commit(step.effects)) return step.ifCommitted;
    } catch (error) {
      return refuse(new Failure(reason, String(error)), moment);
    }
    if (passes === PASSES_MAX) return refuse(noAnswer(reason), moment);
    verifying = undefined;
    moment = world.moment();
    step = pass(moment);
  }
}

function noAnswer(reason: Reason): Failure {
  return new Failure(reason, `no answer after ${PASSES_MAX} passes`);
}
