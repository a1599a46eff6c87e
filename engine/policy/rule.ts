// Rules: who may (permit) or must not (forbid) do what. Compiling splits a rule in two: what an
// operation alone decides is settled at load, so that at a request only the principal and the
// resource are looked at. Keys of a block AND, items of a list OR, `not` negates its whole block.

import {
  ADMIN_RESOURCE_TYPE,
  type Operation,
  type Principal,
  type PrincipalKind,
  type Resource,
  STRONG_VERBS,
} from '../access_request.ts';
import type { Effect } from '../decision.ts';
import type { SpiffePattern } from '../spiffe_pattern.ts';
import { type OperationReference, operationMatches } from './operation_reference.ts';
import type { ResourcePattern } from './resource_pattern.ts';
import type { TextMatcher } from './text_pattern.ts';

/** Sets and patterns of a `from` block; undefined dimensions match everything. */
export interface FromMatcher {
  readonly principals: readonly SpiffePattern[] | undefined;
  readonly trustDomains: ReadonlySet<string> | undefined;
  readonly namespaces: readonly TextMatcher[] | undefined;
  readonly serviceAccounts: ReadonlySet<string> | undefined;
  readonly kinds: ReadonlySet<PrincipalKind> | undefined;
}

export interface ToMatcher {
  readonly operations: readonly OperationReference[] | undefined;
  readonly services: ReadonlySet<string> | undefined;
  readonly verbs: ReadonlySet<string> | undefined;
  readonly environments: readonly TextMatcher[] | undefined;
  readonly resources: readonly ResourcePattern[] | undefined;
}

export interface Rule {
  /** `namespace/policy/rule` */
  readonly id: string;
  readonly effect: Effect;
  readonly from: FromMatcher;
  readonly fromNot: FromMatcher | undefined;
  readonly anonymous: boolean;
  readonly to: ToMatcher;
  readonly toNot: ToMatcher | undefined;
  readonly crossTenant: boolean;
  /** Until then the rule decides nothing; from then on a forbid enforces and a permit is gone. */
  readonly shadowUntil: number | undefined;
}

/** What the operation alone decides. */
export function reaches(rule: Rule, operation: Operation): boolean {
  const { to, toNot, effect } = rule;
  if (!staticMatch(to, operation)) return false;
  if (to.resources?.every((pattern) => pattern.type !== operation.resourceType)) return false;
  // A negated block without resources is settled here as well.
  if (toNot !== undefined && toNot.resources === undefined && staticMatch(toNot, operation)) {
    return false;
  }
  return effect === 'forbid' || namesWhatIsStrong(to, operation);
}

function staticMatch(to: ToMatcher, operation: Operation): boolean {
  if (to.services !== undefined && !to.services.has(operation.service)) return false;
  if (to.verbs !== undefined && !to.verbs.has(operation.verb)) return false;
  const { operations, environments } = to;
  if (operations !== undefined && !operations.some((it) => operationMatches(it, operation))) {
    return false;
  }
  return environments === undefined || environments.some((it) => it(operation.environment));
}

/**
 * INVARIANT: a strong verb and a resource of type `admin` are permitted only by a rule that names
 * them or the operation. A forbid needs no such care: it may only match more.
 */
function namesWhatIsStrong(to: ToMatcher, operation: Operation): boolean {
  if (to.operations?.some((it) => it.exact && operationMatches(it, operation))) return true;
  if (STRONG_VERBS.has(operation.verb) && to.verbs === undefined) return false;
  return operation.resourceType !== ADMIN_RESOURCE_TYPE || to.resources !== undefined;
}

/** What is left to look at of a rule that reaches the operation and matches the principal. */
export function resourceMatches(rule: Rule, operation: Operation, resource: Resource): boolean {
  const { to, toNot } = rule;
  if (to.resources !== undefined && !to.resources.some((it) => it.matches(resource))) return false;
  if (toNot?.resources === undefined) return true;
  return !(toNot.resources.some((it) => it.matches(resource)) && staticMatch(toNot, operation));
}

export function principalMatches(rule: Rule, principal: Principal): boolean {
  const { effect, from, fromNot, anonymous } = rule;
  if (principal.spiffe === undefined) {
    // INVARIANT: only a permit that names `anonymous` reaches a caller without an identity, while a
    // forbid reaches it unless it asks for something that such a caller has not.
    return anonymous || (effect === 'forbid' && !hasDimension(from));
  }
  if (anonymous || !fromMatches(from, principal)) return false;
  if (principal.kind === 'gateway' && effect === 'permit' && !from.kinds?.has('gateway')) {
    return false;
  }
  return fromNot === undefined || !fromMatches(fromNot, principal);
}

function hasDimension(from: FromMatcher): boolean {
  return Object.values(from).some((dimension) => dimension !== undefined);
}

function fromMatches(from: FromMatcher, principal: Principal): boolean {
  const { spiffe, kind } = principal;
  if (spiffe === undefined) return false;
  const { principals, trustDomains, namespaces, serviceAccounts, kinds } = from;
  if (kinds !== undefined && !kinds.has(kind)) return false;
  if (trustDomains !== undefined && !trustDomains.has(spiffe.trustDomain)) return false;
  if (serviceAccounts !== undefined) {
    const { kubernetes } = spiffe;
    if (kubernetes === undefined || !serviceAccounts.has(kubernetes.qualified)) return false;
  }
  if (namespaces !== undefined) {
    const { namespace } = spiffe;
    if (namespace === undefined || !namespaces.some((it) => it(namespace))) return false;
  }
  return principals === undefined || principals.some((it) => it.matches(spiffe));
}
