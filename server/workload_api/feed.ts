// One kind of what the SPIFFE Workload API tells: the last state that was good, who wants to hear
// of it, and what is counted and logged. A message that is not fit changes nothing.

import type { MethodDefinition } from '@grpc/proto-loader';
import type { Logger } from 'pino';
import type { Address } from '../address.ts';
import { type Ending, type Timing, WorkloadApiStream } from './stream.ts';
import { type Update, UpdateFault } from './updates.ts';

export const KINDS = ['x509_svid', 'x509_bundles', 'jwt_bundles'] as const;
export type Kind = (typeof KINDS)[number];

export const RESULTS = [
  /** In force. */
  'accepted',
  /** In force, but for domains that keep the bundle they had. */
  'partly',
  /** Changes nothing. */
  'rejected',
  /** All of it was withdrawn, or held for too long without a word. */
  'withdrawn',
  /** A stream ended, or could not be opened. */
  'interrupted',
] as const;
export type Result = (typeof RESULTS)[number];

/** What a server says may stand in the log, but not pages of it. */
const DETAIL_MAX = 256;

export interface FeedPlan<T> {
  readonly kind: Kind;
  readonly method: MethodDefinition<object, object>;
  /** Of a message, and of the state before it. */
  readonly read: (message: object, before: T) => Update<T> | UpdateFault;
  /** The state in which there is none of it. */
  readonly nothing: T;
}

export class Feed<T> {
  readonly kind: Kind;
  readonly counts: Record<Result, number> = {
    accepted: 0,
    partly: 0,
    rejected: 0,
    withdrawn: 0,
    interrupted: 0,
  };
  readonly #plan: FeedPlan<T>;
  readonly #log: Logger;
  readonly #listeners: ((state: T) => void)[] = [];
  #stream: WorkloadApiStream | undefined;
  #state: T;
  /** Something was said, so the state is one. */
  #known = false;
  #told = '';

  constructor(plan: FeedPlan<T>, log: Logger) {
    this.kind = plan.kind;
    this.#plan = plan;
    this.#log = log.child({ workloadApi: plan.kind });
    this.#state = plan.nothing;
  }

  /** Undefined: nobody listens, so it is not asked for. */
  get connected(): boolean | undefined {
    return this.#stream?.connected;
  }

  /** The first one opens the stream; later ones are told at once what is known. */
  listen(listener: (state: T) => void, endpoint: Address, timing: Timing): void {
    this.#listeners.push(listener);
    if (this.#known) listener(this.#state);
    const ports = {
      onMessage: (message: object | undefined): void => this.#receive(message),
      onEnd: (ending: Ending, why: string): void => this.#interrupted(ending, why),
      onStale: (): void => this.#withdraw('nothing was heard for too long'),
    };
    this.#stream ??= new WorkloadApiStream(endpoint, this.#plan.method, ports, timing);
  }

  close(): void {
    this.#stream?.close();
  }

  #receive(message: object | undefined): void {
    const update =
      message === undefined
        ? new UpdateFault('the bytes are no message')
        : this.#plan.read(message, this.#state);
    if (update instanceof UpdateFault) {
      this.counts.rejected++;
      this.#tell('error', update.message, 'an update cannot be used; what was good stays');
      return;
    }
    const { value, kept, ignored } = update;
    this.counts[kept.length === 0 ? 'accepted' : 'partly']++;
    if (kept.length > 0) {
      this.#tell('error', kept.join('; '), 'bundles cannot be used; those before them stay');
    } else if (ignored.length > 0) {
      this.#tell('warn', ignored.join('; '), 'authorities are left out: they vouch for nobody');
    } else if (this.#told !== '') {
      this.#told = '';
      this.#log.info('the Workload API is well again');
    }
    this.#putInForce(value);
  }

  #interrupted(ending: Ending, why: string): void {
    this.counts.interrupted++;
    const next = ending === 'refused' ? 'it is not asked again' : 'it is asked again';
    this.#tell('error', why, `the stream of the Workload API ended; ${next}`);
    // Workload API section 5.2: who is denied is to stop using all that was given before.
    if (ending === 'denied') this.#withdraw('the Workload API gives us nothing any more');
  }

  #withdraw(why: string): void {
    if (!this.#known || this.#state === this.#plan.nothing) return;
    this.counts.withdrawn++;
    this.#log.error({ why }, 'what the Workload API had given is withdrawn');
    this.#putInForce(this.#plan.nothing);
  }

  #putInForce(state: T): void {
    this.#known = true;
    this.#state = state;
    for (const listener of this.#listeners) listener(state);
  }

  /** Once, however often it happens again. */
  #tell(level: 'warn' | 'error', text: string, message: string): void {
    const why = text.slice(0, DETAIL_MAX);
    if (this.#told === why) return;
    this.#told = why;
    this.#log[level]({ why }, message);
  }
}
