// What a run found, as a table for people and as JSON for programs, judged by thresholds.json.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Run } from './contender.ts';
import type { Machine } from './machine.ts';
import type { Figure } from './scenario.ts';

/** Bounds of a figure's median. */
interface Threshold {
  readonly min?: number;
  readonly max?: number;
}

export interface JudgedFigure extends Figure {
  readonly threshold: Threshold | undefined;
  readonly passed: boolean;
}

export interface ScenarioReport {
  readonly scenario: string;
  readonly summary: string;
  readonly figures: readonly JudgedFigure[];
}

export function judge(
  scenario: string,
  summary: string,
  figures: readonly Figure[],
): ScenarioReport {
  const file = join(import.meta.dirname, 'thresholds.json');
  // Our own file; a threshold without a figure is told below.
  const all = JSON.parse(readFileSync(file, 'utf8')) as Record<string, Record<string, Threshold>>;
  const thresholds = all[scenario] ?? {};
  for (const name of Object.keys(thresholds)) {
    if (figures.some((figure) => figure.name === name)) continue;
    throw new Error(`thresholds.json bounds \`${name}\`, which \`${scenario}\` does not measure`);
  }
  return {
    scenario,
    summary,
    figures: figures.map((figure) => {
      const threshold = thresholds[figure.name];
      const { min = -Infinity, max = Infinity } = threshold ?? {};
      return { ...figure, threshold, passed: figure.median >= min && figure.median <= max };
    }),
  };
}

export function formatReport({ scenario, summary, figures }: ScenarioReport): string {
  const rows = figures.map((figure) => {
    const { name, unit, median, min, max, threshold, passed } = figure;
    const bounds = threshold && [
      threshold.min === undefined ? '' : `≥ ${threshold.min}`,
      threshold.max === undefined ? '' : `≤ ${threshold.max}`,
    ];
    const verdict = bounds ? `${bounds.join(' ').trim()} ${passed ? 'passed' : 'FAILED'}` : '';
    return [name, number(median), `${number(min)} – ${number(max)}`, unit, verdict];
  });
  const table = [['', 'median', 'min – max', '', ''], ...rows];
  const widths = [0, 1, 2, 3].map((at) => Math.max(...table.map((row) => row[at]!.length)));
  const lines = table.map((row) => row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  '));
  return `\n${scenario}: ${summary}\n${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}

export function formatMachine(machine: Machine, run: Run): string {
  const { cpu, cores, kernel, node, load, client } = machine;
  const { shape, requests, warmUpRequests, pairs } = run;
  return (
    `${cpu}, ${cores} cores, Linux ${kernel}, Node ${node}, load average ${load.toFixed(2)}\n` +
    `${client}: ${shape.connections} connections × ${shape.streams} streams unless a scenario says else, ` +
    `${warmUpRequests} requests of warm-up, ${requests} measured, ${pairs} alternating pairs\n`
  );
}

function number(value: number): string {
  return value.toFixed(value < 10 ? 3 : value < 1000 ? 1 : 0);
}
