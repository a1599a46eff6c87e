// Records and counts of a checker, kept for the tests that read them.

import type { Outputs } from '../../workers/checker.ts';
import type { RecordLine } from './record_files.ts';

export class KeptOutputs implements Outputs {
  readonly #evidence: string[] = [];
  readonly #decisions: string[] = [];
  /** As `record` was told. */
  recorded = 0;
  readonly counts: { outcome: number; evidence: number; durationUs: number }[] = [];

  clear(): void {
    this.#evidence.length = 0;
    this.#decisions.length = 0;
    this.counts.length = 0;
    this.recorded = 0;
  }

  record(evidence: string | Uint8Array, decisions: string | Uint8Array, count: number): void {
    this.#evidence.push(Buffer.from(evidence as string).toString());
    this.#decisions.push(Buffer.from(decisions as string).toString());
    this.recorded += count;
  }

  count(outcome: number, evidence: number, durationUs: number): void {
    this.counts.push({ outcome, evidence, durationUs });
  }

  get evidence(): RecordLine[] {
    return lines(this.#evidence);
  }

  get decisions(): RecordLine[] {
    return lines(this.#decisions);
  }

  /** The reason of each decision, or `allow`, in the order of the records. */
  get results(): string[] {
    return this.decisions.map((it) => (it['reasons'] as string[])[0] ?? String(it['outcome']));
  }
}

function lines(pieces: readonly string[]): RecordLine[] {
  return pieces
    .join('')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as RecordLine);
}
