// The decision on one AccessRequest (DESIGN section 5, docs/semantics.md): default deny, forbid
// overrides permit, order never matters. It looks at every candidate: stopping early would hide
// rules that also matched.

import type { AccessRequest, Operation } from '../access_request.ts';
import {
  type Decision,
  NO_OBLIGATIONS,
  NOTHING,
  type Outcome,
  RULES_NAMED_MAX,
  type ShadowResult,
} from '../decision.ts';
import type { Reason } from '../reason.ts';
import { nearestReason } from './near.ts';
import { obligationsOf } from './obligation.ts';
import type { Found, RouteRules } from './route_rules.ts';
import type { Rule } from './rule.ts';

/** What its verb or class is too much for a role alone (C-029). */
const FINE_VERBS: ReadonlySet<string> = new Set([
  'write',
  'rotate',
  'delegate',
  'admin',
  'escalate',
]);
const FINE_CLASSES: ReadonlySet<string> = new Set(['confidential', 'restricted']);

/** What matched, while one request is looked at. */
class Matched {
  readonly permits: Rule[] = [];
  readonly forbids: Rule[] = [];
  coarse: Rule[] | undefined;
  shadows: Rule[] | undefined;
  suspended: Set<string> | undefined;
  errors: string[] | undefined;
  validUntil: number;
  /** A permit matched in all but its condition. */
  conditionMissed = false;
  bodyUnreadable = false;

  constructor(validUntil: number) {
    this.validUntil = validUntil;
  }
}

/** @param validUntil the earliest bound of whatever was looked at before the rules */
export function decide(access: AccessRequest, rules: RouteRules, validUntil: number): Decision {
  const found = rules.find(access.principal);
  const matched = new Matched(validUntil);
  for (const rule of found.rules) consider(rule, access, matched);
  for (const rule of found.byResource(access.resource)) consider(rule, access, matched);
  return conclude(access, found, matched);
}

function consider(rule: Rule, access: AccessRequest, matched: Matched): void {
  const { now, operation } = access;
  if (rule.isTimed) matched.validUntil = Math.min(matched.validUntil, rule.changesAt(access));
  if (!rule.isThere(now) || rule.dynamicFailures(access) !== 0) return;
  if (!conditionHolds(rule, access, matched)) return;
  if (rule.isOnTrial(now)) {
    matched.shadows ??= [];
    matched.shadows.push(rule);
  } else if (rule.effect === 'forbid') matched.forbids.push(rule);
  else if (rule.coarse && needsFineRule(operation)) {
    matched.coarse ??= [];
    matched.coarse.push(rule);
  } else {
    matched.permits.push(rule);
    for (const id of rule.record.suspends ?? NOTHING) {
      matched.suspended ??= new Set();
      matched.suspended.add(id);
    }
  }
}

/** INVARIANT: a condition that fails permits nothing and spares nothing (DESIGN 5.3). */
function conditionHolds(rule: Rule, access: AccessRequest, matched: Matched): boolean {
  const { condition } = rule;
  if (condition === undefined) return true;
  const result = condition.evaluate(access);
  if (typeof result === 'boolean') {
    if (!result && rule.effect === 'permit' && !rule.isOnTrial(access.now)) {
      matched.conditionMissed = true;
    }
    return result;
  }
  matched.errors ??= [];
  matched.errors.push(`${rule.id}: ${result}`);
  if (rule.effect === 'forbid') return true;
  if (rule.isOnTrial(access.now)) return false;
  matched.conditionMissed = true;
  if (result.startsWith('body_unreadable')) matched.bodyUnreadable = true;
  return false;
}

function conclude(access: AccessRequest, found: Found, matched: Matched): Decision {
  const { principal, operation } = access;
  const { permits, coarse, suspended } = matched;
  const forbids =
    suspended === undefined
      ? matched.forbids
      : matched.forbids.filter(({ id }) => !suspended.has(id));
  const taskMissing = principal.entry.kind === 'agent' && !operation.taskFree;
  let reason: Reason | undefined;
  let deciding: readonly Rule[] = permits;
  if (forbids.length > 0) {
    reason = 'authz.forbidden';
    deciding = forbids;
  } else if (permits.length > 0) reason = taskMissing ? 'authz.task_required' : undefined;
  else if (coarse !== undefined) {
    reason = 'authz.coarse_only';
    deciding = coarse;
  } else {
    const near = nearestReason(access, found, matched);
    reason = near.reason;
    matched.validUntil = Math.min(matched.validUntil, near.changesAt);
  }
  const obliging = reason === undefined || reason === 'authz.forbidden';
  const shadows = matched.shadows;
  return {
    outcome: reason === undefined ? 'allow' : 'deny',
    reason,
    rules: names(deciding),
    ruleCount: deciding.length,
    shadow:
      shadows === undefined
        ? NOTHING
        : shadowResults(shadows, forbids.length > 0 || taskMissing, needsFineRule(operation)),
    errors: matched.errors === undefined ? NOTHING : sorted(matched.errors),
    obligations: obliging ? obligationsOf(deciding) : NO_OBLIGATIONS,
    validUntil: matched.validUntil,
  };
}

export function needsFineRule({ verb, dataClass }: Operation): boolean {
  return FINE_VERBS.has(verb) || FINE_CLASSES.has(dataClass);
}

/** The outcome that the request would have had with the shadow rule in force. */
function shadowResults(
  shadows: readonly Rule[],
  deniedAnyway: boolean,
  needsFine: boolean,
): ShadowResult[] {
  const results = shadows.map(({ id, effect, coarse }): ShadowResult => {
    const denies = effect === 'forbid' || deniedAnyway || (coarse && needsFine);
    const outcome: Outcome = denies ? 'deny' : 'allow';
    return { rule: id, outcome };
  });
  results.sort((a, b) => (a.rule < b.rule ? -1 : 1));
  return results.slice(0, RULES_NAMED_MAX);
}

function names(rules: readonly Rule[]): readonly string[] {
  if (rules.length === 0) return NOTHING;
  if (rules.length === 1) return rules[0]!.names;
  return sorted(rules.map((rule) => rule.id));
}

function sorted(texts: readonly string[]): readonly string[] {
  // Found by one key of the index they are in order already.
  for (let i = 1; i < texts.length; i++) {
    if (texts[i - 1]! > texts[i]!) return texts.toSorted().slice(0, RULES_NAMED_MAX);
  }
  return texts.length > RULES_NAMED_MAX ? texts.slice(0, RULES_NAMED_MAX) : texts;
}
