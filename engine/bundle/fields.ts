// Fields that several kinds share, and the shape that every document has: `kind`, `metadata` and
// `spec`. The descriptions become the published JSON Schema and the language reference.

import { z } from 'zod';
import { DURATION_RULE, parseDuration } from '../duration.ts';
import { strict } from './strict_object.ts';

export const API_VERSION = 'remit.mesh/v1';

const NAME = /^[a-z0-9.-]{1,63}$/;
export const name = z.string().regex(NAME, 'must be 1 to 63 of a-z, 0-9, `.` and `-`');
export const text = z.string().min(1);
export const texts = z.array(text).min(1);
export const date = z.iso.date({ error: 'must be a date that exists, such as 2027-03-01' });
export const instant = z.iso.datetime({
  offset: true,
  error: 'must be a time such as 2026-12-01T18:00:00Z',
});
export const duration = z
  .string()
  .refine((it) => parseDuration(it) !== undefined, DURATION_RULE)
  .meta({ pattern: '^[1-9][0-9]{0,8}[smhd]$' });

export const metadata = strict({
  name: name.describe('Unique among the documents of its kind and namespace.'),
  namespace: name.optional().describe('Whose document it is; ids start with it.'),
  owner: text.optional().describe('The team that answers for it.'),
  reviewBy: date
    .optional()
    .describe(
      'The last day on which it holds unreviewed; `overdueReviews` says what happens then.',
    ),
});
export const inNamespace = strict({
  ...metadata.shape,
  namespace: name.describe('Whose document it is; ids start with it.'),
});
/** Of what must never be nobody's. */
export const owned = strict({
  ...inNamespace.shape,
  owner: text.describe('The team that answers for it.'),
});

export const kind = <K extends string, M extends z.ZodType, S extends z.ZodType>(
  kindName: K,
  about: M,
  spec: S,
) =>
  strict({
    apiVersion: z.literal(API_VERSION).optional(),
    kind: z.literal(kindName),
    metadata: about,
    spec,
  });
