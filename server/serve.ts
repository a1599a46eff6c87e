// `remit serve`: the control thread. It puts the parts together in an order in which nothing is
// reachable before it can answer, and takes them apart in one in which nothing accepted goes
// unanswered. It alone writes records, and never decides itself.

import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { LineSink, openFileTarget, stdoutTarget, type Target } from '../audit/line_sink.ts';
import type { BundleImage } from '../engine/bundle_image.ts';
import { ActiveNumbers } from '../workers/active_numbers.ts';
import { compactHeap } from '../workers/compact_heap.ts';
import { Acceptors } from './acceptors.ts';
import { type Address, addressText } from './address.ts';
import type { RecordTarget, ResolvedConfig } from './config.ts';
import { HttpServer } from './http_server.ts';
import { Metrics } from './metrics.ts';
import { RecordCollector } from './record_collector.ts';
import type { Stream } from './record_memory.ts';
import { TlsFiles } from './tls_files.ts';
import { warnAboutTls } from './tls_warnings.ts';

/** How long records may take to reach the disk when everything else has ended. */
const SINK_CLOSE_MS = 5_000;

export interface RunningServer {
  readonly check: readonly Address[];
  readonly http: Address;
  /** Of the process; other parts may add to it. */
  readonly registry: Registry;
  /** Puts another bundle in force, on every thread at once; rejects, and changes nothing, else. */
  activate(image: BundleImage): Promise<void>;
  /** Answers what was accepted and ends everything; further calls wait for the first. */
  stop(): Promise<void>;
}

export async function serve(
  config: ResolvedConfig,
  image: BundleImage,
  log: Logger,
): Promise<RunningServer> {
  warnAbout(config, image, log);
  const tls = config.tls && new TlsFiles(config.tls);
  const closers: (() => Promise<void>)[] = [];
  const closeAll = async (): Promise<void> => {
    for (const close of closers.reverse()) await close();
  };
  let current = image;
  try {
    const sinks = await openSinks(config, log, closers);
    const numbers = new ActiveNumbers();
    numbers.activate(image.version);
    const collector = new RecordCollector(sinks);
    closers.push(async () => collector.stop());
    let ready = false;
    let acceptors: Acceptors | undefined;
    const metrics = new Metrics({
      image: () => current,
      counters: () => acceptors?.counters ?? [],
      tlsFiles: () => tls?.counts,
      sinks: () => ({ evidence: sinks.evidence.counters, decisions: sinks.decisions.counters }),
    });
    const http = new HttpServer(config.listen.http, metrics.registry, () => ready);
    const httpAddress = await http.listen();
    closers.push(() => http.close());
    const started = await Acceptors.start(
      {
        config,
        numbers,
        log,
        onRecords: (memories) => collector.add(memories),
        tls: tls?.material,
      },
      image,
    );
    acceptors = started;
    closers.push(() => started.stop());
    tls?.watch((material) => started.setTls(material), log);
    closers.push(async () => tls?.stop());
    const setReady = (value: boolean): void => {
      ready = value;
      started.setServing(value);
    };
    compactHeap();
    setReady(true);
    closers.push(async () => setReady(false));
    logServing(config, image, started.addresses, httpAddress, log);
    let stopping: Promise<void> | undefined;
    return {
      check: started.addresses,
      http: httpAddress,
      registry: metrics.registry,
      async activate(next) {
        await started.activate(next);
        current = next;
        warnAbout(config, next, log);
      },
      stop() {
        stopping ??= closeAll();
        return stopping;
      },
    };
  } catch (error) {
    await closeAll();
    throw error;
  }
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
