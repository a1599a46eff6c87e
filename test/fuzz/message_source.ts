// The messages of a fuzz run, one after the other: seeds as they are, and seeds mutated once or
// more.

import type { Random } from '../agreement/random.ts';
import { mutateBytes, mutateLength, mutateTree } from './mutation.ts';
import { encodeRequest } from './oracle.ts';
import { ALLOWED_SEEDS, DENIED_SEEDS } from './seeds.ts';

const UNCHANGED = 0.02;
const ALLOWED = 0.75;
const TWICE = 0.2;

export class MessageSource {
  readonly #random: Random;
  readonly #allowed = ALLOWED_SEEDS.map(encodeRequest);
  readonly #denied = DENIED_SEEDS.map(encodeRequest);

  constructor(random: Random) {
    this.#random = random;
  }

  next(): Buffer {
    const random = this.#random;
    const seed = this.#seed();
    if (random.chance(UNCHANGED)) return seed;
    const once = this.#mutated(seed);
    return random.chance(TWICE) ? mutateBytes(random, once, this.#seed()) : once;
  }

  get allowed(): readonly Buffer[] {
    return this.#allowed;
  }

  get denied(): readonly Buffer[] {
    return this.#denied;
  }

  #mutated(seed: Buffer): Buffer {
    const random = this.#random;
    const which = random.next();
    if (which < 0.4) return mutateBytes(random, seed, this.#seed());
    return which < 0.9 ? mutateTree(random, seed, this.#seed()) : mutateLength(random, seed);
  }

  #seed(): Buffer {
    const random = this.#random;
    return random.pick(random.chance(ALLOWED) ? this.#allowed : this.#denied);
  }
}
