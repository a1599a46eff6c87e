// By hand: forbids, permits, exceptions and trials (docs/semantics.md, "From matching rules to an
// outcome").

import type { Block, Doc } from '../vocabulary.ts';
import { CART, type HandCase, type HandResult } from '../world.ts';

const everybody = { trustDomains: ['td.example', 'other.example'] };
const permit = { id: 'permit', effect: 'permit', from: everybody, to: {} };
const forbid = { id: 'forbid', effect: 'forbid', from: {}, to: {}, suspendable: true };
const trial = { mode: { shadow: true, until: '2026-11-23T00:00:00Z' } };
const ended = { mode: { shadow: true, until: '2026-11-22T12:00:00Z' } };
const agent = { kind: 'agent' };
const allowed: HandResult = { outcome: 'allow', reason: undefined };
const P = 'pay/p/permit';
const F = 'pay/p/forbid';

const exception = (more: Block = {}, spec: Block = {}): Doc => ({
  kind: 'Exception',
  metadata: { name: 'inc', namespace: 'pay', owner: 'sre', ...more },
  spec: {
    reason: 'INC',
    expiresAt: '2026-11-23T00:00:00Z',
    suspends: [F],
    from: { principals: [CART] },
    to: {},
    ...spec,
  },
});
const roles = {
  identity: { roles: ['pay/reader'] },
  documents: [
    {
      kind: 'Role',
      metadata: { name: 'reader', namespace: 'pay' },
      spec: { covers: [{ services: ['*'] }] },
    },
  ],
};
const byRole = { id: 'role', effect: 'permit', from: { roles: ['reader'] }, to: {} };

export const OUTCOME_CASES: readonly HandCase[] = [
  {
    name: 'a forbid overrides every permit, and is named',
    rules: [permit, forbid],
    want: { reason: 'authz.forbidden', rules: [F], ruleCount: 1 },
  },
  {
    name: 'permits are named, sorted',
    rules: [permit, { ...permit, id: 'again' }],
    want: { ...allowed, rules: ['pay/p/again', P], ruleCount: 2 },
  },
  {
    name: 'sixteen rules are named, and all are counted',
    rules: Array.from({ length: 20 }, (_, index) => ({ ...permit, id: `r${10 + index}` })),
    want: {
      ruleCount: 20,
      rules: Array.from({ length: 16 }, (_, index) => `pay/p/r${10 + index}`),
    },
  },

  // Exceptions.
  {
    name: 'an exception takes a forbid away and permits',
    rules: [forbid],
    documents: [exception()],
    want: { ...allowed, rules: ['pay/inc'] },
  },
  {
    name: 'an exception takes only what it names away',
    rules: [forbid, { ...forbid, id: 'other' }],
    documents: [exception()],
    want: { reason: 'authz.forbidden', rules: ['pay/p/other'] },
  },
  {
    name: 'an exception is gone when it expires',
    rules: [permit, forbid],
    documents: [exception({}, { expiresAt: '2026-11-22T12:00:00Z' })],
    want: { reason: 'authz.forbidden' },
  },
  {
    name: 'an exception takes nothing away where it does not match',
    rules: [permit, forbid],
    documents: [exception({}, { to: { verbs: ['write'] } })],
    want: { reason: 'authz.forbidden' },
  },
  {
    name: 'an overdue exception is gone',
    rules: [permit, forbid],
    documents: [exception({ reviewBy: '2026-11-21' })],
    settings: { overdueReviews: 'deny' },
    want: { reason: 'authz.forbidden' },
  },

  // In force, on trial, overdue.
  {
    name: 'an overdue permit is gone, an overdue forbid is not',
    rules: [permit],
    policy: { reviewBy: '2026-11-21' },
    settings: { overdueReviews: 'deny' },
    want: { reason: 'authz.no_match', rules: [] },
  },
  {
    name: 'a forbid is never overdue',
    rules: [permit, forbid],
    policy: { reviewBy: '2026-11-21' },
    settings: { overdueReviews: 'deny' },
    want: { reason: 'authz.forbidden' },
  },
  {
    name: 'a forbid on trial decides nothing, and tells what it would',
    rules: [permit, { ...forbid, ...trial }],
    want: { ...allowed, shadow: [{ rule: F, outcome: 'deny' }] },
  },
  {
    name: 'a permit on trial permits nothing, and tells what it would',
    rules: [{ ...permit, ...trial }],
    want: { reason: 'authz.no_match', shadow: [{ rule: P, outcome: 'allow' }] },
  },
  {
    name: 'a permit on trial would not get past a forbid',
    rules: [{ ...permit, ...trial }, forbid],
    want: { reason: 'authz.forbidden', shadow: [{ rule: P, outcome: 'deny' }] },
  },
  {
    name: 'a permit on trial would not give an agent a task',
    rules: [{ ...permit, ...trial }],
    identity: agent,
    want: { shadow: [{ rule: P, outcome: 'deny' }] },
  },
  {
    name: 'a coarse permit on trial would not permit where that matters',
    ...roles,
    rules: [{ ...byRole, ...trial }],
    call: 'GET /secret',
    want: { shadow: [{ rule: 'pay/p/role', outcome: 'deny' }] },
  },
  {
    name: 'a forbid whose trial has ended enforces',
    rules: [permit, { ...forbid, ...ended }],
    want: { reason: 'authz.forbidden', shadow: [] },
  },
  {
    name: 'a permit whose trial has ended is gone',
    rules: [{ ...permit, ...ended }],
    want: { reason: 'authz.no_match', shadow: [] },
  },
];
