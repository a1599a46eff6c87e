// A sink of JSON lines. It never delays or changes an answer: lines wait in a bounded buffer and are
// written behind; what does not fit is dropped, counted and logged. Only whole lines reach a file:
// what a full disk cut off is taken back before the rest is tried again.

import { type FileHandle, open } from 'node:fs/promises';
import { KiB, MiB } from '../engine/limits.ts';

/** A write in one go; large enough that the count of writes does not matter. */
const WRITE_BYTES_MAX = 1 * MiB;
/** A flush is not waited for longer than this, or than this many bytes. */
const FLUSH_MS = 20;
const FLUSH_BYTES = 64 * KiB;
const RETRY_MS = 200;
const LINE_FEED = 0x0a;

export interface SinkCounters {
  written: number;
  dropped: number;
  errors: number;
}

export interface SinkOptions {
  readonly bufferBytesMax: number;
  /** Lines that wait at the end get this long; then they are dropped and counted. */
  readonly closeMsMax: number;
  /** Called when the sink starts to fail or to drop, and when it works again; never a flood. */
  readonly onTrouble: (message: string) => void;
}

/** What a sink writes to: a file handle, or in a test something that fails on purpose. */
export interface Target {
  write(bytes: Uint8Array): Promise<number>;
  /** Takes back the last bytes written; false where that cannot be done, as on a pipe. */
  takeBack(bytes: number): Promise<boolean>;
  close(): Promise<void>;
}

interface Chunk {
  readonly lines: string | Uint8Array;
  readonly count: number;
}

export class LineSink {
  readonly counters: SinkCounters = { written: 0, dropped: 0, errors: 0 };
  readonly #target: Target;
  readonly #options: SinkOptions;
  #chunks: Chunk[] = [];
  #waitingBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;
  #troubled = false;
  #closing = false;

  constructor(target: Target, options: SinkOptions) {
    this.#target = target;
    this.#options = options;
  }

  append(lines: string | Uint8Array, count: number): void {
    // A character is at least a byte; what is not ASCII is counted low, by a factor of three at most.
    if (this.#waitingBytes + lines.length > this.#options.bufferBytesMax) {
      this.counters.dropped += count;
      this.#trouble('the buffer is full: records are dropped');
      return;
    }
    this.#chunks.push({ lines, count });
    this.#waitingBytes += lines.length;
    if (this.#writing !== undefined) return;
    if (this.#waitingBytes >= FLUSH_BYTES) this.#start();
    else this.#timer ??= setTimeout(() => this.#start(), FLUSH_MS);
  }

  /** Writes what waits, as far as that is possible in time, and closes. */
  async close(): Promise<void> {
    this.#closing = true;
    if (this.#writing === undefined && this.#chunks.length > 0) this.#start();
    const giveUp = new Promise<void>((resolve) => {
      setTimeout(resolve, this.#options.closeMsMax).unref();
    });
    await Promise.race([this.#writing, giveUp]);
    const left = this.#chunks.reduce((sum, { count }) => sum + count, 0);
    this.#chunks = [];
    if (left > 0) {
      this.counters.dropped += left;
      this.#options.onTrouble(`${left} records could not be written before the end`);
    }
    await Promise.race([this.#target.close().catch(() => undefined), giveUp]);
  }

  #start(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#drain().finally(() => {
      this.#writing = undefined;
    });
  }

  async #drain(): Promise<void> {
    while (this.#chunks.length > 0) {
      const { bytes, count } = this.#take();
      await this.#writeAll(bytes, count);
    }
  }

  /** The next chunks, up to the size of one write. */
  #take(): { bytes: Buffer; count: number } {
    let taken = 0;
    let length = 0;
    let count = 0;
    while (taken < this.#chunks.length && length < WRITE_BYTES_MAX) {
      length += this.#chunks[taken]!.lines.length;
      count += this.#chunks[taken]!.count;
      taken++;
    }
    const chunks = this.#chunks.splice(0, taken);
    this.#waitingBytes -= length;
    return { bytes: joined(chunks), count };
  }

  async #writeAll(bytes: Buffer, count: number): Promise<void> {
    let rest = bytes;
    for (;;) {
      try {
        const written = await this.#target.write(rest);
        if (written < rest.length) {
          rest = await this.#afterPart(rest, written);
          continue;
        }
        this.counters.written += count;
        this.#recovered();
        return;
      } catch (error) {
        this.counters.errors++;
        this.#trouble(`cannot write: ${error instanceof Error ? error.message : String(error)}`);
      }
      if (this.#closing) {
        this.counters.dropped += linesIn(rest);
        this.counters.written += count - linesIn(rest);
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  /** What is still to be written after a short write; a line that was cut starts again if it can. */
  async #afterPart(rest: Buffer, written: number): Promise<Buffer> {
    const whole = rest.subarray(0, written).lastIndexOf(LINE_FEED) + 1;
    if (whole === written) return rest.subarray(written);
    return (await this.#target.takeBack(written - whole))
      ? rest.subarray(whole)
      : rest.subarray(written);
  }

  #trouble(message: string): void {
    if (this.#troubled) return;
    this.#troubled = true;
    this.#options.onTrouble(message);
  }

  #recovered(): void {
    if (!this.#troubled || this.#waitingBytes > this.#options.bufferBytesMax / 2) return;
    this.#troubled = false;
    this.#options.onTrouble(`writing again; ${this.counters.dropped} records dropped so far`);
  }
}

function joined(chunks: readonly Chunk[]): Buffer {
  const parts: Uint8Array[] = [];
  let text = '';
  for (const { lines } of chunks) {
    if (typeof lines === 'string') text += lines;
    else {
      if (text !== '') parts.push(Buffer.from(text));
      text = '';
      parts.push(lines);
    }
  }
  if (parts.length === 0) return Buffer.from(text);
  if (text !== '') parts.push(Buffer.from(text));
  return Buffer.concat(parts);
}

function linesIn(bytes: Buffer): number {
  let lines = 0;
  for (let at = bytes.indexOf(LINE_FEED); at !== -1; at = bytes.indexOf(LINE_FEED, at + 1)) lines++;
  return lines;
}

/**
 * Appends to a file, readable by its owner only. A last line that an earlier crash cut off is ended
 * first, so that the lines written here are whole.
 */
export async function openFileTarget(path: string): Promise<Target> {
  const file = await open(path, 'a+', 0o600);
  const { size } = await file.stat();
  if (size > 0) {
    const last = Buffer.alloc(1);
    await file.read(last, 0, 1, size - 1);
    if (last[0] !== LINE_FEED) await file.write('\n');
  }
  return fileTarget(file);
}

function fileTarget(file: FileHandle): Target {
  return {
    write: async (bytes) => (await file.write(bytes)).bytesWritten,
    takeBack: async (bytes) => {
      const stat = await file.stat();
      if (!stat.isFile() || stat.size < bytes) return false;
      await file.truncate(stat.size - bytes);
      return true;
    },
    close: () => file.close(),
  };
}

/** Standard output, whatever it is connected to. */
export function stdoutTarget(): Target {
  return {
    write: (bytes) =>
      new Promise((resolve, reject) => {
        process.stdout.write(bytes, (error) => (error ? reject(error) : resolve(bytes.length)));
      }),
    takeBack: () => Promise.resolve(false),
    close: () => Promise.resolve(),
  };
}
