// Random conditions over all variables. What stands in a forbid guards whatever may be absent, as
// the language demands; a permit may fail.

import type { Random } from './random.ts';

const PERMITS = [
  "resource.tenant == '' || resource.tenant == principal.tenant",
  "principal.kind != 'gateway'",
  "principal.assurance == 'asserted'",
  "principal.trustDomain == 'td.example'",
  "principal.namespace in ['pay', 'shop']",
  "principal.serviceAccount.startsWith('o') || principal.id.endsWith('/cart')",
  "principal.environment == '' || principal.environment == resource.environment",
  "'pay/reader' in principal.roles || 'shop/reader' in principal.roles",
  'size(principal.actors) == 0',
  'principal.attributes.level >= 2',
  "has(principal.attributes.team) && principal.attributes.team == 'red'",
  "has(principal.attributes.groups) && 'a' in principal.attributes.groups",
  'principal.attributes.cleared',
  "action.verb in ['read', 'write', 'invoke']",
  "action.service.startsWith('pay/')",
  "action.operation != 'op.1'",
  "resource.type == 'item' || resource.dataClass == 'public'",
  "resource.environment != 'dev'",
  'resource.tier <= 3',
  'has(resource.tier) && resource.tier > 0',
  "resource.id.matches('^[a-z0-9/-]+$')",
  "!resource.id.contains('42')",
  "context.time < timestamp('2026-11-22T12:02:30Z')",
  "context.time >= timestamp('2026-11-22T12:00:00Z')",
  'context.time.getHours() < 18',
  "context.time.getMinutes('Europe/Berlin') != 3",
  "context.time - timestamp('2026-11-22T10:03:00Z') < duration('2h')",
  'context.time.getDayOfWeek() == 0',
  "context.enforcer != 'mesh/far'",
  "has(context.sourceIp) && context.sourceIp.startsWith('10.')",
  "context.sourceIp == '10.0.0.7'",
  "has(context.runtime.cluster) && context.runtime.cluster == 'eu-1'",
  "context.runtime['zone'] == 'a'",
  "request.method == 'GET' || request.method == 'POST'",
  "request.path.startsWith('/v1/')",
  "request.host == 'nowhere.example'",
  "request.headers['plan'] == 'gold'",
  "'plan' in request.headers && request.headers['plan'] in ['gold', 'silver']",
  'has(request.query.q) && size(request.query.q) == 1',
  "'q' in request.query && request.query['q'][0] == 'a b'",
  "request.query.q.exists(v, v == 'main')",
  'has(request.captures.tenant) && request.captures.tenant == principal.tenant',
  "request.captures.item == '42'",
  "(10 / (size(principal.tenant) - 4)) > 0 || resource.type == 'item'",
  "resource.type == 'doc' ? principal.tenant == 'acme' : principal.tenant == 'blue'",
];
const WITH_BODY = [
  'request.body.amount <= 500',
  "request.body.currency in ['EUR', 'USD']",
  'has(request.body.note) && request.body.note.size() < 10',
  "request.body.lines.all(line, line.sku != 'banned')",
  'size(request.body.lines) > 0',
  "request.body.meta.kind == 'x'",
  "principal.tenant == 'acme' && request.body.amount < 1000",
  "principal.tenant == 'acme' || request.body.amount < 1000",
  "request.body.amount <= 500 && principal.tenant == 'acme'",
];
const FORBIDS = [
  'has(resource.tier) && resource.tier > 3',
  'has(principal.attributes.level) && principal.attributes.level < 2',
  "has(request.headers.plan) && request.headers.plan == 'banned'",
  "principal.tenant == 'blue' && resource.type == 'doc'",
  "resource.tenant != '' && resource.tenant != principal.tenant",
  "context.time >= timestamp('2026-11-22T12:02:30Z')",
  "has(context.sourceIp) && context.sourceIp.startsWith('192.')",
  "has(context.runtime.cluster) && context.runtime.cluster == 'us-1'",
  "has(request.captures.item) && request.captures.item == '42'",
  "has(request.query.q) && 'main' in request.query.q",
  "action.verb == 'write' && principal.kind == 'ci'",
  '(10 / (size(principal.tenant) - 4)) > 0',
];
const FORBIDS_WITH_BODY = [
  'has(request.body.amount) && request.body.amount > 500',
  "action.verb == 'write' && has(request.body.note) && request.body.note == 'bad'",
];

/** @param bodies for operations that come with one */
export function condition(random: Random, permit: boolean, bodies: boolean): string {
  if (bodies) return random.pick(permit ? WITH_BODY : FORBIDS_WITH_BODY);
  const list = permit ? PERMITS : FORBIDS;
  if (random.chance(0.6)) return random.pick(list);
  return random
    .some(list, 2, 3)
    .map((it) => `(${it})`)
    .join(random.chance(0.3) ? ' && ' : ' || ');
}
