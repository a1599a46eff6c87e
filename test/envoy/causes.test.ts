// C-002: every cause of a denial that this version has, from bytes to the answer that Envoy reads:
// one code, of one class, with its HTTP status and its gRPC code (DESIGN 5.6).

import assert from 'node:assert/strict';
import { Failure } from '../../engine/failure.ts';
import type { Asker } from '../../engine/identity/enforcer.ts';
import { REASON_CODES, type Reason } from '../../engine/reason.ts';
import { answerOf } from '../../envoy/check.ts';
import {
  CHECKOUT,
  type Document,
  enforcer,
  identity,
  PAYMENTS,
  policy,
  REPORTS,
  service,
  snapshotOf,
  TRUST_DOMAIN,
} from '../engine/fixture.ts';
import { secret } from '../support/secret.ts';
import { type Answered, answersTo } from './answered.ts';
import { answerTo, bytesOf, field, raw, varint, type Wire } from './fixture.ts';

const id = (name: string) => `spiffe://${TRUST_DOMAIN}/ns/x/sa/${name}`;
const WHO = { trustDomains: [TRUST_DOMAIN], not: { principals: [REPORTS] } };

const BUNDLE: Document[] = [
  service('payments', {
    destinations: [PAYMENTS],
    hosts: ['payments.example'],
    environment: 'prod',
    operations: {
      read: { http: 'GET /a' },
      tenant: { http: 'GET /t/{t}', tenant: '{path.t}' },
      write: { http: 'POST /a' },
      rotate: { http: 'PUT /a', verb: 'rotate' },
      secret: { http: 'GET /secret', dataClass: 'restricted' },
      private: { http: 'GET /private', dataClass: 'confidential' },
      wipe: { http: 'DELETE /a', resource: 'admin/all' },
      doc: { http: 'GET /doc/{id}', resource: 'doc/{path.id}' },
    },
  }),
  service('ledger', { destinations: [id('ledger')], operations: { read: { http: 'GET /a' } } }),
  policy('p', [
    { id: 'reads', effect: 'permit', from: WHO, to: { not: { resources: ['doc/2'] } } },
    { id: 'anyone', effect: 'permit', from: { anonymous: true }, to: { verbs: ['read'] } },
    { id: 'freeze', effect: 'forbid', from: {}, to: { operations: ['write'] } },
    {
      id: 'gone',
      effect: 'permit',
      from: WHO,
      to: { resources: ['doc/2'] },
      mode: { shadow: true, until: '2026-01-01T00:00:00Z' },
    },
  ]),
  identity(CHECKOUT, { tenant: 'acme', environment: 'prod' }),
  identity(REPORTS),
  identity(id('tester'), { environment: 'test' }),
  identity(id('agent'), { kind: 'agent' }),
  identity(id('gateway'), { kind: 'gateway' }),
  enforcer('here', {
    type: 'gateway',
    local: true,
    asserts: { peer: ['principal', 'anonymous'], destinations: ['*'] },
  }),
  enforcer('beside', { type: 'sidecar', identities: [PAYMENTS], asserts: { peer: ['principal'] } }),
  enforcer('one', {
    type: 'waypoint',
    identities: [id('waypoint')],
    asserts: { peer: ['principal'], destinations: [PAYMENTS] },
  }),
  enforcer('mute', {
    type: 'gateway',
    identities: [id('mute')],
    asserts: { peer: [], destinations: ['*'] },
  }),
];
const SNAPSHOT = snapshotOf(BUNDLE);

const named = (name: string): Asker => ({ kind: 'named', enforcer: name });

/** What is asked, by whom, and why it is denied. */
type Cause = { name: string; ask: Wire | Buffer; asker?: Asker; want: Reason };

const causes: Cause[] = [
  { name: 'no bytes', ask: Buffer.alloc(0), want: 'ctx.malformed_request' },
  { name: 'no attributes', ask: field(2, 'x'), want: 'ctx.malformed_request' },
  { name: 'random bytes', ask: Buffer.from([1, 2, 3]), want: 'ctx.malformed_request' },
  { name: 'a field of another type', ask: raw(1, 0, varint(1)), want: 'ctx.malformed_request' },
  {
    name: 'two attributes',
    ask: Buffer.concat([bytesOf(), bytesOf()]),
    want: 'ctx.malformed_request',
  },
  { name: 'more than 4 MiB', ask: Buffer.alloc(2 ** 22 + 1), want: 'ctx.malformed_too_large' },
  {
    name: 'two hosts',
    ask: { headers: { host: 'a', ':authority': 'b' } },
    want: 'ctx.duplicate_header',
  },
  { name: 'an encoded percent', ask: { http: 'GET /a%25' }, want: 'ctx.ambiguous_path' },
  { name: 'a semicolon', ask: { http: 'GET /a;b' }, want: 'ctx.ambiguous_path' },
  { name: 'a zero', ask: { http: 'GET /a%00' }, want: 'ctx.ambiguous_path' },
  { name: 'another path', ask: { http: 'GET /b' }, want: 'ctx.unmapped_operation' },
  { name: 'another method', ask: { http: 'PATCH /a' }, want: 'ctx.unmapped_operation' },
  { name: 'no HTTP', ask: { http: null }, want: 'ctx.unmapped_operation' },
  { name: 'no path', ask: { http: 'CONNECT' }, want: 'ctx.unmapped_operation' },
  {
    name: 'a listener of another service',
    ask: { extensions: { 'remit.service': 'pay/ledger' }, host: '' },
    want: 'ctx.destination_conflict',
  },
  {
    name: 'a listener of a service that there is not',
    ask: { extensions: { 'remit.service': 'pay/nothing' }, host: '' },
    want: 'ctx.destination_conflict',
  },
  {
    name: 'a host of another service',
    ask: { destination: id('ledger'), host: 'payments.example' },
    want: 'ctx.destination_conflict',
  },
  {
    name: 'nobody’s enforcer',
    ask: {},
    asker: { kind: 'remote' },
    want: 'authn.untrusted_enforcer',
  },
  {
    name: 'an enforcer that there is not',
    ask: {},
    asker: named('nobody'),
    want: 'authn.untrusted_enforcer',
  },
  {
    name: 'a sidecar of another workload',
    ask: { destination: id('ledger') },
    asker: named('beside'),
    want: 'authn.enforcer_scope',
  },
  {
    name: 'a sidecar that does not say for whom',
    ask: { destination: '' },
    asker: named('beside'),
    want: 'authn.enforcer_scope',
  },
  {
    name: 'a waypoint beyond its destinations',
    ask: { destination: id('ledger') },
    asker: named('one'),
    want: 'authn.enforcer_scope',
  },
  {
    name: 'nobody, by a sidecar',
    ask: { caller: '' },
    asker: named('beside'),
    want: 'authn.missing',
  },
  {
    name: 'somebody, by whom may say nothing',
    ask: {},
    asker: named('mute'),
    want: 'authn.missing',
  },
  { name: 'a DNS name', ask: { caller: 'checkout.shop' }, want: 'authn.invalid_identity' },
  { name: 'a Subject', ask: { caller: 'CN=checkout' }, want: 'authn.invalid_identity' },
  {
    name: 'a trust domain alone',
    ask: { caller: `spiffe://${TRUST_DOMAIN}` },
    want: 'authn.invalid_identity',
  },
  {
    name: 'another trust domain',
    ask: { caller: 'spiffe://evil.example/ns/shop/sa/checkout' },
    want: 'authn.untrusted_issuer',
  },
  {
    name: 'a token that nobody explains',
    ask: { headers: { authorization: `Bearer ${secret('x')}` } },
    want: 'authn.untrusted_issuer',
  },
  {
    name: 'two of them',
    ask: { headers: { authorization: secret('x'), Authorization: secret('y') } },
    want: 'authn.untrusted_issuer',
  },
  {
    name: 'nobody, for private data',
    ask: { caller: '', http: 'GET /private' },
    want: 'authn.assurance',
  },
  {
    name: 'an assertion, for restricted data',
    ask: { http: 'GET /secret' },
    want: 'authn.assurance',
  },
  {
    name: 'a destination that nobody has',
    ask: { destination: id('x'), host: '' },
    want: 'authz.no_policy',
  },
  { name: 'no destination', ask: { destination: '', host: '' }, want: 'authz.no_policy' },
  {
    name: 'a service that there is not, alone',
    ask: { destination: '', extensions: { 'remit.service': 'pay/x' }, host: '' },
    want: 'authz.no_policy',
  },
  {
    name: 'an identity that nobody knows',
    ask: { caller: id('new') },
    want: 'authz.unknown_identity',
  },
  { name: 'a caller without a permit', ask: { caller: REPORTS }, want: 'authz.no_match' },
  {
    name: 'a gateway that no permit names',
    ask: { caller: id('gateway') },
    want: 'authz.no_match',
  },
  {
    name: 'an object that the permit leaves out',
    ask: { http: 'GET /doc/2' },
    want: 'authz.resource',
  },
  { name: 'a strong verb', ask: { http: 'PUT /a' }, want: 'authz.verb' },
  { name: 'an admin resource', ask: { http: 'DELETE /a' }, want: 'authz.resource' },
  { name: 'a forbid', ask: { http: 'POST /a' }, want: 'authz.forbidden' },
  { name: 'a forbid, for nobody', ask: { caller: '', http: 'POST /a' }, want: 'authz.forbidden' },
  { name: 'another tenant', ask: { http: 'GET /t/globex' }, want: 'authz.boundary' },
  { name: 'a tenant, by nobody', ask: { caller: '', http: 'GET /t/acme' }, want: 'authz.boundary' },
  { name: 'another environment', ask: { caller: id('tester') }, want: 'authz.boundary' },
  { name: 'an agent without a task', ask: { caller: id('agent') }, want: 'authz.task_required' },
];

const HTTP: Partial<Record<Reason, number>> = {
  'ctx.malformed_request': 400,
  'ctx.malformed_too_large': 400,
  'ctx.duplicate_header': 400,
  'ctx.ambiguous_path': 400,
};
const CLASS_HTTP = { authn: 403, authz: 403, ctx: 403, sys: 503 } as const;
const CLASS_GRPC = { authn: 16, authz: 7, ctx: 7, sys: 14 } as const;
const TITLES = {
  authn: 'Authentication failed',
  authz: 'Permission refused',
  ctx: 'Request cannot be authorized',
  sys: 'Authorization unavailable',
} as const;

function wanted(reason: Reason): Answered {
  const kind = reason.split('.')[0] as keyof typeof CLASS_HTTP; // The prefix is the class.
  const http = HTTP[reason] ?? CLASS_HTTP[kind];
  return { reason, grpc: CLASS_GRPC[kind], http, type: `urn:remit:${kind}`, title: TITLES[kind] };
}

describe('C-002: a request is denied for', () => {
  it('at least 40 causes, which are all below', () => {
    assert.ok(causes.length >= 40, `${causes.length}`);
  });

  for (const { name, ask, asker, want } of causes) {
    it(`${name}: ${want}`, () => {
      const bytes = Buffer.isBuffer(ask) ? ask : bytesOf(ask);
      assert.deepEqual(answersTo(answerTo(SNAPSHOT, bytes, asker)), wanted(want));
    });
  }

  it('the same as a request that is allowed otherwise', () => {
    for (const wire of [{}, { caller: '' }, { http: 'GET /doc/1' }, { http: 'GET /t/acme' }]) {
      const answered = answersTo(answerTo(SNAPSHOT, bytesOf(wire)));
      assert.deepEqual(answered, { reason: '', grpc: 0 });
    }
  });
});

describe('C-002: whatever an evaluator never reached, or a later version will find, is denied:', () => {
  for (const reason of REASON_CODES) {
    it(reason, () => {
      assert.deepEqual(answersTo(answerOf(new Failure(reason, 'why'))), wanted(reason));
    });
  }
});
