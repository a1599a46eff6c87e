// A worker of the pool: builds its snapshot from the bundle's image, then answers batches. It holds
// no background work, because it sleeps between batches. It may die: its pool replaces it.

import { threadId, workerData } from 'node:worker_threads';
import { move } from 'piscina';
import type { BundleImage } from '../engine/bundle_image.ts';
import { type KeyImage, NO_KEY_IMAGE } from '../engine/key_image.ts';
import { openInSteps, openSnapshot, type Snapshot } from '../engine/snapshot.ts';
import type { Steps } from '../engine/steps.ts';
import { packAnswers, type RequestBatch, unpackRequests } from './batch.ts';
import { evidenceCode, outcomeCode } from './checker.ts';
import { compactHeap } from './compact_heap.ts';
import { WindowedNonces } from './dpop_nonces.ts';
import { Evaluator } from './evaluator.ts';
import { type HandOffPlan, IdentitySigner } from './identity_signer.ts';
import { parseKeys } from './key_parser.ts';
import { runSlice } from './slices.ts';
import { type PrepareKeys, TaskKeys } from './task_keys.ts';
import { SharedUsedProofs } from './used_proofs.ts';

export interface PoolWorkerData {
  readonly image: BundleImage;
  readonly keys: KeyImage;
  /** Proofs that were used, of all threads. */
  readonly used: SharedArrayBuffer;
  /** Of nonces, that of all threads; without one they are this worker's alone. */
  readonly nonceKey?: Uint8Array | undefined;
  /** Undefined where it is off. */
  readonly handOff?: HandOffPlan | undefined;
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

/** A batch says what it is decided with; whether that is in force its sender checks. */
export type Task = RequestBatch & {
  readonly image: BundleImage;
  /** Undefined while no keys come from outside: each shared memory costs a message some µs. */
  readonly keys: KeyImage | undefined;
  /** The number of the first request, the same when the batch is decided again. */
  readonly user: bigint;
};

const started = workerData as PoolWorkerData;
const keys = new TaskKeys(started.keys, parseKeys);
const used = new SharedUsedProofs(started.used);
const nonces = new WindowedNonces(started.nonceKey);
const handOff = started.handOff && new IdentitySigner(started.handOff);
let held = hold(started.image);
let prepared: typeof held | undefined;
let preparing: { readonly image: BundleImage; readonly steps: Steps<Snapshot> } | undefined;
compactHeap();

function hold(image: BundleImage, snapshot = openSnapshot(image)) {
  return { image, evaluator: makeEvaluator(snapshot) };
}

function makeEvaluator(snapshot: Snapshot): Evaluator {
  return new Evaluator(snapshot, {
    now: Date.now,
    keys,
    used,
    nonces,
    handOff,
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

export default async function answer(
  task: Task | Prepare | PrepareKeys,
): Promise<ArrayBuffer | Prepared> {
  if ('prepare' in task) {
    return { threadId, digest: prepare(task) ? task.prepare.digest : undefined };
  }
  if ('prepareKeys' in task) {
    return { threadId, digest: keys.prepare(task) ? task.prepareKeys.digest : undefined };
  }
  keys.use(task.keys ?? NO_KEY_IMAGE);
  const evaluator = evaluatorFor(task.image);
  const encode = new TextEncoder();
  const answers = [];
  for (const [index, bytes] of unpackRequests(task.buffer).entries()) {
    const pending = evaluator.evaluate(bytes, task.asker, task.user + BigInt(index));
    const evaluated = pending instanceof Promise ? await pending : pending;
    const { verdict } = evaluated.answer;
    answers.push({
      response: evaluated.response,
      evidence: encode.encode(evaluated.evidenceLine),
      decision: encode.encode(evaluated.decisionLine),
      durationUs: evaluated.durationUs,
      outcomeCode: outcomeCode(verdict),
      evidenceCode: evidenceCode(verdict, evaluated.misses),
    });
  }
  return move(packAnswers(answers)) as ArrayBuffer;
}
