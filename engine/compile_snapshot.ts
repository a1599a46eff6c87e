// From the text of a bundle to a snapshot, in one step.

import type { BundleSource } from './bundle/bundle.ts';
import { parseBundle } from './bundle/parse_bundle.ts';
import { compileBundle } from './compile_bundle.ts';
import { Diagnostics } from './diagnostic.ts';
import type { Settings } from './settings.ts';
import { openSnapshot, type Snapshot } from './snapshot.ts';

/** @returns undefined with an error among the `diagnostics`; those hold all mistakes */
export function compileSnapshot(
  { files, keyFiles }: BundleSource,
  settings: Settings,
  version: number,
  diagnostics: Diagnostics = new Diagnostics(),
): Snapshot | undefined {
  const bundle = parseBundle(files, diagnostics);
  const image = compileBundle(bundle, keyFiles, settings, version, diagnostics);
  return image && openSnapshot(image);
}
