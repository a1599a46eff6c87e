// `remit serve` as a contender: both records on, to files. Afterwards its metrics and its records
// have to show every request as an allow, or nothing was measured.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts } from '../demo/processes.ts';
import { checkResponseToJson } from '../proto/protojson.ts';
import { TRUST_DOMAIN, writeBundle } from './bundle.ts';
import { callCheck } from './call.ts';
import type { Contender, Run, RunningContender } from './contender.ts';
import { SERVER_CORE } from './machine.ts';
import type { MutualTls } from './mutual_tls.ts';
import { ServerProcess } from './processes.ts';
import { assertCounted, assertRecorded, type RecordFiles } from './records_proof.ts';
import type { Target } from './target.ts';

export const REPOSITORY = join(import.meta.dirname, '..');
/** The bundle's folder, in the one that a contender gets. */
export const POLICIES = 'policies';
/** What waits in a pool under full load would else be denied, and measured would be denials. */
const POOL_DEADLINE_MS = 10_000;

export interface RemitOptions {
  readonly name?: string;
  /** The checkout or installed package that is measured; this one unless named. */
  readonly root?: string;
  readonly rules: number;
  /** Writes the bundle; default one of so many rules. */
  readonly write?: (folder: string) => void;
  /** 0: one thread decides everything. */
  readonly poolThreads: number;
  /** Default one. */
  readonly acceptors?: number;
  /** As taskset takes them; default the server's core. */
  readonly cores?: string;
  /** Listens on a socket in its folder, instead of a port; default false. */
  readonly unix?: boolean;
  /** Each request is large, so that the pool has to decide it; that is checked. Default false. */
  readonly allPooled?: boolean;
  /** Vouches for the certificate in each request; then that is what has to be verified. */
  readonly authorityPem?: string | undefined;
  /** Then its client alone is an Enforcer. Default plaintext, and whoever is on this host. */
  readonly tls?: MutualTls | undefined;
  /** Of its configuration, by their names there. */
  readonly limits?: Readonly<Record<string, number>>;
}

export interface RunningRemit extends RunningContender {
  readonly metricsUrl: string;
}

interface RemitContender extends Contender {
  start(folder: string, run: Run): Promise<RunningRemit>;
}

/** Where one of them listens and writes. */
interface Place {
  readonly folder: string;
  readonly target: Target;
  readonly http: string;
  readonly records: RecordFiles;
}

export function remit(options: RemitOptions): RemitContender {
  const { name = 'remit', root = REPOSITORY, cores = SERVER_CORE } = options;
  return {
    name,
    async start(folder, { cleanup, packageOf }) {
      const [port = 0, httpPort = 0] = await freePorts(2);
      const place: Place = {
        folder,
        target: {
          address: options.unix ? `unix:${join(folder, 'check.sock')}` : `127.0.0.1:${port}`,
          tls: options.tls?.client,
        },
        http: `127.0.0.1:${httpPort}`,
        records: {
          evidence: join(folder, 'records', 'evidence.ndjson'),
          decisions: join(folder, 'records', 'decisions.ndjson'),
        },
      };
      const config = writeFiles(place, options);
      const start = { name, root: packageOf(root), cores, config, ...place };
      const server = await startRemit(start, cleanup);
      const metricsUrl = `http://${place.http}/metrics`;
      return {
        metricsUrl,
        target: place.target,
        process: server,
        async probe(message) {
          const answer = await callCheck(place.target, message);
          assertAllows(answer);
          return answer.length;
        },
        async finish(requests) {
          server.assertRunning();
          const pooled = options.allPooled && { remit_pool_requests_total: requests };
          await assertCounted(metricsUrl, requests, pooled || {});
          await server.stop();
          const method = options.authorityPem === undefined ? 'peer_principal' : 'x509_svid';
          await assertRecorded(place.records, requests, method);
        },
      };
    },
  };
}

/** @returns the path of its configuration */
function writeFiles({ folder, target, http, records }: Place, options: RemitOptions): string {
  const { rules, poolThreads, acceptors = 1, authorityPem, tls } = options;
  const enforcerId = tls?.clientId;
  const policies = join(folder, POLICIES);
  if (options.write === undefined) writeBundle(policies, { rules, authorityPem, enforcerId });
  else options.write(policies);
  mkdirSync(join(folder, 'records'));
  const config = join(folder, 'remit.yaml');
  const limits = { ...(poolThreads > 0 && { deadlineMs: POOL_DEADLINE_MS }), ...options.limits };
  const lines = [
    `policies: ./${POLICIES}`,
    `listen: {check: ${JSON.stringify(target.address)}, http: "${http}"}`,
    `threads: {acceptors: ${acceptors}, pool: ${poolThreads}}`,
    'records:',
    `  evidence: ${JSON.stringify(`file:${records.evidence}`)}`,
    `  decisions: ${JSON.stringify(`file:${records.decisions}`)}`,
    `limits: ${JSON.stringify(limits)}`,
    ...(tls === undefined ? [] : [tlsLine(tls)]),
  ];
  writeFileSync(config, `${lines.join('\n')}\n`);
  return config;
}

function tlsLine({ server: { cert, key, authority } }: MutualTls): string {
  const check = { cert, key, clientBundle: { [TRUST_DOMAIN]: authority } };
  return `tls: ${JSON.stringify({ check })}`;
}

export interface RemitStart {
  readonly name: string;
  /** A package: see package.ts. */
  readonly root: string;
  readonly cores: string;
  readonly config: string;
  /** Where `/readyz` is asked for. */
  readonly http: string;
  readonly folder: string;
}

/** Resolves when it is ready. */
export function startRemit(
  { name, root, cores, config, http, folder }: RemitStart,
  cleanup: Parameters<typeof ServerProcess.start>[1],
): Promise<ServerProcess> {
  return ServerProcess.start(
    {
      name,
      cores,
      command: [process.execPath, join(root, 'bin', 'remit.js'), 'serve', '--config', config],
      logFile: join(folder, `${name}.log`),
      ready: () => fetch(`http://${http}/readyz`).then(succeeded, () => false),
    },
    cleanup,
  );
}

export async function succeeded(response: Response): Promise<boolean> {
  await response.arrayBuffer();
  return response.ok;
}

function assertAllows(answer: Buffer): void {
  // The shape is that of CheckResponse in JSON; a code of 0 is left out.
  const response = checkResponseToJson(answer) as {
    status?: { code?: number };
    okResponse?: object;
  };
  if (response.status === undefined || response.status.code || response.okResponse === undefined) {
    throw new Error(`check.json is not allowed:\n${JSON.stringify(response, undefined, 2)}`);
  }
}
