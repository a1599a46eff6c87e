// TLS of the check port from the SPIFFE Workload API: Remit's own SVID is what it serves, and the
// X.509 bundles say who may vouch for those who ask, each for its own trust domain (DESIGN section
// 9). A change that does not fit keeps what is in force.

import type { Logger } from 'pino';
import { checkMaterial, type TlsMaterial } from '../tls_material.ts';
import type { TlsSource } from '../tls_source.ts';
import type { WorkloadApi } from './client.ts';
import type { WorkloadSvid } from './svid.ts';
import type { X509Bundles } from './updates.ts';

/** An agent that has started gives an SVID in milliseconds; whoever supervises us tries again. */
const OPEN_MS_MAX = 15_000;

export class TlsWorkloadApi implements TlsSource {
  readonly counts = { changed: 0, failed: 0 };
  #svid: WorkloadSvid | undefined;
  #bundles: X509Bundles | undefined;
  #material: TlsMaterial | undefined;
  /** Told of each material; before that whoever waits for the first one. */
  #putInForce: (material: TlsMaterial) => void = () => undefined;
  #log: Logger | undefined;

  private constructor(api: WorkloadApi) {
    api.listen({
      onSvid: (svid) => this.#takeSvid(svid),
      onX509Bundles: (bundles) => this.#takeBundles(bundles),
    });
  }

  /** Resolves with the first SVID and bundles; rejects when they do not come. */
  static async open(api: WorkloadApi, msMax = OPEN_MS_MAX): Promise<TlsWorkloadApi> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const source = new TlsWorkloadApi(api);
    source.#putInForce = () => resolve();
    const timer = setTimeout(() => {
      const missing = source.#svid === undefined ? 'SVID' : 'X.509 bundle';
      reject(new Error(`the Workload API gives no ${missing} that can be used; the log says why`));
    }, msMax);
    try {
      if (source.#material === undefined) await promise;
      source.#putInForce = () => undefined;
      return source;
    } finally {
      clearTimeout(timer);
    }
  }

  get material(): TlsMaterial {
    return this.#material!; // `open` gives nobody a source without.
  }

  watch(putInForce: (material: TlsMaterial) => void, log: Logger): void {
    this.#log = log;
    this.#putInForce = putInForce;
    // It may have changed since whoever calls this looked at it.
    putInForce(this.material);
  }

  stop(): void {
    this.#putInForce = () => undefined;
  }

  /** One that is withdrawn is served to its end, as there is no other; peers judge it. */
  #takeSvid(svid: WorkloadSvid | undefined): void {
    if (svid === undefined) {
      this.counts.failed++;
      this.#log?.error('the serving certificate was withdrawn; the last good one stays');
    } else this.#change(svid, this.#bundles);
  }

  #takeBundles(bundles: X509Bundles): void {
    this.#change(this.#svid, bundles);
  }

  #change(svid: WorkloadSvid | undefined, bundles: X509Bundles | undefined): void {
    if (svid === undefined || bundles === undefined) {
      this.#svid = svid;
      this.#bundles = bundles;
      return;
    }
    const material = materialOf(svid, bundles);
    if (JSON.stringify(material) === JSON.stringify(this.#material)) return;
    try {
      checkMaterial(material);
    } catch (error) {
      // INVARIANT: an SVID that cannot be served is not kept, or bundles that are withdrawn later
      // could not be put in force beside it.
      this.counts.failed++;
      const why = error instanceof Error ? error.message : String(error);
      this.#log?.error({ why }, 'what the Workload API gave cannot be served; the last good stays');
      return;
    }
    const first = this.#material === undefined;
    this.#svid = svid;
    this.#bundles = bundles;
    this.#material = material;
    if (!first) this.counts.changed++;
    this.#putInForce(material);
    this.#log?.info({ id: svid.id }, 'TLS has changed by the Workload API, and is in force');
  }
}

function materialOf({ chain, key }: WorkloadSvid, bundles: X509Bundles): TlsMaterial {
  return {
    cert: pemOf('CERTIFICATE', chain),
    key: pemOf('PRIVATE KEY', [key]),
    clientBundles: Array.from(bundles, ([domain, ders]) => [domain, pemOf('CERTIFICATE', ders)]),
  };
}

/** RFC 7468. */
function pemOf(label: string, ders: readonly Uint8Array[]): string {
  return ders
    .map((der) => {
      const lines =
        Buffer.from(der)
          .toString('base64')
          .match(/.{1,64}/g) ?? [];
      return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
    })
    .join('');
}
