// Exceptions, which permit and suspend for a while (C-073), and services that a namespace exports
// to the policies of another.

import assert from 'node:assert/strict';
import {
  answerTo,
  CHECKOUT,
  type Document,
  GATEWAY,
  identity,
  NOW,
  PAYMENTS,
  policy,
  REPORTS,
  service,
  snapshotOf,
  verdictOn,
} from './fixture.ts';

const OPERATIONS = { read: { http: 'GET /docs/{id}', resource: 'doc/{path.id}' } };

const permit = (from: Document, more: Document = {}): Document => {
  return { id: 'a', effect: 'permit', from, to: {}, ...more };
};

function mesh(rules: readonly Document[], more: Document) {
  return snapshotOf([
    service('payments', { destinations: [PAYMENTS], operations: OPERATIONS }),
    policy('p', rules),
    identity(CHECKOUT),
    identity(REPORTS),
    GATEWAY,
    more,
  ]);
}

const EXPIRES = '2026-11-22T18:00:00Z';

function exception(spec: Document): Document {
  const metadata = { name: 'incident', namespace: 'pay', owner: 'payments' };
  const from = { principals: [REPORTS] };
  const about = { reason: 'INC-1', expiresAt: EXPIRES, from, to: {} };
  return { kind: 'Exception', metadata, spec: { ...about, ...spec } };
}

describe('C-073: an exception', () => {
  const ask = { caller: REPORTS, http: 'GET /docs/1' };
  const forbid = { id: 'f', effect: 'forbid', from: {}, to: {}, suspendable: true };
  const other = { ...forbid, id: 'g', suspendable: false };
  const suspends = ['pay/p/f'];

  it('permits, by its own name, until it expires', () => {
    const snapshot = mesh([], exception({}));
    const { decision } = verdictOn(snapshot, ask);
    assert.deepEqual([decision.outcome, decision.rules], ['allow', ['pay/incident']]);
    const end = Date.parse(EXPIRES);
    assert.equal(verdictOn(snapshot, { ...ask, now: end - 1000 }).decision.validUntil, end);
    assert.equal(answerTo(snapshot, { ...ask, now: end - 1 }), 'allow');
    assert.equal(answerTo(snapshot, { ...ask, now: end }), 'authz.no_match');
  });

  it('takes the forbid away that it names, and no other, for whom it matches', () => {
    const answer = (rules: Document[], more = {}) =>
      answerTo(mesh(rules, exception({ suspends })), { ...ask, ...more });
    assert.equal(answer([forbid]), 'allow');
    assert.equal(answer([forbid, other]), 'authz.forbidden');
    assert.equal(
      answer([forbid, permit({ principals: [CHECKOUT] })], { caller: CHECKOUT }),
      'authz.forbidden',
    );
    assert.equal(answer([forbid], { now: Date.parse(EXPIRES) }), 'authz.forbidden');
  });

  it('does not take it away where its own condition fails', () => {
    const more = exception({ suspends, condition: "request.headers['x-ticket'] == '1'" });
    const snapshot = mesh([forbid], more);
    assert.equal(answerTo(snapshot, ask), 'authz.forbidden');
    assert.equal(answerTo(snapshot, { ...ask, headers: { 'x-ticket': '1' } }), 'allow');
  });

  it('is gone once its review is overdue, where that matters', () => {
    const metadata = { name: 'incident', namespace: 'pay', owner: 'x', reviewBy: '2026-11-21' };
    const documents = (more: Document) => [
      service('payments', { destinations: [PAYMENTS], operations: OPERATIONS }),
      identity(REPORTS),
      GATEWAY,
      { ...exception({}), metadata: { ...metadata, ...more } },
    ];
    const answer = (overdueReviews: 'warn' | 'deny', more = {}) =>
      answerTo(snapshotOf(documents(more), { overdueReviews }), { ...ask, now: NOW });
    assert.equal(answer('warn'), 'allow');
    assert.equal(answer('deny'), 'authz.no_match');
    assert.equal(answer('deny', { reviewBy: '2026-11-22' }), 'allow');
  });
});

describe('a service of another namespace', () => {
  const operations = { read: { http: 'GET /a' } };
  const shared = (exports?: string[]) =>
    service('payments', { destinations: [PAYMENTS], operations, ...(exports && { exports }) });
  const rule = (to: Document) => policy('p', [permit({ principals: [CHECKOUT] }, { to })], 'shop');
  const answer = (to: Document, exports: string[]) =>
    answerTo(snapshotOf([shared(exports), rule(to), identity(CHECKOUT), GATEWAY]));

  it('is reached where it is exported and named in full', () => {
    assert.equal(answer({ services: ['pay/payments'] }, ['shop']), 'allow');
    assert.equal(answer({ operations: ['pay/payments/read'] }, ['*']), 'allow');
    assert.equal(answer({ services: ['pay/payments'], operations: ['read'] }, ['shop']), 'allow');
  });

  it('is not reached by a rule that names nothing, nor by a pattern', () => {
    assert.equal(answer({}, ['*']), 'authz.no_match');
    assert.equal(answer({ services: ['*'] }, ['*']), 'authz.no_match');
    assert.equal(answer({ operations: ['*'] }, ['*']), 'authz.no_match');
  });
});
