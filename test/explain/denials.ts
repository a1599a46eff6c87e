// Requests that are denied, each for another reason, and the change that is told to flip it.

import type { TestRequest } from '../../engine/bundle/test_kind.ts';
import type { Settings } from '../../engine/settings.ts';
import { id, POLICIES } from './fixture.ts';

export interface Denial {
  readonly reason: string;
  readonly request: Partial<TestRequest>;
  /** Replaces the policies. */
  readonly policies?: string;
  readonly settings?: Partial<Settings>;
  /** The only dimension in which some permit fails. */
  readonly dimension?: string;
  readonly kind: 'value' | 'fact' | 'rule';
  readonly change: RegExp;
}

export const read = (account = '17', tenant = 'acme') => ({
  method: 'GET',
  path: `/v1/${tenant}/accounts/${account}`,
});
export const refund = { method: 'POST', path: '/v1/acme/accounts/17/refunds', body: { amount: 5 } };
export const one = (rule: string) => `${HEAD}  rules:\n  - ${rule}\n`;
const HEAD = POLICIES.slice(0, POLICIES.indexOf('  rules:'));
const reader = id('reader');

export const DENIALS: readonly Denial[] = [
  {
    reason: 'authz.no_policy',
    request: { principal: reader, service: 'pay/paymnts', ...read() },
    kind: 'value',
    change: /name the service `pay\/payments`/,
  },
  {
    reason: 'ctx.unmapped_operation',
    request: { principal: reader, method: 'DELETE', path: '/v1/acme/accounts/17' },
    kind: 'value',
    change: /`GET \/v1\/acme\/accounts\/17`/,
  },
  {
    reason: 'authz.forbidden',
    request: { principal: reader, ...read('18') },
    kind: 'rule',
    change: /`spiffe:\/\/mesh\.example\/ns\/shop\/sa\/reader` to from\.not\.principals/,
  },
  {
    reason: 'authz.forbidden',
    policies: POLICIES.replace('{id: frozen, ', '{id: frozen, suspendable: true, '),
    request: { principal: reader, ...read('18') },
    kind: 'rule',
    change: /add an Exception that suspends `pay\/p\/frozen`/,
  },
  {
    reason: 'authz.resource',
    request: { principal: reader, ...read('99') },
    dimension: 'resource',
    kind: 'rule',
    change: /in rule `pay\/p\/reads` add `account\/99` to to\.resources/,
  },
  {
    reason: 'authz.verb',
    request: { principal: reader, ...refund },
    dimension: 'verb',
    kind: 'rule',
    change: /in rule `pay\/p\/reads` add `refund\.create` to to\.operations/,
  },
  {
    reason: 'authz.no_match',
    request: { principal: reader, method: 'GET', path: '/v1/secrets/a', assurance: 'svid' },
    kind: 'rule',
    change: /`pay\/p\/secrets` add `spiffe:.*\/reader` to from\.principals/,
  },
  {
    reason: 'authz.no_match',
    policies: one('{id: a, effect: permit, from: {namespaces: [x]}, to: {verbs: [admin]}}'),
    request: { principal: reader, ...read() },
    kind: 'rule',
    change: /add a permit for `spiffe:/,
  },
  {
    reason: 'authz.condition',
    request: { principal: id('clerk'), ...refund, body: { amount: 500 } },
    dimension: 'condition',
    kind: 'value',
    change: /set `request\.body\.amount` to `99`/,
  },
  {
    reason: 'authz.condition',
    policies: one(
      '{id: a, effect: permit, from: {namespaces: [shop]}, to: {}, condition: \'principal.attributes.team == "x"\'}',
    ),
    request: { principal: reader, ...read() },
    dimension: 'condition',
    kind: 'fact',
    change: /in Identity `shop\/reader` set `principal\.attributes\.team` to `x`/,
  },
  {
    reason: 'ctx.body_unreadable',
    request: { principal: id('clerk'), ...refund, body: '{"amount":' },
    kind: 'value',
    change: /send a body that can be read|set `request\.body\.amount`/,
  },
  {
    reason: 'ctx.insufficient',
    request: { principal: id('writer'), method: 'POST', path: '/v1/orders' },
    kind: 'value',
    change: /send `request\.headers\.x-reason`/,
  },
  {
    reason: 'authz.time_window',
    request: {
      principal: id('writer'),
      method: 'POST',
      path: '/v1/orders',
      headers: { 'x-reason': 'a' },
      at: '2026-12-01T20:00:00Z',
    },
    dimension: 'window',
    kind: 'value',
    change: /ask at 2026-12-02T08:00:00\.000Z/,
  },
  {
    reason: 'authz.boundary',
    request: { principal: id('stage'), ...read() },
    dimension: 'boundary',
    kind: 'fact',
    change: /`shop\/stage` set environment to `prod`/,
  },
  {
    reason: 'authz.boundary',
    request: { principal: id('foreign'), ...read() },
    dimension: 'boundary',
    kind: 'fact',
    change: /`shop\/foreign` set tenant to `acme`/,
  },
  {
    reason: 'authz.environment',
    policies: one(
      '{id: a, effect: permit, from: {namespaces: [shop]}, to: {environments: [stage]}}',
    ),
    request: { principal: reader, ...read() },
    dimension: 'environment',
    kind: 'rule',
    change: /add `prod` to to\.environments/,
  },
  {
    reason: 'authz.runtime',
    policies: one(
      '{id: a, effect: permit, from: {namespaces: [shop], ipBlocks: ["10.0.0.0/8"]}, to: {}}',
    ),
    request: { principal: reader, ...read(), sourceIp: '192.0.2.1' },
    dimension: 'runtime',
    kind: 'value',
    change: /come from the address `10\.0\.0\.0`/,
  },
  {
    reason: 'authz.runtime',
    policies: one(
      '{id: a, effect: permit, from: {namespaces: [shop], runtime: {node: ["n-*"]}}, to: {}}',
    ),
    request: { principal: reader, ...read() },
    dimension: 'runtime',
    kind: 'value',
    change: /assert of the runtime `node` = `n-x`/,
  },
  {
    reason: 'authz.role',
    policies: one('{id: a, effect: permit, from: {roles: [auditor]}, to: {}}'),
    request: { principal: reader, ...read() },
    dimension: 'role',
    kind: 'fact',
    change: /in Identity `shop\/reader` add `pay\/auditor` to roles/,
  },
  {
    reason: 'authz.role',
    policies: one('{id: a, effect: permit, from: {roles: [officer]}, to: {}}'),
    request: { principal: id('officer'), ...read('99') },
    dimension: 'role',
    kind: 'fact',
    change: /let Role `pay\/officer` cover `pay\/payments\/account\.read` on `account\/99`/,
  },
  {
    reason: 'authz.coarse_only',
    policies: one('{id: a, effect: permit, from: {roles: [officer]}, to: {}}'),
    request: { principal: id('officer'), ...refund },
    kind: 'rule',
    change: /add a permit for/,
  },
  {
    reason: 'authz.task_required',
    request: { principal: id('bot'), ...refund },
    kind: 'fact',
    change: /say `taskFree: true`/,
  },
  {
    reason: 'authz.approval_required',
    policies: one(
      '{id: a, effect: permit, from: {namespaces: [shop]}, to: {}, require: {approval: team}}',
    ),
    request: { principal: reader, ...read() },
    dimension: 'approval',
    kind: 'rule',
    change: /drop require\.approval/,
  },
  {
    reason: 'authz.ceiling',
    request: { principal: id('vendor'), ...refund },
    kind: 'fact',
    change: /in Identity `shop\/vendor` add `write` to ceiling\.verbs/,
  },
  {
    reason: 'authz.unknown_identity',
    request: { principal: id('nobody'), ...read() },
    kind: 'fact',
    change: /add an Identity for `spiffe:.*nobody` with environment `prod` and tenant `acme`/,
  },
  {
    reason: 'authz.unknown_identity',
    request: { principal: id('old'), ...refund },
    kind: 'fact',
    change: /in Identity `shop\/old` let it expire later/,
  },
  {
    reason: 'authz.review_overdue',
    request: { principal: id('late'), ...refund },
    settings: { overdueReviews: 'deny' },
    kind: 'fact',
    change: /in Identity `shop\/late` move its reviewBy on/,
  },
  {
    reason: 'authn.assurance',
    request: { principal: id('writer'), method: 'GET', path: '/v1/secrets/a' },
    kind: 'value',
    change: /prove the caller as `svid`/,
  },
  {
    reason: 'authn.assurance',
    policies: one(
      '{id: a, effect: permit, from: {namespaces: [shop]}, to: {}, require: {bound: true}}',
    ),
    request: { principal: reader, ...read(), assurance: 'svid' },
    dimension: 'proof',
    kind: 'value',
    change: /prove the caller as `bound`/,
  },
  {
    reason: 'authn.assurance',
    policies: one(
      '{id: a, effect: permit, from: {namespaces: [shop]}, to: {}, require: {maxAge: 10m}}',
    ),
    request: { principal: reader, ...read(), assurance: 'svid', age: '20m' },
    dimension: 'proof',
    kind: 'value',
    change: /a fresh certificate/,
  },
  {
    reason: 'authn.lifetime_exceeded',
    request: { principal: id('short'), ...refund, assurance: 'svid', lifetime: '1h' },
    kind: 'value',
    change: /a fresh certificate with the lifetime that is allowed/,
  },
  {
    reason: 'authn.audience',
    request: { principal: id('elsewhere'), ...refund },
    kind: 'fact',
    change: /add `pay\/payments` to audiences/,
  },
];
