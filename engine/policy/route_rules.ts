// The rules that can match requests of one operation. What they say of a principal is remembered:
// an identity comes again and again, and only the resource and the moment are new.

import type { IdentityEntry, Operation, Principal, Resource } from '../access_request.ts';
import { FOUND_MAX, NEAR_MAX } from '../limits.ts';
import { principalKeys, resourceKeysOf, targetKeys } from './anchor.ts';
import { type Dimensions, isSingle, SERVICE, WHO } from './dimension.ts';
import type { Rule } from './rule.ts';
import type { RuleStore } from './rule_store.ts';

/** A permit that fails in at most one dimension before a request is looked at. */
export interface NearRule {
  readonly rule: Rule;
  readonly failed: Dimensions;
}

/** What was found for one principal. */
export class Found {
  /** Only the resource and the moment are left to look at. */
  readonly rules: readonly Rule[];
  readonly entry: IdentityEntry;
  readonly #route: RouteRules;
  readonly #principal: Principal;
  /** Under which more rules stand by their resources: pairs of tokens. */
  readonly #keyed: readonly (readonly [principal: number, target: number])[];
  #near: readonly NearRule[] | undefined;

  constructor(route: RouteRules, principal: Principal) {
    this.#route = route;
    this.#principal = principal;
    this.entry = principal.entry;
    const { store, targets } = route;
    const keyed: [number, number][] = [];
    const found = new Set<number>();
    for (const a of route.tokensOf(principal)) {
      for (const t of targets) {
        for (const index of store.matching.find(a, t, store.any)) found.add(index);
        if (store.matching.find(a, t, store.keyed).length > 0) keyed.push([a, t]);
      }
    }
    this.#keyed = keyed;
    this.rules = this.#matching(found);
  }

  /** Those that name resources, and this one among them, besides `rules`; mostly none. */
  byResource(resource: Resource): readonly Rule[] {
    if (this.#keyed.length === 0) return NONE;
    const { store } = this.#route;
    const found = new Set<number>();
    for (const key of resourceKeysOf(resource)) {
      const r = store.tokens.find(key);
      if (r === -1) continue;
      for (const [a, t] of this.#keyed) {
        for (const index of store.matching.find(a, t, r)) found.add(index);
      }
    }
    return found.size === 0 ? NONE : this.#matching(found);
  }

  /** For the reason of a denial: permits of the service that speak of the principal. */
  get near(): readonly NearRule[] {
    this.#near ??= this.#findNear();
    return this.#near;
  }

  #findNear(): readonly NearRule[] {
    const { store, operation, targets } = this.#route;
    const found = new Set<number>();
    for (const a of this.#route.tokensOf(this.#principal)) {
      for (const t of targets) {
        for (const index of store.near.find(a, t, store.any)) found.add(index);
      }
    }
    const near: NearRule[] = [];
    let looked = 0;
    for (const index of [...found].sort((a, b) => a - b)) {
      const rule = store.at(index);
      const failed = rule.staticFailures(operation, this.#principal);
      if ((failed & (WHO | SERVICE)) !== 0) continue;
      if (failed === 0 || isSingle(failed)) near.push({ rule, failed });
      if (++looked === NEAR_MAX) break;
    }
    return near;
  }

  #matching(found: ReadonlySet<number>): readonly Rule[] {
    const { store, operation } = this.#route;
    const rules: Rule[] = [];
    for (const index of [...found].sort((a, b) => a - b)) {
      const rule = store.at(index);
      if (rule.staticFailures(operation, this.#principal) === 0) rules.push(rule);
    }
    return rules;
  }
}

const NONE: readonly Rule[] = Object.freeze([]);

export class RouteRules {
  readonly store: RuleStore;
  readonly operation: Operation;
  readonly targets: readonly number[];
  readonly #found = new Map<string, Found>();

  constructor(store: RuleStore, operation: Operation) {
    this.store = store;
    this.operation = operation;
    this.targets = this.#tokens(targetKeys(operation));
  }

  find(principal: Principal): Found {
    // Claims of a token and those on whose behalf it acts make another caller of it.
    const { id, variant } = principal;
    const key = variant === '' ? id : `${id}\n${variant}`;
    const known = this.#found.get(key);
    if (known !== undefined && known.entry === principal.entry) return known;
    const found = new Found(this, principal);
    if (this.#found.size === FOUND_MAX) this.#found.clear();
    this.#found.set(key, found);
    return found;
  }

  tokensOf(principal: Principal): readonly number[] {
    return this.#tokens(principalKeys(principal, this.store.shapes));
  }

  #tokens(keys: readonly string[]): readonly number[] {
    return keys.map((key) => this.store.tokens.find(key)).filter((token) => token !== -1);
  }
}
