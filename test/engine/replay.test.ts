// C-008: a decision can be repeated from its own record: the same outcome, reason and rules come
// out of what the record holds, as long as the policies are the same.

import assert from 'node:assert/strict';
import { type Occasion, recordLines } from '../../engine/record.ts';
import { NotReplayable, type Replayed, replay } from '../../engine/replay.ts';
import type { Snapshot } from '../../engine/snapshot.ts';
import { secret } from '../support/secret.ts';
import {
  type Ask,
  CHECKOUT,
  enforcer,
  identity,
  NOW,
  PAYMENTS,
  policy,
  REPORTS,
  service,
  snapshotOf,
  TRUST_DOMAIN,
  verdictOn,
} from './fixture.ts';

const CALLER = { principals: [CHECKOUT] };
const permit = (id: string, to: object, more: object) => {
  return { id, effect: 'permit', from: CALLER, to, ...more };
};

const RULES = [
  permit('body', { operations: ['refund'] }, { condition: 'request.body.amount <= 500' }),
  permit(
    'big',
    { operations: ['refund'] },
    { condition: 'request.body.amount == 9007199254740993' },
  ),
  permit('header', { operations: ['read'] }, { condition: "request.headers['x-plan'] == 'gold'" }),
  permit('capture', { operations: ['read'] }, { condition: "request.captures.a == 'mine'" }),
  permit('query', { operations: ['list'] }, { condition: "request.query['q'][0] == 'x'" }),
  permit('cookie', { operations: ['keys'] }, { condition: 'has(request.headers.cookie)' }),
  permit('window', { operations: ['report'] }, { between: { from: '11:00', to: '12:30' } }),
  permit('dotted', { operations: ['deep'] }, { condition: "request.body['a.b'] == 1" }),
  permit('nested', { operations: ['deep'] }, { condition: 'request.body.?n.?m.orValue(2) == 2' }),
  permit('inner', { operations: ['deep'] }, { condition: '!has(request.body.n.m)' }),
  permit('whole', { operations: ['deep'] }, { condition: "'a' in request.captures" }),
  permit('list', { operations: ['deep'] }, { condition: 'request.body[0] == 7' }),
  {
    ...permit('place', { operations: ['place'] }, {}),
    from: { ...CALLER, ipBlocks: ['10.0.0.0/8'] },
  },
  {
    ...permit('zone', { operations: ['place'] }, {}),
    from: { ...CALLER, runtime: { zone: ['b'] } },
  },
  { id: 'no', effect: 'forbid', from: {}, to: { resources: ['account/17'] } },
];

function meshOf(rules: readonly object[]): Snapshot {
  const at = (path: string) => ({ resource: 'account/{path.a}', http: path });
  return snapshotOf([
    service('payments', {
      destinations: [PAYMENTS],
      operations: {
        refund: { ...at('POST /r/{a}'), verb: 'invoke', body: { amount: 'int', note: 'string?' } },
        read: at('GET /a/{a}'),
        list: at('GET /l/{a}'),
        keys: at('GET /k/{a}'),
        report: at('GET /p/{a}'),
        place: at('GET /w/{a}'),
        deep: { ...at('POST /d/{a}'), verb: 'invoke' },
      },
    }),
    policy('p', rules as never),
    identity(CHECKOUT, { attributes: { limit: 500 } }),
    identity(REPORTS),
    enforcer('gateway', {
      type: 'gateway',
      local: true,
      asserts: { peer: ['principal', 'anonymous'], destinations: ['*'], runtime: ['zone'] },
    }),
  ]);
}

const SNAPSHOT = meshOf(RULES);

function recordOf(ask: Ask, snapshot = SNAPSHOT): string {
  const occasion: Occasion = {
    decisionId: '01936f2a-7c00-7000-8000-000000000001',
    now: ask.now ?? NOW,
    durationUs: 1,
    revision: 0,
    method: 'GET',
    path: (ask.http ?? '').split(' ')[1] ?? '',
    host: '',
    destination: PAYMENTS,
    requestId: '',
    traceId: '',
    sni: '',
    port: 0,
  };
  return recordLines(verdictOn(snapshot, ask), occasion, snapshot).decision;
}

const asks: readonly (Ask & { readonly name: string; readonly want: string })[] = [
  { name: 'an int of a body', http: 'POST /r/1', body: { amount: 500 }, want: 'allow' },
  { name: 'one too much', http: 'POST /r/1', body: { amount: 501 }, want: 'authz.condition' },
  {
    name: 'more than a double holds',
    http: 'POST /r/1',
    body: '{"amount": 9007199254740993}',
    want: 'allow',
  },
  {
    name: 'the int beside it',
    http: 'POST /r/1',
    body: '{"amount": 9007199254740992}',
    want: 'authz.condition',
  },
  { name: 'a body that is none', http: 'POST /r/1', body: '{', want: 'ctx.body_unreadable' },
  { name: 'no body', http: 'POST /r/1', want: 'ctx.body_unreadable' },
  { name: 'a header', http: 'GET /a/1', headers: { 'x-plan': 'gold' }, want: 'allow' },
  {
    name: 'another value',
    http: 'GET /a/1',
    headers: { 'x-plan': 'tin' },
    want: 'authz.condition',
  },
  { name: 'a capture', http: 'GET /a/mine', want: 'allow' },
  { name: 'a time in the window', http: 'GET /p/1', want: 'allow' },
  { name: 'a time after it', http: 'GET /p/1', now: NOW + 1_800_000, want: 'authz.time_window' },
  { name: 'an address', http: 'GET /w/1', sourceAddress: '10.1.2.3', want: 'allow' },
  { name: 'another address', http: 'GET /w/1', sourceAddress: '11.1.2.3', want: 'authz.runtime' },
  { name: 'a fact', http: 'GET /w/1', extensions: { 'remit.runtime.zone': 'b' }, want: 'allow' },
  { name: 'a forbid', http: 'GET /a/17', headers: { 'x-plan': 'gold' }, want: 'authz.forbidden' },
  { name: 'nobody', caller: '', http: 'GET /a/1', want: 'authz.no_match' },
  { name: 'another caller', caller: REPORTS, http: 'GET /a/1', want: 'authz.no_match' },
  {
    name: 'an unknown one',
    caller: `spiffe://${TRUST_DOMAIN}/ns/x/sa/y`,
    http: 'GET /a/1',
    want: 'authz.unknown_identity',
  },
];

describe('a record', () => {
  for (const { name, want, ...ask } of asks) {
    it(`is decided again as it was: ${name} (C-008)`, () => {
      const replayed = replay(recordOf(ask), SNAPSHOT) as Replayed;
      assert.ok(!(replayed instanceof NotReplayable), JSON.stringify(replayed));
      const { outcome, reason } = replayed.verdict.decision;
      assert.equal(reason ?? outcome, want);
      assert.deepEqual([replayed.same, replayed.samePolicy], [true, true]);
    });
  }

  // A key with a dot, an object or a field that is not there, and what is no object.
  for (const body of [
    '{"a.b": 1}',
    '{"a": {"b": 1}}',
    '{"n": {"m": 3}, "a.b": 2}',
    '{"n": {}}',
    '{"n": 5}',
    '{"n": "text"}',
    '{"n": [1, 2]}',
    '{"n": null}',
    '{}',
    '[7]',
    '"text"',
    '{',
  ]) {
    it(`of a body \`${body}\` is decided again, with every rule's error (C-008)`, () => {
      const ask: Ask = { http: 'POST /d/1', body };
      const line = recordOf(ask);
      const { decision } = verdictOn(SNAPSHOT, ask);
      const replayed = replay(line, SNAPSHOT) as Replayed;
      assert.ok(!(replayed instanceof NotReplayable), JSON.stringify(replayed));
      assert.deepEqual(
        [replayed.verdict.decision.rules, replayed.verdict.decision.errors],
        [decision.rules, decision.errors],
        line,
      );
    });
  }

  it('holds nothing of a text in which a rule looked for a field', () => {
    const nested = meshOf([
      permit('n', { operations: ['deep'] }, { condition: 'request.body.n.m == 2' }),
    ]);
    const line = recordOf({ http: 'POST /d/1', body: '{"n": "private"}' }, nested);
    assert.ok(line.includes('"request.body.n":""'), line);
    assert.ok(!line.includes('private'), line);
  });

  it('is not decided on policies that read what it does not hold', () => {
    const line = recordOf({ http: 'POST /r/1', body: { amount: 400 } });
    for (const [more, path] of [
      [{ condition: "request.headers['x-plan'] == 'gold'" }, 'request.headers.x-plan'],
      [{ condition: "request.body.note == 'x'" }, 'request.body.note'],
      [{ from: { ...CALLER, ipBlocks: ['10.0.0.0/8'] } }, 'context.sourceIp'],
    ] as const) {
      const other = meshOf([permit('other', { operations: ['refund'] }, more)]);
      const { why } = replay(line, other) as NotReplayable;
      assert.equal(why, `these policies read what is not recorded: ${path}`);
    }
  });

  it('tells what was looked for and not there', () => {
    const line = recordOf({ http: 'GET /a/1' });
    assert.ok(line.includes('"absent":["request.headers.x-plan"]'), line);
    const other = meshOf([
      permit('none', { operations: ['read'] }, { condition: "!('x-plan' in request.headers)" }),
    ]);
    assert.equal((replay(line, other) as Replayed).verdict.decision.outcome, 'allow');
  });

  it('that depends on a query or a cookie says so, and holds neither', () => {
    const word = secret('word');
    const cookie = recordOf({ http: 'GET /k/1', headers: { cookie: `session=${word}` } });
    const query = recordOf({ http: `GET /l/1?q=${word}` });
    for (const line of [cookie, query]) {
      assert.ok(!line.includes(word), line);
      const replayed = replay(line, SNAPSHOT);
      assert.match(
        (replayed as NotReplayable).why,
        /not recorded: request\.(headers\.cookie|query)/,
      );
    }
  });

  it('decided on other policies shows what changes', () => {
    const line = recordOf({ http: 'POST /r/1', body: { amount: 400 } });
    const stricter = meshOf([
      permit('body', { operations: ['refund'] }, { condition: 'request.body.amount <= 300' }),
    ]);
    const replayed = replay(line, stricter) as Replayed;
    assert.equal(replayed.verdict.decision.reason, 'authz.condition');
    assert.deepEqual([replayed.same, replayed.samePolicy], [false, false]);
  });

  it('holds of a body only what a rule read', () => {
    const line = recordOf({ http: 'POST /r/1', body: { amount: 400, note: 'private' } });
    assert.ok(line.includes('"request.body.amount":400'));
    assert.ok(!line.includes('private'));
  });

  for (const [name, line] of [
    ['no JSON', '{'],
    ['another record', '{"kind":"authn.evidence"}'],
    ['a deep one', `{"kind":"authz.decision","attributes":${'['.repeat(1000)}${']'.repeat(1000)}}`],
    ['one without an operation', '{"kind":"authz.decision","service":"pay/payments"}'],
  ] as const) {
    it(`that is none is told: ${name}`, () => {
      assert.ok(replay(line, SNAPSHOT) instanceof NotReplayable);
    });
  }
});
