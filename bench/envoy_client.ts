// A client of Envoy, in a process of its own: one request at a time, to each listener in turn, so
// that what else happens on the machine meets all of them alike. Takes its work as JSON, prints
// what it found as JSON.

import { readFileSync } from 'node:fs';
import { IDS } from '../demo/bundle.ts';
import { Connection } from '../demo/client.ts';
import { percentile } from './statistics.ts';

export interface EnvoyWork {
  /** Listeners by name, as loopback ports. */
  readonly ports: Readonly<Record<string, number>>;
  /** To each listener. */
  readonly requests: number;
  readonly warmUpRequests: number;
  readonly path: string;
  /** Files in PEM: the caller's, and who signs the listeners' certificates. */
  readonly certificate: string;
  readonly key: string;
  readonly trustedCa: string;
}

export interface Latency {
  readonly p50Us: number;
  readonly p99Us: number;
}

async function main(work: EnvoyWork): Promise<Readonly<Record<string, Latency>>> {
  const caller = {
    spiffeId: IDS.checkout,
    certificatePem: readFileSync(work.certificate, 'utf8'),
    keyPem: readFileSync(work.key, 'utf8'),
  };
  const trustedCaPem = readFileSync(work.trustedCa, 'utf8');
  const listeners = Object.entries(work.ports).map(([name, port]) => ({
    name,
    connection: new Connection({ port, trustedCaPem, spiffeId: IDS.payments }, caller),
    tookUs: new Float64Array(work.requests),
  }));
  for (let index = -work.warmUpRequests; index < work.requests; index++) {
    for (const { name, connection, tookUs } of listeners) {
      const startedMs = performance.now();
      const { status, body } = await connection.send({ method: 'GET', path: work.path });
      if (status !== 200) throw new Error(`${name}: HTTP ${status} ${body}`);
      if (index >= 0) tookUs[index] = (performance.now() - startedMs) * 1000;
    }
  }
  return Object.fromEntries(
    listeners.map(({ name, tookUs }) => {
      const sorted = tookUs.sort();
      return [name, { p50Us: percentile(sorted, 0.5), p99Us: percentile(sorted, 0.99) }];
    }),
  );
}

// The argument comes from envoy.ts.
const work = JSON.parse(process.argv[2] ?? '{}') as EnvoyWork;
process.stdout.write(JSON.stringify(await main(work)));
// Connections that are kept alive would keep the process, too.
process.exit(0);
