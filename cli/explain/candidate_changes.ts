// Which changes could flip an outcome, by the reason of a denial and by the rules that fail in one
// dimension: candidates only, in the order of how little they ask for.

import type { AccessRequest } from '../../engine/access_request.ts';
import type { TestRequest } from '../../engine/bundle/test_kind.ts';
import type { Verdict } from '../../engine/check.ts';
import { isSingle, namesOf, SERVICE, WHO } from '../../engine/policy/dimension.ts';
import { ANYTHING, findOperation, withRequired } from '../rehearsal/operation_request.ts';
import type { Rehearsal } from '../rehearsal/rehearse.ts';
import { editRule } from './bundle_edit.ts';
import { guessesOf } from './condition_values.ts';
import { type ConsideredRule, matches } from './considered.ts';
import {
  boundaryFacts,
  credentialFacts,
  newIdentity,
  requiresDropped,
  roleFacts,
  standingChanges,
  taskFacts,
  withFact,
} from './fact_changes.ts';
import { forbidChanges, newForbid, newPermit, permitChanges, removals } from './rule_changes.ts';
import { type Changes, type Origin, rule, value } from './situation.ts';
import {
  environmentChanges,
  operationChanges,
  proofChanges,
  runtimeChanges,
  serviceChanges,
  timeChanges,
  withValue,
} from './value_changes.ts';

const NEAREST_MAX = 8;

export interface Explained {
  readonly rehearsal: Rehearsal;
  readonly verdict: Verdict;
  readonly rules: readonly ConsideredRule[];
}

export function* changesOf(explained: Explained, origin: Origin): Changes {
  const { rehearsal, verdict } = explained;
  const { access, decision } = verdict;
  if (decision.outcome === 'allow') {
    if (access !== undefined) yield* denyingChanges(explained, access, origin);
    return;
  }
  yield* reasonChanges(explained, origin);
  if (access !== undefined) yield* nearestChanges(explained, access, origin);
  yield* operationChanges(rehearsal, origin);
  yield* proofChanges(rehearsal);
}

/** By what ended the request before a permit was looked for, or in spite of one. */
function* reasonChanges(explained: Explained, origin: Origin): Changes {
  const { rehearsal, verdict, rules } = explained;
  const { request } = rehearsal;
  const { access, service, decision } = verdict;
  switch (decision.reason) {
    case 'authz.no_policy':
      yield* serviceChanges(rehearsal, origin);
      break;
    case 'ctx.unmapped_operation':
      yield* operationChanges(rehearsal, origin);
      break;
    case 'ctx.destination_conflict':
    case 'ctx.ambiguous_path':
    case 'ctx.duplicate_header':
    case 'authn.untrusted_issuer':
    case 'authn.missing':
    case 'authn.invalid_identity':
      yield* plainerRequests(request);
      yield newIdentity(request.principal ?? '', service?.environment ?? '', '', origin);
      break;
    case 'authn.assurance':
    case 'authn.lifetime_exceeded':
    case 'authn.expired':
    case 'authn.audience':
      yield* proofChanges(rehearsal);
      yield* credentialFacts(verdict, origin);
      break;
    case 'ctx.insufficient':
    case 'ctx.body_unreadable':
      if (access !== undefined) yield* completions(request, access, rules, origin);
      break;
    case 'authz.unknown_identity':
    case 'authz.review_overdue':
    case 'authz.ceiling':
      if (access !== undefined) yield* standingChanges(access, origin);
      break;
    case 'authz.forbidden':
      if (access !== undefined) yield* forbiddenChanges(explained, access, origin);
      break;
    case 'authz.coarse_only':
      if (access !== undefined) yield newPermit(access, origin);
      break;
    case 'authz.task_required':
      if (access !== undefined) yield* taskFacts(access, origin);
      break;
  }
}

/** Without what makes a request doubtful. */
function* plainerRequests(request: TestRequest): Changes {
  const { headers = {}, environment: _, ...nowhere } = request;
  const { tenant: __, ...nobodys } = request;
  yield value('assert no environment', nowhere);
  yield value('assert no tenant', nobodys);
  const kept = Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'authorization');
  yield value('send no Authorization header', { ...request, headers: Object.fromEntries(kept) });
  const other = kept.filter(([name]) => name.toLowerCase() !== 'host');
  yield value('name no other host', { ...request, headers: Object.fromEntries(other) });
  const once = new Map(Object.entries(headers).map(([name, it]) => [name.toLowerCase(), it]));
  yield value('send each header once', { ...request, headers: Object.fromEntries(once) });
  const path = (request.path ?? '/').replace(/;[^/?]*/g, '').replace(/%2f|\/{2,}|\\/gi, '/');
  yield value(`ask for \`${path}\``, { ...request, path });
}

function* completions(
  request: TestRequest,
  access: AccessRequest,
  rules: readonly ConsideredRule[],
  origin: Origin,
): Changes {
  const named = findOperation(origin.bundle, access.operation.id);
  if (typeof named !== 'string') {
    const { body: _, ...bodiless } = request;
    for (const start of [request, bodiless]) {
      const { request: complete, filled } = withRequired(start, named);
      if (filled.length === 0) continue;
      yield value(`send ${filled.map((path) => `\`${path}\``).join(', ')}`, complete);
      yield* guessed(rules, complete, access, origin);
    }
    const { headers = {} } = request;
    const plain = Object.entries(headers).filter(([name]) => !/^(content-|x-envoy-)/i.test(name));
    const readable = { ...bodiless, headers: Object.fromEntries(plain), body: {} };
    yield value('send a body that can be read, as JSON', readable);
    yield* guessed(rules, readable, access, origin);
  }
  yield requiresDropped(access, origin);
}

/** Values with which conditions might hold, on top of a request. */
function* guessed(
  rules: readonly ConsideredRule[],
  request: TestRequest,
  access: AccessRequest,
  origin: Origin,
): Changes {
  for (const considered of rules.slice(0, NEAREST_MAX)) {
    yield* conditionChanges(considered, request, access, origin);
  }
}

function* conditionChanges(
  { rule: { record } }: ConsideredRule,
  request: TestRequest,
  access: AccessRequest,
  origin: Origin,
): Changes {
  if (record.condition === undefined) return;
  const guesses = guessesOf(record.condition.text);
  for (const [path, values] of guesses) {
    for (const guess of [...values, ANYTHING]) {
      yield value(`set \`${path}\` to \`${guess}\``, withValue(request, path, guess));
      yield withFact(path, guess, access, origin);
    }
  }
  // Several at once, where one alone does not do.
  let all = request;
  for (const [path, [first]] of guesses) {
    if (first !== undefined) all = withValue(all, path, first) ?? all;
  }
  const said = [...guesses].flatMap(([path, [first]]) => {
    return first === undefined ? [] : [`\`${path}\` to \`${first}\``];
  });
  if (guesses.size > 1) yield value(`set ${said.join(', ')}`, all);
}

function* forbiddenChanges(
  { rehearsal, rules }: Explained,
  access: AccessRequest,
  origin: Origin,
): Changes {
  const forbids = rules.filter((it) => {
    const inForce = it.standing === 'in force' && it.suspendedBy === undefined;
    return it.rule.effect === 'forbid' && inForce && matches(it);
  });
  for (const forbid of forbids.slice(0, NEAREST_MAX)) {
    yield* conditionChanges(forbid, rehearsal.request, access, origin);
    yield* timeChanges(forbid, rehearsal);
  }
  yield* forbidChanges(forbids, access, origin);
}

/** One dimension of a permit that fails in no other; then one of those of somebody else. */
function* nearestChanges(
  { rehearsal, rules }: Explained,
  access: AccessRequest,
  origin: Origin,
): Changes {
  const permits = rules.filter((it) => {
    return it.rule.effect === 'permit' && it.standing === 'in force' && isSingle(it.failed);
  });
  const near = permits.filter(({ failed }) => (failed & (WHO | SERVICE)) === 0);
  const sorted = near.toSorted((a, b) => a.failed - b.failed).slice(0, NEAREST_MAX);
  // Another value or fact asks for less than another rule does.
  for (const permit of sorted) {
    const [name = ''] = namesOf(permit.failed);
    yield* dimensionChanges(name, permit, rehearsal, access, origin);
  }
  for (const permit of sorted) {
    const [name = ''] = namesOf(permit.failed);
    yield* permitChanges(name, permit, access, origin);
  }
  for (const permit of permits.filter(({ failed }) => failed === WHO).slice(0, NEAREST_MAX)) {
    const { from } = permit.rule.record;
    if (from.principals !== undefined) yield* permitChanges('who', permit, access, origin);
  }
  for (const { rule: waiting, standing } of rules) {
    if (waiting.effect === 'forbid' || standing === 'in force') continue;
    yield rule(`put \`${waiting.id}\` in force`, revived(waiting.id, access, origin));
    break;
  }
  yield newPermit(access, origin);
}

/** Values and facts that a permit lacks in one dimension. */
function* dimensionChanges(
  name: string,
  permit: ConsideredRule,
  rehearsal: Rehearsal,
  access: AccessRequest,
  origin: Origin,
): Changes {
  const { request } = rehearsal;
  if (name === 'proof') yield* proofChanges(rehearsal);
  if (name === 'boundary') yield* boundaryFacts(access, origin);
  if (name === 'environment') yield* environmentChanges(permit, rehearsal);
  if (name === 'window') yield* timeChanges(permit, rehearsal);
  if (name === 'runtime') yield* runtimeChanges(permit, rehearsal);
  if (name === 'role') yield* roleFacts(permit, access, origin);
  if (name === 'condition') {
    if (permit.condition?.toString().startsWith('body_unreadable')) {
      yield* completions(request, access, [permit], origin);
    }
    yield* conditionChanges(permit, request, access, origin);
  }
}

function revived(id: string, { now }: AccessRequest, { bundle }: Origin) {
  if (id.split('/').length === 2) {
    const later = new Date(now + 86_400_000).toISOString();
    return editRule(bundle, id, (it) => {
      if ('expiresAt' in it) it.expiresAt = later;
    });
  }
  return editRule(bundle, id, (it) => {
    if ('mode' in it) it.mode = undefined;
  });
}

/** What would deny what is allowed. */
function* denyingChanges(
  { verdict, rules, rehearsal }: Explained,
  access: AccessRequest,
  origin: Origin,
): Changes {
  const permits = rules.filter((it) => verdict.decision.rules.includes(it.rule.id));
  const [only] = permits;
  if (only !== undefined && permits.length === 1) {
    yield* conditionChanges(only, rehearsal.request, access, origin);
    yield* timeChanges(only, rehearsal);
  }
  yield* removals(verdict.decision.rules, origin);
  yield newForbid(access, origin);
}
