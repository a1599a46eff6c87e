// A worker of the pool: builds its snapshot from the bundle's image, then answers batches. It holds
// no background work, because it sleeps between batches. It may die: its pool replaces it.

import { threadId, workerData } from 'node:worker_threads';
import { move } from 'piscina';
import type { BundleImage } from '../engine/bundle_image.ts';
import { openInSteps, openSnapshot, type Snapshot } from '../engine/snapshot.ts';
import type { Steps } from '../engine/steps.ts';
import { packAnswers, type RequestBatch, unpackRequests } from './batch.ts';
import { evidenceCode, outcomeCode } from './checker.ts';
import { compactHeap } from './compact_heap.ts';
import { Evaluator } from './evaluator.ts';
import { runSlice } from './slices.ts';

export interface PoolWorkerData {
  readonly image: BundleImage;
}

/** Asks a worker to build a slice of a snapshot, before anybody decides with it. */
export interface Prepare {
  readonly prepare: BundleImage;
  /** Then the one before is needed no longer. */
  readonly inForce: boolean;
}

export interface Prepared {
  readonly threadId: number;
  /** Undefined: there is more to do, which takes another task. */
  readonly digest: string | undefined;
}

/** A batch says which snapshot it is decided with; whether that is in force its sender checks. */
export type Task = RequestBatch & { readonly image: BundleImage };

let held = hold((workerData as PoolWorkerData).image);
let prepared: typeof held | undefined;
let preparing: { readonly image: BundleImage; readonly steps: Steps<Snapshot> } | undefined;
compactHeap();

function hold(image: BundleImage, snapshot = openSnapshot(image)) {
  return { image, evaluator: makeEvaluator(snapshot) };
}

function makeEvaluator(snapshot: Snapshot): Evaluator {
  return new Evaluator(snapshot, {
    now: Date.now,
    // Written from here it would mix with the log's lines; the answer carries the reason.
    onInternalError: (error) => process.emitWarning(String(error), 'RemitInternalError'),
  });
}

/** A worker that was started after the image was prepared elsewhere builds it now. */
function evaluatorFor(image: BundleImage): Evaluator {
  if (held.image.version !== image.version) {
    held = prepared?.image.version === image.version ? prepared : hold(image);
    prepared = undefined;
  }
  return held.evaluator;
}

/** @returns whether the image is built */
function prepare({ prepare: image, inForce }: Prepare): boolean {
  const { version } = image;
  if (inForce && prepared?.image.version === version) {
    held = prepared;
    prepared = undefined;
  }
  if (held.image.version === version || prepared?.image.version === version) return true;
  if (preparing?.image.version !== version) preparing = { image, steps: openInSteps(image) };
  const { steps } = preparing;
  // A failure ends the steps, and would leave nothing to go on with.
  preparing = undefined;
  const snapshot = runSlice(steps);
  if (snapshot === undefined) preparing = { image, steps };
  else prepared = hold(image, snapshot);
  return snapshot !== undefined;
}

export default async function answer(task: Task | Prepare): Promise<ArrayBuffer | Prepared> {
  if ('prepare' in task) {
    return { threadId, digest: prepare(task) ? task.prepare.digest : undefined };
  }
  const evaluator = evaluatorFor(task.image);
  const encode = new TextEncoder();
  const answers = [];
  for (const bytes of unpackRequests(task.buffer)) {
    const pending = evaluator.evaluate(bytes, task.asker);
    const evaluated = pending instanceof Promise ? await pending : pending;
    const { verdict } = evaluated.answer;
    answers.push({
      response: evaluated.response,
      evidence: encode.encode(evaluated.evidenceLine),
      decision: encode.encode(evaluated.decisionLine),
      durationUs: evaluated.durationUs,
      outcomeCode: outcomeCode(verdict),
      evidenceCode: evidenceCode(verdict, evaluated.passes),
    });
  }
  return move(packAnswers(answers)) as ArrayBuffer;
}
