// What a reload does to requests that come meanwhile. A Remit gets as many other rules as it has,
// under a modest load: the longest that a request took then stands next to the longest before. That
// is how long the acceptor's event loop stood still, as far as anybody noticed.

import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor } from '../demo/processes.ts';
import { writeBundle } from './bundle.ts';
import { grpcFrame } from './check_message.ts';
import type { Run } from './contender.ts';
import { inFolder } from './folder.ts';
import { type LoadResult, MODEST, runLoad } from './load.ts';
import { readMetrics } from './records_proof.ts';
import { POLICIES, type RunningRemit, remit } from './remit.ts';
import { type Figure, figure } from './scenario.ts';
import { percentile } from './statistics.ts';

/** The load goes on for so long after the reload has begun, and the reload has to be over then. */
const RELOAD_MS_MAX = 30_000;
/** Of as many rules as one is timed for. */
const MS_A_RULE = 1;
/** A modest load takes its time: so many fewer than under full load. */
const FEWER = 8;
/** V8 gives back what a load needed when a thread has been quiet for some eight seconds. */
const REST_MS = 15_000;

interface Took {
  readonly longestMs: number;
  readonly p99Ms: number;
}

interface Round {
  readonly before: Took;
  readonly meanwhile: Took;
  readonly reloadMs: number;
  readonly residentMiB: number;
}

interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

export async function measureReload(run: Run, rules = 10_000): Promise<Figure[]> {
  const rounds: Round[] = [];
  while (rounds.length < run.pairs) {
    const round = await inFolder(run.cleanup, (folder) => measureRound(folder, run, rules));
    rounds.push(round);
    const { before, meanwhile, reloadMs } = round;
    run.progress(
      `round ${rounds.length} of ${run.pairs}: the longest took ${before.longestMs.toFixed(1)} ms, ` +
        `${meanwhile.longestMs.toFixed(1)} ms during the ${reloadMs.toFixed(0)} of a reload`,
    );
  }
  const of = (name: string, value: (round: Round) => number): Figure =>
    figure(name, 'ms', rounds.map(value));
  return [
    of('longest during a reload', ({ meanwhile }) => meanwhile.longestMs),
    of('longest without', ({ before }) => before.longestMs),
    of('p99 during a reload', ({ meanwhile }) => meanwhile.p99Ms),
    of('p99 without', ({ before }) => before.p99Ms),
    of('reload', ({ reloadMs }) => reloadMs),
    figure(
      'p99 during against without',
      '',
      rounds.map(({ before, meanwhile }) => meanwhile.p99Ms / before.p99Ms),
    ),
    figure(
      'resident afterwards',
      'MiB',
      rounds.map(({ residentMiB }) => residentMiB),
    ),
  ];
}

async function measureRound(folder: string, run: Run, rules: number): Promise<Round> {
  const reloadMsMax = Math.max(RELOAD_MS_MAX, rules * MS_A_RULE);
  // It looks when it is told to, so that the reload begins when we know it.
  const options = { rules, poolThreads: 1, limits: { reloadMs: 0 } };
  const server = await remit(options).start(folder, run);
  const { target } = server;
  const next = join(folder, 'next');
  writeBundle(next, { rules, generation: 1 });
  const messageFile = join(folder, 'message.bin');
  writeFileSync(messageFile, grpcFrame(run.message));
  await server.probe(run.message);
  const msOf = (requests: number): number => (requests / FEWER / MODEST.rate) * 1000;
  const warmUpMs = msOf(run.warmUpRequests);
  const quietMs = msOf(run.requests);
  const requests = Math.ceil(((warmUpMs + quietMs + reloadMsMax) / 1000) * MODEST.rate);
  const where = { client: run.client, cores: run.clientCores, target, messageFile, folder };
  const [result, reload] = await Promise.all([
    runLoad({ ...MODEST, ...where, requests }, run.cleanup),
    sleep(warmUpMs + quietMs).then(() => replaceBundle(folder, next, server, reloadMsMax)),
  ]);
  run.signal.throwIfAborted();
  await sleep(REST_MS);
  const residentMiB = server.process.residentMiB();
  await server.finish(1 + requests);
  const before = { fromMs: reload.fromMs - quietMs, toMs: reload.fromMs };
  return {
    before: during(before, result),
    meanwhile: during(reload, result),
    reloadMs: reload.toMs - reload.fromMs,
    residentMiB,
  };
}

/** Resolves when the new bundle is in force. */
async function replaceBundle(
  folder: string,
  next: string,
  server: RunningRemit,
  msMax: number,
): Promise<Span> {
  const policies = join(folder, POLICIES);
  renameSync(policies, join(folder, 'previous'));
  renameSync(next, policies);
  const fromMs = Date.now();
  server.process.signal('SIGHUP');
  const inForce = async (): Promise<boolean> => {
    const metrics = await readMetrics(server.metricsUrl);
    return metrics.get('remit_reloads_total{result="activated"}') === 1;
  };
  await waitFor('the new bundle is in force', inForce, msMax);
  return { fromMs, toMs: Date.now() };
}

/** Of all requests that were under way at some time in the span. */
function during({ fromMs, toMs }: Span, { endedUs, tookUs }: LoadResult): Took {
  const took = tookUs
    .filter((us, index) => {
      const endedMs = endedUs[index]! / 1000;
      return endedMs > fromMs && endedMs - us / 1000 < toMs;
    })
    .sort();
  return { longestMs: took.at(-1)! / 1000, p99Ms: percentile(took, 0.99) / 1000 };
}
