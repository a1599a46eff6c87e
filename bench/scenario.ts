// What a scenario is, and what it finds out. Its figures are judged by thresholds.json.

import type { Measurement, Pair, Run } from './contender.ts';
import { type Summary, summarize } from './statistics.ts';

export interface Scenario {
  readonly name: string;
  /** One line for the overview. */
  readonly summary: string;
  measure(run: Run): Promise<readonly Figure[]>;
}

export interface Figure extends Summary {
  readonly name: string;
  readonly unit: string;
  /** In the order in which they were measured. */
  readonly samples: readonly number[];
}

export function figure(name: string, unit: string, samples: readonly number[]): Figure {
  return { name, unit, ...summarize(samples), samples };
}

const MEASURED: readonly [keyof Measurement, string, string][] = [
  ['requestsPerSecond', 'throughput', '/s'],
  ['cpuUs', 'CPU a request', 'µs'],
  ['corePercent', 'core in use', '%'],
  ['p50Us', 'p50', 'µs'],
  ['p99Us', 'p99', 'µs'],
  ['residentMiB', 'resident memory', 'MiB'],
];

/** How `b` compares with `a`, pair by pair: what happened to one of them mostly met the other. */
export function ratio(name: string, key: keyof Measurement, pairs: readonly Pair[]): Figure {
  const samples = pairs.map(({ a, b }) => b[key] / a[key]);
  return figure(name, '', samples);
}

/** What each of two contenders did. */
export function measured(a: string, b: string, pairs: readonly Pair[]): Figure[] {
  return MEASURED.flatMap(([key, what, unit]) => {
    const of = (which: keyof Pair): number[] => pairs.map((pair) => pair[which][key]);
    return [figure(`${a} ${what}`, unit, of('a')), figure(`${b} ${what}`, unit, of('b'))];
  });
}

/** The ratios of throughput and of CPU a request, and what they were made of. */
export function comparison(a: string, b: string, pairs: readonly Pair[]): Figure[] {
  return [
    ratio('throughput ratio', 'requestsPerSecond', pairs),
    ratio('cost ratio', 'cpuUs', pairs),
    ...measured(a, b, pairs),
  ];
}
