// The kinds of the policy language and their fields (DESIGN section 6): the one place that defines
// them. A field that the design has and this version has not stands in the list behind the shape.

import { z } from 'zod';
import { DATA_CLASSES, PRINCIPAL_KINDS, VERBS } from '../access_request.ts';
import { DURATION_RULE, parseDuration } from '../duration.ts';
import { strict } from './yaml_document.ts';

export const API_VERSION = 'remit.mesh/v1';

/** Kinds of the design without a meaning in this version. */
export const LATER_KINDS: readonly string[] = [
  'Role',
  'Exception',
  'TaskProfile',
  'Test',
  'AuthorizationPolicy',
  'RequestAuthentication',
];

const NAME = /^[a-z0-9.-]{1,63}$/;
const name = z.string().regex(NAME, 'must be 1 to 63 of a-z, 0-9, `.` and `-`');
const text = z.string().min(1);
const texts = z.array(text).min(1);
const date = z.iso.date({ error: 'must be a date that exists, such as 2027-03-01' });
const instant = z.iso.datetime({
  offset: true,
  error: 'must be a time such as 2026-12-01T18:00:00Z',
});

const metadata = strict({
  name,
  namespace: name.optional(),
  owner: text.optional(),
  reviewBy: date.optional(),
});
const inNamespace = strict({ ...metadata.shape, namespace: name });

const kind = <K extends string, M extends z.ZodType, S extends z.ZodType>(
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

const operation = strict(
  {
    /** `METHOD /path/{capture}`; exactly one of `http`, `grpc` and `l4`. */
    http: text.optional(),
    /** `/package.Service/Method` */
    grpc: text.optional(),
    /** A connection that nobody looks into; what is not said matches any. */
    l4: strict({ sni: text.optional(), port: z.int().min(1).max(65_535).optional() }).optional(),
    verb: z.enum(VERBS).optional(),
    resource: text.optional(),
    tenant: text.optional(),
    dataClass: z.enum(DATA_CLASSES).default('internal'),
    taskFree: z.boolean().default(false),
  },
  ['mcp', 'a2a', 'body', 'tier', 'source', 'sink', 'scopes', 'requires', 'requestable', 'stream'],
);

export const serviceSchema = kind(
  'Service',
  inNamespace,
  strict(
    {
      destinations: texts.optional(),
      hosts: texts.optional(),
      environment: name.optional(),
      accepts: z
        .array(z.enum(['x509-svid']))
        .min(1)
        .optional(),
      /** Who reads the `Authorization` header: an issuer of ours, or the service itself. */
      authorization: z.enum(['verify', 'passThrough']).default('verify'),
      operations: z.record(name, operation),
    },
    ['mcp', 'a2a', 'grpc', 'l4', 'exports', 'jwt'],
  ),
);

const FROM = {
  principals: texts.optional(),
  trustDomains: texts.optional(),
  namespaces: texts.optional(),
  serviceAccounts: texts.optional(),
  kinds: z.array(z.enum(PRINCIPAL_KINDS)).min(1).optional(),
} as const;
const LATER_FROM = ['roles', 'actors', 'claims', 'runtime', 'ipBlocks'];

const TO = {
  services: texts.optional(),
  operations: texts.optional(),
  verbs: z.array(z.enum(VERBS)).min(1).optional(),
  resources: texts.optional(),
  environments: texts.optional(),
} as const;
const LATER_TO = ['dataClasses', 'tiers'];

const mode = strict({ shadow: z.literal(true), until: instant });

const rule = strict(
  {
    id: name,
    effect: z.enum(['permit', 'forbid']),
    from: strict(
      {
        ...FROM,
        anonymous: z.literal(true).optional(),
        not: strict(FROM, LATER_FROM).optional(),
      },
      LATER_FROM,
    ),
    to: strict({ ...TO, not: strict(TO, LATER_TO).optional() }, LATER_TO),
    mode: mode.optional(),
    crossTenant: z.boolean().default(false),
  },
  ['require', 'condition', 'between', 'obligations', 'suspendable'],
);

export const policySchema = kind(
  'Policy',
  inNamespace,
  strict({ rules: z.array(rule), mode: mode.optional() }),
);

export const identitySchema = kind(
  'Identity',
  metadata,
  strict(
    {
      spiffe: text,
      kind: z.enum(PRINCIPAL_KINDS).default('workload'),
      environment: name.optional(),
      tenant: text.optional(),
      purpose: text.optional(),
      reviewBy: date.optional(),
    },
    [
      'issuer',
      'subject',
      'roles',
      'attributes',
      'shared',
      'audiences',
      'ceiling',
      'maxLifetime',
      'expiresAt',
    ],
  ),
);

const duration = z.string().refine((it) => parseDuration(it) !== undefined, DURATION_RULE);

export const issuerSchema = kind(
  'Issuer',
  metadata,
  strict(
    {
      /** Vouches by certificates for the workloads of one trust domain. */
      x509: strict(
        {
          trustDomain: text,
          /** Paths, relative to the file that names them: PEM with certificates. */
          bundle: text,
          intermediates: texts.default([]),
          maxLifetime: duration.optional(),
        },
        ['workloadApi'],
      ),
    },
    ['jwt', 'jwtSvid', 'apiKeys'],
  ),
);

export const PEER_ASSERTIONS = [
  'principal',
  'certificate',
  'xfcc',
  'metadata',
  'anonymous',
] as const;
export type PeerAssertion = (typeof PEER_ASSERTIONS)[number];

export const enforcerSchema = kind(
  'Enforcer',
  metadata,
  strict({
    type: z.enum(['sidecar', 'waypoint', 'gateway']),
    identities: texts.optional(),
    local: z.boolean().default(false),
    asserts: strict(
      {
        peer: z.array(z.enum(PEER_ASSERTIONS)).default([]),
        destinations: texts.optional(),
      },
      ['environment', 'tenant'],
    ),
  }),
);

export const KIND_SCHEMAS = {
  Service: serviceSchema,
  Policy: policySchema,
  Identity: identitySchema,
  Issuer: issuerSchema,
  Enforcer: enforcerSchema,
} as const;

export type ServiceDocument = z.infer<typeof serviceSchema>;
export type OperationDocument = z.infer<typeof operation>;
export type PolicyDocument = z.infer<typeof policySchema>;
export type RuleDocument = z.infer<typeof rule>;
export type FromBlock = RuleDocument['from'];
export type ToBlock = RuleDocument['to'];
export type IdentityDocument = z.infer<typeof identitySchema>;
export type IssuerDocument = z.infer<typeof issuerSchema>;
export type EnforcerDocument = z.infer<typeof enforcerSchema>;
export type ModeDocument = z.infer<typeof mode>;
