// Metrics of keys from outside the bundle: how old they are, how fetching them ends, and which
// version each thread verifies with.

import { Counter, Gauge, type Registry } from 'prom-client';
import type { JwksFetcher } from './jwks_fetcher.ts';

export interface KeyMetricSources {
  readonly fetchers: () => readonly JwksFetcher[];
  /** Put in force. */
  readonly version: () => number;
  readonly versions: () => Iterable<readonly [thread: string, version: number]>;
  readonly now: () => number;
}

export function registerKeyMetrics(registry: Registry, sources: KeyMetricSources): void {
  const { fetchers, version, versions, now } = sources;
  new Gauge({
    name: 'remit_key_sets_version',
    help: 'The key sets that each thread verifies with, and that the control thread put in force',
    labelNames: ['thread'],
    registers: [registry],
    collect() {
      this.reset();
      this.set({ thread: 'control' }, version());
      for (const [thread, held] of versions()) this.set({ thread }, held);
    },
  });
  new Gauge({
    name: 'remit_keys_age_seconds',
    help: 'Time since the keys of an issuer were last fetched; absent while they never were',
    labelNames: ['issuer'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { source, fetchedAtMs } of fetchers()) {
        if (fetchedAtMs === undefined) continue;
        this.set({ issuer: source.issuerId }, Math.max(0, now() - fetchedAtMs) / 1_000);
      }
    },
  });
  new Gauge({
    name: 'remit_keys_usable',
    help: '1 while there are keys of an issuer to verify with, fresh or stale',
    labelNames: ['issuer'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { source, set } of fetchers()) {
        const usable = set.state === 'fresh' || set.state === 'stale';
        this.set({ issuer: source.issuerId }, usable ? 1 : 0);
      }
    },
  });
  new Counter({
    name: 'remit_keys_fetches_total',
    help: 'Fetches of the keys of an issuer, by how they ended',
    labelNames: ['issuer', 'result'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { source, counts } of fetchers()) {
        for (const [result, count] of counts) {
          if (result === 'ok' || count > 0) this.inc({ issuer: source.issuerId, result }, count);
        }
      }
    },
  });
}
