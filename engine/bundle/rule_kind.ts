// `Policy`, `Role` and `Exception`: who may do what (DESIGN section 6, "Pinned down").

import { z } from 'zod';
import { DATA_CLASSES, PRINCIPAL_KINDS, VERBS } from '../access_request.ts';
import { ASSURANCES } from '../evidence.ts';
import { duration, inNamespace, instant, kind, name, owned, text, texts } from './fields.ts';
import { strict } from './strict_object.ts';

const named = (value: typeof texts) => z.record(text, value);

const FROM = {
  principals: texts.optional().describe('SPIFFE IDs, or patterns of whole segments.'),
  trustDomains: texts.optional().describe('Names alone, without `spiffe://`.'),
  namespaces: texts.optional().describe('Of `/ns/NAMESPACE/sa/NAME`.'),
  serviceAccounts: texts.optional().describe('`namespace/name`.'),
  kinds: z.array(z.enum(PRINCIPAL_KINDS)).min(1).optional().describe('As the inventory says.'),
  roles: texts
    .optional()
    .describe('`role` or `namespace/role`; the rule stays within what it covers.'),
  actors: texts
    .optional()
    .describe('On whose behalf the caller acts: SPIFFE IDs, patterns, or `ISSUER#SUBJECT`.'),
  claims: named(texts).optional().describe('Attributes of the principal; all names AND.'),
  runtime: named(texts).optional().describe('Facts that the enforcer asserts; all names AND.'),
  ipBlocks: texts.optional().describe('CIDR blocks of the peer’s address; they only restrict.'),
} as const;

const TO = {
  services: texts
    .optional()
    .describe('`service`, patterns of it; of another namespace `namespace/service` in full.'),
  operations: texts
    .optional()
    .describe('`name`, `service/name`, `namespace/service/name`; patterns of the name.'),
  verbs: z
    .array(z.enum(VERBS))
    .min(1)
    .optional()
    .describe('A permit of a strong verb names it here, or the operation without a pattern.'),
  resources: texts.optional().describe('`type/id`; `*` one segment, trailing `**` the rest.'),
  dataClasses: z.array(z.enum(DATA_CLASSES)).min(1).optional().describe('Of the operation.'),
  tiers: z.array(z.int().min(0).max(4)).min(1).optional().describe('Of the operation.'),
  environments: texts.optional().describe('Of the service; exact, `*`, `abc*`, `*abc`.'),
} as const;

const fromSchema = strict({
  ...FROM,
  anonymous: z.literal(true).optional().describe('Callers without an identity; stands alone.'),
  not: strict(FROM).optional().describe('Excludes whoever matches all of its keys.'),
});
const toSchema = strict({
  ...TO,
  not: strict(TO).optional().describe('Excludes whatever matches all of its keys.'),
});

const requireSchema = strict({
  assurance: z.enum(ASSURANCES).optional().describe('The weakest proof that will do.'),
  maxAge: duration.optional().describe('Since the credential was issued.'),
  task: text.optional().describe('The TaskProfile of the task the caller works in.'),
  intent: text.optional().describe('What the task is for.'),
  approval: text.optional().describe('Who has to have approved the task.'),
  bound: z.literal(true).optional().describe('The credential is bound to a key that was proved.'),
});

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
const between = strict({
  days: z.array(z.enum(DAYS)).min(1).optional().describe('By default every day.'),
  from: text.optional().describe('`HH:MM`; an overnight window belongs to the day it begins on.'),
  to: text.optional().describe('`HH:MM`, exclusive; `24:00` is midnight.'),
  tz: text.default('UTC').describe('An IANA time zone.'),
});

const mode = strict({
  shadow: z.literal(true).describe('Recorded, and without effect.'),
  until: instant.describe('From then on a forbid enforces and a permit is gone.'),
});

const scalar = z.union([z.string(), z.number(), z.boolean()]);
const obligations = strict({
  headers: z
    .record(z.string(), text)
    .optional()
    .describe('Of a permit: set on the request that goes on, whatever stood there.'),
  metadata: z
    .record(name, scalar)
    .optional()
    .describe('Dynamic metadata below `remit.obligations`.'),
  denialBody: text.optional().describe('Of a forbid: what the client is told, as `detail`.'),
});

const condition = text.describe('CEL; the rule matches where it is true.');

export const ruleSchema = strict({
  id: name.describe('Unique in its policy; decisions name `namespace/policy/id`.'),
  effect: z.enum(['permit', 'forbid']).describe('A forbid overrides every permit.'),
  from: fromSchema.describe('Who. Keys AND, items of a list OR.'),
  to: toSchema.describe('What. Keys AND, items of a list OR.'),
  require: requireSchema.optional().describe('Of a permit: how well the caller is proved.'),
  condition: condition.optional(),
  between: between.optional().describe('When.'),
  mode: mode.optional().describe('On trial: it decides nothing until then.'),
  obligations: obligations.optional().describe('What happens beside the decision.'),
  crossTenant: z.boolean().default(false).describe('The permit holds for other tenants too.'),
  suspendable: z.boolean().default(false).describe('An Exception may suspend this forbid.'),
});

export const policySchema = kind(
  'Policy',
  inNamespace,
  strict({
    rules: z.array(ruleSchema).describe('Their order never matters.'),
    mode: mode.optional().describe('Of all rules that have none of their own.'),
  }),
);

const coverage = strict({
  services: texts.optional().describe('As `to.services`.'),
  operations: texts.optional().describe('As `to.operations`.'),
  resources: texts.optional().describe('As `to.resources`.'),
});

export const roleSchema = kind(
  'Role',
  inNamespace,
  strict({
    covers: z
      .array(coverage)
      .min(1)
      .describe('Keys AND, entries OR; an `admin` or a strong verb only by an exact operation.'),
  }),
);

export const exceptionSchema = kind(
  'Exception',
  owned,
  strict({
    reason: text.describe('Why, such as the incident.'),
    expiresAt: instant.describe('From then on it is gone.'),
    suspends: texts.optional().describe('Forbids that say `suspendable`: `namespace/policy/rule`.'),
    from: fromSchema.describe('Who. Keys AND, items of a list OR.'),
    to: toSchema.describe('What. Keys AND, items of a list OR.'),
    require: requireSchema.optional().describe('How well the caller is proved.'),
    condition: condition.optional(),
    between: between.optional().describe('When.'),
    crossTenant: z.boolean().default(false).describe('It holds for other tenants too.'),
  }),
);

export type PolicyDocument = z.infer<typeof policySchema>;
export type RuleDocument = z.infer<typeof ruleSchema>;
export type FromBlock = RuleDocument['from'];
export type ToBlock = RuleDocument['to'];
export type RequireBlock = NonNullable<RuleDocument['require']>;
export type RoleDocument = z.infer<typeof roleSchema>;
export type ExceptionDocument = z.infer<typeof exceptionSchema>;
export type ModeDocument = z.infer<typeof mode>;
