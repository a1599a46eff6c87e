// A worker of the pool: compiles the bundle once for itself, then answers batches. It holds no
// background work, because it sleeps between batches. It may die: its pool replaces it.

import { workerData } from 'node:worker_threads';
import { move } from 'piscina';
import type { BundleSource } from '../engine/bundle/bundle.ts';
import { compileSnapshot, type Settings } from '../engine/snapshot.ts';
import { packAnswers, type RequestBatch, unpackRequests } from './batch.ts';
import { evidenceCode, outcomeCode } from './checker.ts';
import { Evaluator } from './evaluator.ts';

/** What a worker is started with: text, so that each thread compiles for itself. */
export interface PoolWorkerData extends BundleSource {
  readonly settings: Settings;
  readonly version: number;
}

/** Asks a worker which snapshot it holds. */
export interface Hello {
  readonly hello: true;
}

export interface Digests {
  readonly proof: string;
  readonly policy: string;
}

const data = workerData as PoolWorkerData;
const snapshot = compileSnapshot(data, data.settings, data.version);
if (snapshot === undefined) throw new Error('the bundle does not compile in the worker');
const evaluator = new Evaluator(snapshot, {
  now: Date.now,
  // Written from here it would mix with the log's lines; the answer carries the reason.
  onInternalError: (error) => process.emitWarning(String(error), 'RemitInternalError'),
});

export default async function answer(task: RequestBatch | Hello): Promise<ArrayBuffer | Digests> {
  if ('hello' in task) return { proof: snapshot!.proof.digest, policy: snapshot!.policy.digest };
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
