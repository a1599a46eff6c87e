// Metrics for Prometheus. Authentication and authorization are counted apart (C-004). Names and
// labels are made when somebody scrapes, from what the acceptors have counted.

import { Counter, Gauge, Registry } from 'prom-client';
import type { SinkCounters } from '../audit/line_sink.ts';
import type { BundleImage } from '../engine/bundle_image.ts';
import { IGNORABLE } from '../engine/evidence.ts';
import { REASON_CODES } from '../engine/reason.ts';
import { EVIDENCE_COUNTED } from '../workers/checker.ts';
import { type Counters, DURATION_BOUNDS_US, type Figure, sumOf } from './counters.ts';
import { registerTlsMetrics, type TlsMetricSources } from './tls_metrics.ts';

/** Where other parts keep the figures that are only read on a scrape. */
export interface MetricSources {
  readonly image: () => BundleImage;
  /** Of each acceptor, by its number. */
  readonly counters: () => readonly Counters[];
  readonly sinks: () => Readonly<Record<string, SinkCounters>>;
  /** Undefined without TLS. */
  readonly tlsFiles: TlsMetricSources['counts'];
  readonly tlsVersions: TlsMetricSources['versions'];
}

export class Metrics {
  readonly registry = new Registry();
  readonly #sources: MetricSources;

  constructor(sources: MetricSources) {
    this.#sources = sources;
    this.#decisions();
    this.#threads();
    this.#authentication();
    this.#duration();
    this.#digests();
    this.#figures();
    this.#records();
    registerTlsMetrics(this.registry, {
      counts: sources.tlsFiles,
      connections: (result) => this.#sum((it) => it.figure(`tls ${result}`)),
      versions: sources.tlsVersions,
    });
  }

  #sum(read: (counters: Counters) => number): number {
    return sumOf(this.#sources.counters(), read);
  }

  #decisions(): void {
    const { registry } = this;
    const outcome = (index: number): number => this.#sum((it) => it.outcomes[index]!);
    new Counter({
      name: 'remit_authz_total',
      help: 'Requests answered, by outcome and reason; an allow has no reason',
      labelNames: ['outcome', 'reason'],
      registers: [registry],
      collect() {
        this.reset();
        this.inc({ outcome: 'allow', reason: '' }, outcome(0));
        for (const [index, reason] of REASON_CODES.entries()) {
          const count = outcome(index + 1);
          if (count > 0) this.inc({ outcome: 'deny', reason }, count);
        }
      },
    });
  }

  #threads(): void {
    const { counters } = this.#sources;
    new Counter({
      name: 'remit_thread_requests_total',
      help: 'Requests answered, by the acceptor that their connection leads to',
      labelNames: ['thread'],
      registers: [this.registry],
      collect() {
        this.reset();
        for (const [index, { outcomes }] of counters().entries()) {
          const answered = outcomes.reduce((sum, count) => sum + count, 0);
          this.inc({ thread: `acceptor-${index}` }, answered);
        }
      },
    });
  }

  #authentication(): void {
    const registers = [this.registry];
    const counted = (code: number): number => this.#sum((it) => it.evidence[code]!);
    new Counter({
      name: 'remit_authn_total',
      help: 'Requests, by what authentication showed and by which method',
      labelNames: ['result', 'method'],
      registers,
      collect() {
        this.reset();
        for (const [code, { result, method }] of EVIDENCE_COUNTED.entries()) {
          const count = counted(code);
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
          for (const assertion of ignored) this.inc({ assertion }, counted(code));
        }
      },
    });
    new Counter({
      name: 'remit_evidence_cache_total',
      help: 'Requests whose credentials had been verified before (hit), or had to be now (miss)',
      labelNames: ['result'],
      registers,
      collect() {
        this.reset();
        for (const result of ['hit', 'miss']) this.inc({ result }, 0);
        for (const [code, { cache }] of EVIDENCE_COUNTED.entries()) {
          if (cache !== 'none') this.inc({ result: cache }, counted(code));
        }
      },
    });
  }

  /** A histogram from our own buckets: prom-client's would search and box on each observation. */
  #duration(): void {
    const bucket = (index: number): number => this.#sum((it) => it.buckets[index]!);
    const sumUs = (): number => this.#sum((it) => it.figure('durationSumUs'));
    const name = 'remit_check_duration_seconds';
    this.registry.registerMetric({
      name,
      get: () => {
        const values = [];
        let total = 0;
        for (const [index, boundUs] of [...DURATION_BOUNDS_US, undefined].entries()) {
          total += bucket(index);
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
    const { image, counters } = this.#sources;
    new Gauge({
      name: 'remit_snapshot_info',
      help: 'The digests in force: of what proves and of what permits; always 1',
      labelNames: ['proof_digest', 'policy_digest'],
      registers: [this.registry],
      collect() {
        this.reset();
        const { proofDigest, policyDigest } = image();
        this.set({ proof_digest: proofDigest, policy_digest: policyDigest }, 1);
      },
    });
    new Gauge({
      name: 'remit_snapshot_version',
      help: 'The snapshot that each thread decides with, and that the control thread put in force',
      labelNames: ['thread'],
      registers: [this.registry],
      collect() {
        this.reset();
        this.set({ thread: 'control' }, image().version);
        for (const [index, one] of counters().entries()) {
          this.set({ thread: `acceptor-${index}` }, one.figure('snapshotVersion'));
        }
      },
    });
  }

  #figures(): void {
    const counters: [Figure, string, string][] = [
      ['inPlaceRequests', 'remit_in_place_requests_total', 'Requests decided on an acceptor'],
      ['poolRequests', 'remit_pool_requests_total', 'Requests handed to the pool'],
      ['poolBatches', 'remit_pool_batches_total', 'Batches in which they were handed over'],
      ['poolRefused', 'remit_pool_refused_total', 'Requests refused because the pool was full'],
      ['poolExpired', 'remit_pool_expired_total', 'Requests whose deadline passed in the pool'],
      ['poolWorkersLost', 'remit_pool_workers_lost_total', 'Workers that died'],
    ];
    for (const [figure, name, help] of counters) {
      this.#counter(name, help, () => this.#sum((it) => it.figure(figure)));
    }
    const gauges: [Figure, string, string][] = [
      ['poolInFlight', 'remit_pool_in_flight', 'Requests in the pool now'],
      ['poolThreads', 'remit_pool_threads', 'Workers of the pool'],
      ['connections', 'remit_connections', 'Open connections to the check port'],
    ];
    for (const [figure, name, help] of gauges) {
      const read = (): number => this.#sum((it) => it.figure(figure));
      new Gauge({
        name,
        help,
        registers: [this.registry],
        collect() {
          this.set(read());
        },
      });
    }
  }

  #records(): void {
    const { sinks } = this.#sources;
    this.#counter(
      'remit_records_dropped_on_the_way_total',
      'Records dropped by acceptors because the control thread was behind',
      () => this.#sum((it) => it.figure('recordsDropped')),
    );
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
