// Records on their way from an acceptor to the control thread, which alone writes them: blocks of
// whole lines, transferred, and given back for the next. What an acceptor may have on the way is
// bounded; beyond it records are dropped and counted, and no answer waits.

import type { MessagePort } from 'node:worker_threads';
import { KiB } from '../engine/limits.ts';

export const STREAMS = ['evidence', 'decisions'] as const;
export type Stream = (typeof STREAMS)[number];

/** A block that crosses to the control thread. */
export interface RecordBlock {
  readonly kind: 'records';
  readonly stream: Stream;
  readonly memory: ArrayBuffer;
  readonly length: number;
  readonly count: number;
}

/** Its memory, on the way back. */
export interface BlockReturned {
  readonly kind: 'returned';
  readonly stream: Stream;
  readonly memory: ArrayBuffer;
}

const BLOCK_BYTES = 64 * KiB;
/** UTF-8 bytes of one unit of a string, at most. */
const UNIT_BYTES_MAX = 3;
const FLUSH_MS = 10;

type Post = Pick<MessagePort, 'postMessage'>;

export class RecordSender {
  readonly #stream: Stream;
  readonly #port: Post;
  readonly #bytesMax: number;
  readonly #onDropped: (count: number) => void;
  #block: Buffer | undefined;
  #length = 0;
  #count = 0;
  /** Allocated and not yet given up: here, on the way, or back again. */
  #bytes = 0;
  readonly #spare: Buffer[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(stream: Stream, port: Post, bytesMax: number, onDropped: (count: number) => void) {
    this.#stream = stream;
    this.#port = port;
    this.#bytesMax = bytesMax;
    this.#onDropped = onDropped;
  }

  append(lines: string | Uint8Array, count: number): void {
    const bytes = lines.length * (typeof lines === 'string' ? UNIT_BYTES_MAX : 1);
    if (this.#block !== undefined && this.#length + bytes > this.#block.length) this.flush();
    this.#block ??= this.#takeBlock(bytes);
    if (this.#block === undefined) {
      this.#onDropped(count);
      return;
    }
    const before = this.#length;
    if (typeof lines === 'string') this.#length += this.#block.write(lines, before);
    else {
      this.#block.set(lines, before);
      this.#length += lines.length;
    }
    this.#count += count;
    this.#timer ??= setTimeout(() => this.flush(), FLUSH_MS);
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const block = this.#block;
    if (block === undefined || this.#count === 0) return;
    // Blocks are allocated one by one below, so each has its memory to itself.
    const memory = block.buffer as ArrayBuffer;
    const message: RecordBlock = {
      kind: 'records',
      stream: this.#stream,
      memory,
      length: this.#length,
      count: this.#count,
    };
    this.#block = undefined;
    this.#length = 0;
    this.#count = 0;
    this.#port.postMessage(message, [memory]);
  }

  takeBack(memory: ArrayBuffer): void {
    // One is enough in peace; more would keep what a busy moment needed.
    if (memory.byteLength === BLOCK_BYTES && this.#spare.length === 0) {
      this.#spare.push(Buffer.from(memory));
    } else this.#bytes -= memory.byteLength;
  }

  #takeBlock(bytes: number): Buffer | undefined {
    const spare = bytes <= BLOCK_BYTES ? this.#spare.pop() : undefined;
    if (spare !== undefined) return spare;
    const size = Math.max(bytes, BLOCK_BYTES);
    if (this.#bytes + size > this.#bytesMax) return undefined;
    this.#bytes += size;
    return Buffer.allocUnsafeSlow(size);
  }
}
