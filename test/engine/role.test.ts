// Roles and what they are not enough for (C-029, C-030), attributes, and actors.

import assert from 'node:assert/strict';
import {
  answerTo,
  CHECKOUT,
  type Document,
  GATEWAY,
  identity,
  PAYMENTS,
  policy,
  REPORTS,
  service,
  snapshotOf,
  verdictOn,
} from './fixture.ts';

const OPERATIONS = {
  read: { http: 'GET /docs/{id}', resource: 'doc/{path.id}' },
  write: { http: 'POST /docs/{id}', resource: 'doc/{path.id}' },
  secret: { http: 'GET /secret/{id}', resource: 'doc/{path.id}', dataClass: 'confidential' },
  drop: { http: 'DELETE /docs/{id}', verb: 'admin', resource: 'doc/{path.id}' },
  wipe: { http: 'POST /wipe', resource: 'admin/all' },
};

function role(covers: readonly Document[], metadata: Document = {}): Document {
  return {
    kind: 'Role',
    metadata: { name: 'editor', namespace: 'pay', ...metadata },
    spec: { covers },
  };
}

const permit = (from: Document, more: Document = {}): Document => {
  return { id: 'a', effect: 'permit', from, to: {}, ...more };
};
const BY_ROLE = { roles: ['editor'] };
const ALL: readonly Document[] = [{ resources: ['doc/*'] }];

function mesh(rules: readonly Document[], covers = ALL) {
  return snapshotOf([
    service('payments', { destinations: [PAYMENTS], operations: OPERATIONS }),
    role(covers),
    policy('p', rules),
    identity(CHECKOUT, {
      roles: ['pay/editor'],
      attributes: { team: 'shop', level: 7, trusted: true, regions: ['eu', 'us'] },
    }),
    identity(REPORTS, { attributes: { team: 'bi' } }),
    GATEWAY,
  ]);
}

const coarse: [name: string, rule: Document, http: string, want: string][] = [
  ['a role alone permits to read', permit(BY_ROLE), 'GET /docs/1', 'allow'],
  ['but not to write', permit(BY_ROLE), 'POST /docs/1', 'authz.coarse_only'],
  ['nor what is confidential', permit(BY_ROLE), 'GET /secret/1', 'authz.coarse_only'],
  [
    'also where it names verb and resource',
    permit(BY_ROLE, { to: { verbs: ['write'], resources: ['doc/1'] } }),
    'POST /docs/1',
    'authz.coarse_only',
  ],
  [
    'with the caller it does',
    permit({ ...BY_ROLE, principals: [CHECKOUT] }),
    'POST /docs/1',
    'allow',
  ],
  [
    'with a service account',
    permit({ ...BY_ROLE, serviceAccounts: ['shop/checkout'] }),
    'POST /docs/1',
    'allow',
  ],
  ['with a claim', permit({ ...BY_ROLE, claims: { team: ['shop'] } }), 'POST /docs/1', 'allow'],
  ['with a condition', permit(BY_ROLE, { condition: 'true' }), 'POST /docs/1', 'allow'],
  [
    'with a namespace not',
    permit({ ...BY_ROLE, namespaces: ['shop'] }),
    'POST /docs/1',
    'authz.coarse_only',
  ],
  [
    'with a kind not',
    permit({ ...BY_ROLE, kinds: ['workload'] }),
    'POST /docs/1',
    'authz.coarse_only',
  ],
];

describe('C-029 C-030: a role', () => {
  for (const [name, rule, http, want] of coarse) {
    it(`${name}: ${want}`, () => assert.equal(answerTo(mesh([rule]), { http }), want));
  }

  it('that is too coarse is named, and gives way to a finer permit', () => {
    const fine = { ...permit({ principals: [CHECKOUT] }), id: 'b' };
    const ask = { http: 'POST /docs/1' };
    assert.deepEqual(verdictOn(mesh([permit(BY_ROLE)]), ask).decision.rules, ['pay/p/a']);
    const { decision } = verdictOn(mesh([permit(BY_ROLE), fine]), ask);
    assert.deepEqual([decision.outcome, decision.rules], ['allow', ['pay/p/b']]);
  });

  it('does not weaken a forbid', () => {
    const forbid = { id: 'f', effect: 'forbid', from: BY_ROLE, to: {} };
    const snapshot = mesh([permit({ principals: [CHECKOUT] }), forbid]);
    assert.equal(answerTo(snapshot, { http: 'POST /docs/1' }), 'authz.forbidden');
  });
});

const covered: [name: string, covers: Document[], http: string, want: string][] = [
  ['its resources', [{ resources: ['doc/1'] }], 'GET /docs/1', 'allow'],
  ['no other resource', [{ resources: ['doc/1'] }], 'GET /docs/2', 'authz.role'],
  ['its operations', [{ operations: ['payments/read'] }], 'GET /docs/1', 'allow'],
  ['no other operation', [{ operations: ['payments/write'] }], 'GET /docs/1', 'authz.role'],
  [
    'what all keys of an entry say',
    [{ operations: ['payments/read'], resources: ['doc/2'] }],
    'GET /docs/1',
    'authz.role',
  ],
  [
    'what one of its entries says',
    [{ resources: ['doc/2'] }, { resources: ['doc/1'] }],
    'GET /docs/1',
    'allow',
  ],
  ['no strong verb by a resource', [{ resources: ['doc/**'] }], 'DELETE /docs/1', 'authz.role'],
  ['no strong verb by a pattern', [{ operations: ['payments/*'] }], 'DELETE /docs/1', 'authz.role'],
  [
    'a strong verb by its operation',
    [{ operations: ['payments/drop'] }],
    'DELETE /docs/1',
    'allow',
  ],
  ['no admin resource by its name', [{ resources: ['admin/all'] }], 'POST /wipe', 'authz.role'],
  [
    'an admin resource by its operation',
    [{ operations: ['payments/wipe'] }],
    'POST /wipe',
    'allow',
  ],
];

describe('C-029: a role covers', () => {
  for (const [name, covers, http, want] of covered) {
    it(`${name}: ${want}`, () => {
      const to = { verbs: ['read', 'write', 'admin'], resources: ['doc/**', 'admin/all'] };
      const rule = permit({ ...BY_ROLE, principals: [CHECKOUT] }, { to });
      assert.equal(answerTo(mesh([rule], covers), { http }), want);
    });
  }

  it('only those who have it', () => {
    const ask = { caller: REPORTS, http: 'GET /docs/1' };
    assert.equal(answerTo(mesh([permit(BY_ROLE)]), ask), 'authz.role');
  });

  it('within a `not` only asks whether the caller has it', () => {
    const rule = permit({ kinds: ['workload'], not: BY_ROLE });
    const snapshot = mesh([rule], [{ resources: ['other/1'] }]);
    assert.equal(answerTo(snapshot, { http: 'GET /docs/1' }), 'authz.no_match');
    assert.equal(answerTo(snapshot, { caller: REPORTS, http: 'GET /docs/1' }), 'allow');
  });

  it('nothing once its review is overdue, where that matters', () => {
    const documents = (reviewBy: string) => [
      service('payments', { destinations: [PAYMENTS], operations: OPERATIONS }),
      role(ALL, { reviewBy }),
      policy('p', [permit(BY_ROLE)]),
      identity(CHECKOUT, { roles: ['pay/editor'] }),
      GATEWAY,
    ];
    const ask = { http: 'GET /docs/1' };
    const overdue = documents('2026-11-21');
    assert.equal(answerTo(snapshotOf(overdue, { overdueReviews: 'warn' }), ask), 'allow');
    assert.equal(answerTo(snapshotOf(overdue, { overdueReviews: 'deny' }), ask), 'authz.role');
    const today = snapshotOf(documents('2026-11-22'), { overdueReviews: 'deny' });
    assert.equal(answerTo(today, ask), 'allow');
    const end = Date.parse('2026-11-23T00:00:00Z');
    assert.equal(answerTo(today, { ...ask, now: end - 1 }), 'allow');
    assert.equal(verdictOn(today, { ...ask, now: end - 1 }).decision.validUntil, end);
    assert.equal(answerTo(today, { ...ask, now: end }), 'authz.role');
  });
});

const claims: [claims: Document, checkout: string, reports: string][] = [
  [{ team: ['shop'] }, 'allow', 'authz.no_match'],
  [{ team: ['s*'] }, 'allow', 'authz.no_match'],
  [{ team: ['*'] }, 'allow', 'allow'],
  [{ team: ['shop', 'bi'] }, 'allow', 'allow'],
  [{ level: ['7'] }, 'allow', 'authz.no_match'],
  [{ level: ['7.0'] }, 'authz.no_match', 'authz.no_match'],
  [{ trusted: ['true'] }, 'allow', 'authz.no_match'],
  [{ regions: ['us'] }, 'allow', 'authz.no_match'],
  [{ regions: ['eu', 'us'] }, 'allow', 'authz.no_match'],
  [{ regions: ['eu,us'] }, 'authz.no_match', 'authz.no_match'],
  [{ team: ['shop'], level: ['8'] }, 'authz.no_match', 'authz.no_match'],
  [{ nothing: ['*'] }, 'authz.no_match', 'authz.no_match'],
  [{ constructor: ['*'] }, 'authz.no_match', 'authz.no_match'],
];

describe('attributes of the principal', () => {
  for (const [wanted, ...want] of claims) {
    it(`${JSON.stringify(wanted)} are answered ${want.join(', ')}`, () => {
      const snapshot = mesh([permit({ claims: wanted })]);
      const answers = [CHECKOUT, REPORTS].map((caller) => {
        return answerTo(snapshot, { caller, http: 'GET /docs/1' });
      });
      assert.deepEqual(answers, want);
    });
  }

  it('come from the inventory and no header', () => {
    const ask = {
      caller: REPORTS,
      http: 'GET /docs/1',
      headers: { team: 'shop', 'x-team': 'shop' },
    };
    assert.equal(answerTo(mesh([permit({ claims: { team: ['shop'] } })]), ask), 'authz.no_match');
  });
});

describe('actors', () => {
  it('match nobody, as nobody acts for anybody in this version', () => {
    const ask = { http: 'GET /docs/1' };
    const whom = { principals: [CHECKOUT], actors: [CHECKOUT] };
    assert.equal(answerTo(mesh([permit(whom)]), ask), 'authz.no_match');
    const spared = permit({ principals: [CHECKOUT], not: { actors: [CHECKOUT] } });
    assert.equal(answerTo(mesh([spared]), ask), 'allow');
  });
});
