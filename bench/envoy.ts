// What asking adds to a request through a real Envoy, one request at a time: through a listener
// that asks Remit, one that asks a server with a constant answer, and one that asks nobody. The
// bundle is the demo's.

import { join } from 'node:path';
import { writeBundle } from '../demo/bundle.ts';
import type { Cleanup } from '../demo/cleanup.ts';
import { writeEnvoyConfig } from '../demo/envoy_config.ts';
import { installEnvoy } from '../demo/install_envoy.ts';
import { freePorts } from '../demo/processes.ts';
import { type Scenario as Demo, writeIdentities, writeRemitConfig } from '../demo/scenario.ts';
import { startHttpUpstream } from '../demo/upstream.ts';
import type { Run } from './contender.ts';
import { echo } from './echo.ts';
import type { EnvoyWork, Latency } from './envoy_client.ts';
import { inFolder } from './folder.ts';
import { run as runClient } from './load.ts';
import { CLIENT_CORE, SERVER_CORE } from './machine.ts';
import { ServerProcess } from './processes.ts';
import { assertCounted, assertRecorded } from './records_proof.ts';
import { REPOSITORY, startRemit, succeeded } from './remit.ts';
import { type Figure, figure } from './scenario.ts';

const ACCOUNT = '/v1/tenants/acme/accounts/42';
/** One at a time takes its time: so many fewer than under load. */
const FEWER = 16;
/** The least that allows: an empty `status` (1) and an empty `ok_response` (3). */
const ALLOW = Buffer.from([0x0a, 0, 0x1a, 0]);
const LISTENERS = ['nobody', 'constant', 'remit'] as const;

type Latencies = Readonly<Record<(typeof LISTENERS)[number], Latency>>;

export async function measureThroughEnvoy(run: Run): Promise<Figure[]> {
  const binary = await installEnvoy({ signal: run.signal });
  const rounds: Latencies[] = [];
  while (rounds.length < run.pairs) {
    const round = await inFolder(run.cleanup, (folder) => measureRound(folder, binary, run));
    rounds.push(round);
    const show = LISTENERS.map((name) => `${name} ${round[name].p50Us.toFixed(0)} µs`).join(', ');
    run.progress(`round ${rounds.length} of ${run.pairs}: asking ${show}`);
  }
  const added = (name: keyof Latencies, key: keyof Latency) =>
    rounds.map((round) => round[name][key] - round.nobody[key]);
  const constant = added('constant', 'p50Us');
  return [
    figure(
      'added latency ratio',
      '',
      added('remit', 'p50Us').map((us, index) => us / constant[index]!),
    ),
    figure('remit adds, p50', 'µs', added('remit', 'p50Us')),
    figure('constant adds, p50', 'µs', constant),
    figure('remit adds, p99', 'µs', added('remit', 'p99Us')),
    figure('constant adds, p99', 'µs', added('constant', 'p99Us')),
    figure(
      'asking nobody, p50',
      'µs',
      rounds.map(({ nobody }) => nobody.p50Us),
    ),
  ];
}

/** All three in the same fresh processes: they take turns request by request. */
async function measureRound(folder: string, binary: string, run: Run): Promise<Latencies> {
  const { cleanup, packageOf } = run;
  const demo = await writeIdentities(folder);
  await writeBundle(demo.policies);
  const [check = 0, http = 0] = await freePorts(2);
  await writeRemitConfig(demo, { check, http });
  const place = { config: demo.remitConfig, http: `127.0.0.1:${http}`, folder };
  const remit = await startRemit(
    { name: 'remit', root: packageOf(REPOSITORY), cores: SERVER_CORE, ...place },
    cleanup,
  );
  const constant = await echo({ constant: ALLOW }).start(folder, run);
  const upstream = await startHttpUpstream(0);
  cleanup.add(upstream.stop);
  const servers = { remit: check, constant: Number(constant.target.address.split(':')[1]) };
  const { envoy, ports } = await startEnvoy(binary, demo, servers, upstream.port, cleanup);
  const requests = Math.ceil(run.requests / FEWER);
  const warmUpRequests = Math.ceil(run.warmUpRequests / FEWER);
  const { certificate, key, trustedCa } = demo.tls('checkout');
  const files = { certificate, key, trustedCa };
  const work: EnvoyWork = { ports, requests, warmUpRequests, path: ACCOUNT, ...files };
  const program = join(import.meta.dirname, 'envoy_client.ts');
  const command = [process.execPath, program, JSON.stringify(work)];
  const output = await runClient(cleanup, CLIENT_CORE, command);
  run.signal.throwIfAborted();
  const asked = requests + warmUpRequests;
  if (upstream.received() !== LISTENERS.length * asked) {
    throw new Error(`${upstream.received()} requests went through, not 3 × ${asked}`);
  }
  await envoy.stop();
  await upstream.stop();
  await constant.finish(asked);
  await assertCounted(`http://${place.http}/metrics`, asked);
  await remit.stop();
  await assertRecorded(demo, asked, 'peer_principal');
  return JSON.parse(output) as Latencies; // Of envoy_client.ts, a key for each listener.
}

/** On the client's core, as only one of the two has work at any time. */
async function startEnvoy(
  binary: string,
  demo: Demo,
  authzServers: Readonly<Record<string, number>>,
  upstreamHttpPort: number,
  cleanup: Cleanup,
): Promise<{ readonly envoy: ServerProcess; readonly ports: Readonly<Record<string, number>> }> {
  const [adminPort = 0, ...free] = await freePorts(1 + LISTENERS.length);
  const ports = Object.fromEntries(LISTENERS.map((name, index) => [name, free[index]!]));
  await writeEnvoyConfig(demo.envoyConfig, {
    adminPort,
    listeners: LISTENERS.map((name) => ({
      name,
      port: ports[name]!,
      tls: demo.tls('payments'),
      ...(name === 'nobody' ? { unprotected: true } : { authz: { server: name } }),
    })),
    authzServers,
    upstreamHttpPort,
    // Nothing is sent there.
    upstreamGrpcPort: upstreamHttpPort,
    accessLogFile: demo.accessLog,
  });
  const options = ['--disable-hot-restart', '--concurrency', '1', '--log-level', 'warning'];
  const envoy = await ServerProcess.start(
    {
      name: 'envoy',
      cores: CLIENT_CORE,
      command: [binary, '-c', demo.envoyConfig, ...options],
      logFile: join(demo.dir, 'envoy.log'),
      ready: () => fetch(`http://127.0.0.1:${adminPort}/ready`).then(succeeded, () => false),
    },
    cleanup,
  );
  return { envoy, ports };
}
