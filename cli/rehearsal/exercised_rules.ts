// Which rules take part in a decision (C-103): those that match, and those that fail in a single
// dimension, which a case misses only just.

import type { AccessRequest } from '../../engine/access_request.ts';
import type { Verdict } from '../../engine/check.ts';
import { CONDITION, type Dimensions, isSingle } from '../../engine/policy/dimension.ts';
import type { Route } from '../../engine/policy/route.ts';
import type { Rule } from '../../engine/policy/rule.ts';
import type { Snapshot } from '../../engine/snapshot.ts';

export interface Exercised {
  /** Ids of rules that match, in force or on trial. */
  readonly matched: ReadonlySet<string>;
  readonly nearly: ReadonlySet<string>;
}

const NONE: Exercised = { matched: new Set(), nearly: new Set() };

/** The operation that was asked for, in the environment that it was asked for. */
export function routeOf({ service, access }: Verdict): Route | undefined {
  const route = service?.operations.find(({ operation }) => operation.id === access?.operation.id);
  if (route === undefined || access === undefined) return undefined;
  const { environment } = access.operation;
  return route.operation.environment === environment ? route : route.in(environment);
}

export function exercisedBy(verdict: Verdict, { policy }: Snapshot): Exercised {
  const route = routeOf(verdict);
  const { access, evaluated } = verdict;
  if (route === undefined || access === undefined || !evaluated) return NONE;
  const found = route.rules(policy.rules).find(access.principal);
  const matched = new Set<string>();
  const nearly = new Set<string>();
  const look = (rule: Rule, failed: Dimensions) => {
    if (!rule.isThere(access.now)) return;
    const all = failed | failuresOf(rule, access);
    if (all === 0) matched.add(rule.id);
    else if (isSingle(all)) nearly.add(rule.id);
  };
  for (const rule of found.rules) look(rule, 0);
  for (const rule of found.byResource(access.resource)) look(rule, 0);
  if (verdict.decision.outcome === 'deny') {
    for (const { rule, failed } of found.near) look(rule, failed);
  }
  return { matched, nearly };
}

/** What the moment decides, the condition among it where all else matches. */
function failuresOf(rule: Rule, access: AccessRequest): Dimensions {
  const failed = rule.dynamicFailures(access);
  if (failed !== 0 || rule.condition === undefined) return failed;
  const result = rule.condition.evaluate(access);
  // A failing condition makes a forbid match, and a permit not.
  const holds = typeof result === 'boolean' ? result : rule.effect === 'forbid';
  return holds ? 0 : CONDITION;
}
