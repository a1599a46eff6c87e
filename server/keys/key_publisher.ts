// Collects the key sets of all sources and puts each change in force on every thread. One version
// at a time: what changes meanwhile goes with the next.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { type KeyImage, type KeySetText, NO_KEY_IMAGE, packKeys } from '../../engine/key_image.ts';
import { type KeySetName, keySetId } from '../../engine/key_sets.ts';
import { takeAsked } from '../../workers/key_holder.ts';

/** Several sources often change together, at the start above all. */
const TOGETHER_MS = 20;
/** After a version that could not be put in force, because a thread died for example. */
const RETRY_MS = 200;
const RETRY_MS_MAX = 5_000;
/** Between two looks at what threads ask for. */
const ASKED_MS = 200;

/** Something that has key sets: a fetcher for each URL, the Workload API. */
export interface KeyProvider {
  readonly sets: readonly KeySetText[];
  /** A key was looked for in this set of it and is not there. */
  askFor(name: KeySetName): void;
}

export interface PublisherPorts {
  /** Resolves when every thread verifies with it; rejects, and changes nothing, else. */
  readonly activate: (image: KeyImage) => Promise<void>;
  readonly onPublished: () => void;
  readonly log: Logger;
}

export class KeyPublisher {
  readonly #ports: PublisherPorts;
  readonly #providers = new Set<KeyProvider>();
  readonly #asked: NodeJS.Timeout;
  #image = NO_KEY_IMAGE;
  #sets: readonly KeySetText[] = [];
  #version = NO_KEY_IMAGE.version;
  #changed = false;
  #running: Promise<void> | undefined;
  readonly #stop = new AbortController();

  constructor(ports: PublisherPorts) {
    this.#ports = ports;
    this.#asked = setInterval(() => this.#passOn(), ASKED_MS);
  }

  /** In force. */
  get version(): number {
    return this.#image.version;
  }

  /** In force, in the order of the image. */
  get sets(): readonly KeySetText[] {
    return this.#sets;
  }

  add(provider: KeyProvider): void {
    this.#providers.add(provider);
    this.changed();
  }

  /** To be called when the sets of a provider are others. */
  changed(): void {
    if (this.#stop.signal.aborted) return;
    this.#changed = true;
    this.#running ??= this.#publish();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    clearInterval(this.#asked);
    await this.#running;
  }

  async #publish(): Promise<void> {
    const { signal } = this.#stop;
    let retryMs = RETRY_MS;
    let waitMs = TOGETHER_MS;
    while (this.#changed) {
      await sleep(waitMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) break;
      this.#changed = false;
      if (await this.#publishOnce()) {
        retryMs = RETRY_MS;
        waitMs = TOGETHER_MS;
      } else {
        this.#changed = true;
        waitMs = retryMs;
        retryMs = Math.min(2 * retryMs, RETRY_MS_MAX);
      }
    }
    // In the turn that saw that nothing has changed: what changes from now on begins anew.
    this.#running = undefined;
  }

  async #publishOnce(): Promise<boolean> {
    const { activate, onPublished, log } = this.#ports;
    const sets = this.#collect();
    // Never the number of one that failed: some threads may hold that.
    const image = packKeys(++this.#version, sets);
    if (image.digest === this.#image.digest) return true;
    try {
      await activate(image);
    } catch (error) {
      if (this.#stop.signal.aborted) return true;
      log.error({ err: error }, 'new keys cannot be put in force; it is tried again');
      return false;
    }
    this.#image = image;
    this.#sets = sets;
    log.debug({ version: image.version, sets: sets.length }, 'new keys are in force');
    onPublished();
    return true;
  }

  #collect(): readonly KeySetText[] {
    const sets = new Map<string, KeySetText>();
    for (const provider of this.#providers) {
      for (const set of provider.sets) {
        const id = keySetId(set);
        if (!sets.has(id)) sets.set(id, set);
      }
    }
    return [...sets].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, set]) => set);
  }

  #passOn(): void {
    for (const index of takeAsked(this.#image)) {
      const set = this.#sets[index];
      if (set === undefined) continue;
      for (const provider of this.#providers) provider.askFor(set);
    }
  }
}
