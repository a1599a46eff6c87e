// `remit serve`: puts the parts together, in an order in which nothing is reachable before it can
// answer, and takes them apart again in an order in which nothing accepted goes unanswered.

import { HealthImplementation } from 'grpc-health-check';
import type { Logger } from 'pino';
import { LineSink, openFileTarget, stdoutTarget, type Target } from '../audit/line_sink.ts';
import type { SourceFile } from '../engine/bundle/bundle.ts';
import type { Snapshot } from '../engine/snapshot.ts';
import type { Checker, Outputs } from '../workers/checker.ts';
import { DispatchingChecker } from '../workers/dispatching_checker.ts';
import { Evaluator } from '../workers/evaluator.ts';
import { InPlaceChecker } from '../workers/in_place_checker.ts';
import { PooledChecker } from '../workers/pooled_checker.ts';
import { type Address, addressText, isLocal } from './address.ts';
import { CHECK_SERVICE, CheckServer } from './check_server.ts';
import type { RecordTarget, ResolvedConfig } from './config.ts';
import { HttpServer } from './http_server.ts';
import { Metrics } from './metrics.ts';

/** How long records may take to reach the disk when everything else has ended. */
const SINK_CLOSE_MS = 5_000;

export interface RunningServer {
  readonly check: readonly Address[];
  readonly http: Address;
  /** Answers what was accepted and ends everything; further calls wait for the first. */
  stop(): Promise<void>;
}

/** A bundle that compiled, as text and as a snapshot. */
export interface LoadedBundle {
  readonly files: readonly SourceFile[];
  readonly snapshot: Snapshot;
}

export async function serve(
  config: ResolvedConfig,
  bundle: LoadedBundle,
  log: Logger,
): Promise<RunningServer> {
  const { snapshot } = bundle;
  warnAbout(config, snapshot, log);
  const closers: (() => Promise<void>)[] = [];
  const closeAll = async (): Promise<void> => {
    for (const close of closers.reverse()) await close();
  };
  try {
    const onInternalError = (error: unknown): void => log.error({ err: error }, 'internal error');
    const { checker, metrics } = await startChecker(config, bundle, log, onInternalError, closers);
    let ready = false;
    const http = new HttpServer(config.listen.http, metrics.registry, () => ready);
    const httpAddress = await http.listen();
    closers.push(() => http.close());
    const health = new HealthImplementation();
    const check: Address[] = [];
    for (const address of config.listen.check) {
      const server = new CheckServer(address, checker, health, config.limits, onInternalError);
      check.push(await server.listen());
      closers.push(() => server.close(config.limits.drainMs));
    }
    const setReady = (value: boolean): void => {
      ready = value;
      for (const name of ['', CHECK_SERVICE]) {
        health.setStatus(name, value ? 'SERVING' : 'NOT_SERVING');
      }
    };
    setReady(true);
    closers.push(async () => setReady(false));
    log.info(
      {
        check: check.map(addressText),
        http: addressText(httpAddress),
        pool: config.poolThreads,
        rules: snapshot.policy.ruleCount,
        proofDigest: snapshot.proof.digest,
        policyDigest: snapshot.policy.digest,
      },
      'serving',
    );
    let stopping: Promise<void> | undefined;
    const stop = (): Promise<void> => {
      stopping ??= closeAll();
      return stopping;
    };
    return { check, http: httpAddress, stop };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

/** Records, metrics, and what decides; whatever is started adds how it is ended to `closers`. */
async function startChecker(
  config: ResolvedConfig,
  { files, snapshot }: LoadedBundle,
  log: Logger,
  onInternalError: (error: unknown) => void,
  closers: (() => Promise<void>)[],
): Promise<{ readonly checker: Checker; readonly metrics: Metrics }> {
  const sinks: LineSink[] = [];
  closers.push(async () => void (await Promise.all(sinks.map((sink) => sink.close()))));
  const evidence = await openSink('evidence', config.records.evidence, config, log);
  sinks.push(evidence);
  const decisions = await openSink('decisions', config.records.decisions, config, log);
  sinks.push(decisions);

  let pool: PooledChecker | undefined;
  let dispatcher: DispatchingChecker | undefined;
  const metrics = new Metrics({
    snapshot: () => snapshot,
    pool: () => pool,
    inPlaceRequests: () => dispatcher?.inPlaceRequests ?? 0,
    sinks: () => ({ evidence: evidence.counters, decisions: decisions.counters }),
  });
  const outputs: Outputs = {
    record(evidenceLines, decisionLines, count) {
      evidence.append(evidenceLines, count);
      decisions.append(decisionLines, count);
    },
    count: (outcome, result, durationUs) => metrics.count(outcome, result, durationUs),
  };
  const evaluator = new Evaluator(snapshot, { now: Date.now, onInternalError });
  const inPlace = new InPlaceChecker(evaluator, outputs);
  if (config.poolThreads > 0) {
    pool = await PooledChecker.start(
      { files, settings: snapshot.settings, version: snapshot.version },
      { proof: snapshot.proof.digest, policy: snapshot.policy.digest },
      { threads: config.poolThreads, heapMiB: config.poolHeapMiB },
      inPlace,
      outputs,
    );
    dispatcher = new DispatchingChecker(inPlace, pool);
  }
  const checker = await withTracing(dispatcher ?? inPlace, config, log);
  closers.push(() => checker.close());
  return { checker, metrics };
}

/** Its packages are loaded only where it is configured: nothing of it costs anything when off. */
async function withTracing(
  checker: Checker,
  { tracing }: ResolvedConfig,
  log: Logger,
): Promise<Checker> {
  if (tracing === undefined) return checker;
  const { traced } = await import('./tracing.ts');
  return traced(checker, tracing, (message) => log.warn({ tracing: message }, 'tracing'));
}

function warnAbout(config: ResolvedConfig, { policy, proof }: Snapshot, log: Logger): void {
  for (const key of config.withoutEffect) {
    log.warn({ key }, 'this key has no effect in this version');
  }
  for (const address of config.listen.check.filter((it) => !isLocal(it))) {
    const message = 'neither loopback nor a unix socket: every check here is denied';
    log.warn({ address: addressText(address) }, message);
  }
  if (policy.services.length === 0) {
    log.warn('the bundle has no Service: every request is denied');
  }
  if (proof.enforcers.size === 0) {
    log.warn('the bundle has no Enforcer: nobody may ask, every request is denied');
  }
}

async function openSink(
  stream: string,
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
