// The specification by hand: every variable that a condition can read, and which bodies it can.

import assert from 'node:assert/strict';
import { CART, decideIn, type World } from '../agreement/world.ts';

const everybody = { trustDomains: ['td.example'] };
const attributes = { team: 'red', level: 3, groups: ['a'] };

/** Everything that there is to read, on a request for one operation. */
const FULL: World = {
  identity: { environment: 'prod', roles: ['reader', 'pay/writer'], attributes },
  asserts: { runtime: ['cluster'], tenant: ['acme'] },
  extensions: { 'remit.runtime.cluster': 'eu-1', 'remit.tenant': 'acme', other: 'x' },
  address: '10.0.0.7',
  call: 'GET /docs/a%20b?q=a+b&q=%41&x',
  headers: { Plan: 'gold' },
};

const TRUE_OF_ALL = [
  `principal.id == '${CART}'`,
  "principal.kind == 'workload' && principal.assurance == 'asserted'",
  "principal.trustDomain == 'td.example'",
  "principal.namespace == 'shop' && principal.serviceAccount == 'cart'",
  "principal.tenant == 'acme' && principal.environment == 'prod'",
  "principal.roles == ['shop/reader', 'pay/writer']",
  "principal.attributes.level >= 3 && principal.attributes.team == 'red'",
  "principal.attributes.groups == ['a'] && !has(principal.attributes.none)",
  'principal.actors == []',
  "action.operation == 'read' && action.verb == 'read' && action.service == 'pay/ledger'",
  "resource.type == 'doc' && resource.id == 'a b' && resource.tenant == 'acme'",
  "resource.dataClass == 'internal' && resource.environment == 'prod' && resource.tier == 1",
  "context.time == timestamp('2026-11-22T12:00:00Z')",
  "context.enforcer == 'edge' && context.sourceIp == '10.0.0.7'",
  "context.runtime == {'cluster': 'eu-1'}",
  "request.method == 'GET' && request.path == '/docs/a%20b' && request.host == ''",
  "request.headers.plan == 'gold' && request.captures.doc == 'a b'",
  "request.query == {'q': ['a b', 'A'], 'x': ['']}",
];
const FAILS_FOR_ALL = [
  'task.id == 1',
  'token.scopes == []',
  "mcp.tool == 'x'",
  "request.headers.none == ''",
  "principal.attributes.none == ''",
  'request.body == 1',
];

function permittedIf(condition: string, world: World) {
  return decideIn({
    ...world,
    rules: [{ id: 'r', effect: 'permit', from: everybody, to: {}, condition, crossTenant: true }],
  });
}

describe('a condition', () => {
  for (const condition of TRUE_OF_ALL) {
    it(`reads ${condition}`, () => assert.equal(permittedIf(condition, FULL).outcome, 'allow'));
  }
  for (const condition of FAILS_FOR_ALL) {
    it(`fails on ${condition}`, () =>
      assert.deepEqual(permittedIf(condition, FULL).errors, ['pay/p/r']));
  }

  it('reads no tier and no address where there is none', () => {
    const condition = '!has(resource.tier) && !has(context.sourceIp)';
    assert.equal(permittedIf(condition, { call: 'PUT /docs/1' }).outcome, 'allow');
    const { errors } = permittedIf('resource.tier < 2', { call: 'PUT /docs/1' });
    assert.deepEqual(errors, ['pay/p/r']);
  });

  it('reads nothing of a connection but what is known of it', () => {
    const condition = "request.method == '' && request.headers == {} && action.verb == 'connect'";
    assert.equal(permittedIf(condition, { connection: ['db.example', 5432] }).outcome, 'allow');
  });
});

interface BodyCase {
  readonly name: string;
  readonly call?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
  /** Undefined: it cannot be read. */
  readonly condition?: string;
}

const json = { 'content-type': 'application/json; charset=utf-8' };
const whole = '{"amount": 7, "note": "x", "lines": [{"sku": "a"}], "meta": {"a": [1, 2.5, null]}}';
const typed =
  "request.body.amount == 7 && request.body.note == 'x' && request.body.lines[0].sku == 'a'";

const BODIES: readonly BodyCase[] = [
  { name: 'as declared', body: whole, condition: typed },
  { name: 'of any kind', body: whole, condition: 'request.body.meta.a == [1, 2.5, null]' },
  {
    name: 'without what is optional',
    body: '{"amount": 7, "lines": [], "meta": 1}',
    condition: '!has(request.body.note) && size(request.body.lines) == 0',
  },
  {
    name: 'of an operation that declares none',
    call: 'POST /docs',
    body: '{"a": {"b": [1, "x"]}}',
    condition: "request.body.a.b[1] == 'x' && request.body.a.b[0] < 2",
  },
  { name: 'with a part missing', body: '{"amount": 7, "meta": 1}' },
  { name: 'with a fraction for an int', body: whole.replace('7', '7.5') },
  { name: 'with a number for a text', body: whole.replace('"x"', '1') },
  { name: 'with a text for a list', body: whole.replace('[{"sku": "a"}]', '"a"') },
  { name: 'with a line that does not conform', body: whole.replace('"sku"', '"other"') },
  { name: 'that is malformed', body: whole.slice(0, -1) },
  { name: 'that is not there', body: '' },
  {
    name: 'that is cut off',
    body: whole,
    headers: { ...json, 'x-envoy-auth-partial-body': 'true' },
  },
  {
    name: 'that is shorter than it says',
    body: whole,
    headers: { ...json, 'content-length': '999' },
  },
  { name: 'that is compressed', body: whole, headers: { ...json, 'content-encoding': 'gzip' } },
  { name: 'of another type', body: whole, headers: { 'content-type': 'text/plain' } },
];

describe('a body', () => {
  for (const { name, call = 'PUT /docs/1', headers = json, body, condition } of BODIES) {
    it(`${name} ${condition === undefined ? 'cannot' : 'can'} be read`, () => {
      const world = { call, headers, body };
      const { reason } = permittedIf(condition ?? 'request.body.amount == 7', world);
      assert.equal(reason, condition === undefined ? 'ctx.body_unreadable' : undefined);
    });
  }
});
