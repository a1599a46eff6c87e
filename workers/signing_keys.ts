// The key pair of the upstream hand-off, where every thread that decides finds it: in shared
// memory, so that a new pair is in force for all of them with one store, asleep or not.

import { createPrivateKey, hash, type JsonWebKey, type KeyObject } from 'node:crypto';

/** `d`, `x` and `y` of P-256 (RFC 7518 section 6.2). */
const PARTS = ['d', 'x', 'y'] as const;
const PART_BYTES = 32;
const KEY_BYTES = PARTS.length * PART_BYTES;
/** One in force, and one that is being written. */
const SLOTS = 2;
const HEAD_BYTES = Int32Array.BYTES_PER_ELEMENT;

export interface PublicSigningKey {
  readonly kty: 'EC';
  readonly crv: 'P-256';
  readonly x: string;
  readonly y: string;
}

export interface SigningKey {
  readonly version: number;
  readonly kid: string;
  readonly key: KeyObject;
}

/** RFC 7638 section 3: the required members in alphabetical order. */
export function thumbprintOf({ crv, kty, x, y }: PublicSigningKey): string {
  return hash('sha256', JSON.stringify({ crv, kty, x, y }), 'base64url');
}

export class SharedSigningKeys {
  readonly buffer: SharedArrayBuffer;
  readonly #version: Int32Array;
  readonly #slots: Uint8Array;

  /** @param buffer another thread's; a new one by default */
  constructor(buffer = new SharedArrayBuffer(HEAD_BYTES + SLOTS * KEY_BYTES)) {
    this.buffer = buffer;
    this.#version = new Int32Array(buffer, 0, 1);
    this.#slots = new Uint8Array(buffer, HEAD_BYTES);
  }

  /** Counts from 1; 0: there is none yet. */
  get version(): number {
    return Atomics.load(this.#version, 0);
  }

  /** Puts a private key in force. For one thread: two at a time would write one slot. */
  put(jwk: JsonWebKey): void {
    const version = this.version + 1;
    const slot = this.#slot(version);
    for (const [index, name] of PARTS.entries()) {
      const part = Buffer.from(jwk[name] ?? '', 'base64url');
      if (part.length !== PART_BYTES) throw new Error('no key of P-256');
      slot.set(part, index * PART_BYTES);
    }
    Atomics.store(this.#version, 0, version);
  }

  /** INVARIANT: a slot is written again only after another is in force, hours later. */
  read(): SigningKey {
    const { version } = this;
    if (version === 0) throw new Error('there is no key to sign with');
    const bytes = Buffer.from(this.#slot(version));
    const [d = '', x = '', y = ''] = PARTS.map((_, index) => {
      return bytes.toString('base64url', index * PART_BYTES, (index + 1) * PART_BYTES);
    });
    const jwk = { kty: 'EC', crv: 'P-256', x, y } as const;
    const key = createPrivateKey({ format: 'jwk', key: { ...jwk, d } });
    return { version, kid: thumbprintOf(jwk), key };
  }

  #slot(version: number): Uint8Array {
    const start = (version % SLOTS) * KEY_BYTES;
    return this.#slots.subarray(start, start + KEY_BYTES);
  }
}
