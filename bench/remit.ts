// `remit serve` as a contender: both records on, to files. Afterwards its metrics and its records
// have to show every request as an allow, or nothing was measured.

import { createReadStream, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePorts, waitFor } from '../demo/processes.ts';
import { checkResponseToJson } from '../proto/protojson.ts';
import { writeBundle } from './bundle.ts';
import { callCheck } from './call.ts';
import type { Contender } from './contender.ts';
import { SERVER_CORE } from './machine.ts';
import { ServerProcess } from './processes.ts';

const RECORDS_WRITTEN_MS_MAX = 10_000;

export interface RemitOptions {
  readonly name?: string;
  /** The checkout or installed package that is measured; this one unless named. */
  readonly root?: string;
  readonly rules: number;
  /** 0: one thread decides everything. */
  readonly poolThreads: number;
}

export function remit(options: RemitOptions): Contender {
  const { name = 'remit', root = join(import.meta.dirname, '..'), rules, poolThreads } = options;
  return {
    name,
    async start(folder, { cleanup }) {
      const [port = 0, httpPort = 0] = await freePorts(2);
      writeBundle(join(folder, 'policies'), rules);
      mkdirSync(join(folder, 'records'));
      const records = {
        evidence: join(folder, 'records', 'evidence.ndjson'),
        decisions: join(folder, 'records', 'decisions.ndjson'),
      };
      const config = join(folder, 'remit.yaml');
      writeFileSync(
        config,
        `policies: ./policies
listen: {check: "127.0.0.1:${port}", http: "127.0.0.1:${httpPort}"}
threads: {pool: ${poolThreads}}
records:
  evidence: ${JSON.stringify(`file:${records.evidence}`)}
  decisions: ${JSON.stringify(`file:${records.decisions}`)}
`,
      );
      const http = `http://127.0.0.1:${httpPort}`;
      const server = await ServerProcess.start(
        {
          name,
          core: SERVER_CORE,
          command: [process.execPath, join(root, 'bin', 'remit.js'), 'serve', '--config', config],
          logFile: join(folder, 'remit.log'),
          ready: () => fetch(`${http}/readyz`).then(succeeded, () => false),
        },
        cleanup,
      );
      return {
        port,
        process: server,
        async probe(message) {
          const answer = await callCheck(port, message);
          assertAllows(answer);
          return answer.length;
        },
        async finish(requests) {
          server.assertRunning();
          await assertCounted(`${http}/metrics`, requests);
          await server.stop();
          await assertRecorded(records, requests);
        },
      };
    },
  };
}

async function succeeded(response: Response): Promise<boolean> {
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

/** Every request is an allow, both its records are written, and none was dropped. */
async function assertCounted(url: string, requests: number): Promise<void> {
  let metrics: ReadonlyMap<string, number> = new Map();
  const written = (stream: string): number =>
    metrics.get(`remit_records_written_total{stream="${stream}"}`) ?? 0;
  const allWritten = async (): Promise<boolean> => {
    metrics = parseMetrics(await (await fetch(url)).text());
    return written('evidence') >= requests && written('decisions') >= requests;
  };
  await waitFor(`${requests} records of each kind`, allWritten, RECORDS_WRITTEN_MS_MAX);
  for (const [sample, value] of metrics) {
    const wanted = wantedValue(sample, requests);
    if (wanted === undefined || value === wanted) continue;
    throw new Error(`\`${sample}\` is ${value}, expected ${wanted}`);
  }
}

function wantedValue(sample: string, requests: number): number | undefined {
  if (sample.startsWith('remit_authz_total{outcome="allow"')) return requests;
  if (sample.startsWith('remit_records_written_total')) return requests;
  return /^remit_(authz_total|records_dropped|records_write_errors)/.test(sample) ? 0 : undefined;
}

function parseMetrics(text: string): Map<string, number> {
  const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    samples.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(0, at), Number(line.slice(at + 1))];
    }),
  );
}

/** Each file has a line a request, and each decision its evidence. */
async function assertRecorded(
  files: { readonly evidence: string; readonly decisions: string },
  requests: number,
): Promise<void> {
  const ids = new Set<string>();
  for await (const { id } of readLines(files.evidence)) ids.add(id);
  if (ids.size !== requests) throw new Error(`evidence of ${ids.size} requests, not ${requests}`);
  for await (const { id, outcome } of readLines(files.decisions)) {
    if (!ids.delete(id)) throw new Error(`decision ${id} has no evidence, or came twice`);
    if (outcome !== 'allow') throw new Error(`decision ${id} is ${outcome}`);
  }
  if (ids.size > 0) throw new Error(`${ids.size} requests have evidence and no decision`);
}

async function* readLines(file: string): AsyncGenerator<{ id: string; outcome?: string }> {
  const lines = createInterface({ input: createReadStream(file), crlfDelay: Infinity });
  // Remit's own lines; one that is not whole is no JSON and throws.
  for await (const line of lines) yield JSON.parse(line) as { id: string; outcome?: string };
}
