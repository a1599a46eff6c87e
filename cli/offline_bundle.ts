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
