// Decides in place what is cheap by construction while this thread is not behind; everything else,
// and whatever queues up within one turn of the event loop, fans out to the pool.

import type { Failure } from '../engine/failure.ts';
import type { Asker } from '../engine/identity/enforcer.ts';
import { KiB, MESSAGE_BYTES_MAX } from '../engine/limits.ts';
import type { Checker } from './checker.ts';

/** A CheckRequest without a body is far smaller; beyond it decoding is no longer a matter of µs. */
const IN_PLACE_BYTES_MAX = 16 * KiB;
/** So many decisions (about 10 µs each) delay the turn by less than a batch to the pool costs. */
const IN_PLACE_A_TURN_MAX = 16;

export class DispatchingChecker implements Checker {
  readonly #inPlace: Checker;
  readonly #pool: Checker;
  readonly #onInPlace: () => void;
  #decidedThisTurn = 0;

  /** @param onInPlace counts a request that does not go to the pool */
  constructor(inPlace: Checker, pool: Checker, onInPlace: () => void) {
    this.#onInPlace = onInPlace;
    this.#inPlace = inPlace;
    this.#pool = pool;
  }

  check(bytes: Buffer, asker: Asker, deadlineMs: number): Buffer | Promise<Buffer> {
    // What is too large is refused unread, which costs nothing anywhere.
    const cheap = bytes.length <= IN_PLACE_BYTES_MAX || bytes.length > MESSAGE_BYTES_MAX;
    if (!cheap || this.#decidedThisTurn >= IN_PLACE_A_TURN_MAX) {
      return this.#pool.check(bytes, asker, deadlineMs);
    }
    if (this.#decidedThisTurn++ === 0) {
      setImmediate(() => {
        this.#decidedThisTurn = 0;
      });
    }
    this.#onInPlace();
    return this.#inPlace.check(bytes, asker, deadlineMs);
  }

  refuse(failure: Failure): Buffer {
    return this.#inPlace.refuse(failure);
  }

  canAcceptWork(): boolean {
    return this.#pool.canAcceptWork();
  }

  async close(): Promise<void> {
    await this.#pool.close();
    await this.#inPlace.close();
  }
}
