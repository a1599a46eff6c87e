// An acceptor: gRPC servers on its listeners, an evaluator, and a pool of its own (DESIGN section
// 4). It runs in a thread, and knows nothing of it but the port to the control thread.

import { HealthImplementation } from 'grpc-health-check';
import type { Asker } from '../engine/identity/enforcer.ts';
import { ActiveNumbers } from '../workers/active_numbers.ts';
import type { Checker, Outputs } from '../workers/checker.ts';
import { compactHeap } from '../workers/compact_heap.ts';
import { DispatchingChecker } from '../workers/dispatching_checker.ts';
import { WindowedNonces } from '../workers/dpop_nonces.ts';
import { Evaluator } from '../workers/evaluator.ts';
import { IdentitySigner } from '../workers/identity_signer.ts';
import { InPlaceChecker } from '../workers/in_place_checker.ts';
import { KeyHolder } from '../workers/key_holder.ts';
import { parseKeys } from '../workers/key_parser.ts';
import { type ImageSource, PooledChecker } from '../workers/pooled_checker.ts';
import { SnapshotHolder } from '../workers/snapshot_holder.ts';
import { SharedUsedProofs } from '../workers/used_proofs.ts';
import type { AcceptorPlan, FromAcceptor, Prepare, ToAcceptor } from './acceptor_messages.ts';
import { CHECK_SERVICE, CheckServer } from './check_server.ts';
import { Counters } from './counters.ts';
import { RecordWriter, type Stream } from './record_memory.ts';
import { TlsLog } from './tls_log.ts';
import type { TlsMaterial } from './tls_material.ts';
import type { TlsResult } from './tls_result.ts';

/** How often figures that nobody counts are put where the control thread reads them. */
const FIGURES_MS = 250;

export type Post = (message: FromAcceptor) => void;

export class Acceptor {
  readonly #plan: AcceptorPlan;
  readonly #post: Post;
  readonly #counters: Counters;
  readonly #holder: SnapshotHolder;
  readonly #keys: KeyHolder;
  readonly #records: Readonly<Record<Stream, RecordWriter>>;
  readonly #health = new HealthImplementation();
  #pool: PooledChecker | undefined;
  /** All of what decides, to be closed at the end. */
  #checker: Checker | undefined;
  #servers: CheckServer[] = [];
  /** In force, or what it will be when it listens. */
  #tls: { readonly material: TlsMaterial | undefined };
  #timer: NodeJS.Timeout | undefined;

  constructor(plan: AcceptorPlan, post: Post) {
    this.#plan = plan;
    this.#post = post;
    this.#counters = new Counters(plan.counters);
    this.#tls = { material: plan.tls };
    this.#counters.set('tlsVersion', plan.tlsVersion);
    const numbers = new ActiveNumbers(plan.numbers);
    this.#holder = new SnapshotHolder(plan.image, numbers);
    this.#keys = new KeyHolder(plan.keys, numbers, parseKeys);
    const onDropped = (count: number): void => this.#counters.add('recordsDropped', count);
    this.#records = {
      evidence: new RecordWriter(plan.records.evidence, onDropped),
      decisions: new RecordWriter(plan.records.decisions, onDropped),
    };
    // What a dead predecessor held in flight is answered by nobody; all else goes on.
    this.#counters.set('poolInFlight', 0);
    this.#counters.set('poolThreads', plan.poolThreads);
  }

  /** Nothing is reachable before it can answer. */
  async start(): Promise<void> {
    const { listen, shared, config } = this.#plan;
    const checker = await this.#withTracing(await this.#startChecker());
    const onInternalError = (error: unknown): void => this.#logError(error);
    const log = new TlsLog((message) => this.#post({ kind: 'log', level: 'warn', message }));
    const note = (result: TlsResult, detail: string): void => {
      this.#counters.add(`tls ${result}`, 1);
      log.note(result, detail);
    };
    const isEnforcer = (asker: Asker): boolean =>
      this.#holder.current.proof.enforcers.of(asker) !== undefined;
    compactHeap();
    const addresses = [];
    for (const address of listen) {
      const { limits } = config;
      const { material } = this.#tls;
      const tls = address.kind === 'tcp' && material ? { material, isEnforcer, note } : undefined;
      const server = new CheckServer(address, checker, this.#health, limits, onInternalError, tls);
      this.#servers.push(server);
      addresses.push(await server.listen(shared && address.kind === 'tcp'));
    }
    this.#copyFigures();
    this.#timer = setInterval(() => this.#copyFigures(), FIGURES_MS);
    this.#post({ kind: 'listening', addresses });
  }

  async receive(message: ToAcceptor): Promise<void> {
    switch (message.kind) {
      case 'prepare':
        await this.#prepare(message);
        break;
      case 'serving':
        for (const name of ['', CHECK_SERVICE]) {
          this.#health.setStatus(name, message.value ? 'SERVING' : 'NOT_SERVING');
        }
        break;
      case 'tls':
        // INVARIANT: what comes while this thread starts holds for the servers that it will open.
        this.#tls = message;
        for (const server of this.#servers) server.setTls(message.material);
        this.#counters.set('tlsVersion', message.version);
        break;
      case 'stop':
        await this.#stop();
        break;
    }
  }

  /** For a thread that is about to die: its connections break; its records are there already. */
  abandon(): void {
    for (const server of this.#servers) server.destroy();
    this.#copyFigures();
  }

  async #startChecker(): Promise<Checker> {
    const { config, poolThreads } = this.#plan;
    const { evidence, decisions } = this.#records;
    const outputs: Outputs = {
      record(evidenceLines, decisionLines, count) {
        evidence.append(evidenceLines, count);
        decisions.append(decisionLines, count);
      },
      count: (outcome, result, durationUs) => this.#counters.count(outcome, result, durationUs),
    };
    const onInternalError = (error: unknown): void => this.#logError(error);
    const used = new SharedUsedProofs(this.#plan.used);
    const { handOff: plan, nonceKey } = this.#plan;
    const nonces = new WindowedNonces(nonceKey);
    const handOff = plan && new IdentitySigner(plan);
    const ports = { now: Date.now, onInternalError, keys: this.#keys, used, nonces, handOff };
    const evaluator = new Evaluator(this.#holder, ports);
    const inPlace = new InPlaceChecker(evaluator, outputs);
    if (poolThreads === 0) return inPlace;
    const counters = this.#counters.pool();
    const limits = {
      ...{ threads: poolThreads, heapMiB: config.poolHeapMiB, counters, used: used.buffer },
      workerData: { handOff: plan, nonceKey },
    };
    this.#pool = await PooledChecker.start(this.#images(), limits, inPlace, outputs);
    return new DispatchingChecker(inPlace, this.#pool, () => {
      this.#counters.add('inPlaceRequests', 1);
    });
  }

  #images(): ImageSource {
    const holder = this.#holder;
    const keys = this.#keys;
    return {
      get image() {
        return holder.image;
      },
      get keys() {
        return keys.image;
      },
    };
  }

  /** Its packages are loaded only where it is configured: off, it costs nothing. */
  async #withTracing(checker: Checker): Promise<Checker> {
    const { tracing } = this.#plan.config;
    this.#checker = checker;
    if (tracing === undefined) return checker;
    const { traced } = await import('./tracing.ts');
    this.#checker = traced(checker, tracing, (message) => {
      this.#post({ kind: 'log', level: 'warn', message: `tracing: ${message}` });
    });
    return this.#checker;
  }

  async #prepare(message: Prepare): Promise<void> {
    const { of } = message;
    const { version, digest } = message.image;
    try {
      if (message.of === 'bundle') {
        await this.#holder.prepare(message.image);
        await this.#pool?.prepare(message.image);
      } else {
        await this.#keys.prepare(message.image);
        await this.#pool?.prepareKeys(message.image);
      }
      this.#post({ kind: 'prepared', of, version, digest });
    } catch (error) {
      this.#post({ kind: 'unprepared', of, version, message: String(error) });
    }
  }

  async #stop(): Promise<void> {
    const { drainMs } = this.#plan.config.limits;
    await Promise.all(this.#servers.map((server) => server.close(drainMs)));
    await this.#checker?.close();
    clearInterval(this.#timer);
    this.#copyFigures();
    this.#post({ kind: 'stopped' });
  }

  #copyFigures(): void {
    const connections = this.#servers.reduce((sum, server) => sum + server.connections, 0);
    this.#counters.set('connections', connections);
    this.#counters.set('snapshotVersion', this.#holder.current.version);
    this.#counters.set('keysVersion', this.#keys.current.version);
  }

  #logError(error: unknown): void {
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#post({ kind: 'log', level: 'error', message: `internal error: ${message}` });
  }
}
