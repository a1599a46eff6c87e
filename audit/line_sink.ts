// A sink of JSON lines. It never delays or changes an answer: lines wait in a bounded buffer and
// are written behind; what does not fit is dropped, counted and logged. Only whole lines reach a
// file: what a full disk cut off is taken back before the rest is tried again.

import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { KiB } from '../engine/limits.ts';

/**
 * A write in one go: so many lines that the count of writes, each a switch to another thread and
 * back, does not matter.
 */
const BLOCK_BYTES = 256 * KiB;
/** UTF-8 bytes of one unit of a string, at most. */
const UNIT_BYTES_MAX = 3;
/** What waits is written after this time, or when a block is full. */
const FLUSH_MS = 20;
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

/**
 * Lines that wait, encoded at once: as text, still in the pieces it was put together from, they
 * would be moved by the garbage collector and cost more than the decision (docs/performance.md).
 */
class Block {
  readonly #memory: Buffer;
  length = 0;
  count = 0;

  constructor(memory: Buffer) {
    this.#memory = memory;
  }

  get bytes(): Buffer {
    return this.#memory.subarray(0, this.length);
  }

  /** For another block, when it may be used again. */
  get memory(): Buffer {
    return this.#memory;
  }

  hasRoomFor(bytes: number): boolean {
    return this.length + bytes <= this.#memory.length;
  }

  add(lines: string | Uint8Array, count: number): number {
    const before = this.length;
    if (typeof lines === 'string') this.length += this.#memory.write(lines, before);
    else {
      this.#memory.set(lines, before);
      this.length += lines.length;
    }
    this.count += count;
    return this.length - before;
  }
}

export class LineSink {
  readonly counters: SinkCounters = { written: 0, dropped: 0, errors: 0 };
  readonly #target: Target;
  readonly #options: SinkOptions;
  #blocks: Block[] = [];
  /** Memory of a block that was written. */
  #spare: Buffer | undefined;
  #waitingBytes = 0;
  /** Lines that were taken and are not written yet. */
  #taken = 0;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;
  #troubled = false;
  #closing = false;
  #closed = false;

  constructor(target: Target, options: SinkOptions) {
    this.#target = target;
    this.#options = options;
  }

  append(lines: string | Uint8Array, count: number): void {
    if (this.#closed) {
      this.counters.dropped += count;
      return;
    }
    if (this.#waitingBytes + lines.length > this.#options.bufferBytesMax) {
      this.counters.dropped += count;
      this.#trouble('the buffer is full: records are dropped');
      return;
    }
    this.#waitingBytes += this.#blockFor(lines).add(lines, count);
    if (this.#writing !== undefined) return;
    if (this.#blocks.length > 1) this.#start();
    else this.#startLater();
  }

  /** Writes what waits, as far as that is possible in time, and closes. */
  async close(): Promise<void> {
    this.#closing = true;
    const droppedBefore = this.counters.dropped;
    const giveUp = new Promise<void>((resolve) => {
      setTimeout(resolve, this.#options.closeMsMax).unref();
    });
    await Promise.race([this.#writeOut(), giveUp]);
    const waiting = this.#blocks.reduce((sum, { count }) => sum + count, this.#taken);
    this.counters.dropped += waiting;
    const left = this.counters.dropped - droppedBefore;
    this.#closed = true;
    this.#blocks = [];
    this.#taken = 0;
    if (left > 0) this.#options.onTrouble(`${left} records could not be written before the end`);
    await Promise.race([this.#target.close().catch(() => undefined), giveUp]);
  }

  async #writeOut(): Promise<void> {
    while (this.#blocks.length > 0 || this.#writing !== undefined) {
      if (this.#writing === undefined) this.#start();
      await this.#writing;
    }
  }

  #start(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#drain().finally(() => {
      this.#writing = undefined;
    });
  }

  #startLater(): void {
    this.#timer ??= setTimeout(() => this.#start(), FLUSH_MS);
  }

  /** The last block, or a new one when that is full. */
  #blockFor(lines: string | Uint8Array): Block {
    const bytes = lines.length * (typeof lines === 'string' ? UNIT_BYTES_MAX : 1);
    const last = this.#blocks.at(-1);
    if (last?.hasRoomFor(bytes)) return last;
    const spare = bytes <= BLOCK_BYTES ? this.#spare : undefined;
    if (spare !== undefined) this.#spare = undefined;
    const block = new Block(spare ?? Buffer.allocUnsafeSlow(Math.max(bytes, BLOCK_BYTES)));
    this.#blocks.push(block);
    return block;
  }

  async #drain(): Promise<void> {
    for (let block = this.#blocks.shift(); block !== undefined; block = this.#blocks.shift()) {
      const { bytes, count, memory } = block;
      this.#waitingBytes -= bytes.length;
      this.#taken = count;
      const lost = await this.#writeAll(bytes);
      // Given up by `close` meanwhile, which has counted these lines as dropped.
      if (this.#closed) return;
      this.#taken = 0;
      this.counters.dropped += lost;
      this.counters.written += count - lost;
      if (lost === 0) this.#recovered();
      if (memory.length === BLOCK_BYTES) this.#spare = memory;
      if (this.#blocks.length === 1 && !this.#closing) {
        // What came meanwhile is less than a block, and more may follow.
        this.#startLater();
        return;
      }
    }
  }

  /** @returns how many lines could not be written before the end */
  async #writeAll(bytes: Buffer): Promise<number> {
    let rest = bytes;
    for (;;) {
      try {
        const written = await this.#target.write(rest);
        if (written < rest.length) {
          rest = await this.#afterPart(rest, written);
          continue;
        }
        return 0;
      } catch (error) {
        this.counters.errors++;
        this.#trouble(`cannot write: ${error instanceof Error ? error.message : String(error)}`);
      }
      if (this.#closing) return linesIn(rest);
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  /**
   * What is still to be written after a short write; a line that was cut starts again if it can.
   */
  async #afterPart(rest: Buffer, written: number): Promise<Buffer> {
    const whole = rest.subarray(0, written).lastIndexOf(LINE_FEED) + 1;
    if (whole === written) return rest.subarray(written);
    // What cannot be taken back stays, and the rest of the line is written behind it.
    const taken = await this.#target.takeBack(written - whole).catch(() => false);
    return rest.subarray(taken ? whole : written);
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
  const { O_RDWR, O_CREAT, O_APPEND, O_NONBLOCK } = constants;
  // O_NONBLOCK is for a pipe that nobody reads: a write that waits there would hold one of the few
  // threads that do all file work, and the end of the process with it.
  const file = await open(path, O_RDWR | O_CREAT | O_APPEND | O_NONBLOCK, 0o600);
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
  // Each write is told of its own failure; without a listener the first one would end the process.
  if (process.stdout.listenerCount('error') === 0) process.stdout.on('error', () => undefined);
  return {
    write: (bytes) =>
      new Promise((resolve, reject) => {
        process.stdout.write(bytes, (error) => (error ? reject(error) : resolve(bytes.length)));
      }),
    takeBack: () => Promise.resolve(false),
    close: () => Promise.resolve(),
  };
}
