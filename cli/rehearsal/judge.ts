// Whether a caller may do something of which not every value is known (C-033): what was said is
// decided by the code that serves, and a rule that reads anything else makes the answer depend on
// it.
//
// INVARIANT: yes is said only where nothing unsaid could turn it into no.

import type { AccessRequest } from '../../engine/access_request.ts';
import type { TestRequest } from '../../engine/bundle/test_kind.ts';
import type { Verdict } from '../../engine/check.ts';
import { needsFineRule } from '../../engine/policy/decide.ts';
import { RUNTIME, WHO } from '../../engine/policy/dimension.ts';
import type { Rule } from '../../engine/policy/rule.ts';
import type { Snapshot } from '../../engine/snapshot.ts';
import { routeOf } from './exercised_rules.ts';

export interface Dependency {
  readonly rule: string;
  readonly effect: Rule['effect'];
  readonly condition: string | undefined;
  /** Attributes that it reads and that nobody said. */
  readonly missing: readonly string[];
}

export interface Judgement {
  readonly answer: 'yes' | 'no' | 'depends';
  readonly dependsOn: readonly Dependency[];
}

/** What was really said of a request, before anything was filled in. */
export interface Said {
  readonly request: TestRequest;
  /** Captures of the path that have a value which means nothing. */
  readonly unfilled: readonly string[];
}

type Match = 'sure' | 'never' | Dependency;

const NO: Judgement = { answer: 'no', dependsOn: [] };
/** No rule was asked. */
const BEFORE_RULES: readonly string[] = [
  'authz.unknown_identity',
  'authz.review_overdue',
  'authz.ceiling',
  'authz.no_policy',
];

export function judge(verdict: Verdict, said: Said, { policy }: Snapshot): Judgement {
  const { access, evaluated, decision } = verdict;
  const route = routeOf(verdict);
  if (access === undefined || route === undefined || !evaluated) return NO;
  if (BEFORE_RULES.includes(decision.reason ?? '')) return NO;
  const found = route.rules(policy.rules).find(access.principal);
  const permits: Match[] = [];
  const forbids = new Map<string, Match>();
  const exceptions: [Rule, Match][] = [];
  for (const rule of [...found.rules, ...found.byResource(access.resource)]) {
    if (!rule.isThere(access.now) || rule.isOnTrial(access.now)) continue;
    const match = matchOf(rule, access, said);
    if (match === 'never') continue;
    if (rule.effect === 'forbid') forbids.set(rule.id, match);
    else if (!rule.coarse || !needsFineRule(access.operation)) {
      permits.push(match);
      if (rule.record.suspends !== undefined) exceptions.push([rule, match]);
    }
  }
  for (const [{ record }, match] of exceptions) {
    for (const id of record.suspends ?? []) {
      if (!forbids.has(id)) continue;
      if (match === 'sure') forbids.delete(id);
      else forbids.set(id, match);
    }
  }
  return concluded(verdict, permits, [...forbids.values()]);
}

function concluded(
  { access, decision }: Verdict,
  permits: readonly Match[],
  forbids: readonly Match[],
): Judgement {
  const taskMissing = access?.principal.entry.kind === 'agent' && !access.operation.taskFree;
  if (permits.length === 0 || forbids.includes('sure') || taskMissing) return NO;
  const unsure = [...forbids, ...(permits.includes('sure') ? [] : permits)];
  const dependsOn = unsure.filter((it) => typeof it === 'object');
  if (dependsOn.length > 0) return { answer: 'depends', dependsOn };
  return decision.outcome === 'allow' ? { answer: 'yes', dependsOn } : NO;
}

function matchOf(rule: Rule, access: AccessRequest, said: Said): Match {
  const { from, fromNot, condition } = rule.record;
  const surroundings = [from, fromNot].flatMap((block) => [
    ...Object.keys(block?.runtime ?? {}).map((name) => `context.runtime.${name}`),
    ...(block?.ipBlocks === undefined ? [] : ['context.sourceIp']),
  ]);
  const unseen = surroundings.filter((path) => !isSaid(path, said));
  const open = unseen.length === 0 ? 0 : RUNTIME | WHO;
  if ((rule.dynamicFailures(access) & ~open) !== 0) return 'never';
  const missing = [...unseen, ...(condition?.reads ?? []).filter((it) => !isSaid(it, said))];
  if (missing.length > 0) {
    return { rule: rule.id, effect: rule.effect, condition: condition?.text, missing };
  }
  if (rule.condition === undefined) return 'sure';
  const result = rule.condition.evaluate(access);
  const holds = typeof result === 'boolean' ? result : rule.effect === 'forbid';
  return holds ? 'sure' : 'never';
}

/** Of callers, operations and resources everything is known; of a request what was said. */
function isSaid(path: string, { request, unfilled }: Said): boolean {
  const [root, group, ...rest] = path.split('.');
  const name = rest.join('.');
  switch (`${root}.${group}`) {
    case 'request.headers':
      return Object.keys(request.headers ?? {}).some((it) => it.toLowerCase() === name);
    case 'request.host':
      return Object.keys(request.headers ?? {}).some((it) => it.toLowerCase() === 'host');
    case 'request.body':
      return request.body !== undefined;
    case 'request.captures':
      return name !== '' && !unfilled.includes(name);
    case 'request.path':
      return unfilled.length === 0;
    case 'request.method':
      return true;
    case 'context.sourceIp':
      return request.sourceIp !== undefined;
    case 'context.runtime':
      return request.runtime?.[name] !== undefined;
    case 'context.time':
      return true;
    case 'resource.tenant':
      return unfilled.length === 0;
    default:
      if (root === 'resource' && group === undefined) return unfilled.length === 0;
      return root === 'principal' || root === 'action' || root === 'resource';
  }
}
