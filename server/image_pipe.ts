// How an image leaves the process that made it: through a pipe, its length before it, into shared
// memory as it comes. As a message it would be there three times over, and be read in one go.

import { writeSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { MiB } from '../engine/limits.ts';

/** Of the process that loads, beside standard streams and messages. */
export const IMAGE_FD = 4;

const HEAD_BYTES = 8;

/** Blocks until all of it is taken; without an image its length is 0. */
export function writeImage(bytes: SharedArrayBuffer | undefined): void {
  const head = Buffer.alloc(HEAD_BYTES);
  const length = bytes?.byteLength ?? 0;
  head.writeDoubleLE(length);
  writeAll(head);
  for (let at = 0; bytes !== undefined && at < length; at += MiB) {
    // A copy: the system is given no shared memory.
    writeAll(new Uint8Array(bytes, at, Math.min(MiB, length - at)).slice());
  }
}

function writeAll(bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(IMAGE_FD, bytes, at);
}

/** Rejects when the pipe ends before the image does. */
export async function readImage(pipe: Readable): Promise<SharedArrayBuffer> {
  let head = Buffer.alloc(0);
  let image: Uint8Array | undefined;
  let at = 0;
  for await (const chunk of pipe as AsyncIterable<Buffer>) {
    let rest = chunk;
    if (image === undefined) {
      head = Buffer.concat([head, rest]);
      if (head.length < HEAD_BYTES) continue;
      image = new Uint8Array(new SharedArrayBuffer(head.readDoubleLE()));
      rest = head.subarray(HEAD_BYTES);
    }
    image.set(rest, at);
    at += rest.length;
  }
  if (image === undefined || at < image.length) throw new Error('the image ended early');
  return image.buffer as SharedArrayBuffer; // As it was made above.
}
