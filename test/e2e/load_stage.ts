// The stage for load through a real Envoy: `remit serve` as a process of its own, an upstream that
// remembers everybody, and two listeners that differ in one thing, failure_mode_allow.

import { writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { IDS, TRUST_DOMAIN, writeBundle } from '../../demo/bundle.ts';
import { Cleanup } from '../../demo/cleanup.ts';
import type { Target } from '../../demo/client.ts';
import { writeEnvoyConfig } from '../../demo/envoy_config.ts';
import { installEnvoy } from '../../demo/install_envoy.ts';
import { type EnvoyProcess, freePorts, startEnvoy } from '../../demo/processes.ts';
import { type Scenario, writeIdentities } from '../../demo/scenario.ts';
import { addressText } from '../../server/address.ts';
import { Folder } from '../support/folder.ts';
import { type Run, type ServeProcess, startServe } from '../support/process.ts';
import { metricValue } from '../support/server.ts';

/** `open` has failure_mode_allow; `hasty` too, and Envoy's patience there is short. */
export type ListenerName = 'closed' | 'open' | 'hasty';
export const HASTY_MS = 200;
// Patience that no machine exhausts.
const PATIENT_MS = 10_000;
const BODY_BYTES_MAX = 3 * 1024 * 1024;

/** Of a check without an answer; those that wait for a connection share its end. */
const CAUSES: Readonly<Record<string, string>> = {
  'cluster.remit.upstream_cx_connect_fail': 'connections refused',
  'cluster.remit.upstream_rq_pending_failure_eject': 'checks that waited for one',
  'cluster.remit.upstream_cx_destroy_remote_with_active_rq': 'connections closed under checks',
  'cluster.remit.upstream_rq_rx_reset': 'checks reset',
  'cluster.remit.upstream_rq_pending_overflow': 'checks beyond its own bounds',
  'cluster.remit.upstream_rq_timeout': 'checks given up',
};
/** Checks that Envoy put on a connection to Remit. */
export const REACHED = 'cluster.remit.upstream_rq_total';

/** What the upstream saw of one request. */
export interface Arrival {
  readonly atMs: number;
  readonly headers: IncomingHttpHeaders;
}

export class LoadStage {
  readonly #cleanup = new Cleanup();
  readonly #folder = new Folder();
  readonly arrivals = new Map<string, Arrival>();
  #scenario: Scenario | undefined;
  #envoy: EnvoyProcess | undefined;
  #remit: ServeProcess | undefined;

  /** @param config keys of remit.yaml besides those that say where everything is */
  async start(config: string): Promise<void> {
    this.#folder.create();
    this.#cleanup.add(() => this.#folder.remove());
    const binary = await installEnvoy();
    const scenario = await writeIdentities(this.#folder.path);
    this.#scenario = scenario;
    await writeBundle(scenario.policies);
    const [check, http] = await freePorts(2);
    const listen = `listen: {check: "127.0.0.1:${check}", http: "127.0.0.1:${http}"}`;
    const level = 'envoy: {pathNormalization: MERGE_SLASHES}';
    const head = `policies: ${JSON.stringify(scenario.policies)}\ntrustDomain: ${TRUST_DOMAIN}`;
    await writeFile(scenario.remitConfig, [head, listen, level, config, ''].join('\n'));
    this.#remit = await startServe(scenario.remitConfig);
    this.#cleanup.add(async () => void (await this.stopRemit()));
    this.#envoy = await this.#startEnvoy(binary, scenario, check!, await this.#startUpstream());
    this.#cleanup.add(this.#envoy.stop);
  }

  get scenario(): Scenario {
    return this.#scenario!;
  }

  get remit(): ServeProcess {
    return this.#remit!;
  }

  target(listener: ListenerName): Target {
    const { certificatePem } = this.scenario.ca;
    const port = this.#envoy!.ports.get(listener)!;
    return { port, trustedCaPem: certificatePem, spiffeId: IDS.payments };
  }

  /** SIGTERM; resolves with how it ended, also when it has ended already. */
  stopRemit(): Promise<Run> {
    return this.remit.stop();
  }

  async metric(series: string): Promise<number> {
    const response = await fetch(`http://${addressText(this.remit.http)}/metrics`);
    return metricValue(await response.text(), series);
  }

  /** One of Envoy's own counts; 0 where it counted nothing. */
  async envoyCount(name: string): Promise<number> {
    return Number((await this.#envoyStats()).get(name) ?? 0);
  }

  /** What Envoy says of the checks that it got no answer to. */
  async explanation(): Promise<string> {
    const stats = await this.#envoyStats();
    const told = Object.entries(CAUSES).map(([name, what]) => `${what} ${stats.get(name) ?? 0}`);
    return `Envoy counts: ${told.join(', ')}`;
  }

  async #envoyStats(): Promise<ReadonlyMap<string, string>> {
    const response = await fetch(`http://127.0.0.1:${this.#envoy!.adminPort}/stats`);
    const lines = (await response.text()).split('\n').map((line) => line.split(': '));
    return new Map(lines.map(([name = '', value = '']) => [name, value]));
  }

  stop(): Promise<void> {
    return this.#cleanup.run();
  }

  async #startUpstream(): Promise<number> {
    // No connection ends by itself: Envoy would send the next request on it just then, and answer
    // 503 for a reason that is not ours.
    const server = createServer({ keepAliveTimeout: 0 }, (request, response) => {
      this.arrivals.set(request.url!, { atMs: Date.now(), headers: request.headers });
      request.resume();
      request.on('end', () => response.end());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    this.#cleanup.add(() => {
      server.close();
      server.closeAllConnections();
    });
    // A TCP server's address is an AddressInfo.
    return (server.address() as AddressInfo).port;
  }

  async #startEnvoy(
    binary: string,
    scenario: Scenario,
    check: number,
    upstream: number,
  ): Promise<EnvoyProcess> {
    const tls = scenario.tls('payments');
    const listener = (name: ListenerName, failureModeAllow: boolean, timeoutMs: number) => ({
      ...{ name, port: 0, tls },
      authz: { failureModeAllow, timeoutMs, bodyBytesMax: BODY_BYTES_MAX },
    });
    await writeEnvoyConfig(scenario.envoyConfig, {
      adminPort: 0,
      listeners: [
        listener('closed', false, PATIENT_MS),
        listener('open', true, PATIENT_MS),
        listener('hasty', true, HASTY_MS),
      ],
      authzServers: { remit: check },
      upstreamHttpPort: upstream,
      upstreamGrpcPort: upstream,
      accessLogFile: scenario.accessLog,
    });
    return startEnvoy(binary, scenario.envoyConfig, {
      adminAddressFile: join(scenario.dir, 'envoy.admin'),
      logFile: join(scenario.dir, 'envoy.log'),
    });
  }
}
