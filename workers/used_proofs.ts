// Proofs that were used, in memory that all threads share: what one thread has taken no other
// takes. A table of fixed size without locks: each slot is one word, a fingerprint and the second
// until which it is remembered.
//
// Within one process. Replicas do not know of each other's; docs/authentication.md says what that
// leaves open.

import { hash } from 'node:crypto';
import type { UsedProofs } from './possessions.ts';

/** Proofs live for about a minute and a half, so this is some 700 a second, in 1 MiB. */
const SLOTS = 65_536;
/** Slots at which one proof may stand. */
const PROBES = 32;
const SECOND_MS = 1000;
const FINGERPRINT_BITS = 32n;
const EMPTY = 0n;
/** By whom a slot was taken: the slots, their users, and the last number that a user got. */
const WORDS = 2 * SLOTS + 1;
const BYTES = BigUint64Array.BYTES_PER_ELEMENT;
/** A request that is not decided again from the start. */
const NOBODY = 0n;

export class SharedUsedProofs implements UsedProofs {
  readonly buffer: SharedArrayBuffer;
  readonly #slots: BigUint64Array;
  readonly #users: BigUint64Array;
  readonly #numbers: BigUint64Array;

  /** @param buffer another thread's; a new one by default */
  constructor(buffer = new SharedArrayBuffer(WORDS * BYTES)) {
    this.buffer = buffer;
    this.#slots = new BigUint64Array(buffer, 0, SLOTS);
    this.#users = new BigUint64Array(buffer, SLOTS * BYTES, SLOTS);
    this.#numbers = new BigUint64Array(buffer, 2 * SLOTS * BYTES, 1);
  }

  /** The first of so many numbers in a row that no other request of the process has. */
  numbers(count: number): bigint {
    return Atomics.add(this.#numbers, 0, BigInt(count)) + 1n;
  }

  use(key: string, untilMs: number, now: number, user = NOBODY): 'fresh' | 'used' | 'full' {
    const digest = hash('sha256', key, 'buffer');
    const first = digest.readUInt32LE(0) % this.#slots.length;
    const fingerprint = BigInt(digest.readUInt32LE(4));
    const nowS = BigInt(Math.floor(now / SECOND_MS));
    const untilS = BigInt(Math.ceil(untilMs / SECOND_MS) + 1);
    const mine = (untilS << FINGERPRINT_BITS) | fingerprint;
    // Another thread may take the free slot first: then look again.
    for (let attempt = 0; attempt < PROBES; attempt++) {
      const free = this.#freeSlot(first, fingerprint, nowS, user);
      if (typeof free === 'string') return free;
      const before = Atomics.load(this.#slots, free);
      if (isTaken(before, nowS)) continue;
      if (Atomics.compareExchange(this.#slots, free, before, mine) !== before) continue;
      // INVARIANT: of two threads with one proof, at most one sees no other slot with it.
      if (this.#standsElsewhere(first, free, fingerprint, nowS)) return 'used';
      // Only who was told that it is fresh may come again.
      Atomics.store(this.#users, free, user);
      return 'fresh';
    }
    return 'full';
  }

  #freeSlot(
    first: number,
    fingerprint: bigint,
    nowS: bigint,
    user: bigint,
  ): number | 'fresh' | 'used' | 'full' {
    let free: number | undefined;
    for (let probe = 0; probe < PROBES; probe++) {
      const at = (first + probe) % this.#slots.length;
      const slot = Atomics.load(this.#slots, at);
      if (!isTaken(slot, nowS)) free ??= at;
      else if (fingerprintOf(slot) === fingerprint) {
        return user !== NOBODY && Atomics.load(this.#users, at) === user ? 'fresh' : 'used';
      }
    }
    return free ?? 'full';
  }

  #standsElsewhere(first: number, own: number, fingerprint: bigint, nowS: bigint): boolean {
    for (let probe = 0; probe < PROBES; probe++) {
      const at = (first + probe) % this.#slots.length;
      const slot = Atomics.load(this.#slots, at);
      if (at !== own && isTaken(slot, nowS) && fingerprintOf(slot) === fingerprint) return true;
    }
    return false;
  }
}

function fingerprintOf(slot: bigint): bigint {
  return slot & 0xffff_ffffn;
}

function isTaken(slot: bigint, nowS: bigint): boolean {
  return slot !== EMPTY && slot >> FINGERPRINT_BITS > nowS;
}
