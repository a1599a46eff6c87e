// Nonces for DPoP proofs (RFC 9449 section 8), without a table of them: the HMAC of a window of
// time under a key that all threads of the process share, so what one of them hands out all the
// others take. Another process has another key, and takes none of them.

import { createHmac, randomBytes } from 'node:crypto';
import type { DpopNonces } from '../engine/dpop_nonces.ts';

/** The present window and the one before are good: a nonce is taken for 5 to 10 minutes. */
export const NONCE_WINDOW_MS = 5 * 60_000;
/** As long as the digest. */
const KEY_BYTES = 32;

export function newNonceKey(): Uint8Array {
  return new Uint8Array(randomBytes(KEY_BYTES));
}

export class WindowedNonces implements DpopNonces {
  readonly #key: Uint8Array;
  #window = Number.NaN;
  /** Of that window; as many as there are Issuers that demand one. */
  readonly #known = new Map<string, readonly string[]>();

  /** @param key of all threads that are to take each other's; a new one by default */
  constructor(key = newNonceKey()) {
    this.#key = key;
  }

  valid(issuer: string, now: number): readonly string[] {
    const window = Math.floor(now / NONCE_WINDOW_MS);
    if (window !== this.#window) {
      this.#window = window;
      this.#known.clear();
    }
    let nonces = this.#known.get(issuer);
    if (nonces === undefined) {
      nonces = [this.#nonce(issuer, window), this.#nonce(issuer, window - 1)];
      this.#known.set(issuer, nonces);
    }
    return nonces;
  }

  #nonce(issuer: string, window: number): string {
    // A number has no line feed, so no two pairs are one text.
    return createHmac('sha256', this.#key).update(`${window}\n${issuer}`).digest('base64url');
  }
}
