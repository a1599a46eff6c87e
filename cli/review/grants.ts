// What a principal may reach of an operation, by policy alone: rules, inventory and services. How a
// caller is proved plays no part in it (C-106), so this is an upper bound of what `serve` allows.

import { AccessRequest, type Principal } from '../../engine/access_request.ts';
import { BODY_PROBLEMS } from '../../engine/body/body.ts';
import { needsFineRule } from '../../engine/policy/decide.ts';
import type { Route } from '../../engine/policy/route.ts';
import { RouteRules } from '../../engine/policy/route_rules.ts';
import type { Rule } from '../../engine/policy/rule.ts';
import type { Service } from '../../engine/policy/service.ts';
import { standingFault } from '../../engine/policy/standing.ts';
import type { Snapshot } from '../../engine/snapshot.ts';
import { ANYTHING } from '../rehearsal/operation_request.ts';

/** One permit that reaches the operation. */
export interface Grant {
  readonly rule: string;
  /** Patterns of resources that it reaches. */
  readonly resources: readonly string[];
  /** What narrows it further, in words. */
  readonly limits: readonly string[];
  /** Forbids that take a part of it away. */
  readonly except: readonly string[];
  /** Of an Exception: milliseconds since the epoch. */
  readonly expiresAt: number | undefined;
}

/** An operation, ready to be asked about for many principals. */
export class OperationReach {
  readonly service: Service;
  readonly route: Route;
  readonly #rules: RouteRules;
  readonly #snapshot: Snapshot;
  readonly #now: number;

  constructor(service: Service, route: Route, snapshot: Snapshot, now: number) {
    this.service = service;
    this.route = route;
    // Of its own, so that nothing of it is kept when the next operation is looked at.
    this.#rules = new RouteRules(snapshot.policy.rules, route.operation);
    this.#snapshot = snapshot;
    this.#now = now;
  }

  grantsOf(principal: Principal): readonly Grant[] {
    const { operation } = this.route;
    const { policy } = this.#snapshot;
    const rules = this.#rulesOf(principal);
    if (!rules.some(({ effect }) => effect === 'permit')) return [];
    const access = this.#access(principal);
    if (standingFault(access, this.service, policy.overdueDenies) !== undefined) return [];
    if (principal.entry.kind === 'agent' && !operation.taskFree) return [];
    const forbids = rules.filter(({ effect }) => effect === 'forbid');
    return rules.flatMap((rule) => {
      if (rule.effect === 'forbid' || (rule.coarse && needsFineRule(operation))) return [];
      const left = forbids.filter(({ id }) => !isSuspended(id, rules));
      if (left.some(isWhole)) return [];
      return this.#grant(rule, principal, left);
    });
  }

  /** In force, and of this principal and operation; the resource is still open. */
  #rulesOf(principal: Principal): readonly Rule[] {
    const { store, targets } = this.#rules;
    const found = new Set<number>();
    for (const a of this.#rules.tokensOf(principal)) {
      for (const t of targets) {
        for (const r of [store.any, store.keyed]) {
          for (const index of store.matching.find(a, t, r)) found.add(index);
        }
      }
    }
    const { operation } = this.route;
    return [...found]
      .sort((a, b) => a - b)
      .map((index) => store.at(index))
      .filter((rule) => {
        const there = rule.isThere(this.#now) && !rule.isOnTrial(this.#now);
        return there && rule.staticFailures(operation, principal) === 0;
      });
  }

  #grant(rule: Rule, { entry }: Principal, forbids: readonly Rule[]): Grant[] {
    const { record } = rule;
    const { operation, captureNames, declaresTenant } = this.route;
    const limits: string[] = [];
    if (declaresTenant && record.crossTenant !== true) {
      // Whoever has no tenant crosses into every one.
      if (entry.tenant === '') return [];
      limits.push(`tenant ${entry.tenant}`);
    }
    if (record.from.roles !== undefined) limits.push(`within ${record.from.roles.join(' or ')}`);
    if (record.condition !== undefined) limits.push(`if ${record.condition.text}`);
    if (record.between !== undefined) limits.push(`between ${JSON.stringify(record.between)}`);
    const { runtime, ipBlocks } = record.from;
    if (runtime !== undefined) limits.push(`runtime ${JSON.stringify(runtime)}`);
    if (ipBlocks !== undefined) limits.push(`from ${ipBlocks.join(' or ')}`);
    if (record.toNot !== undefined) limits.push(`not ${JSON.stringify(record.toNot)}`);
    const type = `${operation.resourceType}/`;
    const any = this.route.resource(
      captureNames.map(() => '*'),
      '',
    );
    const named = record.to.resources?.filter((pattern) => pattern.startsWith(type));
    return [
      {
        rule: rule.id,
        resources: named ?? [`${type}${any.id}`],
        limits,
        except: forbids.map(({ id }) => id),
        expiresAt: record.expiresAt,
      },
    ];
  }

  #access(principal: Principal): AccessRequest {
    const captures = this.route.captureNames.map(() => ANYTHING);
    return new AccessRequest({
      principal,
      operation: this.route.operation,
      resource: this.route.resource(captures, ''),
      context: {
        enforcer: '',
        runtime: new Map(),
        notBefore: undefined,
        notAfter: undefined,
        scopes: undefined,
      },
      request: {
        method: '',
        path: '',
        host: '',
        sourceAddress: '',
        headers: () => new Map(),
        query: () => undefined,
        body: () => BODY_PROBLEMS.untold,
      },
      captureNames: this.route.captureNames,
      captures,
      now: this.#now,
      bodyShape: undefined,
    });
  }
}

/** It leaves nothing of the operation, at any time. */
function isWhole({ record }: Rule): boolean {
  const { from, fromNot, to, toNot, condition, between } = record;
  const narrowed = [from.runtime, from.ipBlocks, fromNot?.runtime, fromNot?.ipBlocks];
  return [...narrowed, to.resources, toNot, condition, between].every((it) => it === undefined);
}

/** By an Exception that holds for all of it. */
function isSuspended(id: string, rules: readonly Rule[]): boolean {
  return rules.some((rule) => {
    return rule.record.suspends?.includes(id) === true && isWhole(rule);
  });
}

export function* reachesOf(snapshot: Snapshot, now: number): Generator<OperationReach> {
  const { policy } = snapshot;
  for (let index = 0; index < policy.serviceCount; index++) {
    const service = policy.serviceAt(index);
    for (const route of service.operations) {
      yield new OperationReach(service, route, snapshot, now);
    }
  }
}
