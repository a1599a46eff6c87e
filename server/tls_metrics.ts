// Metrics of TLS on the check port: how connections begin and end, and how its files change.

import { Counter, type Registry } from 'prom-client';
import { TLS_RESULTS, type TlsResult } from './tls_result.ts';

/** @param counts undefined without TLS; then there is nothing to tell */
export function registerTlsMetrics(
  registry: Registry,
  counts: () => { readonly changed: number; readonly failed: number } | undefined,
  connections: (result: TlsResult) => number,
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
}
