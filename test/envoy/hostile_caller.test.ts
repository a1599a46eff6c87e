// What a caller with a valid identity can do with headers, query, body and path: nothing of it is
// evidence, and what can be read in two ways is not read (C-024, C-090, C-113).

import assert from 'node:assert/strict';
import type { Snapshot } from '../../engine/snapshot.ts';
import {
  CHECKOUT,
  type Document,
  enforcer,
  identity,
  PAYMENTS,
  policy,
  service,
  snapshotOf,
} from '../engine/fixture.ts';
import { answerTo, encode, messageOf, outcomeOf, type Wire } from './fixture.ts';

const GATEWAY = enforcer('gateway', {
  type: 'gateway',
  local: true,
  asserts: {
    peer: ['principal'],
    destinations: ['*'],
    environment: ['prod', 'test'],
    runtime: ['region'],
  },
});

const permit = (to: Document, more: Document = {}): Document => {
  return { id: 'a', effect: 'permit', from: { principals: [CHECKOUT] }, to, ...more };
};

const RULES: Readonly<Record<string, Document>> = {
  prod: permit({ environments: ['prod'] }),
  near: permit({}, { from: { principals: [CHECKOUT], ipBlocks: ['192.168.0.0/16'] } }),
  query: permit({}, { condition: "request.query['limit'] == ['10']" }),
  body: permit({}, { condition: 'request.body.amount <= 10' }),
  header: permit({}, { condition: "request.headers['x-role'] == 'user'" }),
};

/** One rule each: of several, the nearest gives the reason. */
function snapshotFor(name: string): Snapshot {
  const operation = name === 'body' ? { http: 'POST /body', body: { amount: 'int' } } : undefined;
  const operations = { [name]: operation ?? { http: `GET /${name}` } };
  return snapshotOf([
    service('payments', { destinations: [PAYMENTS], operations }),
    policy('p', [RULES[name]!]),
    identity(CHECKOUT),
    GATEWAY,
  ]);
}

interface Sent extends Wire {
  readonly body?: string;
}

function answer({ body, ...wire }: Sent): string {
  const message = messageOf(wire) as {
    attributes: { request: { http: Record<string, unknown> } };
  };
  if (body !== undefined) message.attributes.request.http['body'] = body;
  const [, name = ''] = /^[A-Z]+ \/(\w+)/.exec(wire.http ?? '') ?? [];
  return outcomeOf(answerTo(snapshotFor(name), encode(message)));
}

const IN_PROD = { 'remit.environment': 'prod' };
const JSON_BODY = { 'content-type': 'application/json' };
const CLAIMS = {
  'x-env': 'prod',
  environment: 'prod',
  'remit.environment': 'prod',
  'x-remit-environment': 'prod',
  'x-forwarded-for': '192.168.0.1',
  'x-real-ip': '192.168.0.1',
  forwarded: 'for=192.168.0.1',
  'x-envoy-external-address': '192.168.0.1',
  'x-envoy-internal': 'true',
};

const cases: [name: string, sent: Sent, want: string][] = [
  [
    'what the enforcer says of the environment',
    { http: 'GET /prod', extensions: IN_PROD },
    'allow',
  ],
  [
    'what it says itself of the environment',
    { http: 'GET /prod', headers: CLAIMS },
    'authz.environment',
  ],
  ['what it says itself of its address', { http: 'GET /near', headers: CLAIMS }, 'authz.runtime'],
  ['one value of a query name', { http: 'GET /query?limit=10' }, 'allow'],
  ['two values of it', { http: 'GET /query?limit=10&limit=1000' }, 'authz.condition'],
  ['two values in another order', { http: 'GET /query?limit=1000&limit=10' }, 'authz.condition'],
  ['its name in another case', { http: 'GET /query?Limit=10' }, 'authz.condition'],
  ['its name with an escape', { http: 'GET /query?%6cimit=10' }, 'allow'],
  ['both spellings of its name', { http: 'GET /query?%6cimit=10&limit=1000' }, 'authz.condition'],
  ['a query that is broken', { http: 'GET /query?limit=10&x=%zz' }, 'authz.condition'],
  [
    'a body that is small',
    { http: 'POST /body', headers: JSON_BODY, body: '{"amount":10}' },
    'allow',
  ],
  [
    'a number beyond what others can count',
    { http: 'POST /body', headers: JSON_BODY, body: '{"amount":-1e999}' },
    'ctx.body_unreadable',
  ],
  [
    'a number that others round down',
    { http: 'POST /body', headers: JSON_BODY, body: '{"amount":9223372036854775808}' },
    'ctx.body_unreadable',
  ],
  [
    'a key twice',
    { http: 'POST /body', headers: JSON_BODY, body: '{"amount":1,"amount":1000}' },
    'ctx.body_unreadable',
  ],
  [
    'a key twice, once with an escape',
    { http: 'POST /body', headers: JSON_BODY, body: '{"amount":1,"\\u0061mount":1000}' },
    'ctx.body_unreadable',
  ],
  [
    'more than its length says',
    {
      http: 'POST /body',
      headers: { ...JSON_BODY, 'content-length': '2' },
      body: '{"amount":1}',
    },
    'ctx.body_unreadable',
  ],
  [
    'a body that came in part',
    {
      http: 'POST /body',
      headers: { ...JSON_BODY, 'x-envoy-auth-partial-body': 'true' },
      body: '{"amount":1}',
    },
    'ctx.body_unreadable',
  ],
  [
    'a body that is encoded',
    {
      http: 'POST /body',
      headers: { ...JSON_BODY, 'content-encoding': 'gzip' },
      body: '{"amount":1}',
    },
    'ctx.body_unreadable',
  ],
  ['a header that is read', { http: 'GET /header', headers: { 'x-role': 'user' } }, 'allow'],
  [
    'a header that joins two values',
    { http: 'GET /header', headers: { 'x-role': 'user,admin' } },
    'authz.condition',
  ],
];

describe('a caller with a valid identity is answered for', () => {
  for (const [name, sent, want] of cases) {
    it(`${name}: ${want}`, () => assert.equal(answer(sent), want));
  }

  it('a header twice as one that is not what the rule means', () => {
    const lines = [
      [':method', 'GET'],
      [':path', '/header'],
      ['x-role', 'user'],
      ['x-role', 'admin'],
    ] as const;
    assert.notEqual(answer({ http: 'GET /header', lines }), 'allow');
  });
});
