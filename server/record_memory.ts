// Records on their way from an acceptor to the control thread, which alone writes them: blocks of
// whole lines in memory that both see. No message is sent and nobody is woken: on the hot path a
// record is a copy, and the control thread looks for what is new. What waits is bounded; beyond it
// records are dropped and counted, and no answer waits. One thread writes and one reads.

import { KiB } from '../engine/limits.ts';

export const STREAMS = ['evidence', 'decisions'] as const;
export type Stream = (typeof STREAMS)[number];

/** Longer than any line, as what a caller chose is cut (RECORDED_TEXT_MAX). */
const BLOCK_BYTES = 256 * KiB;
const BLOCKS_MIN = 2;
/** UTF-8 bytes of one unit of a string, at most. */
const UNIT_BYTES_MAX = 3;
const LINE_FEED = 0x0a;

/** Fields of a block, each an Int32: what it is, its place in the order, and what is in it. */
const FIELDS = 4;
const STATE = 0;
const SERIAL = 1;
const LENGTH = 2;
const COUNT = 3;
/** `open`: the writer adds to it. `full`: it does so no more. The reader makes it free again. */
const State = { free: 0, open: 1, full: 2 } as const;

export interface RecordMemory {
  readonly fields: SharedArrayBuffer;
  /** Untouched blocks take no memory: the system gives it when something is written. */
  readonly blocks: SharedArrayBuffer;
}

export type RecordMemories = Readonly<Record<Stream, RecordMemory>>;

/** @param bytesMax of each stream */
export function recordMemories(bytesMax: number): RecordMemories {
  return { evidence: recordMemory(bytesMax), decisions: recordMemory(bytesMax) };
}

export function recordMemory(bytesMax: number): RecordMemory {
  const count = Math.max(BLOCKS_MIN, Math.floor(bytesMax / BLOCK_BYTES));
  return {
    fields: new SharedArrayBuffer(count * FIELDS * Int32Array.BYTES_PER_ELEMENT),
    blocks: new SharedArrayBuffer(count * BLOCK_BYTES),
  };
}

function blocksOf({ blocks }: RecordMemory): readonly Buffer[] {
  return Array.from({ length: blocks.byteLength / BLOCK_BYTES }, (_, index) =>
    Buffer.from(blocks, index * BLOCK_BYTES, BLOCK_BYTES),
  );
}

export class RecordWriter {
  readonly #fields: Int32Array;
  readonly #blocks: readonly Buffer[];
  readonly #onDropped: (count: number) => void;
  #serial = 0;
  /** Where the open block's fields begin; undefined: there is none. */
  #at: number | undefined = undefined;
  #block: Buffer | undefined = undefined;
  #length = 0;
  #count = 0;

  constructor(memory: RecordMemory, onDropped: (count: number) => void) {
    this.#fields = new Int32Array(memory.fields);
    this.#blocks = blocksOf(memory);
    this.#onDropped = onDropped;
    // What a dead predecessor left behind is read like all else, and before what comes now.
    for (let at = 0; at < this.#fields.length; at += FIELDS) {
      this.#serial = Math.max(this.#serial, this.#fields[at + SERIAL]!);
      Atomics.compareExchange(this.#fields, at + STATE, State.open, State.full);
    }
  }

  append(lines: string | Uint8Array, count: number): void {
    const bytes = lines.length * (typeof lines === 'string' ? UNIT_BYTES_MAX : 1);
    if (typeof lines !== 'string' && bytes > BLOCK_BYTES) {
      this.#appendParts(lines);
      return;
    }
    const block = this.#blockFor(bytes);
    if (block === undefined) {
      this.#onDropped(count);
      return;
    }
    const before = this.#length;
    if (typeof lines === 'string') this.#length += block.write(lines, before);
    else {
      block.set(lines, before);
      this.#length += bytes;
    }
    this.#count += count;
    Atomics.store(this.#fields, this.#at! + COUNT, this.#count);
    Atomics.store(this.#fields, this.#at! + LENGTH, this.#length);
  }

  /** Many lines of a pool's batch, a block at a time. */
  #appendParts(lines: Uint8Array): void {
    for (let from = 0; from < lines.length; ) {
      const most = lines.subarray(from, from + BLOCK_BYTES);
      const part = most.subarray(0, most.lastIndexOf(LINE_FEED) + 1);
      // One line that is longer than a block cannot be; its bytes must not be written in part.
      if (part.length === 0) {
        this.#onDropped(1);
        return;
      }
      let count = 0;
      for (const byte of part) if (byte === LINE_FEED) count++;
      this.append(part, count);
      from += part.length;
    }
  }

  #blockFor(bytes: number): Buffer | undefined {
    if (this.#at !== undefined) {
      if (this.#length + bytes <= BLOCK_BYTES) return this.#block;
      Atomics.store(this.#fields, this.#at + STATE, State.full);
      this.#at = undefined;
    }
    if (bytes > BLOCK_BYTES) return undefined;
    // The first that is free: those behind are never touched in peace.
    for (const [index, block] of this.#blocks.entries()) {
      const at = index * FIELDS;
      if (Atomics.load(this.#fields, at + STATE) !== State.free) continue;
      this.#at = at;
      this.#block = block;
      this.#length = this.#count = 0;
      Atomics.store(this.#fields, at + SERIAL, ++this.#serial);
      Atomics.store(this.#fields, at + STATE, State.open);
      return block;
    }
    return undefined;
  }
}

export class RecordReader {
  readonly #fields: Int32Array;
  readonly #blocks: readonly Buffer[];
  /** What has been read of each block. */
  readonly #lengths: Int32Array;
  readonly #counts: Int32Array;

  constructor(memory: RecordMemory) {
    this.#fields = new Int32Array(memory.fields);
    this.#blocks = blocksOf(memory);
    this.#lengths = new Int32Array(this.#blocks.length);
    this.#counts = new Int32Array(this.#blocks.length);
  }

  /**
   * Hands over what is new, in order; `take` has to copy it.
   *
   * @returns whether there was anything
   */
  read(take: (lines: Buffer, count: number) => void): boolean {
    let found = false;
    for (const index of this.#used()) {
      const at = index * FIELDS;
      // In this order: once it is full, nothing is added.
      const isFull = Atomics.load(this.#fields, at + STATE) === State.full;
      const length = Atomics.load(this.#fields, at + LENGTH);
      const count = Atomics.load(this.#fields, at + COUNT);
      const read = this.#lengths[index]!;
      if (length > read) {
        take(this.#blocks[index]!.subarray(read, length), count - this.#counts[index]!);
        this.#lengths[index] = length;
        this.#counts[index] = count;
        found = true;
      }
      if (!isFull) continue;
      this.#lengths[index] = this.#counts[index] = 0;
      this.#fields[at + LENGTH] = this.#fields[at + COUNT] = 0;
      Atomics.store(this.#fields, at + STATE, State.free);
    }
    return found;
  }

  /** Indices of blocks that are not free, the oldest first. */
  #used(): number[] {
    const { length } = this.#blocks;
    const serialOf = (index: number): number => Atomics.load(this.#fields, index * FIELDS + SERIAL);
    // While we look from block to block the writer may fill one that we have passed as free, and
    // open another. What was not begun before we looked is left for the next time.
    let latest = 0;
    for (let index = 0; index < length; index++) latest = Math.max(latest, serialOf(index));
    const used: { index: number; serial: number }[] = [];
    for (let index = 0; index < length; index++) {
      if (Atomics.load(this.#fields, index * FIELDS + STATE) === State.free) continue;
      const serial = serialOf(index);
      if (serial <= latest) used.push({ index, serial });
    }
    return used.sort((a, b) => a.serial - b.serial).map(({ index }) => index);
  }
}
