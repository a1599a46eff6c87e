// Compressed messages, one at a time: 15 KB of gzip become 15 MB, and hundreds of streams at once
// would ask for more memory than there is. Envoy never compresses a check, so nobody waits for it.

import { promisify } from 'node:util';
import { gunzip, inflate } from 'node:zlib';
import { status } from '@grpc/grpc-js';
import { MESSAGE_BYTES_MAX, TRANSPORT_BYTES_MAX } from '../engine/limits.ts';
import type { GrpcStatus } from './grpc_status.ts';

/** Each may grow to the transport's limit of 16 MiB, and leaves as much again until collected. */
const AT_ONCE_MAX = 1;
const WAITING_MAX = 256;

const ENCODINGS = new Map([
  ['gzip', promisify(gunzip)],
  ['deflate', promisify(inflate)],
] as const);

const NO_ENCODING: GrpcStatus = { code: status.INTERNAL, details: 'compressed, but not said how' };
const UNKNOWN: GrpcStatus = { code: status.UNIMPLEMENTED, details: 'unknown grpc-encoding' };
const BROKEN: GrpcStatus = { code: status.INTERNAL, details: 'the message cannot be inflated' };
const TOO_MANY: GrpcStatus = {
  code: status.RESOURCE_EXHAUSTED,
  details: 'too many compressed messages',
};
const TOO_LARGE: GrpcStatus = {
  code: status.RESOURCE_EXHAUSTED,
  details: `a message that inflates to more than ${TRANSPORT_BYTES_MAX} bytes`,
};

export class Inflater {
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  /**
   * @param bytes of the message; while it waits it is its call's alone, which may have lost it
   * @param take asked for it when its turn has come
   * @returns the message inflated; or what is wrong with it. Never rejects.
   */
  async inflate(
    bytes: number,
    encoding: string | undefined,
    take: () => Buffer | undefined,
  ): Promise<Buffer | GrpcStatus> {
    if (encoding === undefined || encoding === 'identity') return NO_ENCODING;
    const inflated = ENCODINGS.get(encoding as 'gzip');
    if (inflated === undefined) return UNKNOWN;
    // Smaller than before it would only be on purpose.
    if (bytes > MESSAGE_BYTES_MAX) return TOO_LARGE;
    if (this.#waiting.length >= WAITING_MAX) return TOO_MANY;
    await this.#turn();
    try {
      const message = take();
      if (message === undefined) return BROKEN;
      return await inflated(message, { maxOutputLength: TRANSPORT_BYTES_MAX });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      return code === 'ERR_BUFFER_TOO_LARGE' ? TOO_LARGE : BROKEN;
    } finally {
      this.#running--;
      this.#waiting.shift()?.();
    }
  }

  #turn(): Promise<void> {
    return new Promise((resolve) => {
      const begin = (): void => {
        this.#running++;
        resolve();
      };
      if (this.#running < AT_ONCE_MAX) begin();
      else this.#waiting.push(begin);
    });
  }
}
