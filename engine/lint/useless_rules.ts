// Permits that a forbid takes away whatever happens, and rules that no index catches.

import type { Operation } from '../access_request.ts';
import { LINT_PAIRS_MAX } from '../limits.ts';
import { isUnindexed, targetKeys } from '../policy/anchor.ts';
import { addTo, type LintContext } from './lint_context.ts';
import type { LintRule } from './lint_rule.ts';
import type { PlacedRule } from './placed_rule.ts';
import type { Known } from './population.ts';

export const ALWAYS_FORBIDDEN: LintRule = {
  code: 'lint.always_forbidden',
  severity: 'warning',
  finds: 'a permit of which everything is also forbidden, without condition or end',
  why: 'A forbid overrides every permit, so the permit never decides: one of the two says what nobody means.',
  fix: 'Remove the permit, or narrow the forbid by `not`.',
  check: (context, tell) => {
    const forbids = new Map<string, PlacedRule[]>();
    for (const placed of context.rules) {
      if (!isPlainForbid(placed)) continue;
      for (const key of placed.keys.targets) addTo(forbids, key, placed);
    }
    if (forbids.size === 0) return;
    for (const placed of context.rules) {
      if (placed.rule.effect !== 'permit' || placed.rule.record.anonymous) continue;
      const by = overruledBy(context, placed, forbids);
      if (by === undefined) continue;
      tell(placed.at([]), `all that \`${placed.rule.id}\` permits is forbidden by \`${by}\``);
    }
  },
};

/** One that principal and operation alone decide. */
function isPlainForbid({ rule, mode }: PlacedRule): boolean {
  const { effect, condition, between, from, fromNot, to, toNot, suspendable } = rule.record;
  if (effect !== 'forbid' || mode || condition || between || suspendable) return false;
  const dynamic = from.runtime ?? from.ipBlocks ?? fromNot?.runtime ?? fromNot?.ipBlocks;
  return dynamic === undefined && to.resources === undefined && toNot?.resources === undefined;
}

/** The forbid of the first pair, where every pair has one. */
function overruledBy(
  { population, operationsOf }: LintContext,
  placed: PlacedRule,
  forbids: ReadonlyMap<string, readonly PlacedRule[]>,
): string | undefined {
  const operations = operationsOf(placed);
  let pairs = 0;
  let first: string | undefined;
  for (const known of population.whom(placed)) {
    for (const operation of operations) {
      if (++pairs > LINT_PAIRS_MAX) return undefined;
      if (!maybePermits(placed, known, operation)) continue;
      const by = targetKeys(operation)
        .flatMap((key) => forbids.get(key) ?? [])
        .find((forbid) => isForbidden(forbid, known, operation));
      if (by === undefined) return undefined;
      first ??= by.rule.id;
    }
  }
  return first;
}

function maybePermits({ rule }: PlacedRule, { principal }: Known, operation: Operation): boolean {
  return principal === undefined || rule.staticFailures(operation, principal) === 0;
}

/** Of a pattern it is known only where the forbid means everybody. */
function isForbidden(
  { rule, to }: PlacedRule,
  { principal }: Known,
  operation: Operation,
): boolean {
  if (principal !== undefined) return rule.staticFailures(operation, principal) === 0;
  const { from, fromNot, toNot } = rule.record;
  const everybody = Object.keys(from).length === 0 && fromNot === undefined;
  return everybody && toNot === undefined && to.failures(operation) === 0;
}

export const UNINDEXED_RULE: LintRule = {
  code: 'lint.unindexed_rule',
  severity: 'warning',
  finds: 'a rule that no index catches, so that each request of its services looks at it',
  why: 'It costs time in every decision, and 256 of them in one service are an error.',
  fix: 'Name an exact principal, service account, namespace, kind, operation or resource.',
  check: ({ rules }, tell) => {
    for (const { rule, keys, at } of rules) {
      if (isUnindexed(keys)) tell(at([]), `no index catches \`${rule.id}\``);
    }
  },
};
