// The SPIFFE Workload API as Remit uses it: its own SVID, and the bundles of the trust domains.
// What is asked for is what somebody listens to. Bundles belong to their own domain, and are never
// mixed (Workload API section 4.6). Revocation lists that come along are not read.

import type { MethodDefinition } from '@grpc/proto-loader';
import type { Logger } from 'pino';
import { workloadApiPackage } from '../../proto/load.ts';
import type { Address } from '../address.ts';
import { Feed, type Kind, type Result } from './feed.ts';
import { TIMING, type Timing } from './stream.ts';
import { readSvid, type WorkloadSvid } from './svid.ts';
import { type JwtBundles, readJwtBundles, readX509Bundles, type X509Bundles } from './updates.ts';

/** Told of each state as a whole: what is absent from it is gone. */
export interface WorkloadApiListener {
  readonly onX509Bundles?: (bundles: X509Bundles) => void;
  readonly onJwtBundles?: (bundles: JwtBundles) => void;
  /** Undefined: Remit has none any more. */
  readonly onSvid?: (svid: WorkloadSvid | undefined) => void;
}

export class WorkloadApi {
  readonly #endpoint: Address;
  readonly #timing: Timing;
  readonly #svid: Feed<WorkloadSvid | undefined>;
  readonly #x509Bundles: Feed<X509Bundles>;
  readonly #jwtBundles: Feed<JwtBundles>;

  /** Nothing is asked before somebody listens. */
  constructor(endpoint: Address, log: Logger, timing: Timing = TIMING, now = Date.now) {
    this.#endpoint = endpoint;
    this.#timing = timing;
    this.#svid = new Feed<WorkloadSvid | undefined>(
      {
        kind: 'x509_svid',
        method: methodNamed('FetchX509SVID'),
        read: (message) => readSvid(message, now()),
        nothing: undefined,
      },
      log,
    );
    this.#x509Bundles = new Feed<X509Bundles>(
      {
        kind: 'x509_bundles',
        method: methodNamed('FetchX509Bundles'),
        read: readX509Bundles,
        nothing: new Map(),
      },
      log,
    );
    this.#jwtBundles = new Feed<JwtBundles>(
      {
        kind: 'jwt_bundles',
        method: methodNamed('FetchJWTBundles'),
        read: readJwtBundles,
        nothing: new Map(),
      },
      log,
    );
  }

  /** Tells of what is known already at once, and of the rest as it comes, until `close`. */
  listen({ onX509Bundles, onJwtBundles, onSvid }: WorkloadApiListener): void {
    const to = [this.#endpoint, this.#timing] as const;
    if (onSvid !== undefined) this.#svid.listen(onSvid, ...to);
    if (onX509Bundles !== undefined) this.#x509Bundles.listen(onX509Bundles, ...to);
    if (onJwtBundles !== undefined) this.#jwtBundles.listen(onJwtBundles, ...to);
  }

  /** All streams that somebody listens to are open, and have said something. */
  get connected(): boolean {
    const wanted = this.#feeds.map(({ connected }) => connected).filter((it) => it !== undefined);
    return wanted.length > 0 && wanted.every((it) => it);
  }

  get counts(): readonly (readonly [kind: Kind, counts: Readonly<Record<Result, number>>])[] {
    return this.#feeds.map(({ kind, counts }) => [kind, counts] as const);
  }

  close(): void {
    for (const feed of this.#feeds) feed.close();
  }

  get #feeds() {
    return [this.#svid, this.#x509Bundles, this.#jwtBundles];
  }
}

function methodNamed(name: string): MethodDefinition<object, object> {
  const service = workloadApiPackage()['SpiffeWorkloadAPI'];
  if (service === undefined || 'format' in service) throw new Error('no SpiffeWorkloadAPI');
  return service[name]!; // Each name is one of our own file.
}
