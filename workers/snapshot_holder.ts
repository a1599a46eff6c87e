// The snapshots of one thread: the one in force, and those that were built and wait for their
// activation. Which one is in force is read from the shared numbers, never told by a message.

import type { BundleImage } from '../engine/bundle_image.ts';
import { openInSteps, openSnapshot, type Snapshot } from '../engine/snapshot.ts';
import type { ActiveNumbers } from './active_numbers.ts';
import { runInSlices } from './slices.ts';

/** Where an evaluator finds the snapshot to decide with. */
export interface SnapshotSource {
  readonly current: Snapshot;
  /** False once another snapshot is in force. */
  isCurrent(snapshot: Snapshot): boolean;
}

/** One that never changes, for offline work. */
export function fixedSnapshot(current: Snapshot): SnapshotSource {
  return { current, isCurrent: () => true };
}

interface Held {
  readonly image: BundleImage;
  readonly snapshot: Snapshot;
}

export class SnapshotHolder implements SnapshotSource {
  readonly #numbers: ActiveNumbers;
  #held: Held;
  #prepared: Held[] = [];

  constructor(image: BundleImage, numbers: ActiveNumbers) {
    this.#held = { image, snapshot: openSnapshot(image) };
    this.#numbers = numbers;
  }

  /** Builds a snapshot for later; what was prepared before and never activated is dropped then. */
  async prepare(image: BundleImage): Promise<void> {
    if (this.image.version === image.version) return;
    this.#prepared = this.#prepared.filter((it) => it.image.version >= this.#numbers.version);
    if (this.#prepared.some((it) => it.image.version === image.version)) return;
    this.#prepared.push({ image, snapshot: await runInSlices(openInSteps(image)) });
  }

  get current(): Snapshot {
    return this.#catchUp().snapshot;
  }

  get image(): BundleImage {
    return this.#catchUp().image;
  }

  isCurrent(snapshot: Snapshot): boolean {
    return snapshot.version === this.#numbers.version;
  }

  #catchUp(): Held {
    const { version } = this.#numbers;
    if (this.#held.image.version === version) return this.#held;
    const next = this.#prepared.find((it) => it.image.version === version);
    // INVARIANT: nothing is activated that a thread has not built; the answer would be an error.
    if (next === undefined) throw new Error(`this thread has no snapshot of version ${version}`);
    this.#held = next;
    this.#prepared = this.#prepared.filter((it) => it.image.version > version);
    return next;
  }
}
