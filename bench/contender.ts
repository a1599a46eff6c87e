// What is measured: a server in a fresh process, loaded with the same message, asked afterwards
// whether it did what it was asked. Contenders run in alternating pairs, so that what else happens
// on the machine meets both alike.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cleanup } from '../demo/cleanup.ts';
import { grpcFrame } from './check_message.ts';
import { CpuClock } from './cpu_clock.ts';
import { inFolder } from './folder.ts';
import { type Client, type LoadResult, type LoadShape, runLoad } from './load.ts';
import type { PackageOf } from './package.ts';
import type { ServerProcess } from './processes.ts';
import { percentile } from './statistics.ts';
import type { Target } from './target.ts';

const GRPC_HEAD_BYTES = 5;
const WARM_UP_STREAMS_MAX = 32;

/** What is done to each contender: as the command line says, where a scenario says nothing else. */
export interface Run {
  readonly pairs: number;
  readonly client: Client;
  /** The load at which throughput no longer rises. */
  readonly shape: LoadShape;
  /** Answered before anything is measured: code is compiled and the heap has its size by then. */
  readonly warmUpRequests: number;
  readonly requests: number;
  /** An encoded CheckRequest, the same each time. */
  readonly message: Buffer;
  /** Others that take their turn with it, which only our own client can; default none. */
  readonly more?: readonly Buffer[];
  /** Where the client runs, as taskset takes them. */
  readonly clientCores: string;
  /** Between the load and the look at resident memory. */
  readonly restMs: number;
  readonly packageOf: PackageOf;
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
  readonly target: Target;
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
  /** Of one core, in percent: well under 100 the server waited, for the client or for others. */
  readonly corePercent: number;
  readonly residentMiB: number;
  readonly residentPeakMiB: number;
}

export interface Pair {
  readonly a: Measurement;
  readonly b: Measurement;
}

/** Measures A B A B …, as often as the run says. */
export async function measurePairs(a: Contender, b: Contender, run: Run): Promise<Pair[]> {
  const pairs: Pair[] = [];
  while (pairs.length < run.pairs) {
    const pair = { a: await measure(a, run), b: await measure(b, run) };
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

export function measure(contender: Contender, run: Run): Promise<Measurement> {
  return inFolder(run.cleanup, (folder) => measureIn(folder, contender, run));
}

async function measureIn(folder: string, contender: Contender, run: Run): Promise<Measurement> {
  const running = await contender.start(folder, run);
  const { target, process: server } = running;
  const { message, client, clientCores: cores } = run;
  const messageFile = join(folder, 'message.bin');
  writeFileSync(messageFile, Buffer.concat([message, ...(run.more ?? [])].map(grpcFrame)));
  const answerBytes = GRPC_HEAD_BYTES + (await running.probe(message));
  const { rate, ...closed } = run.shape;
  // A cold server cannot keep up with an open loop, and what piles up then is no latency of a warm
  // one, so it warms up in a closed loop; otherwise warm-up and measurement are one load.
  const warmedBefore = rate === undefined ? 0 : run.warmUpRequests;
  const requests = run.warmUpRequests + run.requests - warmedBefore;
  const to = { client, cores, target, messageFile, folder };
  if (warmedBefore > 0) {
    const streams = Math.min(closed.streams, WARM_UP_STREAMS_MAX);
    await runLoad({ ...closed, ...to, streams, requests: warmedBefore }, run.cleanup);
  }
  const cpu = new CpuClock(server);
  const load = { ...run.shape, ...to, requests };
  const result = await runLoad(load, run.cleanup).finally(() => cpu.stop());
  await sleep(run.restMs);
  const resident = {
    residentMiB: server.residentMiB(),
    residentPeakMiB: server.residentMiB('peak'),
  };
  run.signal.throwIfAborted();
  if (result.answerBytes !== answerBytes * requests) {
    const got = result.answerBytes / requests;
    throw new Error(`${contender.name}: ${got} bytes an answer, not ${answerBytes}`);
  }
  await running.finish(1 + warmedBefore + requests);
  return { ...afterWarmUp(result, requests - run.requests, cpu), ...resident };
}

/** Envoy's connections live long: the first requests of a load are its warm-up. */
function afterWarmUp(
  { endedUs, tookUs }: LoadResult,
  warmUpRequests: number,
  cpu: CpuClock,
): Omit<Measurement, 'residentMiB' | 'residentPeakMiB'> {
  const ended = endedUs.toSorted();
  const fromUs = ended[Math.max(0, warmUpRequests - 1)]!;
  const toUs = ended.at(-1)!;
  const took = tookUs.filter((_, index) => endedUs[index]! > fromUs).sort();
  const requests = ended.length - warmUpRequests;
  const usedUs = cpu.usAt(toUs) - cpu.usAt(fromUs);
  return {
    requestsPerSecond: requests / ((toUs - fromUs) / 1e6),
    p50Us: percentile(took, 0.5),
    p99Us: percentile(took, 0.99),
    cpuUs: usedUs / requests,
    corePercent: (100 * usedUs) / (toUs - fromUs),
  };
}
