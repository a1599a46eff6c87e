// `lifetimes` in remit.yaml: how long credentials may live, by the kind of identity that shows them
// and by the class of data that they reach (C-060).

import type { z } from 'zod';
import { DATA_CLASSES, PRINCIPAL_KINDS } from '../engine/access_request.ts';
import { duration } from '../engine/bundle/fields.ts';
import { strict } from '../engine/bundle/strict_object.ts';
import { parseDuration } from '../engine/duration.ts';
import { DEFAULT_SETTINGS, type Lifetimes } from '../engine/settings.ts';

const each = <K extends string>(names: readonly K[]) =>
  strict(
    Object.fromEntries(names.map((it) => [it, duration.optional()])) as Record<
      K,
      z.ZodOptional<typeof duration>
    >,
  ).optional();

export const lifetimesSchema = strict({
  kinds: each(PRINCIPAL_KINDS),
  classes: each(DATA_CLASSES),
});

export function resolveLifetimes(given: z.infer<typeof lifetimesSchema> | undefined): Lifetimes {
  const { kinds, classes } = DEFAULT_SETTINGS.lifetimes;
  return {
    kinds: { ...kinds, ...milliseconds(given?.kinds) },
    classes: { ...classes, ...milliseconds(given?.classes) },
  };
}

/** The schema has seen to it that each is a duration. */
function milliseconds<K extends string>(
  texts: Readonly<Partial<Record<K, string | undefined>>> | undefined,
): Partial<Record<K, number>> {
  const entries = Object.entries<string | undefined>(texts ?? {});
  const read = entries.map(([name, text]) => [name, parseDuration(text ?? '')] as const);
  return Object.fromEntries(read.filter(([, ms]) => ms !== undefined)) as Partial<
    Record<K, number>
  >;
}
