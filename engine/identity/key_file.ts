// The text of a file that an Issuer names, as whoever has a file system has read it.

import type { KeyFileReference } from '../bundle/bundle.ts';
import type { Diagnostics } from '../diagnostic.ts';

/** Undefined with an error told, here or where the file could not be read. */
export function keyFileText(
  { name, at }: KeyFileReference,
  keyFiles: ReadonlyMap<string, string>,
  diagnostics: Diagnostics,
): string | undefined {
  const text = keyFiles.get(name);
  if (text !== undefined) return text;
  // Whoever could not read the file has told why at the same place.
  const told = diagnostics.list.some(
    ({ severity, file, line, column }) =>
      severity === 'error' && file === at.file && line === at.line && column === at.column,
  );
  if (!told) diagnostics.error(at, `the text of \`${name}\` is missing`);
  return undefined;
}
