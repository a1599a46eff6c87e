// By hand: verb, resource, role, task, approval, who and service (docs/semantics.md, "When a rule
// matches").

import type { Block, Doc } from '../vocabulary.ts';
import { FOREIGN, type HandCase } from '../world.ts';

const everybody = { trustDomains: ['td.example', 'other.example'] };
const permit = { id: 'permit', effect: 'permit', from: everybody, to: {} };
const from = (block: Block): Block[] => [{ ...permit, from: { ...everybody, ...block } }];
const to = (block: Block): Block[] => [{ ...permit, to: block }];
const needs = (block: Block): Block[] => [{ ...permit, require: block }];
const forbid = (more: Block): Block[] => [permit, { id: 'f', effect: 'forbid', to: {}, ...more }];
const role = (covers: Block[], more: Block = {}): Doc => {
  const metadata = { name: 'reader', namespace: 'pay', ...more };
  return { kind: 'Role', metadata, spec: { covers } };
};
const held = { roles: ['pay/reader'] };
const attributes = { team: 'red', level: 3, cleared: true, groups: ['a', 'b'] };
const front = (exports: string[]): Doc => ({
  kind: 'Service',
  metadata: { name: 'front', namespace: 'shop' },
  spec: {
    destinations: ['spiffe://td.example/ns/shop/sa/front'],
    operations: { see: { http: 'GET /docs/{doc}' }, other: { http: 'GET /other' } },
    exports,
  },
});
const atFront = {
  destination: 'spiffe://td.example/ns/shop/sa/front',
  documents: [front(['pay'])],
};

const other: Doc = {
  kind: 'Service',
  metadata: { name: 'other', namespace: 'pay' },
  spec: { operations: { see: { http: 'GET /other' } } },
};

export const WHAT_CASES: readonly HandCase[] = [
  // verb and resource
  { name: 'verb', rules: to({ verbs: ['write'] }), want: 'authz.verb' },
  { name: 'verb: by another operation', rules: to({ operations: ['put'] }), want: 'authz.verb' },
  { name: 'verb: strong, unnamed', rules: [permit], call: 'POST /rotate', want: 'authz.verb' },
  {
    name: 'verb: strong, by a pattern over operations',
    rules: to({ operations: ['rot*'] }),
    call: 'POST /rotate',
    want: 'authz.verb',
  },
  {
    name: 'verb: strong, by its operation',
    rules: to({ operations: ['rotate'] }),
    call: 'POST /rotate',
    want: 'allow',
  },
  {
    name: 'verb: strong, by name',
    rules: to({ verbs: ['rotate'] }),
    call: 'POST /rotate',
    want: 'allow',
  },
  { name: 'resource', rules: to({ resources: ['doc/2'] }), want: 'authz.resource' },
  { name: 'resource: data class', rules: to({ dataClasses: ['public'] }), want: 'authz.resource' },
  { name: 'resource: tier', rules: to({ tiers: [0, 2] }), want: 'authz.resource' },
  {
    name: 'resource: no tier is in no list',
    rules: to({ tiers: [0, 1, 2, 3, 4] }),
    call: 'PUT /docs/1',
    want: 'authz.resource',
  },
  { name: 'resource: excluded', rules: to({ not: { verbs: ['read'] } }), want: 'authz.resource' },
  {
    name: 'resource: an exclusion is one block',
    rules: to({ not: { verbs: ['read'], tiers: [4] } }),
    want: 'allow',
  },
  { name: 'resource: admin, unnamed', rules: [permit], call: 'GET /admin', want: 'authz.resource' },
  {
    name: 'resource: admin, by its operation',
    rules: to({ operations: ['ledger/admin'] }),
    call: 'GET /admin',
    want: 'allow',
  },

  // role
  {
    name: 'role: held, and it covers',
    rules: from({ roles: ['reader'] }),
    identity: held,
    documents: [role([{ services: ['led*'] }])],
    want: 'allow',
  },
  {
    name: 'role: not held',
    rules: from({ roles: ['reader'] }),
    documents: [role([{ services: ['ledger'] }])],
    want: 'authz.role',
  },
  {
    name: 'role: held, and it does not cover',
    rules: from({ roles: ['reader'] }),
    identity: held,
    documents: [role([{ services: ['ledger'], resources: ['doc/2'] }])],
    want: 'authz.role',
  },
  {
    name: 'role: covers a strong verb by an exact operation only',
    rules: [{ ...permit, from: { roles: ['reader'] }, to: { verbs: ['rotate'] } }],
    identity: held,
    documents: [role([{ operations: ['*'] }])],
    call: 'POST /rotate',
    want: 'authz.role',
  },
  {
    name: 'role: overdue it covers nothing',
    rules: from({ roles: ['reader'] }),
    identity: held,
    documents: [role([{ services: ['ledger'] }], { reviewBy: '2026-11-21' })],
    settings: { overdueReviews: 'deny' },
    want: 'authz.role',
  },
  {
    name: 'role: negated it asks only whether it is held',
    rules: from({ not: { roles: ['reader'] } }),
    identity: held,
    documents: [role([{ operations: ['put'] }])],
    want: 'authz.no_match',
  },

  // task and approval
  { name: 'task', rules: needs({ task: 'support' }), want: 'authz.task_required' },
  { name: 'intent', rules: needs({ intent: 'answer' }), want: 'authz.task_required' },
  { name: 'approval', rules: needs({ approval: 'sre' }), want: 'authz.approval_required' },

  // who
  {
    name: 'who: a claim of each name',
    rules: from({ claims: { team: ['r*'], level: ['3'], cleared: ['true'], groups: ['b'] } }),
    identity: { attributes },
    want: 'allow',
  },
  {
    name: 'who: a claim that is not there',
    rules: from({ claims: { team: ['*'], other: ['*'] } }),
    identity: { attributes },
    want: 'authz.no_match',
  },
  {
    name: 'who: nobody acts for another',
    rules: from({ actors: ['spiffe://td.example/*'] }),
    want: 'authz.no_match',
  },
  {
    name: 'who: a gateway is not meant in passing',
    rules: [permit],
    identity: { kind: 'gateway' },
    want: 'authz.no_match',
  },
  {
    name: 'who: a gateway is meant by its kind',
    rules: from({ kinds: ['gateway'] }),
    identity: { kind: 'gateway' },
    want: 'allow',
  },
  {
    name: 'who: nobody without an identity is meant in passing',
    rules: [permit],
    source: '',
    want: 'authz.no_match',
  },
  {
    name: 'who: callers without an identity are meant by name',
    rules: [{ ...permit, from: { anonymous: true } }],
    source: '',
    want: 'allow',
  },
  {
    name: 'who: a forbid with nothing but `not` means them too',
    rules: [
      { ...permit, from: { anonymous: true } },
      { id: 'f', effect: 'forbid', from: { not: { kinds: ['ci'] } }, to: {} },
    ],
    source: '',
    want: 'authz.forbidden',
  },
  {
    name: 'who: a forbid spares by a namespace those at home',
    rules: forbid({ from: { not: { namespaces: ['shop'] } } }),
    want: 'allow',
  },
  {
    name: 'who: a forbid spares nobody elsewhere by a namespace',
    rules: forbid({ from: { not: { namespaces: ['shop'] } } }),
    source: FOREIGN,
    want: 'authz.forbidden',
  },

  // service
  {
    name: 'service: another one is never near',
    documents: [other],
    rules: to({ services: ['other'] }),
    want: 'authz.no_match',
  },
  {
    name: 'service: of another namespace, exported and named in full',
    ...atFront,
    rules: to({ services: ['shop/front'] }),
    want: 'allow',
  },
  {
    name: 'service: of another namespace, by an operation in full',
    ...atFront,
    rules: to({ operations: ['shop/front/see'] }),
    want: 'allow',
  },
  {
    name: 'service: of another namespace, unnamed',
    ...atFront,
    rules: [permit],
    want: 'authz.no_match',
  },
];
