// Each field that a condition can read has the value that its name promises, and what the language
// declares is the whole list (docs/conditions.md).

import assert from 'node:assert/strict';
import { conditionEnvironment } from '../../engine/policy/condition_variables.ts';
import {
  type Ask,
  answerTo,
  CHECKOUT,
  enforcer,
  identity,
  PAYMENTS,
  policy,
  service,
  snapshotOf,
  TRUST_DOMAIN,
} from './fixture.ts';

const AT = '2026-03-04T05:06:07Z';
const ENFORCER = enforcer('edge', {
  type: 'gateway',
  local: true,
  asserts: {
    peer: ['principal', 'anonymous'],
    destinations: ['*'],
    runtime: ['region'],
    environment: ['prod'],
    tenant: ['acme'],
  },
});
const OPERATION = {
  http: 'POST /t/{t}/docs/{id}',
  resource: 'doc/{path.id}',
  tenant: '{path.t}',
  verb: 'write',
  dataClass: 'public',
  tier: 3,
  body: { amount: 'int' },
};
const ASK: Ask = {
  http: 'POST /t/acme/docs/7?q=1',
  host: 'pay.example',
  sourceAddress: '192.0.2.1',
  headers: { 'x-a': 'b' },
  body: { amount: 5 },
  extensions: { 'remit.runtime.region': 'eu' },
  now: Date.parse(AT),
};

const WANT: Readonly<Record<string, string>> = {
  'principal.id': `'${CHECKOUT}'`,
  'principal.kind': "'ci'",
  'principal.trustDomain': `'${TRUST_DOMAIN}'`,
  'principal.namespace': "'shop'",
  'principal.serviceAccount': "'checkout'",
  'principal.tenant': "'acme'",
  'principal.environment': "'prod'",
  'principal.assurance': "'asserted'",
  'principal.roles': "['pay/editor']",
  'principal.attributes': "{'team': dyn('shop'), 'level': dyn(7)}",
  'principal.actors': '[]',
  'action.operation': "'save'",
  'action.verb': "'write'",
  'action.service': "'pay/payments'",
  'resource.type': "'doc'",
  'resource.id': "'7'",
  'resource.tenant': "'acme'",
  'resource.dataClass': "'public'",
  'resource.environment': "'prod'",
  'resource.tier': '3',
  'context.time': `timestamp('${AT}')`,
  'context.enforcer': "'edge'",
  'context.sourceIp': "'192.0.2.1'",
  'context.runtime': "{'region': 'eu'}",
  'request.method': "'POST'",
  'request.path': "'/t/acme/docs/7'",
  'request.host': "'pay.example'",
  "request.headers['x-a']": "'b'",
  'request.query': "{'q': ['1']}",
  'request.captures': "{'t': 'acme', 'id': '7'}",
  'request.body.amount': '5',
};
/** Of these nothing is there in this version. */
const LATER = ['task', 'token', 'mcp'];

function answer(condition: string, ask = ASK): string {
  const rule = { id: 'a', effect: 'permit', from: { principals: [CHECKOUT] }, to: {}, condition };
  const snapshot = snapshotOf([
    service('payments', {
      destinations: [PAYMENTS],
      environment: 'prod',
      operations: { save: OPERATION, look: { http: 'GET /a' } },
    }),
    policy('p', [rule]),
    { kind: 'Role', metadata: { name: 'editor', namespace: 'pay' }, spec: { covers: [{}] } },
    identity(CHECKOUT, {
      kind: 'ci',
      tenant: 'acme',
      environment: 'prod',
      roles: ['pay/editor'],
      attributes: { team: 'shop', level: 7 },
    }),
    ENFORCER,
  ]);
  return answerTo(snapshot, ask);
}

/** `a.b` of all that is declared. */
function declared(): string[] {
  const { variables } = conditionEnvironment({ object: { amount: 'int' } });
  return Object.entries(variables).flatMap(([name, spec]) => {
    assert.ok(typeof spec === 'object' && 'object' in spec, name);
    const fields = (spec as { object: Readonly<Record<string, unknown>> }).object;
    return Object.keys(fields).map((field) => `${name}.${field}`);
  });
}

describe('a condition reads', () => {
  for (const [path, value] of Object.entries(WANT)) {
    it(`${path} as ${value}`, () => {
      assert.equal(answer(`${path} == ${value}`), 'allow');
      assert.equal(answer(`${path} != ${value}`), 'authz.condition');
    });
  }

  it('nothing of a task, a token or MCP in this version', () => {
    for (const path of declared().filter((it) => LATER.includes(it.split('.')[0]!))) {
      assert.equal(answer(`has(${path})`), 'authz.condition', path);
      assert.equal(answer(`!has(${path})`), 'allow', path);
    }
  });

  it('all that is declared, and nothing else', () => {
    const read = Object.keys(WANT).map((path) => path.split(/\W/).slice(0, 2).join('.'));
    const now = declared().filter((it) => !LATER.includes(it.split('.')[0]!));
    assert.deepEqual(now.sort(), read.sort());
  });

  it('nothing where the request has none', () => {
    const bare: Ask = { http: 'GET /a' };
    for (const path of ['resource.tier', 'context.sourceIp']) {
      assert.equal(answer(`has(${path})`, bare), 'authz.condition', path);
      assert.equal(answer(`!has(${path})`, bare), 'allow', path);
    }
    for (const empty of ['resource.tenant', 'request.host']) {
      assert.equal(answer(`${empty} == ''`, bare), 'allow', empty);
    }
    for (const map of ['request.query', 'request.captures', 'context.runtime']) {
      assert.equal(answer(`${map} == {}`, bare), 'allow', map);
    }
  });
});
