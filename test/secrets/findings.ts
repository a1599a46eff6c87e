// What one thread under the scan has seen: counts, and leaks by what is known of them. Written to a
// folder that all share, a line at a time, so that also a process that is killed has told.

import { appendFileSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { threadId } from 'node:worker_threads';
import { findLeaks } from './scanner.ts';

export const OUTPUTS = ['record', 'log', 'metrics', 'identities', 'standard error'] as const;
export type Output = (typeof OUTPUTS)[number];
export type Counts = Record<Output, number>;

/** What was counted since the line before of the same thread. */
export interface CountLine {
  readonly pid: number;
  readonly counts: Partial<Counts>;
}

export interface LeakLine {
  readonly pid: number;
  readonly thread: number;
  readonly output: Output;
  readonly kind: string;
  readonly where: string;
  readonly program: string;
  /** The test that began last; its own hooks may have run before. */
  readonly test: string;
}

export const COUNTS_FILE = 'counts.ndjson';
export const LEAKS_FILE = 'leaks.ndjson';
export const TEST_FILE = 'test';
const ROOT = resolve(import.meta.dirname, '..', '..');
/** Of one thread; whoever leaks in every record need not say so a million times. */
const LEAKS_TOLD_MAX = 20;

export class Findings {
  readonly #folder: string;
  #counts: Partial<Counts> = {};
  #seen = 0;
  /** At doubled counts: a killed process has told of at least half. */
  #tellAt = 1;
  #told = 0;

  constructor(folder: string) {
    this.#folder = folder;
    process.on('exit', () => this.#tell());
  }

  look(output: Output, text: string): void {
    this.#counts[output] = (this.#counts[output] ?? 0) + 1;
    if (++this.#seen >= this.#tellAt) {
      this.#tellAt *= 2;
      this.#tell();
    }
    for (const { kind, where } of findLeaks(text)) {
      if (this.#told++ >= LEAKS_TOLD_MAX) return;
      const program = process.argv.slice(1).map(shortName).join(' ').slice(0, 200);
      const test = this.#currentTest();
      const line = { pid: process.pid, thread: threadId, output, kind, where, program, test };
      this.#write(LEAKS_FILE, line satisfies LeakLine);
    }
  }

  #tell(): void {
    if (Object.keys(this.#counts).length === 0) return;
    const line: CountLine = { pid: process.pid, counts: this.#counts };
    this.#counts = {};
    this.#write(COUNTS_FILE, line);
  }

  #write(file: string, line: object): void {
    try {
      appendFileSync(join(this.#folder, file), `${JSON.stringify(line)}\n`);
    } catch (error) {
      // The run is over and its folder gone; before that the scan would fail for want of counts.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }

  #currentTest(): string {
    try {
      return readFileSync(join(this.#folder, TEST_FILE), 'utf8');
    } catch {
      return 'unknown';
    }
  }
}

function shortName(argument: string): string {
  return argument.startsWith(ROOT) ? relative(ROOT, argument) : argument;
}
