// The table of scenarios. Each measures fresh processes, so none inherits another's heap or code.

import { resolve } from 'node:path';
import { issueSvid, makeCa } from '../demo/pki.ts';
import { measureAuth } from './auth.ts';
import { CHECKOUT, GATEWAY, TRUST_DOMAIN } from './bundle.ts';
import { checkMessage } from './check_message.ts';
import { type Measurement, measure, measurePairs, type Run } from './contender.ts';
import { echo } from './echo.ts';
import { measureThroughEnvoy } from './envoy.ts';
import { inFolder } from './folder.ts';
import { MODEST, OPEN_LOOP_STREAMS } from './load.ts';
import { BOTH_CORES } from './machine.ts';
import { makeMutualTls } from './mutual_tls.ts';
import { REALISTIC_RULES, writeRealisticBundle } from './realistic_bundle.ts';
import { measureReload } from './reload.ts';
import { type RemitOptions, remit } from './remit.ts';
import { measureRules } from './rules.ts';
import { comparison, type Figure, figure, measured, ratio, type Scenario } from './scenario.ts';

const HOUR_MS = 3_600_000;
/** Of the echo's peak: where a server that is not saturated should answer promptly. */
const LATENCY_LOAD = 0.5;
const BODY_BYTES = 64 * 1024;
/** V8 gives back what a load needed when a thread has been quiet for some eight seconds. */
const REST_MS = 15_000;

export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'plaintext',
    summary: 'one thread, 10 rules, both records on, against a bare grpc-js echo',
    measure: (run) => againstEcho(run),
  },
  {
    name: 'latency',
    summary: 'the same at half of the load that the echo can take, sent in an open loop',
    measure: measureLatency,
  },
  {
    name: 'certificate',
    summary: 'the same with one X.509-SVID in each request, verified against an Issuer',
    async measure(run) {
      const authority = await makeCa(TRUST_DOMAIN);
      const options = { lifetimeMs: 12 * HOUR_MS };
      const { certificatePem } = await issueSvid(authority, CHECKOUT, options);
      const message = checkMessage({ certificatePem });
      return againstEcho({ ...run, message }, { authorityPem: authority.certificatePem });
    },
  },
  {
    name: 'mtls',
    summary: 'the first one over mutual TLS, the Enforcer by its certificate; our own client',
    measure: measureMutualTls,
  },
  {
    name: 'rules',
    summary: 'from 10 to 100,000 rules: a decision, a request, a reload',
    measure: measureRules,
  },
  {
    name: 'realistic',
    summary: '50 services, 2,000 rules, a fifth of them with conditions, against the echo',
    measure: (run) => againstEcho(run, { rules: REALISTIC_RULES, write: writeRealisticBundle }),
  },
  {
    name: 'memory',
    summary: '10,000 rules in two evaluators (an acceptor and a pool of one), resident at rest',
    measure: measureMemory,
  },
  {
    name: 'acceptors',
    summary: 'two acceptors on both cores against one on its own, the client on both',
    async measure(run) {
      const connections = Math.max(16, run.shape.connections);
      const shared = { ...run, shape: { ...run.shape, connections }, clientCores: BOTH_CORES };
      const one = remit({ name: 'one', rules: 10, poolThreads: 0 });
      const two = remit({
        name: 'two',
        rules: 10,
        poolThreads: 0,
        acceptors: 2,
        cores: BOTH_CORES,
      });
      return comparison(one.name, two.name, await measurePairs(one, two, shared));
    },
  },
  {
    name: 'pool',
    summary: 'a pool of two against a pool of one, 64 KiB a request over a unix socket',
    measure: measurePool,
  },
  {
    name: 'reload',
    summary: '10,000 rules replaced by 10,000 others under 1,000 requests a second',
    measure: measureReload,
  },
  {
    name: 'auth',
    summary: 'tokens over mutual TLS: one that comes again, new ones, a flood of bad ones',
    measure: measureAuth,
  },
  {
    name: 'envoy',
    summary: 'what asking adds to a request through a real Envoy, against a constant answer',
    measure: measureThroughEnvoy,
  },
];

async function againstEcho(
  run: Run,
  options: Pick<RemitOptions, 'authorityPem' | 'tls' | 'write'> & { readonly rules?: number } = {},
): Promise<Figure[]> {
  const yardstick = echo({ tls: options.tls });
  const server = remit({ rules: 10, poolThreads: 0, ...options });
  return comparison(yardstick.name, server.name, await measurePairs(yardstick, server, run));
}

/** h2load shows no certificate. */
function measureMutualTls(run: Run): Promise<Figure[]> {
  return inFolder(run.cleanup, async (folder) => {
    const tls = await makeMutualTls(folder, GATEWAY);
    return againstEcho({ ...run, client: 'node' }, { tls });
  });
}

async function measureLatency(run: Run): Promise<Figure[]> {
  const yardstick = echo();
  const server = remit({ rules: 10, poolThreads: 0 });
  const peak = (await measure(yardstick, run)).requestsPerSecond;
  const rate = peak * LATENCY_LOAD;
  run.progress(`the echo's peak is ${peak.toFixed(0)}/s; from here on ${rate.toFixed(0)}/s`);
  const open = { ...run, shape: { ...run.shape, streams: OPEN_LOOP_STREAMS, rate } };
  const pairs = await measurePairs(yardstick, server, open);
  return [
    ratio('p99 ratio', 'p99Us', pairs),
    figure('echo peak', '/s', [peak]),
    ...measured(yardstick.name, server.name, pairs),
  ];
}

async function measureMemory(run: Run): Promise<Figure[]> {
  const server = remit({ rules: 10_000, poolThreads: 1 });
  const modest: Run = {
    ...run,
    shape: MODEST,
    // Some ten seconds of it.
    requests: Math.ceil(run.requests / 8),
    warmUpRequests: Math.ceil(run.warmUpRequests / 8),
    restMs: REST_MS,
  };
  const measurements: Measurement[] = [];
  while (measurements.length < run.pairs) {
    const measurement = await measure(server, modest);
    measurements.push(measurement);
    run.progress(
      `${measurements.length} of ${run.pairs}: ${measurement.residentMiB.toFixed(0)} MiB`,
    );
  }
  const of = (key: 'residentMiB' | 'residentPeakMiB') => measurements.map((it) => it[key]);
  return [
    figure('resident at rest', 'MiB', of('residentMiB')),
    figure('resident at most', 'MiB', of('residentPeakMiB')),
  ];
}

async function measurePool(run: Run): Promise<Figure[]> {
  const fewer = {
    ...run,
    message: checkMessage({ bodyBytes: BODY_BYTES }),
    shape: { connections: run.shape.connections, streams: 4 },
    // A hundred times as many bytes a request.
    requests: Math.ceil(run.requests / 8),
    warmUpRequests: Math.ceil(run.warmUpRequests / 8),
    clientCores: BOTH_CORES,
  };
  const common = { rules: 10, unix: true, allPooled: true, cores: BOTH_CORES };
  const one = remit({ ...common, name: 'one worker', poolThreads: 1 });
  const two = remit({ ...common, name: 'two workers', poolThreads: 2 });
  return comparison(one.name, two.name, await measurePairs(one, two, fewer));
}

/** Another checkout against this one: what a change did to the same work. */
export function against(root: string): Scenario {
  return {
    name: 'against',
    summary: `this checkout against ${root}`,
    async measure(run) {
      const before = remit({ name: 'before', root: resolve(root), rules: 10, poolThreads: 0 });
      const after = remit({ name: 'after', rules: 10, poolThreads: 0 });
      return comparison(before.name, after.name, await measurePairs(before, after, run));
    },
  };
}
