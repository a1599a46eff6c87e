// Everything that brings keys from outside the bundle, as the control thread starts and ends it,
// and whether the server may call itself ready.

import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { KeyImage } from '../../engine/key_image.ts';
import type { KeyKind } from '../../engine/key_sets.ts';
import { keyProblem } from '../../workers/key_parser.ts';
import { fetchKeys } from './fetch_keys.ts';
import { FETCHER_TIMES, type FetcherPorts } from './jwks_fetcher.ts';
import { JwksFetchers } from './jwks_fetchers.ts';
import type { JwksSource } from './jwks_source.ts';
import { systemResolve } from './key_connection.ts';
import { registerKeyMetrics } from './key_metrics.ts';
import { type KeyProvider, KeyPublisher } from './key_publisher.ts';

export interface KeyServiceOptions {
  readonly activate: (image: KeyImage) => Promise<void>;
  /** Once, when the keys of each required issuer are in force. */
  readonly onReady: () => void;
  readonly log: Logger;
  readonly registry: Registry;
  /** The version that each thread verifies with, by its name. */
  readonly versions: () => Iterable<readonly [thread: string, version: number]>;
  /** Parts that a test replaces. */
  readonly ports?: Partial<FetcherPorts>;
}

export class KeyService {
  readonly #options: KeyServiceOptions;
  readonly #fetchers: JwksFetchers;
  readonly #publisher: KeyPublisher;
  #kinds: readonly KeyKind[] = [];
  #ready = false;

  constructor(options: KeyServiceOptions) {
    this.#options = options;
    const { activate, log, registry, versions, ports } = options;
    this.#publisher = new KeyPublisher({ activate, log, onPublished: () => this.#lookWhether() });
    this.#fetchers = new JwksFetchers({
      fetch: (source, signal) => fetchKeys(source, { resolve: systemResolve, signal }),
      check: (text) => keyProblem('jwks', text),
      onChange: () => this.#publisher.changed(),
      log,
      now: Date.now,
      random: Math.random,
      times: FETCHER_TIMES,
      ...ports,
    });
    this.#publisher.add(this.#fetchers);
    registerKeyMetrics(registry, {
      fetchers: () => this.#fetchers.all,
      version: () => this.#publisher.version,
      versions,
      now: Date.now,
    });
  }

  /**
   * INVARIANT: once ready, always ready. An issuer that comes with a reload, or one that fails
   * later, denies its own tokens; taking the server out of service would deny everybody.
   */
  get ready(): boolean {
    return this.#ready;
  }

  /**
   * See `JwksFetchers.follow`.
   * @param kinds of which other providers have to bring some set before the server is ready
   */
  follow(sources: readonly JwksSource[], kinds: readonly KeyKind[] = []): Promise<void> {
    this.#kinds = kinds;
    const tried = this.#fetchers.follow(sources);
    this.#lookWhether();
    return tried;
  }

  /** Another source of key sets; the returned function says that they have changed. */
  add(provider: KeyProvider): () => void {
    this.#publisher.add(provider);
    return () => this.#publisher.changed();
  }

  async stop(): Promise<void> {
    this.#fetchers.stop();
    await this.#publisher.stop();
  }

  #lookWhether(): void {
    if (this.#ready) return;
    const required = this.#fetchers.all.filter(({ source }) => source.required);
    const inForce = this.#publisher.sets;
    const lacking = required.filter(({ source: { issuerId, url } }) => {
      const set = inForce.find(({ owner, origin }) => owner === issuerId && origin === url);
      return set === undefined || set.state === 'never';
    });
    if (lacking.length > 0) return;
    if (!this.#kinds.every((kind) => inForce.some((set) => set.kind === kind))) return;
    this.#ready = true;
    this.#options.onReady();
  }
}
