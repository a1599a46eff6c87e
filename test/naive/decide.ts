// From matching rules to an outcome (docs/semantics.md): default deny, a forbid overrides every
// permit, and what is on trial decides nothing.

import { type ConditionResult, evaluator } from './condition.ts';
import type { NaiveDecision, NaiveObligations, NaiveReason } from './request.ts';
import { DIMENSIONS, type Dimension, failingDimensions } from './rule.ts';
import { type NaiveRule, reaches, stateOf } from './rules.ts';
import type { Situation } from './situation.ts';

const NAMED_MAX = 16;

export type Ruling = Omit<NaiveDecision, 'principal' | 'operation'>;

/** What became of one rule. */
interface Judged {
  readonly rule: NaiveRule;
  readonly onTrial: boolean;
  readonly failing: readonly Dimension[];
  /** Undefined where it has none, or where it was not looked at. */
  readonly condition: ConditionResult | undefined;
  readonly matches: boolean;
}

export function decide(rules: readonly NaiveRule[], situation: Situation): Ruling {
  const { principal, operation, settings, now } = situation;
  const evaluate = evaluator(situation);
  const judged = rules
    .filter((rule) => reaches(rule, operation) && stateOf(rule, settings, now) !== 'gone')
    .map((rule) => judge(rule, situation, evaluate))
    .sort((a, b) => (a.rule.id < b.rule.id ? -1 : 1));
  const inForce = judged.filter((it) => !it.onTrial);
  const matching = inForce.filter((it) => it.matches).map((it) => it.rule);

  const suspended = new Set(matching.flatMap((it) => it.suspends));
  const spared = (rule: NaiveRule) => rule.suspendable && suspended.has(rule.id);
  const forbids = matching.filter((it) => !it.permit && !spared(it));
  const fine = (rule: NaiveRule) => !needsMore(situation) || !isCoarse(rule);
  const permits = matching.filter((it) => it.permit && fine(it));
  const coarse = matching.filter((it) => it.permit && !fine(it));
  const taskMissing = principal.kind === 'agent' && !operation.taskFree;

  let reason: NaiveReason | undefined;
  let deciding: readonly NaiveRule[] = [];
  if (forbids.length > 0) [reason, deciding] = ['authz.forbidden', forbids];
  else if (permits.length > 0) {
    [reason, deciding] = [taskMissing ? 'authz.task_required' : undefined, permits];
  } else if (coarse.length > 0) [reason, deciding] = ['authz.coarse_only', coarse];
  else reason = nearest(inForce);

  const wouldAllow = forbids.length === 0 && !taskMissing;
  const shadow = judged
    .filter((it) => it.onTrial && it.matches)
    .map(({ rule }) => ({
      rule: rule.id,
      outcome: outcome(rule.permit && wouldAllow && fine(rule)),
    }));
  return {
    outcome: outcome(reason === undefined),
    reason,
    rules: deciding.map((it) => it.id).slice(0, NAMED_MAX),
    ruleCount: deciding.length,
    shadow: shadow.slice(0, NAMED_MAX),
    errors: judged
      .filter(({ condition }) => condition === 'failed' || condition === 'body')
      .map((it) => it.rule.id),
    obligations: obligationsOf(reason, deciding),
  };
}

function judge(
  rule: NaiveRule,
  situation: Situation,
  evaluate: (condition: string) => ConditionResult,
): Judged {
  const { settings, now } = situation;
  const failing = failingDimensions(rule, situation);
  const looked = failing.length === 0 && rule.condition !== undefined;
  const condition = looked ? evaluate(rule.condition) : undefined;
  // An error never widens access.
  const holds = condition === undefined || condition === 'true';
  const failed = condition === 'failed' || condition === 'body';
  return {
    rule,
    onTrial: stateOf(rule, settings, now) === 'on trial',
    failing,
    condition,
    matches: failing.length === 0 && (holds || (!rule.permit && failed)),
  };
}

/** A role alone is not enough for what is confidential, and for verbs that change something. */
function needsMore({ operation: { dataClass, verb } }: Situation): boolean {
  return (
    ['confidential', 'restricted'].includes(dataClass) ||
    ['write', 'rotate', 'delegate', 'admin', 'escalate'].includes(verb)
  );
}

function isCoarse({ from, condition, require }: NaiveRule): boolean {
  const { roles, principals, serviceAccounts, claims, actors } = from;
  const beyond = principals ?? serviceAccounts ?? claims ?? actors ?? condition ?? require.task;
  return roles !== undefined && beyond === undefined;
}

/** The reason when a permit fails in nothing else; undefined is no reason of its own. */
const NEAR: Readonly<Record<Dimension, NaiveReason | undefined>> = {
  proof: 'authn.assurance',
  boundary: 'authz.boundary',
  environment: 'authz.environment',
  window: 'authz.time_window',
  runtime: 'authz.runtime',
  resource: 'authz.resource',
  role: 'authz.role',
  task: 'authz.task_required',
  approval: 'authz.approval_required',
  verb: 'authz.verb',
  who: undefined,
  service: undefined,
};

/**
 * Of the permits that fail in exactly one dimension, the first in the order of the table. Only
 * those are looked at that could speak of the principal, so whom a rule means is never the reason.
 */
function nearest(inForce: readonly Judged[]): NaiveReason {
  const permits = inForce.filter((it) => it.rule.permit);
  const single = permits.flatMap(({ failing }) => (failing.length === 1 ? failing : []));
  const reasons = DIMENSIONS.filter((it) => single.includes(it)).map((it) => NEAR[it]);
  const found = reasons.find((it) => it !== undefined);
  // In the table the condition stands before the verb, which is the last.
  if (found !== undefined && found !== 'authz.verb') return found;
  const conditions = permits.map(({ condition }) => condition);
  if (conditions.includes('body')) return 'ctx.body_unreadable';
  return conditions.some((it) => it !== undefined)
    ? 'authz.condition'
    : (found ?? 'authz.no_match');
}

export const NO_OBLIGATIONS: NaiveObligations = { headers: [], metadata: [], denialBody: '' };

/** Of the rules that decided; where two say something else, the first by id. */
function obligationsOf(
  reason: NaiveReason | undefined,
  deciding: readonly NaiveRule[],
): NaiveObligations {
  const all = deciding.map(({ obligations }) => obligations);
  if (reason === 'authz.forbidden') {
    const denialBody = all.find((it) => it.denialBody !== undefined)?.denialBody ?? '';
    return { ...NO_OBLIGATIONS, denialBody };
  }
  if (reason !== undefined) return NO_OBLIGATIONS;
  return {
    headers: merged(all.map(({ headers }) => headers)),
    metadata: merged(all.map(({ metadata }) => metadata)),
    denialBody: '',
  };
}

function merged<T>(all: readonly (Readonly<Record<string, T>> | undefined)[]): [string, T][] {
  const first = Object.assign({}, ...all.toReversed()) as Record<string, T>; // Of these values.
  return Object.entries(first).sort(([a], [b]) => (a < b ? -1 : 1));
}

function outcome(allow: boolean): 'allow' | 'deny' {
  return allow ? 'allow' : 'deny';
}
