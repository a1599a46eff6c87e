// The bundle of a command that works offline: a folder that is named, or that of a remit.yaml.

import { DEFAULT_SETTINGS, type Settings } from '../engine/settings.ts';
import { CommandError } from './command.ts';
import { type LoadedBundle, readBundle, readConfig } from './read.ts';

export interface OfflineBundle extends LoadedBundle {
  readonly path: string;
  readonly settings: Settings;
}

/** Exactly one of the two; the settings of a folder alone are the defaults. */
export function readOfflineBundle(
  folder: string | undefined,
  config: string | undefined,
  expected: string,
): OfflineBundle {
  if ((folder === undefined) === (config === undefined)) {
    throw new CommandError(`expected ${expected}, or --config; see --help`);
  }
  const resolved = config === undefined ? undefined : readConfig(config);
  const path = resolved?.policies ?? folder!; // One of the two is there.
  const settings = resolved?.settings ?? DEFAULT_SETTINGS;
  return { ...readBundle(path, settings), path, settings };
}

/** A time as every command takes it, in milliseconds since the epoch. */
export function instantOption(name: string, text: string): number {
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text)
    ? Date.parse(text)
    : Number.NaN;
  if (Number.isNaN(time) || time < 0) {
    const expected = 'expected RFC 3339, 2026-12-01T18:00:00Z';
    throw new CommandError(`${name} \`${text}\` is no time after 1970; ${expected}`);
  }
  return time;
}

/** One of the values that an option takes. */
export function choiceOption<C extends string>(
  name: string,
  text: string | undefined,
  choices: readonly [C, ...C[]],
): C {
  if (text === undefined) return choices[0];
  const found = choices.find((choice) => choice === text);
  if (found !== undefined) return found;
  throw new CommandError(`${name} \`${text}\` is none of ${choices.join(', ')}`);
}
