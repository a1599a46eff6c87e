// The key sets of a worker of the pool. Each batch says which ones it is verified with; whether
// those are in force its sender checks.

import {
  type KeyImage,
  NONE_OPEN,
  type OpenKeySets,
  openKeysInSteps,
} from '../engine/key_image.ts';
import type { KeyParser, KeySet, KeySets } from '../engine/key_sets.ts';
import { runAll, type Steps } from '../engine/steps.ts';
import { askFor, type KeySource } from './key_holder.ts';
import { runSlice } from './slices.ts';

/** Asks a worker to open a slice of key sets, before anybody verifies with them. */
export interface PrepareKeys {
  readonly prepareKeys: KeyImage;
  /** Then the ones before are needed no longer. */
  readonly inForce: boolean;
}

interface Held {
  readonly image: KeyImage;
  readonly sets: OpenKeySets;
}

export class TaskKeys implements KeySource {
  readonly #parse: KeyParser;
  #held: Held;
  #prepared: Held | undefined;
  #preparing: { readonly image: KeyImage; readonly steps: Steps<OpenKeySets> } | undefined;

  constructor(image: KeyImage, parse: KeyParser) {
    this.#parse = parse;
    this.#held = { image, sets: runAll(openKeysInSteps(image, parse, NONE_OPEN)) };
  }

  /** A worker that was started after the sets were prepared elsewhere opens them now. */
  use(image: KeyImage): void {
    if (this.#held.image.version === image.version) return;
    const prepared = this.#prepared?.image.version === image.version ? this.#prepared : undefined;
    this.#held = prepared ?? { image, sets: runAll(this.#steps(image)) };
    this.#prepared = undefined;
  }

  /** @returns whether the sets are open */
  prepare({ prepareKeys: image, inForce }: PrepareKeys): boolean {
    const { version } = image;
    if (inForce && this.#prepared?.image.version === version) this.use(image);
    if (this.#held.image.version === version) return true;
    if (this.#prepared?.image.version === version) return true;
    const started = this.#preparing?.image.version === version ? this.#preparing : undefined;
    const { steps } = started ?? { steps: this.#steps(image) };
    // A failure ends the steps, and would leave nothing to go on with.
    this.#preparing = undefined;
    const sets = runSlice(steps);
    if (sets === undefined) this.#preparing = { image, steps };
    else this.#prepared = { image, sets };
    return sets !== undefined;
  }

  get current(): KeySets {
    return this.#held.sets;
  }

  isCurrent(): boolean {
    return true;
  }

  askFor(set: KeySet): void {
    askFor(this.#held.image, set);
  }

  #steps(image: KeyImage): Steps<OpenKeySets> {
    return openKeysInSteps(image, this.#parse, this.#held.sets);
  }
}
