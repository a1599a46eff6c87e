// Proofs that were used, in memory that all threads share: what one thread has taken no other
// takes. A table of fixed size without locks: each slot is one word, a fingerprint and the second
// until which it is remembered.
//
// Within one process. Replicas do not know of each other's; docs/authentication.md says what that
// leaves open.

import { hash } from 'node:crypto';
import type { UsedProofs } from './possessions.ts';

/** Proofs live for about a minute and a half, so this is some 700 a second, in 512 KiB. */
const SLOTS = 65_536;
/** Slots at which one proof may stand. */
const PROBES = 32;
const SECOND_MS = 1000;
const FINGERPRINT_BITS = 32n;
const EMPTY = 0n;

export class SharedUsedProofs implements UsedProofs {
  readonly buffer: SharedArrayBuffer;
  readonly #slots: BigUint64Array;

  /** @param buffer another thread's; a new one by default */
  constructor(buffer = new SharedArrayBuffer(SLOTS * BigUint64Array.BYTES_PER_ELEMENT)) {
    this.buffer = buffer;
    this.#slots = new BigUint64Array(buffer);
  }

  use(key: string, untilMs: number, now: number): 'fresh' | 'used' | 'full' {
    const digest = hash('sha256', key, 'buffer');
    const first = digest.readUInt32LE(0) % this.#slots.length;
    const fingerprint = BigInt(digest.readUInt32LE(4));
    const nowS = BigInt(Math.floor(now / SECOND_MS));
    const untilS = BigInt(Math.ceil(untilMs / SECOND_MS) + 1);
    const mine = (untilS << FINGERPRINT_BITS) | fingerprint;
    // Another thread may take the free slot first: then look again.
    for (let attempt = 0; attempt < PROBES; attempt++) {
      const free = this.#freeSlot(first, fingerprint, nowS);
      if (typeof free === 'string') return free;
      const before = Atomics.load(this.#slots, free);
      if (isTaken(before, nowS)) continue;
      if (Atomics.compareExchange(this.#slots, free, before, mine) !== before) continue;
      // INVARIANT: of two threads with one proof, at most one sees no other slot with it.
      return this.#standsElsewhere(first, free, fingerprint, nowS) ? 'used' : 'fresh';
    }
    return 'full';
  }

  #freeSlot(first: number, fingerprint: bigint, nowS: bigint): number | 'used' | 'full' {
    let free: number | undefined;
    for (let probe = 0; probe < PROBES; probe++) {
      const at = (first + probe) % this.#slots.length;
      const slot = Atomics.load(this.#slots, at);
      if (!isTaken(slot, nowS)) free ??= at;
      else if (fingerprintOf(slot) === fingerprint) return 'used';
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
