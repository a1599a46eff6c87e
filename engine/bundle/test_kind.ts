// `Test`: requests and the decisions expected of them, kept beside the policy. A snapshot holds
// none of it; `remit test` runs them through the code that serves.

import { z } from 'zod';
import { ASSURANCES } from '../evidence.ts';
import { REASON_CODES } from '../reason.ts';
import { duration, inNamespace, instant, kind, name, text } from './fields.ts';
import { strict } from './strict_object.ts';

const requestSchema = strict({
  principal: text.optional().describe('The caller’s SPIFFE ID; none is an anonymous peer.'),
  assurance: z.enum(ASSURANCES).optional().describe('How it was proved; `asserted` by default.'),
  age: duration.optional().describe('Since the certificate was issued; just now by default.'),
  lifetime: duration.optional().describe('Of the certificate; as long as allowed by default.'),
  service: text.describe('`service`, or `namespace/service`.'),
  method: text.optional().describe('`GET` by default.'),
  path: text.optional().describe('As it is sent, with its query.'),
  headers: z.record(z.string(), z.string()).optional().describe('By name, in any case.'),
  body: z.unknown().optional().describe('Text as it is sent, or what is sent as JSON.'),
  grpc: text.optional().describe('`/package.Service/Method` instead of method and path.'),
  connection: strict({
    sni: text.optional().describe('The server name that the client asks for.'),
    port: z.int().min(1).max(65_535).optional().describe('Of the destination.'),
  })
    .optional()
    .describe('Instead of a request.'),
  sourceIp: text.optional().describe('Of the peer, as the enforcer sees it.'),
  environment: name.optional().describe('As the enforcer asserts it.'),
  tenant: text.optional().describe('As the enforcer asserts it.'),
  runtime: z.record(name, text).optional().describe('Facts, as the enforcer asserts them.'),
  at: instant.optional().describe('When; the document’s `now` by default.'),
});

const expectSchema = strict({
  outcome: z.enum(['allow', 'deny']).describe('The decision.'),
  reason: z
    .enum(REASON_CODES as [string, ...string[]])
    .optional()
    .describe('Of a denial; one of those in reasons.md.'),
  rules: z.array(text).optional().describe('All that decided, in any order.'),
});

export const testSchema = kind(
  'Test',
  inNamespace,
  strict({
    now: instant.optional().describe('By default the time at which the test runs.'),
    cases: z
      .array(
        strict({
          name: text.describe('What it shows, in words.'),
          request: requestSchema.describe('What is asked.'),
          expect: expectSchema.describe('What has to come of it.'),
        }),
      )
      .min(1)
      .describe('Each is decided by itself.'),
  }),
);

export type TestDocument = z.infer<typeof testSchema>;
export type TestRequest = z.infer<typeof requestSchema>;
