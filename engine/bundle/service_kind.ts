// `Service`: what is protected (DESIGN section 6). Raw matching of hosts, methods and paths stands
// here only, so there is one place to get paths wrong.

import { z } from 'zod';
import { DATA_CLASSES, VERBS } from '../access_request.ts';
import { duration, inNamespace, kind, name, text, texts } from './fields.ts';
import { strict } from './strict_object.ts';

/** Attributes an operation may demand; what has a dot behind it takes a name there. */
export const REQUIRABLE_ATTRIBUTES = [
  'request.headers.*',
  'request.query.*',
  'request.body',
  'request.body.*',
  'context.runtime.*',
  'context.sourceIp',
  'principal.tenant',
  'principal.environment',
  'principal.attributes.*',
] as const;

const l4 = strict({
  sni: text.optional().describe('The server name, exact or `*.example`.'),
  port: z.int().min(1).max(65_535).optional().describe('Of the destination address.'),
});

export const operationSchema = strict(
  {
    http: text.optional().describe('`METHOD /path/{capture}`; HEAD is read as GET.'),
    grpc: text.optional().describe('`/package.Service/Method`.'),
    l4: l4.optional().describe('A connection that nobody looks into; what is not said is any.'),
    mcp: text
      .optional()
      .describe('An MCP method, and the tool, prompt or resource it names: `tools/call NAME`.'),
    verb: z.enum(VERBS).optional().describe('By default what method or protocol imply.'),
    resource: text.optional().describe('`type/id` with captures; `service/NAME` by default.'),
    tenant: text.optional().describe('Whose the resource is; text with captures.'),
    dataClass: z.enum(DATA_CLASSES).default('internal').describe('What the answer may disclose.'),
    tier: z.int().min(0).max(4).optional().describe('How much harm the operation can do, 0 to 4.'),
    source: z.boolean().default(false).describe('It hands data out, which labels the task.'),
    sink: name.optional().describe('Where data given to it ends up, such as `external`.'),
    scopes: texts.optional().describe('One of these an OAuth token has to carry.'),
    requires: texts.optional().describe('Attributes without which nothing is permitted.'),
    body: z.record(z.string(), z.unknown()).optional().describe('The types of the body’s fields.'),
    requestable: z.boolean().default(false).describe('A denied caller is told how to step up.'),
    taskFree: z.boolean().default(false).describe('An agent may call it without a task.'),
    stream: strict({ max: duration.describe('At most.') })
      .optional()
      .describe('The longest that one stream may last.'),
  },
  ['a2a'],
);

/** By certificate or the enforcer's word for one; by tokens of an Issuer; by keys. */
export const CREDENTIAL_KINDS = ['x509-svid', 'jwt', 'jwt-svid', 'wit', 'api-key'] as const;
export type CredentialKind = (typeof CREDENTIAL_KINDS)[number];

export const serviceSchema = kind(
  'Service',
  inNamespace,
  strict(
    {
      destinations: texts.optional().describe('Exact SPIFFE IDs; one Service for each.'),
      hosts: texts.optional().describe('Exact names by which a gateway may choose it.'),
      environment: name.optional().describe('Where it runs, such as `prod`.'),
      accepts: z
        .array(z.enum(CREDENTIAL_KINDS))
        .min(1)
        .optional()
        .describe('The kinds of credential that it takes.'),
      authorization: z
        .enum(['verify', 'passThrough'])
        .default('verify')
        .describe(
          'Who reads the `Authorization` header: an issuer of ours, or the service itself.',
        ),
      origin: text
        .optional()
        .describe('`https://host[:port]` as its callers write it; proofs of possession name it.'),
      audiences: texts
        .optional()
        .describe('One of them has to stand in a token’s `aud`, instead of its Issuer’s.'),
      resourceMetadata: text
        .optional()
        .describe('The https URL of its OAuth metadata (RFC 9728), which challenges name.'),
      exports: z
        .array(z.union([name, z.literal('*')]))
        .min(1)
        .optional()
        .describe('Namespaces whose policies may speak of it; `*` is every namespace.'),
      mcp: strict({
        path: text.describe('Where its JSON-RPC is posted to.'),
        versions: texts.optional().describe('Of the protocol, that it may speak.'),
      })
        .optional()
        .describe('MCP tools behind one URL.'),
      operations: z
        .record(name, operationSchema)
        .describe('By name; each says exactly one of `http`, `grpc`, `l4`, `mcp`.'),
    },
    ['a2a', 'grpc', 'l4', 'jwt'],
  ),
);

export type ServiceDocument = z.infer<typeof serviceSchema>;
export type OperationDocument = z.infer<typeof operationSchema>;
