// What a command is, how its options are read, and how it tells what is wrong.

import { type ParseArgsConfig, parseArgs } from 'node:util';
import { type Diagnostic, formatDiagnostic } from '../engine/diagnostic.ts';
import type { ResolvedConfig } from '../server/config.ts';
import type { LoadedConfig } from '../server/load_config.ts';

export const EXIT_PARTLY = 1;
export const EXIT_USAGE = 2;

/** As `node:util` reads them, and how a shell completes their values. */
export type CommandOptions = Readonly<
  Record<
    string,
    {
      readonly type: 'string' | 'boolean';
      readonly multiple?: boolean;
      readonly short?: string;
      readonly completes?: 'file' | readonly string[];
    }
  >
>;

export interface Command {
  readonly help: string;
  /** What the shell completes; without them nothing. */
  readonly options?: CommandOptions;
  /** What it takes beside its options; without it nothing. */
  readonly takes?: 'file' | readonly string[];
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

/** @param omitted mistakes that were counted, and not kept */
export function report(list: readonly Diagnostic[], omitted = 0): void {
  for (const diagnostic of list) process.stderr.write(`${formatDiagnostic(diagnostic)}\n`);
  if (omitted > 0) process.stderr.write(`and at least ${omitted} more\n`);
}

export function plainError(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
