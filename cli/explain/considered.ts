// Every rule that reaches the service of a request, with the dimensions in which it matched and
// failed: what `remit explain` shows, and where it looks for what would change the outcome.

import type { AccessRequest } from '../../engine/access_request.ts';
import type { Verdict } from '../../engine/check.ts';
import {
  CONDITION,
  type Dimensions,
  namesOf,
  SERVICE,
  WHO,
} from '../../engine/policy/dimension.ts';
import type { Rule } from '../../engine/policy/rule.ts';
import type { RuleRecord } from '../../engine/policy/rule_record.ts';
import type { Snapshot } from '../../engine/snapshot.ts';
import { Progress } from '../terminal.ts';

export type Standing = 'in force' | 'on trial' | 'trial over' | 'expired' | 'review overdue';

export interface ConsideredRule {
  readonly rule: Rule;
  readonly standing: Standing;
  /** The Exception that takes this forbid away, here and now. */
  readonly suspendedBy: string | undefined;
  readonly failed: Dimensions;
  /** Dimensions of which the rule says something, and that are as it says. */
  readonly matched: readonly string[];
  /** Undefined when it was not looked at: there is none, or something else failed. */
  readonly condition: boolean | string | undefined;
}

export function matches({ failed, condition, rule }: ConsideredRule): boolean {
  if (failed !== 0) return false;
  return condition === undefined || condition === true || isFailingForbid(rule, condition);
}

/** INVARIANT: the condition of a forbid that fails holds. */
function isFailingForbid({ effect }: Rule, condition: boolean | string): boolean {
  return effect === 'forbid' && typeof condition === 'string';
}

/** Those that match first, then by the number of dimensions that failed. */
export function considerRules({ access }: Verdict, { policy }: Snapshot): ConsideredRule[] {
  if (access === undefined) return [];
  const found: ConsideredRule[] = [];
  const progress = new Progress('rules considered');
  for (let index = 0; index < policy.rules.size; index++) {
    const rule = policy.rules.at(index);
    progress.tell(index, policy.rules.size);
    const failed = rule.staticFailures(access.operation, access.principal);
    if ((failed & SERVICE) === 0) found.push(consider(rule, failed, access));
  }
  progress.end();
  const suspended = new Map<string, string>();
  for (const it of found) {
    if (it.standing !== 'in force' || !matches(it)) continue;
    for (const id of it.rule.record.suspends ?? []) suspended.set(id, it.rule.id);
  }
  return found
    .map((it) => ({ ...it, suspendedBy: suspended.get(it.rule.id) }))
    .sort((a, b) => distance(a) - distance(b));
}

function consider(rule: Rule, statically: Dimensions, access: AccessRequest): ConsideredRule {
  let failed = statically | rule.dynamicFailures(access);
  const condition = failed === 0 ? rule.condition?.evaluate(access) : undefined;
  if (condition !== undefined && condition !== true && !isFailingForbid(rule, condition)) {
    failed |= CONDITION;
  }
  const standing = standingOf(rule, access.now);
  const matched = namesOf(asked(rule.record) & ~failed & ~(failed === 0 ? 0 : CONDITION));
  return { rule, standing, suspendedBy: undefined, failed, matched, condition };
}

function standingOf(rule: Rule, now: number): Standing {
  const { expiresAt, reviewUntil } = rule.record;
  if (expiresAt !== undefined && now >= expiresAt) return 'expired';
  if (reviewUntil !== undefined && now >= reviewUntil) return 'review overdue';
  if (!rule.isThere(now)) return 'trial over';
  return rule.isOnTrial(now) ? 'on trial' : 'in force';
}

/** How many dimensions fail; a rule of somebody else, or that decides nothing, is further away. */
function distance({ failed, standing }: ConsideredRule): number {
  let bits = 0;
  for (let rest = failed; rest !== 0; rest &= rest - 1) bits++;
  return bits + ((failed & WHO) === 0 ? 0 : 8) + (standing === 'in force' ? 0 : 0.5);
}

/** Of which dimensions the rule says something. */
function asked(record: RuleRecord): Dimensions {
  const { from, to, toNot, require: needs = {}, between, condition } = record;
  const { roles, runtime, ipBlocks, home: _, ...who } = from;
  const proof = [needs.assurance, needs.maxAge, needs.bound].some((it) => it !== undefined);
  const resources = [to.resources, to.dataClasses, to.tiers, toNot].some((it) => it !== undefined);
  const said: readonly (readonly [string, boolean])[] = [
    ['proof', proof],
    ['boundary', record.effect === 'permit'],
    ['environment', to.environments !== undefined],
    ['window', between !== undefined],
    ['runtime', runtime !== undefined || ipBlocks !== undefined],
    ['verb', to.verbs !== undefined || to.operations !== undefined],
    ['resource', resources],
    ['role', roles !== undefined],
    ['task', needs.task !== undefined || needs.intent !== undefined],
    ['approval', needs.approval !== undefined],
    ['condition', condition !== undefined],
    ['who', record.anonymous === true || Object.keys(who).length > 0],
    ['service', to.services !== undefined],
  ];
  return said.reduce((bits, [, is], bit) => (is ? bits | (1 << bit) : bits), 0);
}
