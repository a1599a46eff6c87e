// The bundles of the SPIFFE Workload API as key sets: one for each trust domain and kind, all of
// them as the last message had them.

import type { WorkloadApiNeeds } from '../../engine/identity/key_source.ts';
import type { KeySetText } from '../../engine/key_image.ts';
import { keyProblem } from '../../workers/key_parser.ts';
import type { WorkloadApi } from '../workload_api/client.ts';
import type { JwtBundles, X509Bundles } from '../workload_api/updates.ts';
import type { KeyProvider } from './key_publisher.ts';
import type { KeyService } from './key_service.ts';

export class WorkloadApiKeys implements KeyProvider {
  readonly #api: WorkloadApi;
  readonly #changed: () => void;
  #x509: readonly KeySetText[] | undefined;
  #jwt: readonly KeySetText[] | undefined;

  constructor(api: WorkloadApi, keys: KeyService) {
    this.#api = api;
    this.#changed = keys.add(this);
  }

  /** Asks for what nobody needed before; what is no longer needed is followed on. */
  follow({ x509, jwt }: WorkloadApiNeeds): void {
    if (x509 && this.#x509 === undefined) {
      this.#x509 = [];
      this.#api.listen({ onX509Bundles: (bundles) => this.#takeX509(bundles) });
    }
    if (jwt && this.#jwt === undefined) {
      this.#jwt = [];
      this.#api.listen({ onJwtBundles: (bundles) => this.#takeJwt(bundles) });
    }
  }

  #takeX509(bundles: X509Bundles): void {
    this.#x509 = [...bundles].map(([owner, ders]) => setOf('x509_bundle', owner, pemOf(ders)));
    this.#changed();
  }

  #takeJwt(bundles: JwtBundles): void {
    // Of a domain whose set cannot be read none verify, which is what its agent has said.
    this.#jwt = [...bundles]
      .filter(([, text]) => keyProblem('jwt_bundle', text) === undefined)
      .map(([owner, text]) => setOf('jwt_bundle', owner, text));
    this.#changed();
  }

  get sets(): readonly KeySetText[] {
    return [...(this.#x509 ?? []), ...(this.#jwt ?? [])];
  }

  /** The agent tells of changes by itself. */
  askFor(): void {}
}

function setOf(kind: KeySetText['kind'], owner: string, text: string): KeySetText {
  return { kind, owner, origin: '', state: 'fresh', sinceMs: Date.now(), text };
}

function pemOf(ders: readonly Uint8Array[]): string {
  return ders
    .map((der) => {
      const lines =
        Buffer.from(der)
          .toString('base64')
          .match(/.{1,64}/g) ?? [];
      return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
    })
    .join('');
}
