// The keys of the upstream hand-off, as the control thread makes them: pairs that live in memory
// only, and a JWK Set of their public halves.

import { generateKeyPairSync } from 'node:crypto';
import { type PublicSigningKey, SharedSigningKeys, thumbprintOf } from '../workers/signing_keys.ts';

const ROTATION_MS = 12 * 3_600_000;
/** The last one as well: its tokens live for a minute after it signs no more. */
const PUBLISHED = 2;

interface PublishedKey extends PublicSigningKey {
  readonly use: 'sig';
  readonly alg: 'ES256';
  readonly kid: string;
}

export class HandOffKeys {
  readonly #shared = new SharedSigningKeys();
  #published: readonly PublishedKey[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor() {
    this.rotate();
    this.#timer = setInterval(() => this.rotate(), ROTATION_MS);
    this.#timer.unref();
  }

  get buffer(): SharedArrayBuffer {
    return this.#shared.buffer;
  }

  /** RFC 7517 section 5, the newest key first. */
  get jwks(): string {
    return JSON.stringify({ keys: this.#published });
  }

  /** INVARIANT: a key is published before anything is signed with it. */
  rotate(): void {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const jwk = privateKey.export({ format: 'jwk' });
    const { x = '', y = '' } = jwk;
    const key = { kty: 'EC', crv: 'P-256', x, y } as const;
    const published: PublishedKey = { ...key, use: 'sig', alg: 'ES256', kid: thumbprintOf(key) };
    this.#published = [published, ...this.#published].slice(0, PUBLISHED);
    this.#shared.put(jwk);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
