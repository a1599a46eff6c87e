// What only rides along: MCP tools and task profiles, which load and grant nothing in this version,
// and tests, which no snapshot holds.

import type { Random } from './random.ts';
import type { GeneratedService } from './service_generator.ts';
import { type Block, type Doc, HOME } from './vocabulary.ts';

/** The destination of a service all of whose operations are for MCP. */
export const TOOLS = `spiffe://${HOME}/ns/ai/sa/tools`;
const AGENT = `spiffe://${HOME}/ns/ai/sa/agent-7`;
/** A task profile that every namespace has, and what its tasks are for. */
export const PROFILE = 'support-case';
export const INTENT = 'answer-case';

export function passengers(random: Random, services: readonly GeneratedService[]): Doc[] {
  const metadata = (name: string) => ({ name, namespace: 'ai', owner: 'team-ai' });
  const operations = {
    'customer.read': {
      mcp: 'tools/call lookup_customer',
      verb: 'read',
      resource: 'customer/{args.id}',
      dataClass: 'confidential',
      source: true,
      tier: 2,
    },
    'mail.send': {
      mcp: 'tools/call send_mail',
      verb: 'invoke',
      resource: 'mailbox/{args.to}',
      sink: 'external',
      tier: 3,
    },
  };
  const documents: Doc[] = [
    {
      kind: 'Service',
      metadata: metadata('tools'),
      spec: { destinations: [TOOLS], mcp: { path: '/mcp', versions: ['2026-07-28'] }, operations },
    },
    {
      kind: 'Identity',
      metadata: metadata('agent-7'),
      spec: { spiffe: AGENT, kind: 'agent', tenant: 'acme' },
    },
    profile('ai', ['tools/customer.read', 'tools/mail.send'], {
      maxTier: 3,
      depth: 1,
      budgets: { 'tools/mail.send': 3 },
      flow: [{ after: 'confidential', forbid: 'external' }],
      opensAs: 'read',
    }),
  ];
  for (const namespace of new Set(services.map((it) => it.namespace))) {
    const { name, operations: all } = services.find((it) => it.namespace === namespace)!;
    documents.push(profile(namespace, [`${name}/${all[0]!.name}`], {}));
  }
  if (random.chance(0.3)) {
    const { namespace, name } = random.pick(services);
    const request = { service: `${namespace}/${name}`, method: 'GET', path: '/' };
    const cases = [{ name: 'nobody may', request, expect: { outcome: 'deny' } }];
    documents.push({ kind: 'Test', metadata: { name: 't', namespace }, spec: { cases } });
  }
  return documents;
}

function profile(namespace: string, operations: readonly string[], more: Block): Doc {
  const metadata = { name: PROFILE, namespace };
  const spec = { agents: [AGENT], operations, intents: [INTENT], duration: '30m', ...more };
  return { kind: 'TaskProfile', metadata, spec };
}
