// Configuration and bundle as commands read them that end soon.

import type { Bundle, BundleSource } from '../engine/bundle/bundle.ts';
import { parseBundle } from '../engine/bundle/parse_bundle.ts';
import { compileBundle } from '../engine/compile_bundle.ts';
import { Diagnostics } from '../engine/diagnostic.ts';
import type { Settings } from '../engine/settings.ts';
import { openSnapshot, type Snapshot } from '../engine/snapshot.ts';
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
  readonly bundle: Bundle;
  readonly snapshot: Snapshot;
}

/** What there is of a bundle, and what is wrong with it. */
export interface CheckedBundle extends Omit<LoadedBundle, 'snapshot'> {
  /** Undefined with an error among the diagnostics. */
  readonly snapshot: Snapshot | undefined;
  readonly diagnostics: Diagnostics;
}

/** @param check looks at the documents before they are compiled */
export function checkBundle(
  path: string,
  settings: Settings,
  now: number,
  check?: (bundle: Bundle, diagnostics: Diagnostics) => void,
): CheckedBundle {
  const diagnostics = new Diagnostics();
  const files = loadBundle(path, diagnostics);
  const bundle = parseBundle(files, diagnostics);
  check?.(bundle, diagnostics);
  const keyFiles = loadKeyFiles(bundle.keyFiles, diagnostics);
  const image = compileBundle(bundle, keyFiles, settings, 1, diagnostics);
  const snapshot = image && openSnapshot(image);
  snapshot?.proof.issuers.x509.warnOfExpired(now, diagnostics);
  return { files, keyFiles, bundle, snapshot, diagnostics };
}

/** Loads and compiles a bundle; mistakes are all told, and end the command. */
export function readBundle(path: string, settings: Settings): LoadedBundle {
  const { snapshot, diagnostics, ...source } = checkBundle(path, settings, Date.now());
  report(diagnostics.list, diagnostics.omitted);
  if (snapshot === undefined) throw new CommandError(`the bundle \`${path}\` is not valid`);
  return { ...source, snapshot };
}
