// What is measured: a server in a fresh process, loaded with the same message, asked afterwards
// whether it did what it was asked. Contenders run in pairs: both are started and warmed up, then
// loaded in short turns, one after the other, so that what else happens on the machine meets both.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cleanup } from '../demo/cleanup.ts';
import { checkMessage, grpcFrame } from './check_message.ts';
import { type Client, type Load, type LoadResult, type LoadShape, runLoad } from './load.ts';
import type { ServerProcess } from './processes.ts';
import { percentile } from './statistics.ts';

/** Of each contender of a pair; a turn is well below a second. */
const TURNS = 10;
const GRPC_HEAD_BYTES = 5;

/** How a run was asked for on the command line. */
export interface Run {
  readonly pairs: number;
  readonly client: Client;
  /** The load at which throughput no longer rises. */
  readonly shape: LoadShape;
  /** Answered before anything is measured: code is compiled and the heap has its size by then. */
  readonly warmUpRequests: number;
  readonly requests: number;
  readonly cleanup: Cleanup;
  readonly signal: AbortSignal;
  readonly progress: (line: string) => void;
}

export interface Contender {
  readonly name: string;
  /** Starts it in `folder`, which is its own and is removed afterwards. */
  start(folder: string, run: Run): Promise<RunningContender>;
}

export interface RunningContender {
  readonly port: number;
  readonly process: ServerProcess;
  /** Sends one message and returns the answer's length; throws when it is not the right answer. */
  probe(message: Buffer): Promise<number>;
  /** Stops it, and throws unless it has answered so many requests rightly, the probe included. */
  finish(requests: number): Promise<void>;
}

export interface Measurement {
  readonly requestsPerSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
  /** CPU time of the whole process, all threads: other work on the machine changes it less. */
  readonly cpuUs: number;
  readonly residentMiB: number;
}

export interface Pair {
  readonly a: Measurement;
  readonly b: Measurement;
}

/** Measures A and B, each in a fresh process, as often as the run says. */
export async function measurePairs(a: Contender, b: Contender, run: Run): Promise<Pair[]> {
  const pairs: Pair[] = [];
  while (pairs.length < run.pairs) {
    const pair = await measurePair(a, b, run);
    pairs.push(pair);
    const show = (name: string, it: Measurement): string =>
      `${name} ${it.requestsPerSecond.toFixed(0)}/s ${it.cpuUs.toFixed(1)} µs CPU`;
    const ratio = pair.b.requestsPerSecond / pair.a.requestsPerSecond;
    run.progress(
      `pair ${pairs.length} of ${run.pairs}: ${show(a.name, pair.a)}, ${show(b.name, pair.b)}, ` +
        `ratio ${ratio.toFixed(3)}`,
    );
  }
  return pairs;
}

async function measurePair(a: Contender, b: Contender, run: Run): Promise<Pair> {
  const folder = mkdtempSync(join(tmpdir(), 'remit-bench-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  run.cleanup.add(remove);
  try {
    const tries = [await Trial.start(a, join(folder, 'a'), run)];
    tries.push(await Trial.start(b, join(folder, 'b'), run));
    for (let turn = 0; turn < TURNS; turn++) {
      for (const trial of tries) await trial.turn();
    }
    const [first, second] = [await tries[0]!.finish(), await tries[1]!.finish()];
    run.signal.throwIfAborted();
    return { a: first, b: second };
  } finally {
    remove();
  }
}

/** One contender of one pair: warmed up, loaded turn by turn, checked at the end. */
class Trial {
  readonly #contender: Contender;
  readonly #running: RunningContender;
  readonly #run: Run;
  readonly #load: Omit<Load, 'requests'>;
  readonly #answerBytes: number;
  readonly #results: LoadResult[] = [];
  #cpuSeconds = 0;

  static async start(contender: Contender, folder: string, run: Run): Promise<Trial> {
    mkdirSync(folder);
    const running = await contender.start(folder, run);
    const message = checkMessage();
    const messageFile = join(folder, 'message.bin');
    writeFileSync(messageFile, grpcFrame(message));
    const answerBytes = GRPC_HEAD_BYTES + (await running.probe(message));
    const load = { ...run.shape, client: run.client, port: running.port, messageFile, folder };
    await runLoad({ ...load, requests: run.warmUpRequests }, run.cleanup);
    return new Trial(contender, running, run, load, answerBytes);
  }

  private constructor(
    contender: Contender,
    running: RunningContender,
    run: Run,
    load: Omit<Load, 'requests'>,
    answerBytes: number,
  ) {
    this.#contender = contender;
    this.#running = running;
    this.#run = run;
    this.#load = load;
    this.#answerBytes = answerBytes;
  }

  async turn(): Promise<void> {
    const { process: server } = this.#running;
    const requests = this.#requestsATurn;
    const before = server.cpuSeconds();
    const result = await runLoad({ ...this.#load, requests }, this.#run.cleanup);
    this.#cpuSeconds += server.cpuSeconds() - before;
    if (result.answerBytes !== this.#answerBytes * requests) {
      const got = result.answerBytes / requests;
      throw new Error(`${this.#contender.name}: ${got} bytes an answer, not ${this.#answerBytes}`);
    }
    this.#results.push(result);
  }

  async finish(): Promise<Measurement> {
    const requests = this.#requestsATurn * this.#results.length;
    const residentMiB = this.#running.process.residentMiB();
    await this.#running.finish(1 + this.#run.warmUpRequests + requests);
    const tookUs = Float64Array.from(this.#results.flatMap((it) => [...it.tookUs])).sort();
    return {
      requestsPerSecond: requests / this.#results.reduce((sum, { seconds }) => sum + seconds, 0),
      p50Us: percentile(tookUs, 0.5),
      p99Us: percentile(tookUs, 0.99),
      cpuUs: (this.#cpuSeconds * 1e6) / requests,
      residentMiB,
    };
  }

  get #requestsATurn(): number {
    return Math.ceil(this.#run.requests / TURNS);
  }
}
