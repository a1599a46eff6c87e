// API keys: shared secrets, and so the weakest proof there is. An Issuer lists HMAC-SHA-256 digests
// (RFC 2104) under a key of the deployment, which stands in a file and never in the bundle: neither
// a bundle nor a record that leaks lets anybody try guesses (DESIGN section 8).

import { createHmac } from 'node:crypto';
import { Failure, type Fallible } from '../failure.ts';
import {
  API_KEY_LENGTH_MAX,
  API_KEY_LENGTH_MIN,
  HMAC_KEY_BYTES_MAX,
  HMAC_KEY_BYTES_MIN,
} from '../limits.ts';
import type { Reason } from '../reason.ts';

/** One key as an Issuer lists it. */
export interface ApiKeyEntry {
  /** A name for the key, which is not secret. */
  readonly id: string;
  /** HMAC-SHA-256 of the key: 64 hexadecimal digits, or 43 letters of base64url. */
  readonly hmac: string;
  /** Who it stands for; with its issuer the name of an identity. */
  readonly subject: string;
  /** Milliseconds since the epoch, exclusive. */
  readonly expiresAt?: number | undefined;
}

/** What a key that was found says. */
export interface ApiKey {
  readonly id: string;
  readonly subject: string;
  readonly expiresAt: number | undefined;
  /** `hmac-sha256:` and 64 hexadecimal digits, for evidence. */
  readonly credential: string;
}

/** Which entry, counted from 0, cannot be used, and why. */
export interface ApiKeyFault {
  readonly entry: number;
  readonly message: string;
}

/** Why a text is no key, with its digest for the record; empty where it is none to digest. */
export class ApiKeyFailure extends Failure {
  readonly credential: string;

  constructor(detail: string, credential: string) {
    super('authn.untrusted_issuer', detail);
    this.credential = credential;
  }
}

const NO_KEY = new ApiKeyFailure('no API key', '');

/** By their digest, in hexadecimal. */
export type ApiKeys = ReadonlyMap<string, ApiKey>;

/** The key of the deployment, as its file has it byte by byte; undefined when it is no good. */
export function readHmacKey(bytes: Uint8Array): Uint8Array | undefined {
  if (bytes.length < HMAC_KEY_BYTES_MIN || bytes.length > HMAC_KEY_BYTES_MAX) return undefined;
  // A file of zeros, or of one letter over and over, is none that somebody made.
  return new Set(bytes).size < DIFFERENT_BYTES_MIN ? undefined : bytes;
}

/** Of 32 random bytes fewer are different once in 10^20 times; of 64 random hex digits never. */
const DIFFERENT_BYTES_MIN = 8;

/** All keys of an Issuer, or what is wrong with them. */
export function readApiKeys(entries: readonly ApiKeyEntry[]): ApiKeys | readonly ApiKeyFault[] {
  const keys = new Map<string, ApiKey>();
  const ids = new Set<string>();
  const faults: ApiKeyFault[] = [];
  for (const [entry, { id, hmac, subject, expiresAt }] of entries.entries()) {
    const digest = hexDigest(hmac);
    const fault = (message: string) => faults.push({ entry, message });
    if (digest === undefined) fault('no HMAC-SHA-256 in hexadecimal or base64url');
    else if (keys.has(digest)) fault(`the same key as \`${keys.get(digest)?.id}\``);
    else keys.set(digest, { id, subject, expiresAt, credential: credentialOf(digest) });
    if (ids.has(id)) fault(`a second key \`${id}\``);
    if (subject === '') fault('a key that stands for nobody');
    ids.add(id);
  }
  return faults.length > 0 ? faults : keys;
}

/**
 * Finds the key of a text. Whether it has expired is to be asked each time (`apiKeyExpiry`), as a
 * result may be kept.
 *
 * The digest is looked up by comparing it with others, which takes a time that depends on them.
 * That tells nothing: without the deployment's key nobody can know, or come nearer to, the digest
 * of a text that he chose, so each guess is compared as a random number would be. The work is the
 * same whichever entry it is.
 */
export function verifyApiKey(text: string, keys: ApiKeys, hmacKey: Uint8Array): Fallible<ApiKey> {
  // Before it is hashed: a guess that is short or a text without end costs nothing.
  if (text.length < API_KEY_LENGTH_MIN || text.length > API_KEY_LENGTH_MAX) return NO_KEY;
  if (!/^[!-~]+$/.test(text)) return NO_KEY;
  const digest = createHmac('sha256', hmacKey).update(text, 'latin1').digest('hex');
  return keys.get(digest) ?? new ApiKeyFailure('unknown API key', credentialOf(digest));
}

/** Why a key that was found is good no longer. */
export function apiKeyExpiry({ expiresAt }: ApiKey, now: number): Reason | undefined {
  return expiresAt !== undefined && now >= expiresAt ? 'authn.expired' : undefined;
}

function credentialOf(digest: string): string {
  return `hmac-sha256:${digest}`;
}

function hexDigest(text: string): string | undefined {
  if (/^[0-9a-f]{64}$/.test(text)) return text;
  // The last letter holds two bits that are not used, and are zero.
  if (!/^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/.test(text)) return undefined;
  return Buffer.from(text, 'base64url').toString('hex');
}
