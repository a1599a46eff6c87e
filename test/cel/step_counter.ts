// A thread that counts what a regular expression does: how often V8 entered the blocks of re2js'
// code. Counts do not depend on the machine, and a thread of its own leaves the counts of a
// coverage run alone.

import { Session } from 'node:inspector';
import { parentPort } from 'node:worker_threads';
import { CelFailure } from '../../engine/cel/failure.ts';
import { compileRegex } from '../../engine/cel/regex.ts';

export interface Probe {
  readonly pattern: string;
  readonly text: string;
}

export interface Counted {
  readonly matched: boolean | string;
  readonly steps: number;
}

const session = new Session();
session.connect();

function count(): number {
  let steps = 0;
  session.post('Profiler.takePreciseCoverage', (error, taken) => {
    if (error !== null) throw error;
    for (const { url, functions } of taken.result) {
      if (!url.includes('re2js')) continue;
      for (const { ranges } of functions) for (const range of ranges) steps += range.count;
    }
  });
  return steps;
}

function measure({ pattern, text }: Probe): Counted {
  const regex = compileRegex(pattern);
  if (regex instanceof CelFailure) return { matched: regex.message, steps: count() };
  count();
  const matched = regex.test(text, { charge: () => true });
  return { matched: matched instanceof CelFailure ? matched.kind : matched, steps: count() };
}

session.post('Profiler.enable');
session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
parentPort?.on('message', (probe: Probe) => parentPort?.postMessage(measure(probe)));
