// Times as options of a command: RFC 3339, and nothing that a calendar has to guess.

import { CommandError } from './command.ts';

/** Milliseconds since the epoch. */
export function instantOption(name: string, text: string): number {
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text)
    ? Date.parse(text)
    : Number.NaN;
  // A decision id holds the time, and cannot hold one before 1970.
  if (Number.isNaN(time) || time < 0) {
    throw new CommandError(
      `${name} \`${text}\` is no time after 1970; expected RFC 3339, 2026-12-01T18:00:00Z`,
    );
  }
  return time;
}
