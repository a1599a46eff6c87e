// Conditions of rules: an error never widens access, whatever side it is on (docs/semantics.md,
// invariant 3), bodies are read whole or not at all (C-113), and what an operation requires has to
// come (C-082).

import assert from 'node:assert/strict';
import {
  type Ask,
  answerTo,
  CHECKOUT,
  type Document,
  enforcer,
  GATEWAY,
  identity,
  PAYMENTS,
  policy,
  service,
  snapshotOf,
  textOf,
  told,
  verdictOn,
} from './fixture.ts';

const OPERATIONS = {
  read: { http: 'GET /a' },
  pay: { http: 'POST /pay', body: { amount: 'int', to: 'string' } },
};

const TELLING = enforcer('gateway', {
  type: 'gateway',
  local: true,
  asserts: { peer: ['principal', 'anonymous'], destinations: ['*'], runtime: ['region'] },
});

function mesh(rules: readonly Document[], operations: Document = OPERATIONS, about: Document = {}) {
  return snapshotOf([
    service('payments', { destinations: [PAYMENTS], operations }),
    policy(
      'p',
      rules.map((rule, index) => ({ id: `r${index}`, to: {}, ...rule })),
    ),
    identity(CHECKOUT, { attributes: { team: 'shop', level: 7 }, ...about }),
    TELLING,
  ]);
}

const permit = (condition: string): Document => {
  return { effect: 'permit', from: { principals: [CHECKOUT] }, condition };
};
const forbid = (condition: string): Document => ({ effect: 'forbid', from: {}, condition });
const ANYBODY = { effect: 'permit', from: { principals: [CHECKOUT] } };

const conditions: [condition: string, guard: string, ask: Ask, holds: boolean | string][] = [
  ['true', '', {}, true],
  ['false', '', {}, false],
  ["principal.attributes.team == 'shop'", 'has(principal.attributes.team)', {}, true],
  ['principal.attributes.level > 6', 'has(principal.attributes.level)', {}, true],
  ["principal.attributes.nothing == 'x'", 'has(principal.attributes.nothing)', {}, 'absent'],
  ["principal.attributes.level == 'x'", 'has(principal.attributes.level)', {}, false],
  ["request.headers['x-a'] == '1'", "'x-a' in request.headers", { headers: { 'x-a': '1' } }, true],
  ["request.headers['x-a'] == '1'", "'x-a' in request.headers", {}, 'absent'],
  ["request.query['q'] == ['1']", "'q' in request.query", { http: 'GET /a?q=1' }, true],
  ["request.query['q'] == ['1', '2']", "'q' in request.query", { http: 'GET /a?q=1&q=2' }, true],
  ["request.query['q'] == ['1']", "'q' in request.query", { http: 'GET /a?q=1&q=2' }, false],
  ["request.query['q'] == ['a b']", "'q' in request.query", { http: 'GET /a?q=a%20b' }, true],
  ["request.query['q'] == ['1']", "'q' in request.query", { http: 'GET /a' }, 'absent'],
  ["context.sourceIp == '::1'", 'has(context.sourceIp)', { sourceAddress: '::1' }, true],
  ["context.sourceIp == '::1'", 'has(context.sourceIp)', {}, 'absent'],
  ['1 / (size(request.path) - 2) > 0', '', {}, 'error'],
];

describe('a condition', () => {
  for (const [condition, guard, ask, holds] of conditions) {
    it(`${condition}, asked ${JSON.stringify(ask)}: ${holds}`, () => {
      const guarded = guard === '' ? condition : `${guard} && ${condition}`;
      const permitted = verdictOn(mesh([permit(condition)]), ask).decision;
      const forbidden = verdictOn(mesh([ANYBODY, forbid(guarded)]), ask).decision;
      assert.equal(permitted.outcome, holds === true ? 'allow' : 'deny');
      if (holds !== true) assert.equal(permitted.reason, 'authz.condition');
      const forbids = holds === true || holds === 'error';
      assert.equal(forbidden.reason, forbids ? 'authz.forbidden' : undefined);
      assert.equal(permitted.errors.length, typeof holds === 'string' ? 1 : 0);
      assert.equal(forbidden.errors.length, holds === 'error' ? 1 : 0);
      if (holds === 'error') assert.match(forbidden.errors[0]!, /^pay\/p\/r1: \S/);
    });
  }

  it('of a forbid has to ask first whether what it reads is there', () => {
    const documents = (condition: string) => [
      service('payments', { operations: OPERATIONS }),
      policy('p', [{ id: 'a', to: {}, ...forbid(condition) }]),
    ];
    for (const [condition, guard] of conditions) {
      const guarded = `${guard} && ${condition}`;
      if (guard === '') continue;
      assert.match(told(textOf(documents(condition)))[0]!, /may be absent, and a forbid would/);
      assert.deepEqual(told(textOf(documents(guarded))), [], guarded);
    }
  });

  it('of another caller’s rule is not looked at', () => {
    const rule = { ...forbid('1 / (size(request.path) - 2) > 0') };
    const elsewhere = { ...rule, from: { serviceAccounts: ['x/y'] } };
    const { decision } = verdictOn(mesh([ANYBODY, elsewhere]));
    assert.deepEqual([decision.outcome, decision.errors], ['allow', []]);
    assert.equal(answerTo(mesh([ANYBODY, rule])), 'authz.forbidden');
  });

  it('that costs too much permits nothing and spares nothing', () => {
    const list = `[${Array.from({ length: 60 }, (_, index) => index).join(',')}]`;
    const costly = `${list}.all(a, ${list}.all(b, ${list}.all(c, a + b + c >= 0)))`;
    const permitted = verdictOn(mesh([permit(costly)])).decision;
    assert.equal(permitted.reason, 'authz.condition');
    assert.equal(permitted.errors.length, 1);
    assert.equal(answerTo(mesh([ANYBODY, forbid(costly)])), 'authz.forbidden');
  });

  it('that holds on trial would have allowed, and fails for a forbid into a denial', () => {
    const mode = { shadow: true, until: '2027-01-01T00:00:00Z' };
    const tried = (rule: Document) =>
      verdictOn(mesh([ANYBODY, { ...rule, mode }])).decision.shadow.map(({ outcome }) => outcome);
    assert.deepEqual(tried(forbid('1 / (size(request.path) - 2) > 0')), ['deny']);
    assert.deepEqual(tried(permit("request.headers['x'] == ''")), []);
    assert.deepEqual(tried(permit('true')), ['allow']);
  });
});

const POST: Ask = { http: 'POST /pay' };
const AMOUNT = 'request.body.amount < 100';
const bodies: [name: string, ask: Ask, want: string, forbidden: string][] = [
  ['one that is small enough', { body: { amount: 5, to: 'x' } }, 'allow', 'authz.forbidden'],
  ['one that is too large', { body: { amount: 500, to: 'x' } }, 'authz.condition', 'allow'],
  ['none', {}, 'ctx.body_unreadable', 'authz.forbidden'],
  ['garbage', { body: '{"amount": 5' }, 'ctx.body_unreadable', 'authz.forbidden'],
  [
    'a key twice',
    { body: '{"amount": 5, "amount": 500}' },
    'ctx.body_unreadable',
    'authz.forbidden',
  ],
  ['more behind it', { body: '{"amount": 5} {}' }, 'ctx.body_unreadable', 'authz.forbidden'],
  [
    'a part of it',
    { body: { amount: 5, to: 'x' }, headers: { 'x-envoy-auth-partial-body': 'true' } },
    'ctx.body_unreadable',
    'authz.forbidden',
  ],
  [
    'more than its length says',
    { body: { amount: 5, to: 'x' }, headers: { 'content-length': '3' } },
    'ctx.body_unreadable',
    'authz.forbidden',
  ],
  [
    'another type than it declares',
    { body: { amount: 5, to: 'x' }, headers: { 'content-type': 'text/plain' } },
    'ctx.body_unreadable',
    'authz.forbidden',
  ],
  [
    'a number beyond all integers',
    { body: '{"amount": 1e400, "to": "x"}' },
    'ctx.body_unreadable',
    'authz.forbidden',
  ],
  [
    'a text for a number',
    { body: { amount: '5', to: 'x' } },
    'ctx.body_unreadable',
    'authz.forbidden',
  ],
];

describe('C-113: a condition about a body that is', () => {
  for (const [name, ask, want, forbidden] of bodies) {
    it(`${name}: ${want}, and by a forbid ${forbidden}`, () => {
      const to = { operations: ['pay'] };
      const request = { ...POST, ...ask };
      assert.equal(answerTo(mesh([{ ...permit(AMOUNT), to }]), request), want);
      const rules = [ANYBODY, { ...forbid(AMOUNT), to }];
      assert.equal(answerTo(mesh(rules), request), forbidden);
    });
  }

  it('unreadable is told in the decision’s errors, by rule', () => {
    const rule = { ...permit(AMOUNT), to: { operations: ['pay'] } };
    const { errors } = verdictOn(mesh([rule]), { ...POST, body: '{' }).decision;
    assert.match(errors[0]!, /^pay\/p\/r0: body_unreadable /);
  });
});

const required: [path: string, without: Ask, having: Ask][] = [
  ['request.headers.x-ticket', {}, { headers: { 'x-ticket': '1' } }],
  ['request.headers.x-ticket', { headers: { 'x-ticket': '' } }, { headers: { 'x-ticket': '1' } }],
  ['request.query.reason', {}, { http: 'POST /a?reason=x' }],
  ['request.query.reason', { http: 'POST /a?reason=' }, { http: 'POST /a?reason=x' }],
  ['request.body', {}, { body: {} }],
  ['request.body.amount', { body: { other: 1 } }, { body: { amount: 1 } }],
  ['request.body.a.b', { body: { a: { c: 1 } } }, { body: { a: { b: 0 } } }],
  ['request.body.a.b', { body: { a: 'b' } }, { body: { a: { b: '' } } }],
  ['request.body.amount', { body: { amount: null } }, { body: { amount: false } }],
  ['context.runtime.region', {}, { extensions: { 'remit.runtime.region': 'eu' } }],
  ['context.sourceIp', {}, { sourceAddress: '10.0.0.1' }],
  ['principal.attributes.team', { caller: '' }, {}],
];

describe('C-082: an operation that requires', () => {
  const operations = (requires: string[]) => ({ a: { http: 'POST /a', requires } });
  const rules = [ANYBODY, { effect: 'permit', from: { anonymous: true } }];
  for (const [path, without, having] of required) {
    it(`${path} denies ${JSON.stringify(without)}, and names it`, () => {
      const snapshot = mesh(rules, operations([path]));
      const { decision } = verdictOn(snapshot, { http: 'POST /a', ...without });
      assert.deepEqual(
        [decision.reason, decision.errors],
        ['ctx.insufficient', [`missing ${path}`]],
      );
      assert.equal(answerTo(snapshot, { http: 'POST /a', ...having }), 'allow');
    });
  }

  it('several names all that is missing', () => {
    const paths = [
      'request.headers.x-a',
      'request.body.b',
      'principal.tenant',
      'principal.environment',
    ];
    const { decision } = verdictOn(mesh(rules, operations(paths)), { http: 'POST /a' });
    assert.deepEqual(
      decision.errors,
      paths.map((path) => `missing ${path}`),
    );
    const about = { tenant: 'acme', environment: 'prod' };
    const ask = { http: 'POST /a', headers: { 'x-a': '1' }, body: { b: 1 } };
    assert.equal(
      answerTo(mesh([{ ...ANYBODY, crossTenant: true }], operations(paths), about), ask),
      'allow',
    );
  });

  it('a body that came in part, or cannot be read, is told apart from none', () => {
    const snapshot = mesh(rules, operations(['request.body.amount']));
    const partial = { 'x-envoy-auth-partial-body': 'true' };
    const ask: Ask = { http: 'POST /a', body: { amount: 1 }, headers: partial };
    assert.equal(answerTo(snapshot, ask), 'ctx.body_unreadable');
    assert.equal(answerTo(snapshot, { http: 'POST /a', body: '{' }), 'ctx.body_unreadable');
    assert.equal(answerTo(snapshot, { http: 'POST /a' }), 'ctx.insufficient');
  });
});

describe('C-081: a rule on trial', () => {
  it('decides nothing until its end, and then a forbid enforces and a permit is gone', () => {
    const end = Date.parse('2026-11-22T13:00:00Z');
    const mode = { shadow: true, until: '2026-11-22T13:00:00Z' };
    const snapshot = mesh([ANYBODY, { effect: 'forbid', from: {}, mode }]);
    const before = verdictOn(snapshot, { now: end - 1 }).decision;
    assert.deepEqual([before.outcome, before.validUntil], ['allow', end]);
    assert.deepEqual(before.shadow, [{ rule: 'pay/p/r1', outcome: 'deny' }]);
    assert.equal(answerTo(snapshot, { now: end }), 'authz.forbidden');
    const tried = mesh([{ ...ANYBODY, mode }]);
    assert.deepEqual(verdictOn(tried, { now: end - 1 }).decision.shadow, [
      { rule: 'pay/p/r0', outcome: 'allow' },
    ]);
    assert.deepEqual(verdictOn(tried, { now: end }).decision.shadow, []);
    assert.equal(answerTo(tried, { now: end }), 'authz.no_match');
  });
});

describe('an enforcer that may tell nothing', () => {
  it('leaves required facts missing, whatever it tells', () => {
    const operations = { a: { http: 'POST /a', requires: ['context.runtime.region'] } };
    const pay = service('payments', { destinations: [PAYMENTS], operations });
    const snapshot = snapshotOf([pay, policy('p', []), identity(CHECKOUT), GATEWAY]);
    const ask = { http: 'POST /a', extensions: { 'remit.runtime.region': 'eu' } };
    assert.equal(answerTo(snapshot, ask), 'ctx.insufficient');
  });
});
