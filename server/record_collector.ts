// Carries records from the acceptors' memory to the sinks, on the control thread, and shows them to
// whoever else wants to see all of them there.

import type { LineSink } from '../audit/line_sink.ts';
import { type RecordMemories, RecordReader, STREAMS, type Stream } from './record_memory.ts';

/** Between two looks: while records come, and else. Then the first one waits for so long. */
const BUSY_MS = 10;
const QUIET_MS = 50;

export class RecordCollector {
  readonly #sinks: Readonly<Record<Stream, LineSink>>;
  readonly #onLines: (lines: Buffer) => void;
  readonly #readers: { readonly stream: Stream; readonly reader: RecordReader }[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** @param onLines whole lines of either stream; it must not keep them */
  constructor(sinks: Readonly<Record<Stream, LineSink>>, onLines: (lines: Buffer) => void) {
    this.#sinks = sinks;
    this.#onLines = onLines;
    this.#lookIn(QUIET_MS);
  }

  add(memories: RecordMemories): void {
    for (const stream of STREAMS) {
      this.#readers.push({ stream, reader: new RecordReader(memories[stream]) });
    }
  }

  /** When nobody writes any more: what is there goes to the sinks. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#collect();
  }

  #lookIn(ms: number): void {
    this.#timer = setTimeout(() => {
      this.#lookIn(this.#collect() ? BUSY_MS : QUIET_MS);
    }, ms);
  }

  #collect(): boolean {
    let found = false;
    for (const { stream, reader } of this.#readers) {
      const sink = this.#sinks[stream];
      const take = (lines: Buffer, count: number): void => {
        sink.append(lines, count);
        this.#onLines(lines);
      };
      if (reader.read(take)) found = true;
    }
    return found;
  }
}
