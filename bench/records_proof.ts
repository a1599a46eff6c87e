// What a Remit has to show for itself after a load: its metrics and its records say that each
// request was an allow, or nothing was measured.

import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { waitFor } from '../demo/processes.ts';

const RECORDS_WRITTEN_MS_MAX = 10_000;

export interface RecordFiles {
  readonly evidence: string;
  readonly decisions: string;
}

interface RecordLine {
  readonly id: string;
  readonly outcome?: string;
  readonly method?: string;
}

/** Every request is an allow, both its records are written, and none was dropped. */
export async function assertCounted(
  url: string,
  requests: number,
  wanted: Readonly<Record<string, number>> = {},
): Promise<void> {
  let metrics: ReadonlyMap<string, number> = new Map();
  const written = (stream: string): number =>
    metrics.get(`remit_records_written_total{stream="${stream}"}`) ?? 0;
  const allWritten = async (): Promise<boolean> => {
    metrics = await readMetrics(url);
    return written('evidence') >= requests && written('decisions') >= requests;
  };
  await waitFor(`${requests} records of each kind`, allWritten, RECORDS_WRITTEN_MS_MAX);
  for (const [sample, value] of metrics) {
    const expected = wanted[sample] ?? expectedValue(sample, requests);
    if (expected === undefined || value === expected) continue;
    throw new Error(`\`${sample}\` is ${value}, expected ${expected}`);
  }
}

function expectedValue(sample: string, requests: number): number | undefined {
  if (sample.startsWith('remit_authz_total{outcome="allow"')) return requests;
  if (sample.startsWith('remit_records_written_total')) return requests;
  return /^remit_(authz_total|records_dropped|records_write_errors)/.test(sample) ? 0 : undefined;
}

/** Values by series, which is the name with its labels. */
export async function readMetrics(url: string): Promise<ReadonlyMap<string, number>> {
  const text = await (await fetch(url)).text();
  const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    samples.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(0, at), Number(line.slice(at + 1))];
    }),
  );
}

/** Each file has a line a request, each decision its evidence, and that of the wanted kind. */
export async function assertRecorded(
  files: RecordFiles,
  requests: number,
  wantedMethod: string,
): Promise<void> {
  const ids = new Set<string>();
  for await (const { id, method } of readLines(files.evidence)) {
    ids.add(id);
    if (method !== wantedMethod) throw new Error(`evidence is ${method}, not ${wantedMethod}`);
  }
  if (ids.size !== requests) throw new Error(`evidence of ${ids.size} requests, not ${requests}`);
  for await (const { id, outcome } of readLines(files.decisions)) {
    if (!ids.delete(id)) throw new Error(`decision ${id} has no evidence, or came twice`);
    if (outcome !== 'allow') throw new Error(`decision ${id} is ${outcome}`);
  }
  if (ids.size > 0) throw new Error(`${ids.size} requests have evidence and no decision`);
}

async function* readLines(file: string): AsyncGenerator<RecordLine> {
  const lines = createInterface({ input: createReadStream(file), crlfDelay: Infinity });
  // Remit's own lines; one that is not whole is no JSON and throws.
  for await (const line of lines) yield JSON.parse(line) as RecordLine;
}
