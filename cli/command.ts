// What a command is, how its options are read, and how it tells what is wrong.

import { type ParseArgsConfig, parseArgs } from 'node:util';
import { type Diagnostic, formatDiagnostic } from '../engine/diagnostic.ts';
import { DIAGNOSTICS_MAX } from '../engine/limits.ts';
import type { ResolvedConfig } from '../server/config.ts';
import type { LoadedConfig } from '../server/load_config.ts';

export const EXIT_PARTLY = 1;
export const EXIT_USAGE = 2;

export interface Command {
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

/** The value of `--config`, where a command cannot do without. */
export function configFile(option: string | undefined): string {
  if (option !== undefined) return option;
  throw new CommandError('--config is missing; expected `--config remit.yaml`');
}

export function unreadable(path: string, error: unknown): CommandError {
  return new CommandError(`cannot read \`${path}\`: ${plainError(error)}`);
}

/** Mistakes are all told, and end the command. */
export function checkedConfig(path: string, { config, diagnostics }: LoadedConfig): ResolvedConfig {
  if (config !== undefined) return config;
  report(diagnostics);
  throw new CommandError(`\`${path}\` is not valid`);
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
