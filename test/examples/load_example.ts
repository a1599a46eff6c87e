// The bundles of examples/, loaded as a command loads them.

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Origin } from '../../cli/explain/situation.ts';
import { parseBundle } from '../../engine/bundle/parse_bundle.ts';
import { compileSnapshot } from '../../engine/compile_snapshot.ts';
import { Diagnostics, formatDiagnostic } from '../../engine/diagnostic.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../engine/settings.ts';
import { loadBundle, loadKeyFiles } from '../../server/load_bundle.ts';

export const ROOT = join(import.meta.dirname, '..', '..');

/** All but the one whose CheckRequests the README decides, which has no Tests. */
export const EXAMPLES = readdirSync(join(ROOT, 'examples'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== 'payments')
  .map(({ name }) => name);

export interface Loaded extends Origin {
  /** As they are told. */
  readonly diagnostics: readonly string[];
}

export function load(name: string, settings: Settings = DEFAULT_SETTINGS): Loaded {
  const diagnostics = new Diagnostics();
  const files = loadBundle(join(ROOT, 'examples', name), diagnostics);
  const bundle = parseBundle(files, new Diagnostics());
  const keyFiles = loadKeyFiles(bundle.keyFiles, diagnostics);
  const snapshot = compileSnapshot({ files, keyFiles }, settings, 1, diagnostics);
  snapshot?.proof.issuers.x509.warnOfExpired(Date.now(), diagnostics);
  const told = diagnostics.list.map(formatDiagnostic);
  assert.ok(snapshot !== undefined, told.join('\n'));
  return { bundle, snapshot, keyFiles, settings, diagnostics: told };
}
