// Decides on a pool of threads (piscina), by batches: everything that arrived in one turn of the
// event loop, undecoded. The pool is the isolation boundary: its workers have heap limits and may
// die. What a dead worker had is answered `sys.worker_lost` and never run again: one of those
// requests may be what killed it.

import { extname } from 'node:path';
import { Piscina } from 'piscina';
import type { BundleImage } from '../engine/bundle_image.ts';
import { Failure } from '../engine/failure.ts';
import type { Asker } from '../engine/identity/enforcer.ts';
import { type KeyImage, NO_KEY_IMAGE } from '../engine/key_image.ts';
import { MiB, PASSES_MAX } from '../engine/limits.ts';
import { packRequests, type UnpackedAnswers, unpackAnswers } from './batch.ts';
import type { Checker, Outputs } from './checker.ts';
import { watchDeadlines } from './deadline_watch.ts';
import type { InPlaceChecker } from './in_place_checker.ts';
import { newPoolCounters, type PoolCounters } from './pool_counters.ts';
import { askEveryWorker } from './pool_prepare.ts';
import type { Prepare, Prepared, Task } from './pool_worker.ts';
import type { PrepareKeys } from './task_keys.ts';
import { SharedUsedProofs } from './used_proofs.ts';

/** Enough to keep a worker busy for about a millisecond, few enough to spread over workers. */
const BATCH_REQUESTS_MAX = 128;
const BATCH_BYTES_MAX = 1 * MiB;
/** Waiting requests a worker; more would be answered too late. */
const WAITING_PER_WORKER_MAX = 2048;
/** A worker that still runs when everything else has ended is not waited for longer. */
const CLOSE_MS_MAX = 1_000;
/**
 * A worker that exhausts its heap ends alone only while one collection promotes less than the
 * 16 MiB that Node grants beyond the limit. With Node's own bound (192) it took the whole process
 * with it in 7 of 15 runs on a busy machine, with this one in none of 65 (Node 24.21).
 */
const YOUNG_GENERATION_MIB = 24;

export interface PoolLimits {
  readonly threads: number;
  /** Heap of each worker; beyond it the worker dies and is replaced. */
  readonly heapMiB: number;
  /** The module that workers run; a test names one that dies on demand. */
  readonly workerFile?: URL;
  readonly workerData?: object;
  /** Where it counts, when others are to see it. */
  readonly counters?: PoolCounters;
  /** Proofs that were used, of all threads; default those of this pool. */
  readonly used?: SharedArrayBuffer;
}

/** Which images are in force, at this very moment. */
export interface ImageSource {
  readonly image: BundleImage;
  readonly keys: KeyImage;
}

interface Waiting {
  readonly bytes: Buffer;
  readonly deadlineMs: number;
  /** Undefined once answered: a late answer is dropped, with its records. */
  resolve: ((response: Buffer) => void) | undefined;
}

const CHANGING = new Failure('sys.stale_state', 'policy or keys changed during each pass');

export class PooledChecker implements Checker {
  readonly counters: PoolCounters;
  readonly #pool: Piscina<unknown, ArrayBuffer | Prepared>;
  readonly #images: ImageSource;
  readonly #refuser: InPlaceChecker;
  readonly #outputs: Outputs;
  readonly #used: SharedUsedProofs;
  readonly #waitingMax: number;
  readonly #threads: number;
  #turn = new Map<Asker, Waiting[]>();
  #closing = false;

  /** Resolves when every worker holds the image that is in force. */
  static async start(
    images: ImageSource,
    limits: PoolLimits,
    refuser: InPlaceChecker,
    outputs: Outputs,
  ): Promise<PooledChecker> {
    const checker = new PooledChecker(images, limits, refuser, outputs);
    try {
      await checker.prepare(images.image);
    } catch (error) {
      checker.#closing = true;
      await checker.#pool.destroy();
      throw error;
    }
    return checker;
  }

  private constructor(
    images: ImageSource,
    { threads, heapMiB, workerFile, workerData, counters, used }: PoolLimits,
    refuser: InPlaceChecker,
    outputs: Outputs,
  ) {
    // From sources it is TypeScript, in the published package JavaScript.
    const own = new URL(`pool_worker${extname(import.meta.filename)}`, import.meta.url);
    this.#images = images;
    this.counters = counters ?? newPoolCounters();
    this.#used = new SharedUsedProofs(used);
    // A worker that replaces a dead one starts with what is in force then.
    const data = Object.defineProperties(
      { ...workerData, used: this.#used.buffer },
      {
        image: { enumerable: true, get: () => images.image },
        keys: { enumerable: true, get: () => images.keys },
      },
    );
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
    // What a dying worker had is rejected, and `#send` answers it.
    this.#pool.on('error', () => undefined);
    this.#pool.on('workerDestroy', () => {
      if (!this.#closing) this.counters.workersLost++;
    });
    this.#refuser = refuser;
    this.#outputs = outputs;
    this.#threads = threads;
    this.#waitingMax = threads * WAITING_PER_WORKER_MAX;
  }

  /** Resolves when every worker has built the image; rejects when one cannot. */
  prepare(image: BundleImage): Promise<void> {
    return this.#prepare(image.digest, (): Prepare => {
      return { prepare: image, inForce: this.#images.image.version === image.version };
    });
  }

  /** The same of key sets. */
  prepareKeys(image: KeyImage): Promise<void> {
    return this.#prepare(image.digest, (): PrepareKeys => {
      return { prepareKeys: image, inForce: this.#images.keys.version === image.version };
    });
  }

  #prepare(digest: string, task: () => Prepare | PrepareKeys): Promise<void> {
    return askEveryWorker(this.#threads, digest, () => this.#pool.run(task()));
  }

  get threads(): number {
    return this.#threads;
  }

  canAcceptWork(): boolean {
    return this.counters.inFlight < this.#waitingMax;
  }

  check(bytes: Buffer, asker: Asker, deadlineMs: number): Buffer | Promise<Buffer> {
    if (!this.canAcceptWork()) {
      this.counters.refused++;
      return this.#refuser.refuse(new Failure('sys.overloaded', 'the pool is full'));
    }
    this.counters.inFlight++;
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

  refuse(failure: Failure): Buffer {
    return this.#refuser.refuse(failure);
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
          void this.#send(asker, batch);
          batch = [];
          bytes = 0;
        }
        batch.push(one);
        bytes += one.bytes.length;
      }
      void this.#send(asker, batch);
    }
  }

  /**
   * INVARIANT: answers are delivered only while the images they were decided with are in force,
   * else the batch is decided again.
   */
  async #send(asker: Asker, batch: readonly Waiting[]): Promise<void> {
    const stopWatching = watchDeadlines(batch, (waiting) => this.#expire(waiting));
    let result: UnpackedAnswers | Failure = CHANGING;
    // Decided again, it comes with the same proofs of possession, which are good once.
    const user = this.#used.numbers(batch.length);
    try {
      for (let pass = 0; pass < PASSES_MAX; pass++) {
        const { image, keys } = this.#images;
        const answers = await this.#ask(asker, batch, { image, keys }, user);
        if (this.#images.image.version !== image.version) continue;
        if (this.#images.keys.version !== keys.version) continue;
        result = answers;
        break;
      }
    } catch (error) {
      result = new Failure('sys.worker_lost', String(error));
    }
    stopWatching();
    this.counters.inFlight -= batch.length;
    if (result instanceof Failure) this.#refuse(batch, result);
    else this.#deliver(batch, result);
  }

  async #ask(
    asker: Asker,
    batch: readonly Waiting[],
    { image, keys }: ImageSource,
    user: bigint,
  ): Promise<UnpackedAnswers> {
    this.counters.batches++;
    this.counters.requests += batch.length;
    const buffer = packRequests(batch.map(({ bytes }) => bytes));
    const sent = keys.version === NO_KEY_IMAGE.version ? undefined : keys;
    const task: Task = { asker, buffer, image, keys: sent, user };
    const answered = await this.#pool.run(task, { transferList: [buffer] });
    const answers = unpackAnswers(answered as ArrayBuffer);
    if (answers.answers.length !== batch.length) throw new Error('the worker answered in part');
    return answers;
  }

  #deliver(batch: readonly Waiting[], { answers, evidence, decisions }: UnpackedAnswers): void {
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

  #refuse(batch: readonly Waiting[], failure: Failure): void {
    for (const waiting of batch) {
      if (waiting.resolve !== undefined) this.#settle(waiting, this.#refuser.refuse(failure));
    }
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
