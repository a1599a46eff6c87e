// Metrics for Prometheus. Authentication and authorization are counted apart (C-004). On the hot
// path a count is an increment in an array; names and labels are made when somebody scrapes.

import { Counter, Gauge, Registry } from 'prom-client';
import type { SinkCounters } from '../audit/line_sink.ts';
import { IGNORABLE } from '../engine/evidence.ts';
import { REASON_CODES } from '../engine/reason.ts';
import type { Snapshot } from '../engine/snapshot.ts';
import { EVIDENCE_CODES, EVIDENCE_COUNTED, OUTCOME_CODES } from '../workers/checker.ts';
import type { PoolCounters } from '../workers/pooled_checker.ts';

/** Upper bounds in microseconds, from a decision in place to Envoy's default time-out of 200 ms. */
const DURATION_BOUNDS_US = [
  10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000,
] as const;

/** Where other parts keep the figures that are only read on a scrape. */
export interface MetricSources {
  readonly snapshot: () => Snapshot | undefined;
  readonly pool: () =>
    | { readonly counters: PoolCounters; readonly inFlight: number; readonly threads: number }
    | undefined;
  readonly inPlaceRequests: () => number;
  readonly sinks: () => Readonly<Record<string, SinkCounters>>;
}

export class Metrics {
  readonly registry = new Registry();
  readonly #outcomes = new Float64Array(OUTCOME_CODES);
  readonly #evidence = new Float64Array(EVIDENCE_CODES);
  readonly #buckets = new Float64Array(DURATION_BOUNDS_US.length + 1);
  #durationSumUs = 0;
  readonly #sources: MetricSources;

  constructor(sources: MetricSources) {
    this.#sources = sources;
    this.#decisions();
    this.#authentication();
    this.#duration();
    this.#digests();
    this.#poolMetrics();
    this.#records();
  }

  count(outcome: number, evidence: number, durationUs: number): void {
    this.#outcomes[outcome]!++;
    this.#evidence[evidence]!++;
    let bucket = 0;
    while (bucket < DURATION_BOUNDS_US.length && durationUs > DURATION_BOUNDS_US[bucket]!) bucket++;
    this.#buckets[bucket]!++;
    this.#durationSumUs += durationUs;
  }

  #decisions(): void {
    const { registry } = this;
    const counts = this.#outcomes;
    new Counter({
      name: 'remit_authz_total',
      help: 'Requests answered, by outcome and reason; an allow has no reason',
      labelNames: ['outcome', 'reason'],
      registers: [registry],
      collect() {
        this.reset();
        this.inc({ outcome: 'allow', reason: '' }, counts[0]!);
        for (const [index, reason] of REASON_CODES.entries()) {
          const count = counts[index + 1]!;
          if (count > 0) this.inc({ outcome: 'deny', reason }, count);
        }
      },
    });
  }

  #authentication(): void {
    const registers = [this.registry];
    const counts = this.#evidence;
    new Counter({
      name: 'remit_authn_total',
      help: 'Requests, by what authentication showed and by which method',
      labelNames: ['result', 'method'],
      registers,
      collect() {
        this.reset();
        for (const [code, { result, method }] of EVIDENCE_COUNTED.entries()) {
          const count = counts[code]!;
          if (count > 0) this.inc({ result, method }, count);
        }
      },
    });
    new Counter({
      name: 'remit_ignored_assertions_total',
      help: 'What enforcers said of peers without being allowed to, and was as good as absent',
      labelNames: ['assertion'],
      registers,
      collect() {
        this.reset();
        for (const assertion of IGNORABLE) this.inc({ assertion }, 0);
        for (const [code, { ignored }] of EVIDENCE_COUNTED.entries()) {
          for (const assertion of ignored) this.inc({ assertion }, counts[code]!);
        }
      },
    });
    new Counter({
      name: 'remit_evidence_cache_total',
      help: 'Credentials that had been verified before (hit), or had to be now (miss)',
      labelNames: ['result'],
      registers,
      collect() {
        this.reset();
        for (const result of ['hit', 'miss']) this.inc({ result }, 0);
        for (const [code, { cache }] of EVIDENCE_COUNTED.entries()) {
          if (cache !== 'none') this.inc({ result: cache }, counts[code]!);
        }
      },
    });
  }

  /** A histogram from our own buckets: prom-client's would search and box on each observation. */
  #duration(): void {
    const buckets = this.#buckets;
    const sumUs = (): number => this.#durationSumUs;
    const name = 'remit_check_duration_seconds';
    this.registry.registerMetric({
      name,
      get: () => {
        const values = [];
        let total = 0;
        for (const [index, boundUs] of [...DURATION_BOUNDS_US, undefined].entries()) {
          total += buckets[index]!;
          const le = boundUs === undefined ? '+Inf' : boundUs / 1e6;
          values.push({ metricName: `${name}_bucket`, value: total, labels: { le } });
        }
        values.push({ metricName: `${name}_sum`, value: sumUs() / 1e6, labels: {} });
        values.push({ metricName: `${name}_count`, value: total, labels: {} });
        const help = 'Time to decide one request, without transport and queues';
        return Promise.resolve({ name, help, type: 'histogram', values, aggregator: 'sum' });
      },
      // biome-ignore lint/suspicious/noExplicitAny: prom-client types metrics by their classes
    } as any);
  }

  #digests(): void {
    const { snapshot } = this.#sources;
    new Gauge({
      name: 'remit_snapshot_info',
      help: 'The digests in force: of what proves and of what permits; always 1',
      labelNames: ['proof_digest', 'policy_digest'],
      registers: [this.registry],
      collect() {
        this.reset();
        const current = snapshot();
        if (current === undefined) return;
        const { proof, policy } = current;
        this.set({ proof_digest: proof.digest, policy_digest: policy.digest }, 1);
      },
    });
    new Gauge({
      name: 'remit_snapshot_version',
      help: 'Counts up with each activated snapshot',
      registers: [this.registry],
      collect() {
        this.set(snapshot()?.version ?? 0);
      },
    });
  }

  #poolMetrics(): void {
    const { pool, inPlaceRequests } = this.#sources;
    this.#counter(
      'remit_in_place_requests_total',
      'Requests decided on the acceptor',
      inPlaceRequests,
    );
    const counters: [keyof PoolCounters, string, string][] = [
      ['requests', 'remit_pool_requests_total', 'Requests handed to the pool'],
      ['batches', 'remit_pool_batches_total', 'Batches in which they were handed over'],
      ['refused', 'remit_pool_refused_total', 'Requests refused because the pool was full'],
      ['expired', 'remit_pool_expired_total', 'Requests whose deadline passed in the pool'],
      ['workersLost', 'remit_pool_workers_lost_total', 'Workers that died'],
    ];
    for (const [key, name, help] of counters) {
      this.#counter(name, help, () => pool()?.counters[key] ?? 0);
    }
    const registers = [this.registry];
    const gauge = (name: string, help: string, read: () => number): void => {
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(read());
        },
      });
    };
    gauge('remit_pool_in_flight', 'Requests in the pool now', () => pool()?.inFlight ?? 0);
    gauge('remit_pool_threads', 'Workers of the pool', () => pool()?.threads ?? 0);
  }

  #records(): void {
    const { sinks } = this.#sources;
    const counters: [keyof SinkCounters, string, string][] = [
      ['written', 'remit_records_written_total', 'Records written, by stream'],
      ['dropped', 'remit_records_dropped_total', 'Records dropped, by stream'],
      ['errors', 'remit_records_write_errors_total', 'Writes that failed, by stream'],
    ];
    for (const [key, name, help] of counters) {
      new Counter({
        name,
        help,
        labelNames: ['stream'],
        registers: [this.registry],
        collect() {
          this.reset();
          for (const [stream, counts] of Object.entries(sinks())) this.inc({ stream }, counts[key]);
        },
      });
    }
  }

  #counter(name: string, help: string, read: () => number): void {
    new Counter({
      name,
      help,
      registers: [this.registry],
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  }
}
