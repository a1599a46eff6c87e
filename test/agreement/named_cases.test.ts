// Single cases, each decided by the engine and by the naive evaluator: what a capability promises,
// and what random comparison once found.

import assert from 'node:assert/strict';
import { agree, decideBoth, load } from './comparison.ts';
import { type Doc, NOW } from './vocabulary.ts';

const HOME = 'td.example';
const SERVICE = `spiffe://${HOME}/ns/pay/sa/ledger`;
const CALLER = `spiffe://${HOME}/ns/shop/sa/cart`;
const EVIL = 'spiffe://evil.example/ns/shop/sa/cart';

interface Case {
  readonly name: string;
  readonly rules: readonly Record<string, unknown>[];
  readonly want: string;
  readonly method?: string;
  readonly path?: string;
  readonly source?: string;
  /** A connection instead of a request, with this server name and port. */
  readonly connection?: readonly [sni: string, port: number];
  readonly tenant?: string;
}

const everybody = { trustDomains: [HOME, 'evil.example'] };
const permit = { id: 'permit', effect: 'permit', from: everybody, to: {} };
const untilTomorrow = { shadow: true, until: '2026-11-23T00:00:00Z' };

const CASES: readonly Case[] = [
  {
    name: 'permits one object and not another (C-021)',
    rules: [{ ...permit, to: { resources: ['doc/1'] } }],
    path: '/docs/1',
    want: 'allow',
  },
  {
    name: 'denies the object that no rule names (C-021)',
    rules: [{ ...permit, to: { resources: ['doc/1'] } }],
    path: '/docs/2',
    want: 'authz.resource',
  },
  {
    name: 'reads GET as read and HEAD as GET (C-022)',
    rules: [{ ...permit, to: { verbs: ['read'] } }],
    method: 'HEAD',
    want: 'allow',
  },
  {
    name: 'reads PUT as write (C-022)',
    rules: [{ ...permit, to: { verbs: ['read'] } }],
    method: 'PUT',
    want: 'authz.verb',
  },
  {
    name: 'reads a gRPC method as invoke (C-022)',
    rules: [{ ...permit, to: { verbs: ['invoke'] } }],
    method: 'POST',
    path: '/pay.v1.Ledger/Get',
    want: 'allow',
  },
  {
    name: 'denies what is no operation, whatever is permitted (C-022)',
    rules: [permit],
    path: '/nowhere',
    want: 'ctx.unmapped_operation',
  },
  {
    name: 'limits the environment apart from resource and verb (C-024)',
    rules: [{ ...permit, to: { environments: ['dev'] } }],
    want: 'authz.environment',
  },
  {
    name: 'does not reach an admin resource by naming nothing (C-028)',
    rules: [permit],
    path: '/admin',
    want: 'authz.resource',
  },
  {
    name: 'does not reach an admin resource by a wildcard over operations (C-028)',
    rules: [{ ...permit, to: { operations: ['*'] } }],
    path: '/admin',
    want: 'authz.resource',
  },
  {
    name: 'reaches an admin resource by naming it (C-028)',
    rules: [{ ...permit, to: { resources: ['admin/*'] } }],
    path: '/admin',
    want: 'allow',
  },
  {
    name: 'denies a caller that proves its identity and stands in no rule (C-006 C-089)',
    rules: [{ ...permit, from: { principals: [SERVICE] } }],
    want: 'authz.no_match',
  },
  {
    name: 'forbids a trust domain that the rule names',
    rules: [
      permit,
      { id: 'f', effect: 'forbid', from: { trustDomains: ['evil.example'] }, to: {} },
    ],
    source: EVIL,
    want: 'authz.forbidden',
  },
  {
    name: 'excepts a trust domain that the rule names',
    rules: [{ ...permit, from: { ...everybody, not: { trustDomains: ['evil.example'] } } }],
    source: EVIL,
    want: 'authz.no_match',
  },
  {
    name: 'forbids a foreign namespace of the same name as one that is spared',
    rules: [permit, { id: 'f', effect: 'forbid', from: { not: { namespaces: ['shop'] } }, to: {} }],
    source: EVIL,
    want: 'authz.forbidden',
  },
  {
    name: 'permits a trust domain that the rule names',
    rules: [{ ...permit, from: { trustDomains: [HOME] } }],
    want: 'allow',
  },
  {
    name: 'keeps the reason when a permit on trial would stop at a boundary',
    rules: [{ ...permit, mode: untilTomorrow }],
    tenant: 'blue',
    want: 'authz.no_match',
  },
  {
    name: 'names the boundary when a permit in force stops there',
    rules: [permit],
    tenant: 'blue',
    want: 'authz.boundary',
  },
  {
    name: 'permits to connect by identity, server name and port (C-088)',
    rules: [{ ...permit, to: { verbs: ['connect'] } }],
    connection: ['DB.example', 5432],
    want: 'allow',
  },
  {
    name: 'denies a connection that nobody permits (C-088)',
    rules: [{ ...permit, to: { verbs: ['read', 'write', 'invoke'] } }],
    connection: ['db.example', 5432],
    want: 'authz.verb',
  },
  {
    name: 'denies a connection to another port, whatever is permitted (C-088)',
    rules: [permit],
    connection: ['db.example', 5433],
    want: 'ctx.unmapped_operation',
  },
  {
    name: 'denies a connection by a server name with a dot at its end (C-088)',
    rules: [permit],
    connection: ['db.example.', 80],
    want: 'ctx.unmapped_operation',
  },
];

function documents({ rules, tenant = 'acme' }: Case): Doc[] {
  const operations = {
    read: { http: 'GET /docs/{doc}', resource: 'doc/{path.doc}', tenant: 'acme' },
    put: { http: 'PUT /docs/{doc}', resource: 'doc/{path.doc}' },
    admin: { http: 'GET /admin', resource: 'admin/all' },
    call: { grpc: '/pay.v1.Ledger/Get' },
    db: { l4: { sni: 'db.example', port: 5432 } },
    web: { l4: { port: 80 } },
  };
  const spec = { destinations: [SERVICE], environment: 'prod', operations };
  const asserts = { peer: ['principal'], destinations: ['*'] };
  return [
    { kind: 'Service', metadata: { name: 'ledger', namespace: 'pay' }, spec },
    { kind: 'Identity', metadata: { name: 'cart' }, spec: { spiffe: CALLER, tenant } },
    { kind: 'Identity', metadata: { name: 'evil' }, spec: { spiffe: EVIL, tenant } },
    { kind: 'Enforcer', metadata: { name: 'e' }, spec: { type: 'gateway', local: true, asserts } },
    { kind: 'Policy', metadata: { name: 'p', namespace: 'pay' }, spec: { rules } },
  ];
}

describe('one rule, one request', () => {
  for (const example of CASES) {
    it(example.name, () => {
      const pair = load(documents(example), {
        trustDomain: HOME,
        pathNormalization: 'DECODE_AND_MERGE_SLASHES',
        ambiguousPaths: 'deny',
      });
      const { method = 'GET', path = '/docs/1', source = CALLER, connection } = example;
      const [sni = '', port = 0] = connection ?? [];
      const request = {
        attributes: {
          source: { principal: source },
          destination: { principal: SERVICE, address: { socket_address: { port_value: port } } },
          request: connection === undefined ? { http: { method, path } } : {},
          tls_session: { sni },
        },
      };
      const both = decideBoth(pair, request, { kind: 'local' }, NOW);
      assert.equal(both.naive.reason ?? 'allow', example.want, 'the naive evaluator');
      assert.equal(both.engine.reason ?? 'allow', example.want, 'the engine');
      assert.ok(agree(both));
    });
  }
});
