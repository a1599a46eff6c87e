// Digests of what was loaded: SHA-256 over JSON with sorted keys, so that neither the layout of the
// files nor the order of documents makes a difference, only what they say.

import { createHash } from 'node:crypto';
import { KiB } from './limits.ts';
import type { Steps } from './steps.ts';

/** `sha256:` and 64 hexadecimal digits. */
export function digestOfBytes(bytes: Uint8Array | string): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

const CHUNK_BYTES = 256 * KiB;

/** The same of bytes in shared memory, a part at a time. */
export function* digestInSteps(bytes: Uint8Array): Steps<string> {
  const hash = createHash('sha256');
  // Hashing takes no shared memory. One copy for all parts: of each its own, an image would leave
  // as much memory behind as it has, until a thread that is quiet collects it.
  const part = new Uint8Array(Math.min(CHUNK_BYTES, bytes.length));
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
    const next = bytes.subarray(at, at + CHUNK_BYTES);
    part.set(next);
    hash.update(part.subarray(0, next.length));
    yield;
  }
  return `sha256:${hash.digest('hex')}`;
}

function digestOf(value: unknown): string {
  return digestOfBytes(canonicalJson(value));
}

function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`);
  return `{${entries.join(',')}}`;
}

/** Documents in an order of their own: two bundles that say the same have the same digest. */
export function digestOfAll(documents: readonly unknown[], settings: unknown): string {
  return digestOf({ settings, documents: documents.map(canonicalJson).sort() });
}
