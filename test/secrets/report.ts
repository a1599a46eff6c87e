// Sums up the scan of a whole run, for .ci/run: what was seen in how many processes, and every
// leak. A scan that saw hardly anything has failed as well.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  COUNTS_FILE,
  type CountLine,
  type Counts,
  LEAKS_FILE,
  type LeakLine,
  OUTPUTS,
  type Output,
} from './findings.ts';

/** A tenth to a third of what a run of all tests makes. */
export const LEAST: Readonly<Partial<Record<Output | 'process', number>>> = {
  record: 50_000,
  log: 100,
  metrics: 500,
  identities: 1,
  process: 20,
};

export interface Report {
  readonly text: string;
  readonly passed: boolean;
}

export function reportOf(folder: string, least: typeof LEAST = LEAST): Report {
  const counted = read<CountLine>(folder, COUNTS_FILE);
  const leaks = read<LeakLine>(folder, LEAKS_FILE);
  const counts = Object.fromEntries(OUTPUTS.map((it) => [it, 0])) as Counts;
  for (const line of counted) {
    for (const output of OUTPUTS) counts[output] += line.counts[output] ?? 0;
  }
  const processes = new Set(counted.map(({ pid }) => pid)).size;
  const short = Object.entries(least).filter(
    ([name, count]) => (name === 'process' ? processes : counts[name as Output]) < count,
  );
  const lines = [
    `scanned ${counts.record} record lines, ${counts.log} log lines, ` +
      `${counts.metrics} pages of metrics, ${counts.identities} parts of pages of identities and ` +
      `${counts['standard error']} writes to standard error, of ${processes} processes`,
    ...short.map(([name, count]) => `too few to have been all: ${name}, expected ${count} or more`),
    ...leaks.map(leakText),
    `${leaks.length} secrets found`,
  ];
  return { text: `${lines.join('\n')}\n`, passed: short.length === 0 && leaks.length === 0 };
}

function leakText({ kind, output, where, program, pid, thread, test }: LeakLine): string {
  return (
    `a ${kind} in ${output}, ${where}\n` +
    `  by \`${program}\` (process ${pid}, thread ${thread}), during or before: ${test}`
  );
}

/** A last line that a killed process left unfinished counts for nothing. */
function read<Line>(folder: string, file: string): Line[] {
  let text: string;
  try {
    text = readFileSync(join(folder, file), 'utf8');
  } catch {
    return [];
  }
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line);
}

if (import.meta.main) {
  const { text, passed } = reportOf(process.argv[2] ?? '');
  process.stdout.write(text);
  process.exitCode = passed ? 0 : 1;
}
