// Rules on trial (DESIGN 5.16): until its date such a rule decides nothing and is told with what it
// would have decided; from that moment on a forbid enforces and a permit is gone.

import assert from 'node:assert/strict';
import {
  CHECKOUT,
  type Document,
  GATEWAY,
  identity,
  meshWith,
  PAYMENTS,
  policy,
  REPORTS,
  service,
  snapshotOf,
  TRUST_DOMAIN,
  textOf,
  verdictOn,
} from './fixture.ts';
import { toldOf } from './mistakes.ts';

const UNTIL = '2026-12-01T18:00:00Z';
const BEFORE = Date.parse(UNTIL) - 1;
const AT = Date.parse(UNTIL);
const AFTER = AT + 86_400_000;

const WHO = { trustDomains: [TRUST_DOMAIN] };
const TRIAL = { shadow: true, until: UNTIL };
const permit: Document = { id: 'permit', effect: 'permit', from: WHO, to: {} };
const forbid: Document = { id: 'forbid', effect: 'forbid', from: WHO, to: {} };
const tried = (rule: Document, id = 'tried'): Document => ({ ...rule, id, mode: TRIAL });

function at(now: number, ...rules: Document[]) {
  const { decision } = verdictOn(meshWith(rules), { now });
  const shadow = decision.shadow.map(({ rule, outcome }) => `${rule} ${outcome}`);
  return [decision.reason ?? 'allow', decision.rules.join(' '), shadow.join(', ')];
}

describe('a forbid on trial', () => {
  it('decides nothing before its date, and is told', () => {
    assert.deepEqual(at(BEFORE, permit, tried(forbid)), [
      'allow',
      'pay/p/permit',
      'pay/p/tried deny',
    ]);
  });

  it('is told also where nothing is permitted', () => {
    assert.deepEqual(at(BEFORE, tried(forbid)), ['authz.no_match', '', 'pay/p/tried deny']);
  });

  it('is told also where another forbid decides', () => {
    const want = ['authz.forbidden', 'pay/p/forbid', 'pay/p/tried deny'];
    assert.deepEqual(at(BEFORE, permit, forbid, tried(forbid)), want);
  });

  for (const [when, now] of [
    ['at', AT],
    ['after', AFTER],
  ] as const) {
    it(`enforces ${when} its date`, () => {
      assert.deepEqual(at(now, permit, tried(forbid)), ['authz.forbidden', 'pay/p/tried', '']);
    });
  }
});

describe('a permit on trial', () => {
  it('decides nothing before its date, and is told', () => {
    assert.deepEqual(at(BEFORE, tried(permit)), ['authz.no_match', '', 'pay/p/tried allow']);
  });

  it('is told to change nothing where something is forbidden', () => {
    const want = ['authz.forbidden', 'pay/p/forbid', 'pay/p/tried deny'];
    assert.deepEqual(at(BEFORE, forbid, tried(permit)), want);
  });

  for (const [when, now] of [
    ['at', AT],
    ['after', AFTER],
  ] as const) {
    it(`is gone ${when} its date`, () => {
      assert.deepEqual(at(now, tried(permit)), ['authz.no_match', '', '']);
      assert.deepEqual(at(now, permit, tried(permit)), ['allow', 'pay/p/permit', '']);
    });
  }

  it('of an agent without a task is told to be denied', () => {
    const pay = service('payments', {
      destinations: [PAYMENTS],
      operations: { read: { http: 'GET /a' } },
    });
    const agent = identity(CHECKOUT, { kind: 'agent' });
    const snapshot = snapshotOf([pay, policy('p', [tried(permit)]), GATEWAY, agent]);
    const { decision } = verdictOn(snapshot, { now: BEFORE });
    assert.equal(decision.reason, 'authz.no_match');
    assert.deepEqual(decision.shadow, [{ rule: 'pay/p/tried', outcome: 'deny' }]);
  });

  it('that would stop at a boundary changes not even the reason', () => {
    const pay = service('payments', {
      destinations: [PAYMENTS],
      operations: { read: { http: 'GET /a', tenant: 'acme' } },
    });
    const answer = (...rules: Document[]) => {
      const snapshot = snapshotOf([pay, policy('p', rules), GATEWAY, identity(CHECKOUT)]);
      return verdictOn(snapshot, { now: BEFORE }).decision.reason;
    };
    assert.equal(answer(permit), 'authz.boundary');
    assert.equal(answer(tried(permit)), 'authz.no_match');
    assert.equal(answer(), 'authz.no_match');
  });
});

describe('rules on trial', () => {
  it('are told in order, at most 16 of them', () => {
    const rules = Array.from({ length: 20 }, (_, index) => tried(forbid, `t${index}`));
    const { decision } = verdictOn(meshWith([permit, ...rules.toReversed()]), { now: BEFORE });
    const names = rules.map(({ id }) => `pay/p/${id}`).sort();
    assert.deepEqual(
      decision.shadow.map(({ rule }) => rule),
      names.slice(0, 16),
    );
    assert.equal(decision.ruleCount, 1, 'they are no matching rules');
  });

  it('that do not match are not told', () => {
    const other = { ...tried(forbid), from: { principals: [REPORTS] } };
    assert.deepEqual(at(BEFORE, permit, other), ['allow', 'pay/p/permit', '']);
  });

  it('may be a whole policy, in which a rule may have its own date', () => {
    const early = { shadow: true, until: '2026-01-01T00:00:00Z' };
    const rules = [permit, { ...forbid, mode: early }];
    const document = { ...policy('trial', []), spec: { rules, mode: TRIAL } };
    const pay = service('payments', {
      destinations: [PAYMENTS],
      operations: { read: { http: 'GET /a' } },
    });
    const snapshot = snapshotOf([pay, document, GATEWAY, identity(CHECKOUT)]);
    const { decision } = verdictOn(snapshot, { now: BEFORE });
    assert.deepEqual(decision.rules, ['pay/trial/forbid']);
    assert.deepEqual(decision.shadow, [{ rule: 'pay/trial/permit', outcome: 'deny' }]);
  });

  const times: [string, string][] = [
    ['2026-12-01T18:00:00Z', '2026-12-01T18:00:00.000Z'],
    ['2026-12-01T18:00:00.25Z', '2026-12-01T18:00:00.250Z'],
    ['2026-12-01T18:00:00+01:00', '2026-12-01T17:00:00.000Z'],
    ['2026-12-01T00:30:00+23:59', '2026-11-30T00:31:00.000Z'],
  ];
  for (const [written, utc] of times) {
    it(`end on the millisecond: ${written}`, () => {
      const rule = { ...forbid, mode: { shadow: true, until: written } };
      assert.equal(at(Date.parse(utc) - 1, permit, rule)[0], 'allow');
      assert.equal(at(Date.parse(utc), permit, rule)[0], 'authz.forbidden');
    });
  }

  for (const until of [
    '2026-12-01',
    '2026-12-01T18:00Z',
    '2026-12-01T18:00:00',
    '2026-12-01 18:00:00Z',
    '2026-02-30T00:00:00Z',
    '2026-12-01T24:00:00Z',
    '2026-12-01T18:00:60Z',
    '2026-12-01T18:00:00+0100',
    'tomorrow',
  ]) {
    it(`never end at what is no point in time: ${until}`, () => {
      const text = textOf([policy('p', [{ ...forbid, mode: { shadow: true, until } }])]);
      const messages = toldOf(text).map(([, message]) => message);
      assert.deepEqual(messages, [
        'spec.rules[0].mode.until: must be a time such as 2026-12-01T18:00:00Z',
      ]);
    });
  }
});
