// What a command is, and how its options are read.

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { type BundleSource, parseBundle } from '../engine/bundle/bundle.ts';
import { type Diagnostic, Diagnostics, formatDiagnostic } from '../engine/diagnostic.ts';
import { DIAGNOSTICS_MAX } from '../engine/limits.ts';
import { compileBundle, type Settings, type Snapshot } from '../engine/snapshot.ts';
import { parseConfig, type ResolvedConfig } from '../server/config.ts';
import { loadBundle, loadKeyFiles } from '../server/load_bundle.ts';

export const EXIT_PARTLY = 1;
export const EXIT_USAGE = 2;

export interface Command {
  readonly name: string;
  /** One line for the overview. */
  readonly summary: string;
  readonly help: string;
  /** @returns the exit code */
  run(args: readonly string[]): Promise<number>;
}

/** Ends a command with one line on standard error. */
export class CommandError extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number = EXIT_USAGE) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Options and positionals; what is wrong with them becomes a `CommandError`. */
export function readOptions<O extends NonNullable<ParseArgsConfig['options']>>(
  args: readonly string[],
  options: O,
) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new CommandError(`${error instanceof Error ? error.message : error}; see --help`);
  }
}

/** Reads remit.yaml; mistakes are all told, and end the command. */
export function readConfig(path: string | undefined): ResolvedConfig {
  if (path === undefined)
    throw new CommandError('--config is missing; expected `--config remit.yaml`');
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new CommandError(`cannot read \`${path}\`: ${plainError(error)}`);
  }
  const diagnostics = new Diagnostics();
  const config = parseConfig(resolve(path), text, diagnostics);
  if (config === undefined) {
    report(diagnostics.list);
    throw new CommandError(`\`${path}\` is not valid`);
  }
  return config;
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

export function report(list: readonly Diagnostic[]): void {
  for (const diagnostic of list.slice(0, DIAGNOSTICS_MAX)) {
    process.stderr.write(`${formatDiagnostic(diagnostic)}\n`);
  }
  const more = list.length - DIAGNOSTICS_MAX;
  if (more > 0) process.stderr.write(`and ${more} more\n`);
}

export function plainError(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
