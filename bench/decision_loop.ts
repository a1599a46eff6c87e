// A process that decides: the messages of a file again and again with the image of a file, without
// a server around it. Prints what one decision takes, in nanoseconds: the median of many batches.

import { readFileSync } from 'node:fs';
import { deserialize, serialize } from 'node:v8';
import type { BundleImage } from '../engine/bundle_image.ts';
import { NO_FACTS } from '../engine/facts.ts';
import { openSnapshot } from '../engine/snapshot.ts';
import { checkEnvoy } from '../envoy/check.ts';

const BATCH = 64;
const BATCHES = 2_000;
const WARM_UP_BATCHES = 2_000;
const LOCAL = { kind: 'local' } as const;

export interface DecisionWork {
  readonly image: Omit<BundleImage, 'bytes'> & { readonly bytes: Uint8Array };
  readonly messages: readonly Uint8Array[];
}

export function packWork(image: BundleImage, messages: readonly Buffer[]): Buffer {
  return serialize({ image: { ...image, bytes: new Uint8Array(image.bytes) }, messages });
}

function nanosOfDecision({ image, messages }: DecisionWork): number {
  const bytes = new SharedArrayBuffer(image.bytes.length);
  new Uint8Array(bytes).set(image.bytes);
  const snapshot = openSnapshot({ ...image, bytes });
  const buffers = messages.map((message) => Buffer.from(message));
  const now = Date.now();
  const took: number[] = [];
  let next = 0;
  for (let batch = 0; batch < WARM_UP_BATCHES + BATCHES; batch++) {
    const startedMs = performance.now();
    for (let i = 0; i < BATCH; i++) {
      const step = checkEnvoy(buffers[next]!, LOCAL, snapshot, NO_FACTS, now);
      next = next + 1 === buffers.length ? 0 : next + 1;
      if (step.kind !== 'answer' || step.answer.verdict.decision.outcome !== 'allow') {
        throw new Error('a message is not allowed');
      }
    }
    const ns = ((performance.now() - startedMs) * 1e6) / BATCH;
    if (batch >= WARM_UP_BATCHES) took.push(ns);
  }
  return took.sort((a, b) => a - b)[took.length >> 1]!;
}

const [file] = process.argv.slice(2);
// Written by `packWork`.
if (file !== undefined && process.argv[1] === import.meta.filename) {
  console.log(nanosOfDecision(deserialize(readFileSync(file)) as DecisionWork));
}
