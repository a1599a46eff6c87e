// Metrics of TLS on the check port: how connections begin and end, how its files change, and which
// of them each thread serves and verifies by.

import { Counter, Gauge, type Registry } from 'prom-client';
import { TLS_RESULTS, type TlsResult } from './tls_result.ts';

export interface TlsMetricSources {
  /** Undefined without TLS; then there is nothing to tell. */
  readonly counts: () => { readonly changed: number; readonly failed: number } | undefined;
  readonly connections: (result: TlsResult) => number;
  readonly versions: () => Iterable<readonly [thread: string, version: number]>;
}

export function registerTlsMetrics(
  registry: Registry,
  { counts, connections, versions }: TlsMetricSources,
): void {
  new Counter({
    name: 'remit_tls_connections_total',
    help: 'TLS connections to the check port: accepted, refused by reason, or withdrawn later',
    labelNames: ['result'],
    registers: [registry],
    collect() {
      this.reset();
      if (counts() === undefined) return;
      for (const result of TLS_RESULTS) this.inc({ result }, connections(result));
    },
  });
  new Counter({
    name: 'remit_tls_files_total',
    help: 'Changes of the TLS files: put in force, or failed; then the last good ones stay',
    labelNames: ['result'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [result, count] of Object.entries(counts() ?? {})) this.inc({ result }, count);
    },
  });
  new Gauge({
    name: 'remit_tls_version',
    help: 'The TLS files that each thread serves and verifies by, and that they were told of',
    labelNames: ['thread'],
    registers: [registry],
    collect() {
      this.reset();
      if (counts() === undefined) return;
      for (const [thread, version] of versions()) this.set({ thread }, version);
    },
  });
}
