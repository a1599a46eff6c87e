// Issuers by API keys (DESIGN section 6, `Issuer.apiKeys`): digests, and the key that made them.

import { documentId, keyFilesOf, type Located } from '../bundle/bundle.ts';
import type { IssuerDocument } from '../bundle/issuer_kind.ts';
import type { Diagnostics } from '../diagnostic.ts';
import { digestOfAll, digestOfBytes } from '../digest.ts';
import { HMAC_KEY_BYTES_MAX, HMAC_KEY_BYTES_MIN } from '../limits.ts';
import { type ApiKeys, readApiKeys, readHmacKey } from './api_key.ts';
import { keyFileText } from './key_file.ts';

export interface ApiKeyIssuer {
  /** `namespace/name` of its document. */
  readonly id: string;
  readonly keys: ApiKeys;
  readonly hmacKey: Uint8Array;
  /** By the id of a key, in milliseconds since the epoch. */
  readonly createdAt: ReadonlyMap<string, number>;
}

/** A header, and whose keys may stand there. */
interface Place {
  readonly header: string;
  readonly among: ApiKeyIssuer[];
}

export class ApiKeyIssuers {
  readonly places: readonly Place[];
  readonly digest: string;

  constructor(
    issuers: readonly Located<IssuerDocument>[],
    keyFiles: ReadonlyMap<string, string>,
    diagnostics: Diagnostics,
  ) {
    const places = new Map<string, Place>();
    const digests: unknown[] = [];
    for (const located of issuers) {
      const spec = located.document.spec.apiKeys;
      if (spec === undefined) continue;
      const [file] = keyFilesOf(located).filter(({ path }) => path[0] === 'apiKeys');
      const text = file && keyFileText(file, keyFiles, diagnostics);
      const hmacKey = text === undefined ? undefined : readHmacKey(Buffer.from(text));
      if (file !== undefined && text !== undefined && hmacKey === undefined) {
        const expected = `${HMAC_KEY_BYTES_MIN} to ${HMAC_KEY_BYTES_MAX} random bytes, as text`;
        diagnostics.error(file.at, `${file.name} holds no key`, expected);
      }
      const keys = readKeys(located, spec.keys, diagnostics);
      // A digest of the key: the key itself stands in nothing that is compared or shown.
      digests.push({ document: located.document, hmacKey: digestOfBytes(text ?? '') });
      if (hmacKey === undefined || keys === undefined) continue;
      const createdAt = new Map(
        spec.keys.flatMap(({ id, createdAt: at }) =>
          at === undefined ? [] : [[id, Date.parse(at)]],
        ),
      );
      const place = places.get(spec.header) ?? { header: spec.header, among: [] };
      place.among.push({ id: documentId(located.document), keys, hmacKey, createdAt });
      places.set(spec.header, place);
    }
    this.places = [...places.values()];
    this.digest = digestOfAll(digests, {});
  }

  get isEmpty(): boolean {
    return this.places.length === 0;
  }
}

function readKeys(
  { at }: Located<IssuerDocument>,
  entries: NonNullable<IssuerDocument['spec']['apiKeys']>['keys'],
  diagnostics: Diagnostics,
): ApiKeys | undefined {
  const keys = readApiKeys(
    entries.map(({ expiresAt, ...entry }) => {
      return { ...entry, expiresAt: expiresAt === undefined ? undefined : Date.parse(expiresAt) };
    }),
  );
  if (keys instanceof Map) return keys;
  for (const { entry, message } of keys as Exclude<typeof keys, ApiKeys>) {
    diagnostics.error(at(['spec', 'apiKeys', 'keys', entry]), message);
  }
  return undefined;
}
