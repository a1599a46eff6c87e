// The key sets of one thread: those in force, and those that were opened and wait for their
// activation. Which ones are in force is read from the shared numbers, never told by a message.

import {
  askedWords,
  type KeyImage,
  NONE_OPEN,
  type OpenKeySets,
  openKeys,
  openKeysInSteps,
} from '../engine/key_image.ts';
import type { KeyParser, KeySet, KeySets } from '../engine/key_sets.ts';
import type { ActiveNumbers } from './active_numbers.ts';
import { runInSlices } from './slices.ts';

/** Where an evaluator finds the keys to verify with. */
export interface KeySource {
  readonly current: KeySets;
  /** False once others are in force. */
  isCurrent(keys: KeySets): boolean;
  /** A key was looked for in this set and is not there: it may be newer than the set. */
  askFor(set: KeySet): void;
}

/** None from outside the bundle, for offline work. */
export const NO_KEY_SOURCE: KeySource = {
  current: NONE_OPEN,
  isCurrent: () => true,
  askFor: () => undefined,
};

/**
 * Asks for a set to be fetched again, from any thread and any number of times: it is a store into
 * shared memory, so a flood of tokens with made-up key ids costs nobody a message.
 */
export function askFor(image: KeyImage, { index }: KeySet): void {
  const words = askedWords(image);
  // The set may be one of a version before; then its like is asked for again with the next token.
  if (index < words.length) Atomics.store(words, index, 1);
}

/** The indices of sets that were asked for since the last call. */
export function takeAsked(image: KeyImage): number[] {
  const words = askedWords(image);
  return Array.from(words.keys()).filter((index) => Atomics.exchange(words, index, 0) !== 0);
}

interface Held {
  readonly image: KeyImage;
  readonly sets: OpenKeySets;
}

export class KeyHolder implements KeySource {
  readonly #numbers: ActiveNumbers;
  readonly #parse: KeyParser;
  #held: Held;
  #prepared: Held | undefined;

  constructor(image: KeyImage, numbers: ActiveNumbers, parse: KeyParser) {
    this.#held = { image, sets: openKeys(image, parse) };
    this.#numbers = numbers;
    this.#parse = parse;
  }

  /**
   * Opens sets for later. One version is prepared at a time, so a former one that is still not in
   * force never will be.
   */
  async prepare(image: KeyImage): Promise<void> {
    const { version } = image;
    if (this.image.version === version || this.#prepared?.image.version === version) return;
    const steps = openKeysInSteps(image, this.#parse, this.#held.sets);
    const sets = await runInSlices(steps);
    const known = this.#prepared?.image.version ?? 0;
    if (version > known) this.#prepared = { image, sets };
  }

  get current(): KeySets {
    return this.#catchUp().sets;
  }

  get image(): KeyImage {
    return this.#catchUp().image;
  }

  isCurrent(keys: KeySets): boolean {
    return keys.version === this.#numbers.keys;
  }

  askFor(set: KeySet): void {
    askFor(this.#held.image, set);
  }

  #catchUp(): Held {
    const version = this.#numbers.keys;
    if (this.#held.image.version === version) return this.#held;
    // INVARIANT: nothing is activated that a thread has not opened; the answer would be an error.
    if (this.#prepared?.image.version !== version) {
      throw new Error(`this thread has no keys of version ${version}`);
    }
    this.#held = this.#prepared;
    this.#prepared = undefined;
    return this.#held;
  }
}
