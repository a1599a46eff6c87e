// The way of one CheckRequest: bytes → view → inquiry → verdict → bytes and records. Synchronous
// and repeatable, without I/O, so it runs unchanged on any thread, in a test and in a fuzzer.

import { check, type Inquiry, type Step, type Verdict, verdictOf } from '../engine/check.ts';
import type { Facts } from '../engine/facts.ts';
import { type Failure, isFailure } from '../engine/failure.ts';
import { type Asker, EVERYTHING } from '../engine/identity/enforcer.ts';
import { readForProof } from '../engine/identity/read_for_proof.ts';
import type { AttributesRead } from '../engine/settings.ts';
import type { Snapshot } from '../engine/snapshot.ts';
import { type CheckRequestView, decodeCheckRequest } from './check_request.ts';
import { type ClientKind, clientKind } from './client_kind.ts';
import { inquiryOf } from './inquiry.ts';

/** A verdict and what the response and the records need of the request. */
export interface Answer {
  readonly verdict: Verdict;
  readonly client: ClientKind;
  /** Undefined when the message could not be read. */
  readonly view: CheckRequestView | undefined;
}

export function checkEnvoy(
  bytes: Buffer,
  asker: Asker,
  snapshot: Snapshot,
  facts: Facts,
  now: number,
): Step<Answer> {
  const view = decodeCheckRequest(bytes, attributesRead(asker, snapshot));
  if (isFailure(view)) return { kind: 'answer', answer: answerOf(view) };
  const inquiry: Inquiry = inquiryOf(view, snapshot.settings);
  const client = clientKind(view.headers.contentType);
  const step = check(inquiry, asker, snapshot, facts, now);
  switch (step.kind) {
    case 'answer':
      return { kind: 'answer', answer: { verdict: step.answer, client, view } };
    case 'need':
      return step;
    case 'commit': {
      const ifCommitted = { verdict: step.ifCommitted, client, view };
      return { kind: 'commit', effects: step.effects, ifCommitted };
    }
  }
}

/** The answer to a request that was not read, or that no evaluator reached. */
export function answerOf(failure: Failure): Answer {
  return { verdict: verdictOf(failure), client: 'http', view: undefined };
}

const readOffline = new WeakMap<Snapshot, AttributesRead>();

/** Offline somebody asks who is no enforcer of the bundle, and may assert what none of them may. */
function attributesRead({ kind }: Asker, snapshot: Snapshot): AttributesRead {
  if (kind !== 'everything') return snapshot.attributesRead;
  const known = readOffline.get(snapshot);
  if (known !== undefined) return known;
  const { attributesRead: read, proof } = snapshot;
  const all = readForProof(proof.issuers, (assertion) => EVERYTHING.peer.has(assertion));
  const offline = { ...read, ...all, extensions: true };
  readOffline.set(snapshot, offline);
  return offline;
}
