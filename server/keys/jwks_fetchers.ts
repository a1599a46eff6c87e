// The fetchers of all issuers that publish their keys at a URL, as one provider of key sets. They
// follow the bundle: an issuer that is gone takes its keys with it.

import type { KeySetText } from '../../engine/key_image.ts';
import { type KeySetName, keySetId } from '../../engine/key_sets.ts';
import { KEY_SETS_MAX } from '../../engine/limits.ts';
import { type FetcherPorts, JwksFetcher } from './jwks_fetcher.ts';
import type { JwksSource } from './jwks_source.ts';
import type { KeyProvider } from './key_publisher.ts';

export class JwksFetchers implements KeyProvider {
  readonly #ports: FetcherPorts;
  #fetchers = new Map<string, JwksFetcher>();

  constructor(ports: FetcherPorts) {
    this.#ports = ports;
  }

  /**
   * From now on these and no others; one that stays as it was keeps its keys. Resolves when each
   * new one has been fetched or has failed once, which takes seconds at most. For a while two may
   * be of one issuer: then neither the bundle before nor the one after lacks its keys.
   */
  async follow(sources: readonly JwksSource[]): Promise<void> {
    if (sources.length > KEY_SETS_MAX) throw new Error(`more than ${KEY_SETS_MAX} key sets`);
    const before = this.#fetchers;
    const first: Promise<void>[] = [];
    this.#fetchers = new Map();
    for (const source of sources) {
      const id = idOf(source);
      if (this.#fetchers.has(id)) continue;
      const known = before.get(id);
      const isSame = known !== undefined && isEqual(known.source, source);
      const fetcher = isSame ? known : new JwksFetcher(source, this.#ports);
      this.#fetchers.set(id, fetcher);
      if (isSame) before.delete(id);
      else first.push(fetcher.refresh());
    }
    for (const fetcher of before.values()) fetcher.stop();
    this.#ports.onChange();
    await Promise.all(first);
  }

  get all(): readonly JwksFetcher[] {
    return [...this.#fetchers.values()];
  }

  get sets(): readonly KeySetText[] {
    return this.all.map(({ set }) => set);
  }

  askFor(name: KeySetName): void {
    this.#fetchers.get(keySetId(name))?.askForUnknownKey();
  }

  stop(): void {
    for (const fetcher of this.#fetchers.values()) fetcher.stop();
  }
}

function idOf({ issuerId, url }: JwksSource): string {
  return keySetId({ kind: 'jwks', owner: issuerId, origin: url });
}

function isEqual(one: JwksSource, other: JwksSource): boolean {
  return (Object.keys(one) as (keyof JwksSource)[]).every((key) => one[key] === other[key]);
}
