// The rules that reach one operation, indexed by what they say of the principal, so that a request
// looks only at rules that can match it. Each rule stands under its most selective exact dimension
// (principal, service account, namespace, trust domain, kind) or, with none, among the rest.

import type { Principal, PrincipalKind } from '../access_request.ts';
import { principalMatches, type Rule } from './rule.ts';

type Bucket = Map<string, Rule[]>;

/** The exact values of one dimension of a rule, or undefined when it has a pattern or no value. */
export interface Anchors {
  readonly principals: readonly string[] | undefined;
  readonly serviceAccounts: readonly string[] | undefined;
  readonly namespaces: readonly string[] | undefined;
  readonly trustDomains: readonly string[] | undefined;
  readonly kinds: readonly string[] | undefined;
}

/** What was found for one principal; ids and kinds hold for as long as the snapshot does. */
interface Found {
  readonly kind: PrincipalKind;
  readonly rules: readonly Rule[];
}

/** Principals remembered by one operation: callers of one service are few. */
const FOUND_MAX = 256;

export class RuleIndex {
  // Made when there is something to put: a large bundle has thousands of indexes, and each of them
  // uses few of its maps.
  #principals: Bucket | undefined;
  #serviceAccounts: Bucket | undefined;
  #namespaces: Bucket | undefined;
  #trustDomains: Bucket | undefined;
  #kinds: Bucket | undefined;
  readonly #rest: Rule[] = [];
  #found: Map<string, Found> | undefined;

  add(rule: Rule, anchors: Anchors): void {
    this.#found = undefined;
    const { principals, serviceAccounts, namespaces, trustDomains, kinds } = anchors;
    if (principals) this.#principals = put(this.#principals, principals, rule);
    else if (serviceAccounts) {
      this.#serviceAccounts = put(this.#serviceAccounts, serviceAccounts, rule);
    } else if (namespaces) this.#namespaces = put(this.#namespaces, namespaces, rule);
    else if (trustDomains) this.#trustDomains = put(this.#trustDomains, trustDomains, rule);
    else if (kinds) this.#kinds = put(this.#kinds, kinds, rule);
    else this.#rest.push(rule);
  }

  /**
   * The rules whose `from` matches the principal, each once. Only the resource is left to look at.
   * They are remembered: an identity comes again and again, and what a rule says of it stays.
   */
  rulesFor(principal: Principal): readonly Rule[] {
    const { id, kind } = principal;
    this.#found ??= new Map();
    const found = this.#found.get(id);
    if (found !== undefined && found.kind === kind) return found.rules;
    const rules = this.#candidates(principal).filter((rule) => principalMatches(rule, principal));
    if (this.#found.size === FOUND_MAX) this.#found.clear();
    this.#found.set(id, { kind, rules });
    return rules;
  }

  #candidates(principal: Principal): Rule[] {
    const { spiffe, id, kind } = principal;
    if (spiffe === undefined) return this.#rest;
    const { kubernetes, trustDomain } = spiffe;
    const buckets: (readonly Rule[] | undefined)[] = [
      this.#principals?.get(id),
      kubernetes && this.#serviceAccounts?.get(kubernetes.qualified),
      kubernetes && this.#namespaces?.get(kubernetes.namespace),
      this.#trustDomains?.get(trustDomain),
      this.#kinds?.get(kind),
      this.#rest,
    ];
    return buckets.flatMap((rules) => rules ?? []);
  }
}

function put(bucket: Bucket = new Map(), keys: readonly string[], rule: Rule): Bucket {
  for (const key of new Set(keys)) {
    const rules = bucket.get(key);
    if (rules === undefined) bucket.set(key, [rule]);
    else rules.push(rule);
  }
  return bucket;
}
