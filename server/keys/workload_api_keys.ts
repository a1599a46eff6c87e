// The bundles of the SPIFFE Workload API as key sets: one for each trust domain and kind, all of
// them as the last message had them.

import type { WorkloadApiNeeds } from '../../engine/identity/key_source.ts';
import type { KeySetText } from '../../engine/key_image.ts';
import { ALL_OTHERS } from '../../engine/key_sets.ts';
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
    const sets = [...bundles].map(([owner, ders]) => setOf('x509_bundle', owner, pemOf(ders)));
    this.#x509 = withOthers(sets, 'x509_bundle', '');
    this.#changed();
  }

  #takeJwt(bundles: JwtBundles): void {
    const sets = [...bundles].map(([owner, text]): KeySetText => {
      const set = setOf('jwt_bundle', owner, text);
      // Of a domain whose set cannot be read none verify, which is what its agent has said.
      return keyProblem('jwt_bundle', text) === undefined ? set : { ...set, ...NO_TEXT };
    });
    this.#jwt = withOthers(sets, 'jwt_bundle', '{"keys":[]}');
    this.#changed();
  }

  get sets(): readonly KeySetText[] {
    return [...(this.#x509 ?? []), ...(this.#jwt ?? [])];
  }

  /** The agent tells of changes by itself. */
  askFor(): void {}
}

const NO_TEXT = { state: 'never', text: '' } as const;

/**
 * A message is the full state, so of each other domain it says that nobody vouches for it. Nothing
 * at all it says only when what it gave before is withdrawn: then nobody knows who vouches.
 */
function withOthers(
  sets: readonly KeySetText[],
  kind: KeySetText['kind'],
  noKeys: string,
): readonly KeySetText[] {
  return sets.length === 0 ? [] : [...sets, setOf(kind, ALL_OTHERS, noKeys)];
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
