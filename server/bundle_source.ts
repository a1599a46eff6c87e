// The documents of a bundle that is in force, kept packed beside its image: where a new bundle has
// mistakes, parts of the last good one are compiled again.

import { gunzipSync, gzipSync } from 'node:zlib';
import { type Bundle, keyFilesOf, type Located } from '../engine/bundle/bundle.ts';

type Lists = Omit<Bundle, 'keyFiles'>;
interface Packed {
  readonly lists: Readonly<Record<string, readonly (readonly [document: unknown, file: string])[]>>;
  readonly keyFiles: readonly (readonly [name: string, text: string])[];
}

export interface BundleContent {
  readonly bundle: Bundle;
  readonly keyFiles: ReadonlyMap<string, string>;
}

/** Tests are not part of what is in force. */
export function packContent({ bundle, keyFiles }: BundleContent): Uint8Array {
  const { keyFiles: _, ...lists } = { ...bundle, tests: [] };
  const packed: Packed = {
    lists: Object.fromEntries(
      Object.entries(lists).map(([name, located]) => [
        name,
        (located as readonly Located<unknown>[]).map(({ document, file }) => [document, file]),
      ]),
    ),
    keyFiles: [...keyFiles],
  };
  return gzipSync(JSON.stringify(packed), { level: 1 });
}

/** Throws when the bytes are damaged. */
export function unpackContent(bytes: Uint8Array): BundleContent {
  // Written by `packContent`, of documents that their schemas have checked.
  const { lists, keyFiles } = JSON.parse(gunzipSync(bytes).toString()) as Packed;
  const located = Object.fromEntries(
    Object.entries(lists).map(([name, documents]) => [
      name,
      documents.map(([document, file]) => {
        return { document, file, at: () => ({ file, line: 0, column: 0 }) };
      }),
    ]),
  ) as unknown as Lists; // The names and documents are those of a bundle.
  return {
    bundle: { ...located, keyFiles: located.issuers.flatMap(keyFilesOf) },
    keyFiles: new Map(keyFiles),
  };
}
