// `TaskProfile`: what tasks of one kind may ever hold (DESIGN section 6). No task exists in this
// version, so a profile is checked and grants nothing.

import { z } from 'zod';
import { DATA_CLASSES } from '../access_request.ts';
import { duration, inNamespace, kind, name, text, texts } from './fields.ts';
import { strict } from './strict_object.ts';

export const taskProfileSchema = kind(
  'TaskProfile',
  inNamespace,
  strict({
    agents: texts.describe('SPIFFE IDs that may have such a task; exact.'),
    operations: texts.describe('`service/operation`; all that such a task may ever do.'),
    intents: z.array(name).min(1).describe('What such a task may be for.'),
    duration: duration.describe('At most.'),
    maxTier: z.int().min(0).max(4).optional().describe('No operation of a higher tier.'),
    depth: z.int().min(0).max(8).default(0).describe('How often it may be delegated.'),
    budgets: z
      .record(text, z.int().min(1))
      .optional()
      .describe('How often each `service/operation` may be called.'),
    flow: z
      .array(
        strict({
          after: z.enum(DATA_CLASSES).describe('A class that it has read.'),
          forbid: name.describe('The `sink` of operations.'),
        }),
      )
      .min(1)
      .optional()
      .describe('Once it has read this class, sinks of this name are closed.'),
    opensAs: z.enum(['read', 'write']).default('read').describe('What opening one counts as.'),
  }),
);

export type TaskProfileDocument = z.infer<typeof taskProfileSchema>;
