// The stage for tests through a real Envoy: upstreams, one or more Remits, and one Envoy with as
// many listeners as a test file needs. Everything is the demo's; only listeners and levels differ.

import { mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IDS, TRUST_DOMAIN, type Workload, writeBundle } from '../../demo/bundle.ts';
import { Cleanup } from '../../demo/cleanup.ts';
import {
  type GrpcAnswer,
  type GrpcCall,
  type HttpAnswer,
  type HttpCall,
  sendGrpc,
  sendHttp,
  type Target,
} from '../../demo/client.ts';
import {
  type AuthzTls,
  type ListenerOptions,
  type TlsFiles,
  writeEnvoyConfig,
} from '../../demo/envoy_config.ts';
import { installEnvoy } from '../../demo/install_envoy.ts';
import { issueSvid, type Svid } from '../../demo/pki.ts';
import { type EnvoyProcess, freePorts, startEnvoy } from '../../demo/processes.ts';
import { type Scenario, writeIdentities, writeSvid } from '../../demo/scenario.ts';
import { startGrpcUpstream, startHttpUpstream, type Upstream } from '../../demo/upstream.ts';
import { RigRemit } from './rig_remit.ts';

/** Installing Envoy is part of the first start. */
export const START_MS_MAX = 240_000;
// Patience that no machine exhausts: these tests are about answers, not about time.
const AUTHZ_TIMEOUT_MS = 10_000;
const REMIT_ID = `spiffe://${TRUST_DOMAIN}/ns/remit/sa/remit`;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** A listener as a test describes it; the rig adds name, port and certificate. */
export interface RigListener extends Omit<ListenerOptions, 'name' | 'port' | 'tls'> {
  /** Default: Envoy chooses. */
  readonly port?: number;
  /** Whom Envoy stands in front of here; default the demo's `payments`. */
  readonly serverId?: string;
}

export interface RigOptions {
  readonly listeners: Readonly<Record<string, RigListener>>;
  /** Remits by name with the level at which they read paths; default one, `remit`. */
  readonly remits?: Readonly<Record<string, 'NONE' | 'BASE' | 'MERGE_SLASHES'>>;
  /** mTLS on the check port of `remit`, which is asked with these IDs by further server names. */
  readonly mtls?: Readonly<Record<string, string>>;
  /** Other ext_authz servers by name, as loopback ports. */
  readonly authzServers?: Readonly<Record<string, number>>;
  /** Upstreams for bytes by name, as loopback ports. */
  readonly tcpUpstreams?: Readonly<Record<string, number>>;
  /** Where a listener's `nextHop` leads: another listener, and as whom Envoy connects to it. */
  readonly nextHops?: Readonly<Record<string, { readonly listener: string; readonly as: string }>>;
  /** Files beside the demo's policies, or in place of them. */
  readonly policies?: Readonly<Record<string, string>>;
}

export type Caller = Workload | 'anonymous' | Svid;

/** Everything runs; `stop` undoes it. */
export class Rig {
  readonly scenario: Scenario;
  readonly upstreamHttp: Upstream;
  readonly upstreamGrpc: Upstream;
  readonly #options: RigOptions;
  readonly #remits: ReadonlyMap<string, RigRemit>;
  readonly #envoy: EnvoyProcess;
  readonly #cleanup: Cleanup;

  constructor(
    parts: Pick<Rig, 'scenario' | 'upstreamHttp' | 'upstreamGrpc'>,
    options: RigOptions,
    remits: ReadonlyMap<string, RigRemit>,
    envoy: EnvoyProcess,
    cleanup: Cleanup,
  ) {
    this.scenario = parts.scenario;
    this.upstreamHttp = parts.upstreamHttp;
    this.upstreamGrpc = parts.upstreamGrpc;
    this.#options = options;
    this.#remits = remits;
    this.#envoy = envoy;
    this.#cleanup = cleanup;
  }

  target(listener = 'mtls'): Target {
    const port = this.#envoy.ports.get(listener);
    if (port === undefined) throw new Error(`no listener \`${listener}\``);
    const spiffeId = this.#options.listeners[listener]?.serverId ?? IDS.payments;
    return { port, trustedCaPem: this.scenario.ca.certificatePem, spiffeId };
  }

  svid(caller: Caller): Svid | undefined {
    if (caller === 'anonymous') return undefined;
    return typeof caller === 'string' ? this.scenario.svids[caller] : caller;
  }

  http(caller: Caller, call: HttpCall, listener?: string): Promise<HttpAnswer> {
    return sendHttp(this.target(listener), this.svid(caller), call);
  }

  get(caller: Caller, path: string, listener?: string): Promise<HttpAnswer> {
    return this.http(caller, { method: 'GET', path }, listener);
  }

  grpc(caller: Caller, call: GrpcCall, listener?: string): Promise<GrpcAnswer> {
    return sendGrpc(this.target(listener), this.svid(caller), call);
  }

  remit(name = 'remit'): RigRemit {
    const remit = this.#remits.get(name);
    if (!remit) throw new Error(`no remit \`${name}\``);
    return remit;
  }

  /** How many requests reached an upstream so far. */
  received(): number {
    return this.upstreamHttp.received() + this.upstreamGrpc.received();
  }

  stop(): Promise<void> {
    return this.#cleanup.run();
  }
}

/** Starts everything, or nothing. */
export async function startRig(options: RigOptions): Promise<Rig> {
  const cleanup = new Cleanup();
  try {
    return await start(options, cleanup);
  } catch (error) {
    await cleanup.run();
    throw error;
  }
}

async function start(options: RigOptions, cleanup: Cleanup): Promise<Rig> {
  const binary = await installEnvoy();
  const dir = temporaryFolder(cleanup);
  const upstreamHttp = await startHttpUpstream(0);
  cleanup.add(upstreamHttp.stop);
  const upstreamGrpc = await startGrpcUpstream(0);
  cleanup.add(upstreamGrpc.stop);

  const scenario = await writeIdentities(dir);
  await writeBundle(scenario.policies);
  for (const [name, text] of Object.entries(options.policies ?? {})) {
    await writeFile(join(scenario.policies, name), text);
  }
  const remits = await startRemits(scenario, options, cleanup);
  const authzTls: Record<string, AuthzTls> = {};
  for (const [name, id] of Object.entries(options.mtls ?? {})) {
    authzTls[name] = { ...(await newSvid(scenario, id)), serverId: REMIT_ID };
  }
  const remitPort = remits.get('remit')?.checkPort ?? 0;
  const nextHops = await makeNextHops(scenario, options);
  await writeEnvoyConfig(scenario.envoyConfig, {
    adminPort: 0,
    listeners: await makeListeners(scenario, options, Object.values(nextHops)),
    nextHops,
    authzServers: {
      ...Object.fromEntries([...remits].map(([name, remit]) => [name, remit.checkPort])),
      ...Object.fromEntries(Object.keys(authzTls).map((name) => [name, remitPort])),
      ...options.authzServers,
    },
    authzTls,
    upstreamHttpPort: upstreamHttp.port,
    upstreamGrpcPort: upstreamGrpc.port,
    ...(options.tcpUpstreams && { tcpUpstreams: options.tcpUpstreams }),
    accessLogFile: scenario.accessLog,
  });
  const envoy = await startEnvoy(binary, scenario.envoyConfig, {
    adminAddressFile: join(dir, 'envoy.admin'),
    logFile: join(dir, 'envoy.log'),
  });
  cleanup.add(envoy.stop);
  return new Rig({ scenario, upstreamHttp, upstreamGrpc }, options, remits, envoy, cleanup);
}

async function startRemits(
  scenario: Scenario,
  options: RigOptions,
  cleanup: Cleanup,
): Promise<ReadonlyMap<string, RigRemit>> {
  const levels = Object.entries(options.remits ?? { remit: 'MERGE_SLASHES' as const });
  const ports = await freePorts(2 * levels.length);
  const remits = new Map<string, RigRemit>();
  for (const [at, [name, level]] of levels.entries()) {
    const remit = new RigRemit(scenario, name, { check: ports[2 * at]!, http: ports[2 * at + 1]! });
    await remit.write(scenario, level, options.mtls && (await newSvid(scenario, REMIT_ID)));
    cleanup.add(() => remit.stop());
    remits.set(name, remit);
  }
  await Promise.all([...remits.values()].map((remit) => remit.start()));
  return remits;
}

let svidFiles = 0;

async function newSvid(scenario: Scenario, id: string): Promise<TlsFiles> {
  const name = `svid-${++svidFiles}`;
  await writeSvid(join(scenario.dir, 'pki'), name, await issueSvid(scenario.ca, id));
  return scenario.tls(name);
}

interface NextHop {
  readonly listener: string;
  readonly port: number;
  readonly tls: AuthzTls;
}

/** What is connected to has to have its port before Envoy starts. */
async function makeNextHops(
  scenario: Scenario,
  { nextHops = {}, listeners }: RigOptions,
): Promise<Record<string, NextHop>> {
  const targets = [...new Set(Object.values(nextHops).map(({ listener }) => listener))];
  const ports = await freePorts(targets.length);
  const made: Record<string, NextHop> = {};
  for (const [name, { listener, as }] of Object.entries(nextHops)) {
    const serverId = listeners[listener]?.serverId ?? IDS.payments;
    const tls = { ...(await newSvid(scenario, as)), serverId };
    made[name] = { listener, port: ports[targets.indexOf(listener)]!, tls };
  }
  return made;
}

async function makeListeners(
  scenario: Scenario,
  options: RigOptions,
  nextHops: readonly NextHop[],
): Promise<ListenerOptions[]> {
  const made: ListenerOptions[] = [];
  for (const [name, { serverId, ...listener }] of Object.entries(options.listeners)) {
    let tlsName = 'payments';
    if (serverId !== undefined) {
      const svid = await issueSvid(scenario.ca, serverId);
      await writeSvid(join(scenario.dir, 'pki'), name, svid);
      tlsName = name;
    }
    const authz = { timeoutMs: AUTHZ_TIMEOUT_MS, ...listener.authz };
    const port = nextHops.find((hop) => hop.listener === name)?.port ?? 0;
    made.push({ port, ...listener, name, tls: scenario.tls(tlsName), authz });
  }
  return made;
}

/**
 * Removed at the end, also when mocha is interrupted: it has no signal handlers, and only an
 * ordinary exit ends the children (processes.ts).
 */
function temporaryFolder(cleanup: Cleanup): string {
  const dir = mkdtempSync(join(tmpdir(), 'remit-e2e-'));
  const remove = () => rmSync(dir, { recursive: true, force: true });
  const onSignal = (_name: NodeJS.Signals, number: number) => process.exit(128 + number);
  process.once('exit', remove);
  for (const name of SIGNALS) process.once(name, onSignal);
  cleanup.add(() => {
    remove();
    process.off('exit', remove);
    for (const name of SIGNALS) process.off(name, onSignal);
  });
  return dir;
}
