// By hand: proof, boundary, environment, window and runtime (docs/semantics.md, "When a rule
// matches"). A permit that fails in one dimension gives the reason of that dimension.

import type { Block } from '../vocabulary.ts';
import { FOREIGN, type HandCase } from '../world.ts';

const everybody = { trustDomains: ['td.example', 'other.example'] };
const permit = { id: 'permit', effect: 'permit', from: everybody, to: {} };
const from = (block: Block): Block[] => [{ ...permit, from: { ...everybody, ...block } }];
const to = (block: Block): Block[] => [{ ...permit, to: block }];
const needs = (block: Block): Block[] => [{ ...permit, require: block }];
const forbid = (more: Block): Block[] => [permit, { id: 'f', effect: 'forbid', to: {}, ...more }];
const between = (block: Block): Block[] => [{ ...permit, between: block }];

export const WHERE_CASES: readonly HandCase[] = [
  // proof
  { name: 'proof: strong enough', rules: needs({ assurance: 'asserted' }), want: 'allow' },
  { name: 'proof: too weak', rules: needs({ assurance: 'svid' }), want: 'authn.assurance' },
  { name: 'proof: shows no age', rules: needs({ maxAge: '1h' }), want: 'authn.assurance' },
  { name: 'proof: is not bound', rules: needs({ bound: true }), want: 'authn.assurance' },

  // boundary
  {
    name: 'boundary: environments differ',
    rules: [permit],
    identity: { environment: 'dev' },
    want: 'authz.boundary',
  },
  {
    name: 'boundary: another tenant',
    rules: [permit],
    call: 'GET /acme/1',
    identity: { tenant: 'blue' },
    want: 'authz.boundary',
  },
  {
    name: 'boundary: another tenant, and the rule says so',
    rules: [{ ...permit, crossTenant: true }],
    call: 'GET /acme/1',
    identity: { tenant: 'blue' },
    want: 'allow',
  },
  {
    name: 'boundary: a forbid does not care',
    rules: forbid({ from: {} }),
    identity: { environment: 'dev', tenant: 'blue' },
    call: 'GET /acme/1',
    want: 'authz.forbidden',
  },
  {
    name: 'boundary: another trust domain',
    rules: [{ ...permit, from: { trustDomains: ['td.example'] } }],
    source: FOREIGN,
    want: 'authz.boundary',
  },
  {
    name: 'boundary: namespaces mean those at home',
    rules: [{ ...permit, from: { namespaces: ['shop'] } }],
    source: FOREIGN,
    want: 'authz.boundary',
  },

  // environment and window
  { name: 'environment', rules: to({ environments: ['dev*'] }), want: 'authz.environment' },
  { name: 'environment: by a pattern', rules: to({ environments: ['*rod'] }), want: 'allow' },
  {
    name: 'window: the end is exclusive',
    rules: between({ from: '08:00', to: '12:00' }),
    want: 'authz.time_window',
  },
  {
    name: 'window: the beginning is inclusive',
    rules: between({ from: '12:00', to: '24:00' }),
    want: 'allow',
  },
  {
    name: 'window: by the clock of its zone',
    rules: between({ from: '12:30', to: '13:30', tz: 'Europe/Berlin' }),
    want: 'allow',
  },
  { name: 'window: another day', rules: between({ days: ['mon'] }), want: 'authz.time_window' },
  { name: 'window: the day', rules: between({ days: ['sun'] }), want: 'allow' },
  {
    name: 'window: overnight belongs to the day on which it begins',
    rules: between({ days: ['sun'], from: '22:00', to: '06:00' }),
    at: '2026-11-23T05:59:00Z',
    want: 'allow',
  },
  {
    name: 'window: overnight does not begin on the day before',
    rules: between({ days: ['sun'], from: '22:00', to: '06:00' }),
    at: '2026-11-22T05:59:00Z',
    want: 'authz.time_window',
  },
  {
    name: 'window: a clock that is put back shows the hour twice',
    rules: between({ from: '02:30', to: '02:45', tz: 'Europe/Berlin' }),
    at: '2026-10-25T01:30:00Z',
    want: 'allow',
  },
  {
    name: 'window: a clock that is put forward shows it never',
    rules: between({ from: '02:00', to: '03:00', tz: 'Europe/Berlin' }),
    at: '2027-03-28T01:00:00Z',
    want: 'authz.time_window',
  },

  // runtime
  {
    name: 'runtime: a fact that the enforcer may assert',
    rules: from({ runtime: { cluster: ['us-*', 'eu-*'] } }),
    asserts: { runtime: ['cluster'] },
    extensions: { 'remit.runtime.cluster': 'eu-1' },
    want: 'allow',
  },
  {
    name: 'runtime: a fact that it may not assert',
    rules: from({ runtime: { cluster: ['*'] } }),
    extensions: { 'remit.runtime.cluster': 'eu-1' },
    want: 'authz.runtime',
  },
  {
    name: 'runtime: an address in a block',
    rules: from({ ipBlocks: ['fd00::/8', '10.0.0.0/9'] }),
    address: '10.127.0.1',
    want: 'allow',
  },
  {
    name: 'runtime: an address in no block',
    rules: from({ ipBlocks: ['10.0.0.0/9'] }),
    address: '10.128.0.1',
    want: 'authz.runtime',
  },
  { name: 'runtime: no address', rules: from({ ipBlocks: ['::/0'] }), want: 'authz.runtime' },
];
