// From the file remit.yaml to a configuration.

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Diagnostic, Diagnostics } from '../engine/diagnostic.ts';
import { parseConfig, type ResolvedConfig } from './config.ts';

export interface LoadedConfig {
  /** Undefined with an error among the diagnostics. */
  readonly config: ResolvedConfig | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/** Throws when the file cannot be read. */
export function loadConfig(path: string): LoadedConfig {
  const text = readFileSync(path, 'utf8');
  const diagnostics = new Diagnostics();
  const config = parseConfig(resolve(path), text, diagnostics);
  return { config, diagnostics: diagnostics.list };
}
