// Configuration and bundle as commands read them that end soon.

import type { BundleSource } from '../engine/bundle/bundle.ts';
import { parseBundle } from '../engine/bundle/parse_bundle.ts';
import { Diagnostics } from '../engine/diagnostic.ts';
import { compileBundle, type Settings, type Snapshot } from '../engine/snapshot.ts';
import type { ResolvedConfig } from '../server/config.ts';
import { loadBundle, loadKeyFiles } from '../server/load_bundle.ts';
import { type LoadedConfig, loadConfig } from '../server/load_config.ts';
import { CommandError, checkedConfig, configFile, report, unreadable } from './command.ts';

/** Reads remit.yaml; mistakes are all told, and end the command. */
export function readConfig(option: string | undefined): ResolvedConfig {
  const path = configFile(option);
  let loaded: LoadedConfig;
  try {
    loaded = loadConfig(path);
  } catch (error) {
    throw unreadable(path, error);
  }
  return checkedConfig(path, loaded);
}

/** A bundle that compiled, as text and as a snapshot. */
export interface LoadedBundle extends BundleSource {
  readonly snapshot: Snapshot;
}

/** Loads and compiles a bundle; mistakes are all told, and end the command. */
export function readBundle(path: string, settings: Settings): LoadedBundle {
  const diagnostics = new Diagnostics();
  const files = loadBundle(path, diagnostics);
  const bundle = parseBundle(files, diagnostics);
  const keyFiles = loadKeyFiles(bundle.keyFiles, diagnostics);
  const snapshot = compileBundle(bundle, keyFiles, settings, 1, diagnostics);
  snapshot?.proof.issuers.warnOfExpired(Date.now(), diagnostics);
  report(diagnostics.list);
  if (snapshot === undefined) throw new CommandError(`the bundle \`${path}\` is not valid`);
  return { files, keyFiles, snapshot };
}
