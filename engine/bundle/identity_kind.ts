// `Identity` and `Enforcer`: who is known, and who may ask (DESIGN section 6). Nothing in them can
// grant.

import { z } from 'zod';
import { DATA_CLASSES, PRINCIPAL_KINDS, VERBS } from '../access_request.ts';
import { date, duration, instant, kind, metadata, name, text, texts } from './fields.ts';
import { strict } from './strict_object.ts';

const ceiling = strict({
  dataClasses: z.array(z.enum(DATA_CLASSES)).min(1).optional().describe('No other class.'),
  verbs: z.array(z.enum(VERBS)).min(1).optional().describe('No other verb.'),
  services: texts.optional().describe('`namespace/service`; exact, `*`, `abc*`, `*abc`.'),
});

const scalar = z.union([z.string(), z.number(), z.boolean()]);

export const identitySchema = kind(
  'Identity',
  metadata,
  strict({
    spiffe: text.optional().describe('A SPIFFE ID, or a pattern of whole segments.'),
    issuer: text
      .optional()
      .describe('The Issuer of its tokens or keys: `name` or `namespace/name`.'),
    subject: text
      .optional()
      .describe('As that issuer names it; a `*` at its end stands for any rest.'),
    workload: text
      .optional()
      .describe('Whose tokens or keys these are: while no Identity has it, they prove nobody.'),
    kind: z.enum(PRINCIPAL_KINDS).default('workload').describe('What `from.kinds` compares.'),
    environment: name.optional().describe('It reaches no service of another one.'),
    tenant: text
      .optional()
      .describe('It reaches other tenants only by a permit with `crossTenant`.'),
    purpose: text.optional().describe('What it is for, in words.'),
    roles: texts.optional().describe('`namespace/role`, or `role` in its own namespace.'),
    attributes: z
      .record(name, z.union([scalar, z.array(z.string()).min(1)]))
      .optional()
      .describe('Read as `principal.attributes` and by `from.claims`.'),
    shared: z.boolean().default(false).describe('Several workloads use it.'),
    audiences: texts
      .optional()
      .describe('Where it may be used: SPIFFE IDs or `namespace/service`.'),
    ceiling: ceiling.optional().describe('What no rule can exceed; a third party needs one.'),
    maxLifetime: duration.optional().describe('Of its credentials; a proof has to show it.'),
    expiresAt: instant.optional().describe('From then on it is unknown.'),
    reviewBy: date.optional().describe('As `metadata.reviewBy`.'),
  }),
);

export const PEER_ASSERTIONS = [
  'principal',
  'certificate',
  'xfcc',
  'clientCert',
  'metadata',
  'anonymous',
] as const;
export type PeerAssertion = (typeof PEER_ASSERTIONS)[number];

export const enforcerSchema = kind(
  'Enforcer',
  metadata,
  strict({
    type: z
      .enum(['sidecar', 'waypoint', 'gateway'])
      .describe('A sidecar asks about the workload beside it, others about `destinations`.'),
    identities: texts.optional().describe('SPIFFE IDs or patterns, as it shows itself by mTLS.'),
    local: z
      .boolean()
      .default(false)
      .describe('It asks over a unix socket or loopback; one for the bundle.'),
    asserts: strict({
      peer: z
        .array(z.enum(PEER_ASSERTIONS))
        .default([])
        .describe('What is believed of the caller, see authentication.md.'),
      destinations: texts.optional().describe('SPIFFE IDs, patterns, or `*`.'),
      environment: texts.optional().describe('Values of `remit.environment` that it may assert.'),
      tenant: texts.optional().describe('Values of `remit.tenant` that it may assert.'),
      runtime: z.array(name).min(1).optional().describe('Names after `remit.runtime.`.'),
    }).describe('What it may say of callers; all else that it says is as good as absent.'),
  }),
);

export type IdentityDocument = z.infer<typeof identitySchema>;
export type EnforcerDocument = z.infer<typeof enforcerSchema>;
