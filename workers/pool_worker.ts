// A worker of the pool: builds its snapshot from the bundle's image, then answers batches. It holds
// no background work, because it sleeps between batches. It may die: its pool replaces it.

import { threadId, workerData } from 'node:worker_threads';
import { move } from 'piscina';
import { type BundleImage, snapshotOf } from '../engine/bundle_image.ts';
import type { Snapshot } from '../engine/snapshot.ts';
import { packAnswers, type RequestBatch, unpackRequests } from './batch.ts';
import { evidenceCode, outcomeCode } from './checker.ts';
import { compactHeap } from './compact_heap.ts';
import { Evaluator } from './evaluator.ts';

export interface PoolWorkerData {
  readonly image: BundleImage;
}

/** Asks a worker to build a snapshot before anybody decides with it. */
export interface Prepare {
  readonly prepare: BundleImage;
}

export interface Prepared {
  readonly threadId: number;
  readonly digest: string;
}

/** A batch says which snapshot it is decided with; whether that is in force its sender checks. */
export type Task = RequestBatch & { readonly image: BundleImage };

let held = hold((workerData as PoolWorkerData).image);
let prepared: typeof held | undefined;
compactHeap();

function hold(image: BundleImage) {
  const snapshot = snapshotOf(image);
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

export default async function answer(task: Task | Prepare): Promise<ArrayBuffer | Prepared> {
  if ('prepare' in task) {
    const image = task.prepare;
    if (held.image.version !== image.version && prepared?.image.version !== image.version) {
      prepared = hold(image);
    }
    return { threadId, digest: image.digest };
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
