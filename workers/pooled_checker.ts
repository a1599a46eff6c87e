// Decides on a pool of threads (piscina), by batches: everything that arrived in one turn of the
// event loop, undecoded. The pool is the isolation boundary: its workers have heap limits and may
// die. What a dead worker had is answered `sys.worker_lost` and never run again: one of those
// requests may be what killed it.

import { extname } from 'node:path';
import { Piscina } from 'piscina';
import { Failure } from '../engine/failure.ts';
import type { Asker } from '../engine/identity/enforcer.ts';
import { MiB } from '../engine/limits.ts';
import { packRequests, type RequestBatch, unpackAnswers } from './batch.ts';
import type { Checker, Outputs } from './checker.ts';
import type { InPlaceChecker } from './in_place_checker.ts';
import type { Digests, PoolWorkerData } from './pool_worker.ts';

/** Enough to keep a worker busy for about a millisecond, few enough to spread over workers. */
const BATCH_REQUESTS_MAX = 128;
const BATCH_BYTES_MAX = 1 * MiB;
/** Waiting requests a worker: more would only be answered after their deadline. */
const WAITING_PER_WORKER_MAX = 2048;
/** A worker that still runs when everything else has ended is not waited for longer. */
const CLOSE_MS_MAX = 1_000;
/**
 * A worker that exhausts its heap ends alone only while one collection promotes less than the
 * 16 MiB that Node grants beyond the limit. With Node's own bound (192) it took the whole process
 * with it in 7 of 15 runs on a busy machine, with this one in none of 65 (Node 24.21).
 */
const YOUNG_GENERATION_MIB = 24;
/** What setTimeout can hold. */
const TIMER_MS_MAX = 2 ** 31 - 1;

export interface PoolLimits {
  readonly threads: number;
  /** Heap of each worker; beyond it the worker dies and is replaced. */
  readonly heapMiB: number;
  /** The module that workers run; a test names one that dies on demand. */
  readonly workerFile?: URL;
}

export interface PoolCounters {
  batches: number;
  requests: number;
  refused: number;
  expired: number;
  workersLost: number;
}

interface Waiting {
  readonly bytes: Buffer;
  readonly deadlineMs: number;
  /** Undefined once answered: a late answer is dropped, with its records. */
  resolve: ((response: Buffer) => void) | undefined;
}

export class PooledChecker implements Checker {
  readonly counters: PoolCounters = {
    batches: 0,
    requests: 0,
    refused: 0,
    expired: 0,
    workersLost: 0,
  };
  readonly #pool: Piscina<unknown, ArrayBuffer | Digests>;
  readonly #refuser: InPlaceChecker;
  readonly #outputs: Outputs;
  readonly #waitingMax: number;
  readonly #threads: number;
  #turn = new Map<Asker, Waiting[]>();
  /** Counted until the pool is done with them, also when their deadline has passed. */
  #inFlight = 0;
  #closing = false;

  /** Resolves when every worker holds the same snapshot as this thread. */
  static async start(
    data: PoolWorkerData,
    digests: Digests,
    limits: PoolLimits,
    refuser: InPlaceChecker,
    outputs: Outputs,
  ): Promise<PooledChecker> {
    const checker = new PooledChecker(data, limits, refuser, outputs);
    const hello = { hello: true } as const;
    const asked = Array.from({ length: limits.threads }, () => checker.#pool.run(hello));
    try {
      const wrong = (await Promise.all(asked)).find(
        (answer) =>
          answer instanceof ArrayBuffer ||
          answer.policy !== digests.policy ||
          answer.proof !== digests.proof,
      );
      if (wrong !== undefined) throw new Error('a worker compiled another snapshot');
    } catch (error) {
      checker.#closing = true;
      await checker.#pool.destroy();
      throw error;
    }
    return checker;
  }

  private constructor(
    data: PoolWorkerData,
    { threads, heapMiB, workerFile }: PoolLimits,
    refuser: InPlaceChecker,
    outputs: Outputs,
  ) {
    // From sources it is TypeScript, in the published package JavaScript.
    const own = new URL(`pool_worker${extname(import.meta.filename)}`, import.meta.url);
    this.#pool = new Piscina({
      filename: (workerFile ?? own).href,
      minThreads: threads,
      maxThreads: threads,
      idleTimeout: Number.POSITIVE_INFINITY,
      concurrentTasksPerWorker: 1,
      maxQueue: Number.POSITIVE_INFINITY, // Bounded here, by requests and not by batches.
      atomics: 'sync',
      recordTiming: false,
      closeTimeout: CLOSE_MS_MAX,
      resourceLimits: {
        maxOldGenerationSizeMb: heapMiB,
        maxYoungGenerationSizeMb: YOUNG_GENERATION_MIB,
      },
      workerData: data,
    });
    // What a dying worker had is rejected, and `#lose` answers it.
    this.#pool.on('error', () => undefined);
    this.#pool.on('workerDestroy', () => {
      if (!this.#closing) this.counters.workersLost++;
    });
    this.#refuser = refuser;
    this.#outputs = outputs;
    this.#threads = threads;
    this.#waitingMax = threads * WAITING_PER_WORKER_MAX;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get threads(): number {
    return this.#threads;
  }

  canAcceptWork(): boolean {
    return this.#inFlight < this.#waitingMax;
  }

  check(bytes: Buffer, asker: Asker, deadlineMs: number): Buffer | Promise<Buffer> {
    if (!this.canAcceptWork()) {
      this.counters.refused++;
      return this.#refuser.refuse(new Failure('sys.overloaded', 'the pool is full'));
    }
    this.#inFlight++;
    return new Promise((resolve) => {
      if (this.#turn.size === 0) setImmediate(() => this.#flush());
      let waiting = this.#turn.get(asker);
      if (waiting === undefined) {
        waiting = [];
        this.#turn.set(asker, waiting);
      }
      waiting.push({ bytes, deadlineMs, resolve });
    });
  }

  async close(): Promise<void> {
    this.#closing = true;
    await this.#pool.close({ force: false });
  }

  #flush(): void {
    const turn = this.#turn;
    this.#turn = new Map();
    for (const [asker, waiting] of turn) {
      const share = Math.ceil(waiting.length / this.#threads);
      const requestsMax = Math.min(BATCH_REQUESTS_MAX, share);
      let batch: Waiting[] = [];
      let bytes = 0;
      for (const one of waiting) {
        if (
          batch.length === requestsMax ||
          (bytes > 0 && bytes + one.bytes.length > BATCH_BYTES_MAX)
        ) {
          this.#send(asker, batch);
          batch = [];
          bytes = 0;
        }
        batch.push(one);
        bytes += one.bytes.length;
      }
      this.#send(asker, batch);
    }
  }

  #send(asker: Asker, batch: readonly Waiting[]): void {
    this.counters.batches++;
    this.counters.requests += batch.length;
    const buffer = packRequests(batch.map(({ bytes }) => bytes));
    const task: RequestBatch = { asker, buffer };
    const stopWatching = this.#watchDeadlines(batch);
    this.#pool
      .run(task, { transferList: [buffer] })
      .finally(() => {
        stopWatching();
        this.#inFlight -= batch.length;
      })
      .then((answers) => this.#deliver(batch, answers as ArrayBuffer))
      .catch((error: unknown) => this.#lose(batch, error));
  }

  #deliver(batch: readonly Waiting[], buffer: ArrayBuffer): void {
    const { answers, evidence, decisions } = unpackAnswers(buffer);
    if (answers.length !== batch.length) throw new Error('the worker answered in part');
    const all = batch.every(({ resolve }) => resolve !== undefined);
    if (all) this.#outputs.record(evidence, decisions, batch.length);
    for (const [index, waiting] of batch.entries()) {
      const { resolve } = waiting;
      const answer = answers[index];
      if (resolve === undefined || answer === undefined) continue; // Answered already: too late.
      if (!all) this.#outputs.record(answer.evidence, answer.decision, 1);
      this.#outputs.count(answer.outcomeCode, answer.evidenceCode, answer.durationUs);
      const { buffer: memory, byteOffset, length } = answer.response;
      this.#settle(waiting, Buffer.from(memory, byteOffset, length));
    }
  }

  #lose(batch: readonly Waiting[], error: unknown): void {
    for (const waiting of batch) {
      if (waiting.resolve === undefined) continue;
      this.#settle(waiting, this.#refuser.refuse(new Failure('sys.worker_lost', String(error))));
    }
  }

  /** Refuses each request when its own deadline passes; one timer a batch. */
  #watchDeadlines(batch: readonly Waiting[]): () => void {
    let timer: NodeJS.Timeout | undefined;
    const sleepUntil = (deadlineMs: number): void => {
      timer = setTimeout(watch, Math.min(Math.max(0, deadlineMs - Date.now()), TIMER_MS_MAX));
    };
    const watch = (): void => {
      const now = Date.now();
      let next = Number.POSITIVE_INFINITY;
      for (const waiting of batch) {
        if (waiting.resolve === undefined) continue;
        if (waiting.deadlineMs <= now) this.#expire(waiting);
        else next = Math.min(next, waiting.deadlineMs);
      }
      if (next < Number.POSITIVE_INFINITY) sleepUntil(next);
    };
    sleepUntil(Math.min(...batch.map(({ deadlineMs }) => deadlineMs)));
    return () => clearTimeout(timer);
  }

  #expire(waiting: Waiting): void {
    this.counters.expired++;
    this.#settle(waiting, this.#refuser.refuse(new Failure('sys.deadline', 'the pool is late')));
  }

  #settle(waiting: Waiting, response: Buffer): void {
    const { resolve } = waiting;
    waiting.resolve = undefined;
    resolve?.(response);
  }
}
