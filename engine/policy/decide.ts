// The decision on one AccessRequest (DESIGN section 5): default deny, forbid overrides permit,
// order never matters. It looks at every candidate: stopping early would hide rules that also
// matched.

import type { AccessRequest } from '../access_request.ts';
import {
  type Decision,
  denied,
  type Outcome,
  RULES_NAMED_MAX,
  type ShadowResult,
} from '../decision.ts';
import type { Reason } from '../reason.ts';
import { type Rule, resourceMatches } from './rule.ts';
import type { RuleIndex } from './rule_index.ts';

const NO_SHADOW: readonly ShadowResult[] = Object.freeze([]);

export function decide(request: AccessRequest, index: RuleIndex): Decision {
  const { principal, operation, resource, now } = request;
  if (!principal.known) return denied('authz.unknown_identity');
  const crossing = crossesBoundary(request);
  const permits: Rule[] = [];
  const forbids: Rule[] = [];
  let shadows: Rule[] | undefined;
  let stoppedAtBoundary = false;
  for (const rule of index.rulesFor(principal)) {
    if (!resourceMatches(rule, operation, resource)) continue;
    const { effect, shadowUntil } = rule;
    const permit = effect === 'permit';
    const onTrial = shadowUntil !== undefined && now < shadowUntil;
    if (shadowUntil !== undefined && permit && !onTrial) continue;
    if (permit && (crossing === 'environment' || (crossing === 'tenant' && !rule.crossTenant))) {
      // A rule on trial decides nothing, not even the reason.
      if (!onTrial) stoppedAtBoundary = true;
      continue;
    }
    if (onTrial) {
      shadows ??= [];
      shadows.push(rule);
    } else (permit ? permits : forbids).push(rule);
  }
  const taskMissing = principal.kind === 'agent' && !operation.taskFree;
  let reason: Reason | undefined;
  if (forbids.length > 0) reason = 'authz.forbidden';
  else if (permits.length === 0) reason = stoppedAtBoundary ? 'authz.boundary' : 'authz.no_match';
  else if (taskMissing) reason = 'authz.task_required';
  const deciding = forbids.length > 0 ? forbids : permits;
  return {
    outcome: reason === undefined ? 'allow' : 'deny',
    reason,
    rules: names(deciding),
    ruleCount: deciding.length,
    shadow: shadows === undefined ? NO_SHADOW : shadowResults(shadows, forbids, taskMissing),
  };
}

/**
 * INVARIANT: a tenant is crossed only by a rule that says so, an environment by none. A principal
 * whose inventory entry names no tenant has none, so it crosses into every tenant.
 */
function crossesBoundary(request: AccessRequest): 'tenant' | 'environment' | undefined {
  const { principal, operation, resource } = request;
  if (
    principal.environment !== '' &&
    operation.environment !== '' &&
    principal.environment !== operation.environment
  ) {
    return 'environment';
  }
  return resource.tenant !== '' && resource.tenant !== principal.tenant ? 'tenant' : undefined;
}

/** The outcome that the request would have had with the shadow rule in force. */
function shadowResults(
  shadows: readonly Rule[],
  forbids: readonly Rule[],
  taskMissing: boolean,
): ShadowResult[] {
  const permitted: Outcome = forbids.length > 0 || taskMissing ? 'deny' : 'allow';
  const results = shadows.map((rule): ShadowResult => {
    return { rule: rule.id, outcome: rule.effect === 'forbid' ? 'deny' : permitted };
  });
  results.sort((a, b) => (a.rule < b.rule ? -1 : 1));
  return results.slice(0, RULES_NAMED_MAX);
}

function names(rules: readonly Rule[]): readonly string[] {
  if (rules.length === 1) return [rules[0]!.id];
  return rules
    .map((rule) => rule.id)
    .sort()
    .slice(0, RULES_NAMED_MAX);
}
