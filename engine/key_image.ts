// Key sets as they cross threads: packed once into shared memory, opened by each thread before they
// are in force. The digest of the bytes is what threads agree on. In front of them stands one word
// for each set, by which a thread asks for that set to be fetched again; it is no part of them.

import { digestInSteps, digestOfBytes } from './digest.ts';
import {
  ALL_OTHERS,
  isHeld,
  type KeyKind,
  type KeyParser,
  type KeySet,
  type KeySetName,
  type KeySets,
  type KeyState,
  keySetId,
  NO_KEYS,
} from './key_sets.ts';
import { runAll, type Steps } from './steps.ts';

const WORD = Int32Array.BYTES_PER_ELEMENT;
/** Counts of sets and of bytes of the head, before the words of the sets. */
const FIXED_WORDS = 2;

export interface KeyImage {
  readonly version: number;
  readonly bytes: SharedArrayBuffer;
  /** SHA-256 of what follows the words. */
  readonly digest: string;
}

/** One set as its source has it. */
export interface KeySetText extends KeySetName {
  readonly state: KeyState;
  readonly sinceMs: number;
  /** Empty where the state holds no keys. */
  readonly text: string;
}

interface HeadRow extends KeySetName {
  readonly state: KeyState;
  readonly sinceMs: number;
  readonly digest: string;
  readonly length: number;
}

/** @param sets each with a name of its own */
export function packKeys(version: number, sets: readonly KeySetText[]): KeyImage {
  const encoder = new TextEncoder();
  const texts = sets.map(({ text }) => encoder.encode(text));
  const rows = sets.map(({ kind, owner, origin, state, sinceMs }, index): HeadRow => {
    const text = texts[index]!;
    const digest = digestOfBytes(text);
    return { kind, owner, origin, state, sinceMs, digest, length: text.length };
  });
  if (new Set(rows.map(keySetId)).size !== rows.length) throw new Error('a key set stands twice');
  const parts = [encoder.encode(JSON.stringify(rows)), ...texts];
  const content = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    content.set(part, at);
    at += part.length;
  }
  const words = FIXED_WORDS + rows.length;
  const bytes = new SharedArrayBuffer(words * WORD + content.length);
  new Int32Array(bytes, 0, FIXED_WORDS).set([rows.length, parts[0]!.length]);
  new Uint8Array(bytes, words * WORD).set(content);
  return { version, bytes, digest: digestOfBytes(content) };
}

export const NO_KEY_IMAGE: KeyImage = packKeys(0, []);

/** The words by which threads ask for sets, one for each, by its index. */
export function askedWords({ bytes }: KeyImage): Int32Array {
  const [count] = new Int32Array(bytes, 0, FIXED_WORDS);
  return new Int32Array(bytes, FIXED_WORDS * WORD, count);
}

/**
 * A step for each set. Of a set whose text is the one it was before nothing is parsed again.
 * Throws when the bytes are not those of the digest, or when a text cannot be parsed.
 */
export function* openKeysInSteps(
  image: KeyImage,
  parse: KeyParser,
  before: OpenKeySets,
): Steps<OpenKeySets> {
  const [count = 0, headLength = 0] = new Int32Array(image.bytes, 0, FIXED_WORDS);
  const content = new Uint8Array(image.bytes, (FIXED_WORDS + count) * WORD);
  const digest = yield* digestInSteps(content);
  if (digest !== image.digest) throw new Error('the image of the keys is damaged');
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  // A copy: decoding takes no shared memory.
  const text = (from: number, to: number): string => decoder.decode(content.slice(from, to));
  const rows = JSON.parse(text(0, headLength)) as HeadRow[]; // Written by `packKeys`.
  const sets = new Map<string, KeySet>();
  let at = headLength;
  for (const [index, { kind, owner, origin, state, sinceMs, digest, length }] of rows.entries()) {
    const id = keySetId({ kind, owner, origin });
    const name = { kind, owner, origin, index, sinceMs };
    if (state === 'never' || state === 'expired') sets.set(id, { ...name, state });
    else {
      const known = before.get(id);
      const same = isHeld(known) && known.digest === digest;
      const keys = same ? known.keys : parse(kind, text(at, at + length));
      sets.set(id, { ...name, state, digest, keys });
    }
    at += length;
    yield;
  }
  return new OpenKeySets(image.version, sets);
}

/** All at once, where nobody waits. */
export function openKeys(image: KeyImage, parse: KeyParser): OpenKeySets {
  return runAll(openKeysInSteps(image, parse, NONE_OPEN));
}

/** The sets of one version, as one thread holds them. */
export class OpenKeySets implements KeySets {
  readonly version: number;
  readonly #sets: ReadonlyMap<string, KeySet>;

  constructor(version: number, sets: ReadonlyMap<string, KeySet>) {
    this.version = version;
    this.#sets = sets;
  }

  get(id: string): KeySet | undefined {
    return this.#sets.get(id);
  }

  jwks(issuerId: string, url: string): KeySet | undefined {
    return this.#find('jwks', issuerId, url);
  }

  x509Bundle(trustDomain: string): KeySet | undefined {
    return this.#bundle('x509_bundle', trustDomain);
  }

  jwtBundle(trustDomain: string): KeySet | undefined {
    return this.#bundle('jwt_bundle', trustDomain);
  }

  #bundle(kind: KeyKind, trustDomain: string): KeySet | undefined {
    return this.#find(kind, trustDomain, '') ?? this.#find(kind, ALL_OTHERS, '');
  }

  #find(kind: KeyKind, owner: string, origin: string): KeySet | undefined {
    return this.#sets.get(keySetId({ kind, owner, origin }));
  }
}

export const NONE_OPEN = new OpenKeySets(NO_KEYS.version, new Map());
