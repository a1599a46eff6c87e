// What an operation makes of a request: a verb from the closed set (C-022), a resource, a tenant.

import assert from 'node:assert/strict';
import { VERBS } from '../../engine/access_request.ts';
import { METHOD_VERBS } from '../../engine/policy/operation_shape.ts';
import { type Ask, answerTo, meshWith, verdictOn } from './fixture.ts';

/** One operation, and a permit for whatever it is. */
function accessTo(operation: object, ask: Ask) {
  const rule = {
    id: 'a',
    effect: 'permit',
    from: { trustDomains: ['prod.example'] },
    to: { operations: ['op'] },
    crossTenant: true,
  };
  const verdict = verdictOn(meshWith([rule], { op: operation }), ask);
  return { ...verdict.access, answer: verdict.decision.reason ?? verdict.decision.outcome };
}

/** C-022: the whole table. A method that is not in it needs a `verb`. */
const verbs: { http?: string; grpc?: string; verb?: string; want: string }[] = [
  { http: 'GET', want: 'read' },
  { http: 'OPTIONS', want: 'read' },
  { http: 'POST', want: 'write' },
  { http: 'PUT', want: 'write' },
  { http: 'PATCH', want: 'write' },
  { http: 'DELETE', want: 'write' },
  { http: 'CONNECT', verb: 'invoke', want: 'invoke' },
  { http: 'PURGE', verb: 'admin', want: 'admin' },
  { http: 'POST', verb: 'read', want: 'read' },
  { http: 'GET', verb: 'escalate', want: 'escalate' },
  { grpc: '/bank.v1.Ledger/Get', want: 'invoke' },
  { grpc: '/bank.v1.Ledger/Get', verb: 'read', want: 'read' },
];

describe('C-022: the verb of an operation', () => {
  for (const { http, grpc, verb, want } of verbs) {
    const said = verb === undefined ? '' : ` that says ${verb}`;
    it(`is ${want} for ${http ?? 'gRPC'}${said}`, () => {
      const operation = grpc === undefined ? { http: `${http} /a`, verb } : { grpc, verb };
      const asked = grpc === undefined ? `${http} /a` : `POST ${grpc}`;
      const { answer, operation: found } = accessTo(operation, { http: asked });
      assert.deepEqual([found?.verb, answer], [want, 'allow']);
    });
  }

  it('is one of a closed set, also by default', () => {
    assert.deepEqual([...VERBS].sort(), [
      'admin',
      'connect',
      'delegate',
      'escalate',
      'invoke',
      'read',
      'rotate',
      'write',
    ]);
    for (const verb of METHOD_VERBS.values()) assert.ok(VERBS.includes(verb));
  });

  it('of HEAD is that of GET', () => {
    const { operation, answer } = accessTo({ http: 'GET /a' }, { http: 'HEAD /a' });
    assert.deepEqual([operation?.verb, answer], ['read', 'allow']);
  });
});

const unmapped: { name: string; http: string | null }[] = [
  { name: 'another method', http: 'DELETE /a' },
  { name: 'another path', http: 'GET /b' },
  { name: 'a method in lower case', http: 'get /a' },
  { name: 'a method that there is not', http: 'FROBNICATE /a' },
  { name: 'no method', http: ' /a' },
  { name: 'no path', http: 'CONNECT ' },
  { name: 'OPTIONS for the whole server', http: 'OPTIONS *' },
  { name: 'a connection without HTTP', http: null },
  { name: 'a gRPC method by GET', http: 'GET /bank.v1.Ledger/Get' },
  { name: 'a gRPC method of another service', http: 'POST /bank.v2.Ledger/Get' },
  { name: 'a gRPC method in another case', http: 'POST /bank.v1.Ledger/get' },
  { name: 'a gRPC method with more behind it', http: 'POST /bank.v1.Ledger/Get/x' },
];

describe('C-022: a request that is no operation', () => {
  const rule = { id: 'a', effect: 'permit', from: { trustDomains: ['prod.example'] }, to: {} };
  const operations = { http: { http: 'GET /a' }, grpc: { grpc: '/bank.v1.Ledger/Get' } };
  const mesh = meshWith([rule], operations);

  it('is denied although everything is permitted', () => {
    assert.equal(answerTo(mesh, { http: 'GET /a' }), 'allow');
    assert.equal(answerTo(mesh, { http: 'POST /bank.v1.Ledger/Get' }), 'allow');
  });

  for (const { name, http } of unmapped) {
    it(`is denied as such: ${name}`, () => {
      assert.equal(answerTo(mesh, { http }), 'ctx.unmapped_operation');
    });
  }
});

type Template = { name: string; path: string; template?: string; asked: string; want: string };

const resources: Template[] = [
  {
    name: 'is the service when nothing is said',
    path: '/a',
    asked: '/a',
    want: 'service/payments',
  },
  { name: 'is a literal', path: '/a', template: 'x/main', asked: '/a', want: 'x/main' },
  {
    name: 'is filled in from the path',
    path: '/a/{id}',
    template: 'account/{path.id}',
    asked: '/a/17',
    want: 'account/17',
  },
  {
    name: 'is filled in decoded',
    path: '/a/{id}',
    template: 'account/{path.id}',
    asked: '/a/%6a%C3%A9%20',
    want: 'account/jé ',
  },
  {
    name: 'may have captures in any order, and one twice',
    path: '/{a}/{b}',
    template: 'x/{path.b}/{path.a}/y-{path.b}',
    asked: '/1/2',
    want: 'x/2/1/y-2',
  },
  {
    name: 'keeps the slashes of the rest',
    path: '/f/{r=**}',
    template: 'file/{path.r}',
    asked: '/f/a/b',
    want: 'file/a/b',
  },
  {
    name: 'takes what a caller writes for text, never for a pattern or a template',
    path: '/{a}/{b}',
    template: 'x/{path.a}/{path.b}',
    asked: '/{path.b}/**',
    want: 'x/{path.b}/**',
  },
];

describe('the resource of a request', () => {
  for (const { name, path, template, asked, want } of resources) {
    it(name, () => {
      const operation = { http: `GET ${path}`, ...(template && { resource: template }) };
      const { resource } = accessTo(operation, { http: `GET ${asked.replaceAll(' ', '%20')}` });
      assert.equal(`${resource?.type}/${resource?.id}`, want);
    });
  }
});

describe('the tenant of a request', () => {
  it('is empty when nothing is said', () => {
    assert.equal(accessTo({ http: 'GET /a' }, {}).resource?.tenant, '');
  });

  it('is a literal or filled in from the path, decoded', () => {
    const operation = (tenant: string) => ({ http: 'GET /t/{t}/a', tenant });
    const ask = { http: 'GET /t/%61cme/a' };
    assert.equal(accessTo(operation('globex'), ask).resource?.tenant, 'globex');
    assert.equal(accessTo(operation('{path.t}'), ask).resource?.tenant, 'acme');
    assert.equal(accessTo(operation('org-{path.t}'), ask).resource?.tenant, 'org-acme');
  });
});
