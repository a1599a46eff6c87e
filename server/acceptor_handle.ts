// An acceptor as the control thread holds it, and how it is talked to.

import type { Worker } from 'node:worker_threads';
import type { AcceptorPlan, FromAcceptor, Prepare, ToAcceptor } from './acceptor_messages.ts';
import type { Counters } from './counters.ts';

/** Building a snapshot of 100,000 rules takes seconds on a busy machine. */
const PREPARE_MS_MAX = 60_000;

export interface Acceptor {
  /** But what is in force when it starts. */
  plan: Omit<AcceptorPlan, 'image' | 'keys' | 'tls' | 'tlsVersion'>;
  readonly counters: Counters;
  worker: Worker | undefined;
  /** Told about a message of this acceptor, until they say that they have heard enough. */
  readonly waiting: Set<(message: FromAcceptor) => boolean>;
}

export function send(acceptor: Acceptor, message: ToAcceptor): void {
  acceptor.worker?.postMessage(message);
}

/** The first message that is wanted; `failed` when its thread ends before. */
export function waitFor(
  acceptor: Acceptor,
  wanted: (message: FromAcceptor) => boolean,
  msMax?: number,
): Promise<FromAcceptor> {
  return new Promise((resolve, reject) => {
    const timer =
      msMax === undefined
        ? undefined
        : setTimeout(() => {
            acceptor.waiting.delete(wait);
            reject(new Error(`${acceptor.plan.name} does not answer`));
          }, msMax);
    const wait = (message: FromAcceptor): boolean => {
      if (!wanted(message)) return false;
      clearTimeout(timer);
      resolve(message);
      return true;
    };
    acceptor.waiting.add(wait);
  });
}

/** Resolves when it holds what is to be in force; rejects when it cannot. */
export async function prepare(acceptor: Acceptor, message: Prepare): Promise<void> {
  // One that is being replaced starts with what is in force, and is asked again then.
  if (acceptor.worker === undefined) throw new Error('an acceptor is being replaced');
  const { of, image } = message;
  send(acceptor, message);
  const answer = await waitFor(
    acceptor,
    (it) =>
      ((it.kind === 'prepared' || it.kind === 'unprepared') &&
        it.of === of &&
        it.version === image.version) ||
      it.kind === 'failed',
    PREPARE_MS_MAX,
  );
  if (answer.kind === 'prepared' && answer.digest === image.digest) return;
  const why = 'message' in answer ? answer.message : 'it built something else';
  throw new Error(`${acceptor.plan.name}: ${why}`);
}
