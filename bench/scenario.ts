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
  ['p50Us', 'p50', 'µs'],
  ['p99Us', 'p99', 'µs'],
  ['residentMiB', 'resident memory', 'MiB'],
];

/** What each of two contenders did, and how `b` compares with `a`, pair by pair. */
export function comparison(a: string, b: string, pairs: readonly Pair[]): Figure[] {
  const each = (of: (pair: Pair) => number): number[] => pairs.map(of);
  return [
    figure(
      'throughput ratio',
      '',
      each((it) => it.b.requestsPerSecond / it.a.requestsPerSecond),
    ),
    figure(
      'CPU ratio',
      '',
      each((it) => it.a.cpuUs / it.b.cpuUs),
    ),
    ...MEASURED.flatMap(([key, what, unit]) => [
      figure(
        `${a} ${what}`,
        unit,
        each((it) => it.a[key]),
      ),
      figure(
        `${b} ${what}`,
        unit,
        each((it) => it.b[key]),
      ),
    ]),
  ];
}
