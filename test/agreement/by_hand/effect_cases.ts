// By hand: agents, coarse permits, conditions, obligations and until when a decision holds
// (docs/semantics.md, "From matching rules to an outcome").

import type { Block, Doc } from '../vocabulary.ts';
import { AT, CART, type HandCase, type HandResult } from '../world.ts';

const everybody = { trustDomains: ['td.example', 'other.example'] };
const permit = { id: 'permit', effect: 'permit', from: everybody, to: {} };
const forbid = { id: 'forbid', effect: 'forbid', from: {}, to: {}, suspendable: true };
const trial = { mode: { shadow: true, until: '2026-11-23T00:00:00Z' } };
const agent = { kind: 'agent' };
const failing = { condition: '1 / (size(principal.tenant) - 4) > 0' };
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

export const EFFECT_CASES: readonly HandCase[] = [
  // Agents and roles.
  {
    name: 'an agent needs a task, and what would permit is named',
    rules: [permit],
    identity: agent,
    want: { reason: 'authz.task_required', rules: [P] },
  },
  {
    name: 'an agent needs no task for what is free of it',
    rules: [permit],
    identity: agent,
    call: 'GET /free',
    want: allowed,
  },
  {
    name: 'a role is enough to read',
    ...roles,
    rules: [byRole],
    want: { ...allowed, rules: ['pay/p/role'] },
  },
  {
    name: 'a role alone is not enough to write',
    ...roles,
    rules: [byRole],
    call: 'PUT /docs/1',
    want: { reason: 'authz.coarse_only', rules: ['pay/p/role'] },
  },
  {
    name: 'a role alone is not enough for confidential data',
    ...roles,
    rules: [byRole],
    call: 'GET /secret',
    want: { reason: 'authz.coarse_only' },
  },
  {
    name: 'a role with a condition is enough',
    ...roles,
    rules: [{ ...byRole, condition: "principal.tenant == 'acme'" }],
    call: 'PUT /docs/1',
    want: allowed,
  },
  {
    name: 'a role with principals is enough',
    ...roles,
    rules: [{ ...byRole, from: { roles: ['reader'], principals: [CART] } }],
    call: 'PUT /docs/1',
    want: allowed,
  },
  {
    name: 'another permit is enough beside a role',
    ...roles,
    rules: [byRole, permit],
    call: 'PUT /docs/1',
    want: { ...allowed, rules: [P] },
  },

  // Conditions.
  {
    name: 'a permit whose condition is false does not permit',
    rules: [{ ...permit, condition: "resource.id == '2'" }],
    want: { reason: 'authz.condition', errors: [] },
  },
  {
    name: 'a permit whose condition fails does not permit',
    rules: [{ ...permit, ...failing }],
    want: { reason: 'authz.condition', errors: [P] },
  },
  {
    name: 'a forbid whose condition fails denies',
    rules: [permit, { ...forbid, ...failing }],
    want: { reason: 'authz.forbidden', rules: [F], errors: [F] },
  },
  {
    name: 'a forbid on trial whose condition fails matches as in force',
    rules: [permit, { ...forbid, ...failing, ...trial }],
    want: { ...allowed, errors: [F], shadow: [{ rule: F, outcome: 'deny' }] },
  },
  {
    name: 'what is no boolean is a failure',
    identity: { attributes: { team: 'red' } },
    rules: [{ ...permit, condition: 'principal.attributes.team' }],
    want: { reason: 'authz.condition', errors: [P] },
  },
  {
    name: 'a condition is looked at only when all else matches',
    rules: [{ ...permit, ...failing, to: { verbs: ['write'] } }],
    want: { reason: 'authz.verb', errors: [] },
  },
  {
    name: 'a permit that needs a body that did not come has its own reason',
    rules: [{ ...permit, condition: 'request.body.amount < 9' }],
    call: 'PUT /docs/1',
    want: { reason: 'ctx.body_unreadable', errors: [P] },
  },
  {
    name: 'a body that is not as declared cannot be read',
    rules: [{ ...permit, condition: 'request.body.amount < 9' }],
    call: 'PUT /docs/1',
    headers: { 'content-type': 'application/json' },
    body: '{"amount": "1", "lines": [], "meta": 1}',
    want: { reason: 'ctx.body_unreadable', errors: [P] },
  },

  // Obligations.
  {
    name: 'the first rule by id decides what all say of one name',
    rules: [
      { ...permit, id: 'b', obligations: { headers: { 'x-a': '1' }, metadata: { n: 1 } } },
      { ...permit, id: 'a', obligations: { headers: { 'x-a': '2', 'x-b': '3' } } },
    ],
    want: {
      obligations: {
        headers: [
          ['x-a', '2'],
          ['x-b', '3'],
        ],
        metadata: [['n', 1]],
        denialBody: '',
      },
    },
  },
  {
    name: 'the first forbid by id that says something tells the client',
    rules: [
      { ...permit, obligations: { headers: { 'x-a': '1' } } },
      forbid,
      { ...forbid, id: 'z', obligations: { denialBody: 'frozen' } },
    ],
    want: { obligations: { headers: [], metadata: [], denialBody: 'frozen' } },
  },
  {
    name: 'nothing is obliged by a denial for another reason',
    rules: [{ ...permit, obligations: { headers: { 'x-a': '1' } } }],
    identity: agent,
    want: { obligations: { headers: [], metadata: [], denialBody: '' } },
  },

  // Until when.
  { name: 'nothing holds longer than five minutes', want: { bounds: [AT + 300_000] } },
  {
    name: 'an allow ends with the identity',
    rules: [permit],
    identity: { expiresAt: '2026-11-22T12:01:00Z' },
    want: { ...allowed, bounds: [AT + 60_000, AT + 300_000] },
  },
  {
    name: 'an allow ends with its window',
    rules: [{ ...permit, between: { from: '11:00', to: '12:03' } }],
    want: { ...allowed, bounds: [AT + 180_000, AT + 300_000] },
  },
  {
    name: 'an allow ends with the trial of a forbid',
    rules: [permit, { ...forbid, mode: { shadow: true, until: '2026-11-22T12:00:00.001Z' } }],
    want: { ...allowed, bounds: [AT + 1, AT + 300_000] },
  },
  {
    name: 'an allow ends with the exception that permits it',
    rules: [forbid],
    documents: [exception({}, { expiresAt: '2026-11-22T12:04:00Z' })],
    want: { ...allowed, bounds: [AT + 240_000, AT + 300_000] },
  },
  {
    name: 'an allow ends with a moment that its condition names',
    rules: [{ ...permit, condition: "context.time <= timestamp('2026-11-22T12:01:00Z')" }],
    want: { ...allowed, bounds: [AT + 60_001, AT + 300_000] },
  },
  {
    name: 'a denial ends when a permit begins',
    rules: [{ ...permit, between: { from: '12:02', to: '13:00' } }],
    want: { reason: 'authz.time_window', bounds: [AT + 120_000, AT + 300_000] },
  },
];
