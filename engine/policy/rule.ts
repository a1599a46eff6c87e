// Rules: who may (permit) or must not (forbid) do what. A rule is looked at in two steps: what
// principal and operation alone decide is remembered for as long as a snapshot lives, and only what
// each request shows anew is looked at each time (docs/semantics.md).

import type { AccessRequest, Operation, Principal } from '../access_request.ts';
import type { Effect } from '../decision.ts';
import { parseDuration } from '../duration.ts';
import { type Assurance, assuranceAtLeast } from '../evidence.ts';
import { Condition } from './condition.ts';
import {
  APPROVAL,
  BOUNDARY,
  type Dimensions,
  PROOF,
  RESOURCE,
  ROLE,
  RUNTIME,
  TASK,
  WHO,
  WINDOW,
} from './dimension.ts';
import { FromMatcher } from './from_matcher.ts';
import type { Role } from './role.ts';
import type { RuleRecord } from './rule_record.ts';
import { parseTimeWindow, TimeWindow } from './time_window.ts';
import { ToMatcher } from './to_matcher.ts';

const NEVER = Number.POSITIVE_INFINITY;

export class Rule {
  readonly record: RuleRecord;
  readonly id: string;
  readonly effect: Effect;
  readonly condition: Condition | undefined;
  /** Until then it decides nothing; from then on a forbid enforces and a permit is gone. */
  readonly shadowUntil: number;
  /** Something about it changes as time passes. */
  readonly isTimed: boolean;
  /** As a list, which every decision by this rule alone shares. */
  readonly names: readonly string[];
  /** Only a role makes it match, which does not do for whatever is sensitive. */
  readonly coarse: boolean;
  readonly #from: FromMatcher;
  readonly #fromNot: FromMatcher | undefined;
  readonly #to: ToMatcher;
  readonly #toNot: ToMatcher | undefined;
  readonly #roles: readonly Role[] | undefined;
  readonly #window: TimeWindow | undefined;
  readonly #assurance: Assurance;
  readonly #maxAgeMs: number;
  /** The first of expiry and overdue review. */
  readonly #endsAt: number;

  /** @param roles all that there are, by id */
  constructor(record: RuleRecord, roles: ReadonlyMap<string, Role>) {
    const { namespace, require: needs = {}, between, condition } = record;
    this.record = record;
    this.id = record.id;
    this.effect = record.effect;
    this.condition = condition && new Condition(condition, record.effect);
    this.shadowUntil = record.shadowUntil ?? 0;
    const forbids = record.effect === 'forbid';
    this.#from = new FromMatcher(record.from, forbids);
    this.#fromNot = record.fromNot && new FromMatcher(record.fromNot, !forbids);
    this.#to = new ToMatcher(record.to, namespace);
    this.#toNot = record.toNot && new ToMatcher(record.toNot, undefined);
    this.#roles = record.from.roles?.flatMap((id) => roles.get(id) ?? []);
    const window = between && parseTimeWindow(between);
    this.#window = window instanceof TimeWindow ? window : undefined;
    this.#assurance = needs.bound ? 'bound' : (needs.assurance ?? 'none');
    this.#maxAgeMs = parseDuration(needs.maxAge ?? '') ?? NEVER;
    this.#endsAt = Math.min(record.expiresAt ?? NEVER, record.reviewUntil ?? NEVER);
    this.names = Object.freeze([record.id]);
    this.isTimed =
      this.shadowUntil !== 0 ||
      this.#endsAt !== NEVER ||
      this.#maxAgeMs !== NEVER ||
      this.#window !== undefined ||
      this.condition?.readsTime === true ||
      (this.#roles ?? []).some(({ reviewUntil }) => reviewUntil !== NEVER);
    const { roles: byRole, principals, serviceAccounts, claims, actors } = record.from;
    this.coarse =
      byRole !== undefined &&
      [principals, serviceAccounts, claims, actors, condition, needs.task].every((it) => !it);
  }

  /** False where time has taken it away. On trial is not gone. */
  isThere(now: number): boolean {
    if (this.#endsAt !== NEVER && now >= this.#endsAt) return false;
    return this.shadowUntil === 0 || this.effect === 'forbid' || now < this.shadowUntil;
  }

  isOnTrial(now: number): boolean {
    return now < this.shadowUntil;
  }

  /** What principal and operation alone decide. */
  staticFailures(operation: Operation, principal: Principal): Dimensions {
    const { record } = this;
    let failed = this.#to.failures(operation);
    if (this.#toNot !== undefined && !this.#toNot.namesResources) {
      if (this.#toNot.failures(operation) === 0) failed |= RESOURCE;
    }
    failed |= this.#whoFailures(principal);
    if (this.#roles !== undefined && principal.id !== '') {
      const { roles } = principal.entry;
      const covers = (it: Role) => roles.includes(it.id) && it.coversOperation(operation);
      if (!this.#roles.some(covers)) failed |= ROLE;
    }
    const { task, intent, approval } = record.require ?? {};
    if (task !== undefined || intent !== undefined) failed |= TASK;
    if (approval !== undefined) failed |= APPROVAL;
    if (this.effect === 'forbid') return failed;
    failed |= this.#to.unnamed(operation);
    return crossesEnvironment(operation, principal) ? failed | BOUNDARY : failed;
  }

  #whoFailures(principal: Principal): Dimensions {
    const { effect, record } = this;
    const permit = effect === 'permit';
    if (principal.id === '') {
      // INVARIANT: only a permit that names `anonymous` reaches a caller without an identity, while
      // a forbid reaches it unless it asks for something that such a caller has not.
      const asksNothing = Object.keys(record.from).length === 0;
      return record.anonymous || (!permit && asksNothing) ? 0 : WHO;
    }
    if (record.anonymous || !this.#from.matchesIdentity(principal)) return WHO;
    const { kind } = principal.entry;
    if (kind === 'gateway' && permit && !record.from.kinds?.includes('gateway')) return WHO;
    const not = this.#fromNot;
    if (not !== undefined && !not.isDynamic) {
      if (not.matchesIdentity(principal) && not.isInDomain(principal) && not.hasRole(principal)) {
        return WHO;
      }
    }
    return this.#from.isInDomain(principal) ? 0 : BOUNDARY;
  }

  /** What this request decides, besides the condition. */
  dynamicFailures(access: AccessRequest): Dimensions {
    const { principal, operation, resource, context, request, now } = access;
    let failed = this.#to.resourceMatches(resource) ? 0 : RESOURCE;
    if (this.#toNot?.namesResources && this.#toNot.failures(operation) === 0) {
      if (this.#toNot.resourceMatches(resource)) failed |= RESOURCE;
    }
    if (this.#roles !== undefined && principal.id !== '') {
      const { roles } = principal.entry;
      // INVARIANT: a forbid is never overdue, nor are the roles that it names.
      const at = this.effect === 'forbid' ? Number.NEGATIVE_INFINITY : now;
      const covers = (it: Role) => roles.includes(it.id) && it.covers(operation, resource, at);
      if (!this.#roles.some(covers)) failed |= ROLE;
    }
    if (this.#from.isDynamic) {
      if (!this.#from.matchesSurroundings(context, request.sourceAddress)) failed |= RUNTIME;
    }
    if (this.#fromNot?.isDynamic) {
      if (this.#fromNot.matches(principal, context, request.sourceAddress)) failed |= WHO;
    }
    if (this.#window !== undefined && !this.#window.holds(now)) failed |= WINDOW;
    if (this.effect === 'forbid') return failed;
    if (!assuranceAtLeast(principal.assurance, this.#assurance)) failed |= PROOF;
    if (this.#maxAgeMs !== NEVER) {
      const { notBefore } = context;
      if (notBefore === undefined || now - notBefore > this.#maxAgeMs) failed |= PROOF;
    }
    return crossesTenant(access) && !this.record.crossTenant ? failed | BOUNDARY : failed;
  }

  /** Before this it cannot change by itself whether the rule matches. */
  changesAt({ context, now }: AccessRequest): number {
    let at = NEVER;
    const consider = (time: number) => {
      if (time > now && time < at) at = time;
    };
    consider(this.shadowUntil);
    consider(this.#endsAt);
    if (this.#window !== undefined) consider(this.#window.until(now));
    // Nobody knows when: the very next moment.
    if (this.condition?.readsTime) consider(now + 1);
    if (this.#maxAgeMs !== NEVER && context.notBefore !== undefined) {
      // At that very millisecond the age is still allowed.
      consider(context.notBefore + this.#maxAgeMs + 1);
    }
    for (const { reviewUntil } of this.#roles ?? []) consider(reviewUntil);
    return at;
  }
}

/** INVARIANT: an environment is crossed by no rule. */
function crossesEnvironment(operation: Operation, { entry }: Principal): boolean {
  const { environment } = entry;
  return (
    environment !== '' && operation.environment !== '' && environment !== operation.environment
  );
}

/**
 * INVARIANT: a tenant is crossed only by a rule that says so. A principal whose inventory entry
 * names no tenant has none, so it crosses into every tenant.
 */
function crossesTenant({ principal, resource }: AccessRequest): boolean {
  return resource.tenant !== '' && resource.tenant !== principal.entry.tenant;
}
