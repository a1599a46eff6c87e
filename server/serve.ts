// `remit serve`: the control thread. It puts the parts together in an order in which nothing is
// reachable before it can answer, and takes them apart in one in which nothing accepted goes
// unanswered. It alone writes records, and never decides itself.

import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { CredentialInventory } from '../audit/credential_inventory.ts';
import { LineSink, openFileTarget, stdoutTarget, type Target } from '../audit/line_sink.ts';
import type { BundleImage } from '../engine/bundle_image.ts';
import type { WorkloadApiNeeds } from '../engine/identity/key_source.ts';
import type { KeyKind } from '../engine/key_sets.ts';
import { ActiveNumbers } from '../workers/active_numbers.ts';
import { compactHeap } from '../workers/compact_heap.ts';
import type { HandOffPlan } from '../workers/identity_signer.ts';
import { Acceptors } from './acceptors.ts';
import { type Address, addressText } from './address.ts';
import type { RecordTarget, ResolvedConfig } from './config.ts';
import { HandOffKeys } from './hand_off_keys.ts';
import { HttpServer } from './http_server.ts';
import type { JwksSource } from './keys/jwks_source.ts';
import { KeyService } from './keys/key_service.ts';
import { WorkloadApiKeys } from './keys/workload_api_keys.ts';
import { Metrics } from './metrics.ts';
import { openTls } from './open_tls.ts';
import { RecordCollector } from './record_collector.ts';
import type { RecordMemories, Stream } from './record_memory.ts';
import type { TlsSource } from './tls_source.ts';
import { warnAboutTls } from './tls_warnings.ts';
import { WorkloadApi } from './workload_api/client.ts';
import { registerWorkloadApiMetrics } from './workload_api/metrics.ts';

/** How long records may take to reach the disk when everything else has ended. */
const SINK_CLOSE_MS = 5_000;
/** Some 15 µs each: one or two hundredths of a core, however many new tokens come. */
const INVENTORY_READS_A_SECOND_MAX = 1_000;

export interface RunningServer {
  readonly check: readonly Address[];
  readonly http: Address;
  /** Of the process; other parts may add to it. */
  readonly registry: Registry;
  /** Puts another bundle in force, on every thread at once; rejects, and changes nothing, else. */
  activate(image: BundleImage): Promise<void>;
  /** Where keys come from that the bundle only names. */
  readonly keys: KeyService;
  /** Answers what was accepted and ends everything; further calls wait for the first. */
  stop(): Promise<void>;
}

export async function serve(
  config: ResolvedConfig,
  image: BundleImage,
  log: Logger,
  moreKeys: readonly JwksSource[] = [],
): Promise<RunningServer> {
  warnAbout(config, image, log);
  const closers: (() => Promise<void>)[] = [];
  const closeAll = () => closeInTurn(closers);
  let current = image;
  try {
    const sinks = await openSinks(config, log, closers);
    const numbers = new ActiveNumbers();
    numbers.activate(image.version);
    const { collector, identities } = collectRecords(sinks, closers);
    let ready = false;
    let acceptors: Acceptors | undefined;
    let tls: TlsSource | undefined;
    const metrics = new Metrics({
      image: () => current,
      counters: () => acceptors?.counters ?? [],
      tlsFiles: () => tls?.counts,
      tlsVersions: () => acceptors?.tlsVersions ?? [],
      sinks: () => ({ evidence: sinks.evidence.counters, decisions: sinks.decisions.counters }),
    });
    const { jwks, plan } = startHandOff(config, closers) ?? {};
    const pages = { identities, jwks };
    const http = new HttpServer(config.listen.http, metrics.registry, () => ready, pages);
    const httpAddress = await listenHttp(http, closers);
    const api = openWorkloadApi(config, metrics.registry, log, closers);
    const source = await openTls(config.tls, api);
    tls = source;
    const onRecords = (memories: RecordMemories): void => collector.add(memories);
    const options = { config, numbers, log, onRecords, tls: source?.material, handOff: plan };
    const started = await Acceptors.start(options, image);
    acceptors = started;
    closers.push(() => started.stop());
    source?.watch((material) => started.setTls(material), log);
    closers.push(async () => source?.stop());
    const setReady = (value: boolean): void => {
      ready = value;
      started.setServing(value);
    };
    compactHeap();
    closers.push(async () => setReady(false));
    const onReady = (): void => setReady(true);
    const ports = { registry: metrics.registry, onReady, log, api, moreKeys };
    const { keys, follow } = startKeys(started, ports);
    closers.push(() => keys.stop());
    void follow([image]);
    logServing(config, image, started.addresses, httpAddress, log);
    if (!keys.ready) log.warn('not ready: the keys of a required issuer have not come yet');
    return {
      check: started.addresses,
      http: httpAddress,
      registry: metrics.registry,
      keys,
      async activate(next) {
        // Its keys are fetched before it is in force.
        await follow([current, next]);
        await started.activate(next);
        current = next;
        warnAbout(config, next, log);
        void follow([next]);
      },
      stop: once(closeAll),
    };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

/** Further calls wait for the first. */
function once(act: () => Promise<void>): () => Promise<void> {
  let acting: Promise<void> | undefined;
  return () => {
    acting ??= act();
    return acting;
  };
}

/** Brings records to their sinks; what they say of credentials is remembered on the way. */
function collectRecords(
  sinks: Readonly<Record<Stream, LineSink>>,
  closers: (() => Promise<void>)[],
) {
  const limits = { readsASecondMax: INVENTORY_READS_A_SECOND_MAX };
  const inventory = new CredentialInventory(Date.now(), limits);
  const collector = new RecordCollector(sinks, (lines) => inventory.add(lines));
  closers.push(async () => collector.stop());
  return { collector, identities: () => inventory.text(Date.now()) };
}

async function closeInTurn(closers: (() => Promise<void>)[]): Promise<void> {
  for (const close of closers.reverse()) await close();
}

interface KeyPorts {
  readonly registry: Registry;
  readonly onReady: () => void;
  readonly log: Logger;
  readonly api: WorkloadApi | undefined;
  readonly moreKeys: readonly JwksSource[];
}

/** `follow` begins to bring the keys that bundles name, and resolves when it was tried once. */
function startKeys(
  acceptors: Acceptors,
  { registry, onReady, log, api, moreKeys }: KeyPorts,
): { readonly keys: KeyService; follow(images: readonly BundleImage[]): Promise<void> } {
  const keys = new KeyService({
    activate: (image) => acceptors.activateKeys(image),
    versions: () => acceptors.keysVersions,
    onReady,
    log,
    registry,
  });
  const bundles = api && new WorkloadApiKeys(api, keys);
  return {
    keys,
    follow(images) {
      for (const { workloadApi } of images) {
        bundles?.follow(workloadApi);
        if (bundles === undefined && (workloadApi.x509 || workloadApi.jwt)) {
          log.warn(
            'an Issuer reads the Workload API, and `workloadApi` says nothing of where it is',
          );
        }
      }
      const named = images.flatMap(({ keyUrls }) => keyUrls);
      const sources = [...moreKeys, ...named.map((it) => ({ ...it, required: true }))];
      const needs = bundles === undefined ? [] : images.map(({ workloadApi }) => workloadApi);
      return keys
        .follow(sources, kindsOf(needs))
        .catch((error: unknown) => log.error({ err: error }, 'no keys'));
    },
  };
}

/** Of the bundles of the Workload API. */
function kindsOf(needs: readonly WorkloadApiNeeds[]): readonly KeyKind[] {
  const x509 = needs.some((it) => it.x509);
  const jwt = needs.some((it) => it.jwt);
  return [...(x509 ? (['x509_bundle'] as const) : []), ...(jwt ? (['jwt_bundle'] as const) : [])];
}

/** Undefined where it is off. */
function startHandOff(
  { handOff }: ResolvedConfig,
  closers: (() => Promise<void>)[],
): { readonly plan: HandOffPlan; readonly jwks: () => string } | undefined {
  if (handOff === undefined) return undefined;
  const keys = new HandOffKeys();
  closers.push(async () => keys.stop());
  return { plan: { ...handOff, keys: keys.buffer }, jwks: () => keys.jwks };
}

async function listenHttp(http: HttpServer, closers: (() => Promise<void>)[]): Promise<Address> {
  const address = await http.listen();
  closers.push(() => http.close());
  return address;
}

/** Undefined where it is not configured. */
function openWorkloadApi(
  { workloadApi }: ResolvedConfig,
  registry: Registry,
  log: Logger,
  closers: (() => Promise<void>)[],
): WorkloadApi | undefined {
  if (workloadApi === undefined) return undefined;
  const api = new WorkloadApi(workloadApi, log);
  closers.push(async () => api.close());
  registerWorkloadApiMetrics(registry, api);
  return api;
}

function logServing(
  config: ResolvedConfig,
  { proofDigest, policyDigest, counts }: BundleImage,
  check: readonly Address[],
  http: Address,
  log: Logger,
): void {
  const { acceptors, poolThreads: pool } = config;
  const addresses = { check: check.map(addressText), http: addressText(http) };
  const digests = { proofDigest, policyDigest };
  log.info({ ...addresses, acceptors, pool, rules: counts.rules, ...digests }, 'serving');
}

function warnAbout(config: ResolvedConfig, { counts }: BundleImage, log: Logger): void {
  for (const key of config.withoutEffect) {
    log.warn({ key }, 'this key has no effect in this version');
  }
  warnAboutTls(config, counts.identifiedEnforcers, log);
  if (counts.services === 0) log.warn('the bundle has no Service: every request is denied');
  if (counts.enforcers === 0) {
    log.warn('the bundle has no Enforcer: nobody may ask, every request is denied');
  }
}

async function openSinks(
  config: ResolvedConfig,
  log: Logger,
  closers: (() => Promise<void>)[],
): Promise<Readonly<Record<Stream, LineSink>>> {
  const opened: LineSink[] = [];
  closers.push(async () => void (await Promise.all(opened.map((sink) => sink.close()))));
  const open = async (stream: Stream): Promise<LineSink> => {
    const sink = await openSink(stream, config.records[stream], config, log);
    opened.push(sink);
    return sink;
  };
  return { evidence: await open('evidence'), decisions: await open('decisions') };
}

async function openSink(
  stream: Stream,
  target: RecordTarget,
  config: ResolvedConfig,
  log: Logger,
): Promise<LineSink> {
  let opened: Target;
  try {
    opened = target.kind === 'file' ? await openFileTarget(target.path) : stdoutTarget();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`cannot open the ${stream} records: ${why}`);
  }
  return new LineSink(opened, {
    bufferBytesMax: config.records.bufferBytes,
    closeMsMax: SINK_CLOSE_MS,
    onTrouble: (message) => log.warn({ stream }, message),
  });
}
