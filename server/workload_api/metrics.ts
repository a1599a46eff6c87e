// Metrics of the SPIFFE Workload API. They are there only where it is configured.

import { Counter, Gauge, type Registry } from 'prom-client';
import type { WorkloadApi } from './client.ts';
import { RESULTS } from './feed.ts';

export function registerWorkloadApiMetrics(registry: Registry, api: WorkloadApi): void {
  new Counter({
    name: 'remit_workload_api_updates_total',
    help: 'Messages of the Workload API by what came of them, and streams that were interrupted',
    labelNames: ['kind', 'result'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [kind, counts] of api.counts) {
        for (const result of RESULTS) this.inc({ kind, result }, counts[result]);
      }
    },
  });
  new Gauge({
    name: 'remit_workload_api_connected',
    help: '1 while every stream of the Workload API that is used is open and has told its state',
    registers: [registry],
    collect() {
      this.set(api.connected ? 1 : 0);
    },
  });
}
