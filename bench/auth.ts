// What tokens cost: one that comes again beside none at all, a new one each time, and how long
// others wait beside a flood of tokens that prove nothing.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GATEWAY } from './bundle.ts';
import { checkMessage, grpcFrame } from './check_message.ts';
import { measure, type Pair, type Run } from './contender.ts';
import { inFolder } from './folder.ts';
import { runLoad } from './load.ts';
import { type MutualTls, makeMutualTls } from './mutual_tls.ts';
import { remit } from './remit.ts';
import { type Figure, figure, measured, ratio } from './scenario.ts';
import { percentile } from './statistics.ts';
import { makeGarbage, makeToken, writeTokenBundle } from './tokens.ts';

/** More than the evidence cache holds, so that each of them is new whenever it comes. */
const NEW_TOKENS = 20_000;
/** A second, of each flood: what the server could answer several times over. */
const FLOOD_RATE = 2_000;
const VICTIM = { connections: 1, streams: 16 } as const;
/**
 * Requests of the one who waits, in each run: some seconds. In less, the first look at such tokens
 * counts for most, when the server's code is not compiled yet and its caller has not failed yet.
 */
const VICTIM_REQUESTS = 40_000;
const FLOOD_STREAMS = 1_000;

export function measureAuth(run: Run): Promise<Figure[]> {
  return inFolder(run.cleanup, async (folder) => {
    const tls = await makeMutualTls(folder, GATEWAY);
    const own: Run = { ...run, client: 'node' };
    return [
      ...(await measureRepeated(own, tls)),
      ...(await measureNew(own, tls)),
      ...(await measureFlood(own, tls)),
    ];
  });
}

const server = (name: string, tls: MutualTls) => {
  const write = (folder: string) => writeTokenBundle(folder, { enforcerId: tls.clientId });
  return remit({ name, rules: 10, poolThreads: 0, tls, write });
};

const withToken = (authorization: string) => checkMessage({ headers: { authorization } });

/** The same server and bundle; only what the message carries is another. */
async function measureRepeated(run: Run, tls: MutualTls): Promise<Figure[]> {
  const message = withToken(`Bearer ${makeToken()}`);
  const pairs: Pair[] = [];
  while (pairs.length < run.pairs) {
    const a = await measure(server('mTLS alone', tls), run);
    const b = await measure(server('a repeated JWT', tls), { ...run, message });
    pairs.push({ a, b });
    const share = (b.requestsPerSecond / a.requestsPerSecond).toFixed(3);
    run.progress(`pair ${pairs.length} of ${run.pairs}: a repeated JWT, ratio ${share}`);
  }
  return [
    ratio('repeated JWT throughput ratio', 'requestsPerSecond', pairs),
    ratio('repeated JWT cost ratio', 'cpuUs', pairs),
    ...measured('mTLS alone', 'a repeated JWT', pairs),
  ];
}

async function measureNew(run: Run, tls: MutualTls): Promise<Figure[]> {
  const messages = Array.from({ length: NEW_TOKENS }, () => withToken(`Bearer ${makeToken()}`));
  const [message, ...more] = messages as [Buffer, ...Buffer[]];
  const rates: number[] = [];
  const costs: number[] = [];
  while (rates.length < run.pairs) {
    const { requestsPerSecond, cpuUs } = await measure(server('a new JWT each time', tls), {
      ...run,
      message,
      more,
    });
    rates.push(requestsPerSecond);
    costs.push(cpuUs);
    run.progress(`${rates.length} of ${run.pairs}: ${requestsPerSecond.toFixed(0)} new JWTs/s`);
  }
  return [
    figure('new JWTs', '/s', rates),
    figure(
      'new JWTs by CPU',
      '/s',
      costs.map((us) => 1e6 / us),
    ),
    figure('new JWT CPU a request', 'µs', costs),
  ];
}

/** Each round both floods, each beside the same client of another connection. */
async function measureFlood(run: Run, tls: MutualTls): Promise<Figure[]> {
  const garbage = Array.from({ length: NEW_TOKENS }, () => withToken(`Bearer ${makeGarbage()}`));
  const ratios: number[] = [];
  const p99s: Record<'without' | 'with', number[]> = { without: [], with: [] };
  while (ratios.length < run.pairs) {
    const without = await victimP99(run, tls, [run.message]);
    const beside = await victimP99(run, tls, garbage);
    p99s.without.push(without / 1000);
    p99s.with.push(beside / 1000);
    ratios.push(beside / without);
    run.progress(`round ${ratios.length} of ${run.pairs}: p99 ratio ${ratios.at(-1)!.toFixed(2)}`);
  }
  return [
    figure('p99 beside garbage tokens', '', ratios),
    figure('p99 beside a flood without tokens', 'ms', p99s.without),
    figure('p99 beside a flood of tokens', 'ms', p99s.with),
  ];
}

/** In microseconds. */
function victimP99(run: Run, tls: MutualTls, flood: readonly Buffer[]): Promise<number> {
  return inFolder(run.cleanup, async (folder) => {
    const running = await server('flooded', tls).start(folder, run);
    const file = (name: string, messages: readonly Buffer[]): string => {
      const path = join(folder, name);
      writeFileSync(path, Buffer.concat(messages.map(grpcFrame)));
      return path;
    };
    const { client, clientCores: cores } = run;
    const to = (messageFile: string) => ({
      ...{ client, cores, target: running.target, messageFile, folder },
    });
    const victim = to(file('victim.bin', [run.message]));
    const warmUp = { ...VICTIM, ...victim, requests: run.warmUpRequests };
    await runLoad({ ...warmUp, log: 'warm.log' }, run.cleanup);
    const end = new AbortController();
    const flooding = runLoad(
      {
        ...{ connections: 1, streams: FLOOD_STREAMS, rate: FLOOD_RATE },
        ...to(file('flood.bin', flood)),
        // It ends when the other one does.
        ...{ requests: Number.MAX_SAFE_INTEGER, log: 'flood.log', signal: end.signal },
      },
      run.cleanup,
    ).catch(() => undefined);
    const load = { ...VICTIM, ...victim, requests: VICTIM_REQUESTS, log: 'victim.log' };
    const { tookUs } = await runLoad(load, run.cleanup);
    end.abort();
    await flooding;
    running.process.assertRunning();
    await running.process.stop();
    return percentile(tookUs.toSorted(), 0.99);
  });
}
