// By hand: the questions from the class floor to the ceiling (docs/semantics.md, "The order of
// questions", 8 to 13).

import type { HandCase } from '../world.ts';

const everybody = { trustDomains: ['td.example', 'other.example'] };
const permit = { id: 'permit', effect: 'permit', from: everybody, to: {} };
const json = { 'content-type': 'application/json' };
const overdue = { overdueReviews: 'deny' } as const;

export const FLOOR_CASES: readonly HandCase[] = [
  // 8: the class floor.
  {
    name: 'shows confidential data to nobody without an identity',
    rules: [{ ...permit, from: { anonymous: true } }],
    source: '',
    call: 'GET /secret',
    want: 'authn.assurance',
  },
  {
    name: 'shows confidential data to an asserted peer',
    rules: [permit],
    call: 'GET /secret',
    want: 'allow',
  },
  {
    name: 'shows restricted data to no asserted peer',
    rules: [permit],
    call: 'GET /top',
    want: 'authn.assurance',
  },
  {
    name: 'shows confidential data to no CI system whose job nobody names',
    rules: [permit],
    identity: { kind: 'ci', attributes: { repository: 'a/b', ref: 'main' } },
    call: 'GET /secret',
    want: 'authn.assurance',
  },
  {
    name: 'asks for no job where the data is internal',
    rules: [permit],
    identity: { kind: 'ci' },
    want: 'allow',
  },

  // 9: what the operation requires.
  { name: 'needs what is required', rules: [permit], call: 'GET /needs', want: 'ctx.insufficient' },
  {
    name: 'takes what is required',
    rules: [permit],
    call: 'GET /needs',
    headers: { plan: 'gold' },
    want: 'allow',
  },
  { name: 'needs a required body', rules: [permit], call: 'POST /sends', want: 'ctx.insufficient' },
  {
    name: 'needs a required body that can be read',
    rules: [permit],
    call: 'POST /sends',
    headers: json,
    body: '{"amount":',
    want: 'ctx.body_unreadable',
  },
  {
    name: 'takes a required body',
    rules: [permit],
    call: 'POST /sends',
    headers: json,
    body: '{"amount": 1}',
    want: 'allow',
  },
  {
    name: 'asks what came along before it asks who is known',
    rules: [permit],
    call: 'GET /needs',
    source: 'spiffe://td.example/nobody',
    want: 'ctx.insufficient',
  },

  // 10 to 12: the inventory, reviews, ceilings.
  {
    name: 'knows the inventory only',
    rules: [permit],
    source: 'spiffe://td.example/nobody',
    want: 'authz.unknown_identity',
  },
  {
    name: 'forgets an identity when it expires',
    rules: [permit],
    identity: { expiresAt: '2026-11-22T12:00:00Z' },
    want: 'authz.unknown_identity',
  },
  {
    name: 'knows an identity until it expires',
    rules: [permit],
    identity: { expiresAt: '2026-11-22T12:00:00.001Z' },
    want: 'allow',
  },
  {
    name: 'refuses an overdue identity',
    rules: [permit],
    identity: { reviewBy: '2026-11-21' },
    settings: overdue,
    want: 'authz.review_overdue',
  },
  {
    name: 'lets a review last until its day has ended in UTC',
    rules: [permit],
    identity: { reviewBy: '2026-11-22' },
    settings: overdue,
    at: '2026-11-22T23:59:59.999Z',
    want: 'allow',
  },
  {
    name: 'refuses an overdue service',
    rules: [permit],
    reviewed: '2026-11-21',
    settings: overdue,
    want: 'authz.review_overdue',
  },
  {
    name: 'only warns of overdue reviews by default',
    rules: [permit],
    reviewed: '2026-11-21',
    identity: { reviewBy: '2026-11-21' },
    want: 'allow',
  },
  {
    name: 'keeps data classes under the ceiling',
    rules: [permit],
    identity: { ceiling: { dataClasses: ['public'] } },
    want: 'authz.ceiling',
  },
  {
    name: 'keeps verbs under the ceiling',
    rules: [permit],
    identity: { ceiling: { verbs: ['write'] } },
    want: 'authz.ceiling',
  },
  {
    name: 'keeps services under the ceiling',
    rules: [permit],
    identity: { ceiling: { services: ['shop/*'] } },
    want: 'authz.ceiling',
  },
  {
    name: 'lets those who share an identity read',
    rules: [permit],
    identity: { shared: true },
    want: 'allow',
  },
  {
    name: 'lets those who share an identity change nothing',
    rules: [permit],
    identity: { shared: true },
    call: 'POST /docs',
    want: 'authz.shared_identity',
  },
  {
    name: 'shows those who share an identity nothing confidential',
    rules: [permit],
    identity: { shared: true },
    call: 'GET /secret',
    want: 'authz.shared_identity',
  },
  {
    name: 'asks who shares an identity after its ceiling',
    rules: [permit],
    identity: { shared: true, ceiling: { verbs: ['read'] } },
    call: 'POST /docs',
    want: 'authz.ceiling',
  },
  {
    name: 'asks who shares an identity before any rule',
    identity: { shared: true },
    call: 'POST /docs',
    want: 'authz.shared_identity',
  },
  {
    name: 'asks for each part of a ceiling only where it is there',
    rules: [permit],
    identity: { kind: 'third_party', ceiling: { services: ['pay/*'], verbs: ['read'] } },
    want: 'allow',
  },
];
