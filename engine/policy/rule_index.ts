// The rules that reach one operation, indexed by what they say of the principal, so that a request
// looks only at rules that can match it. Each rule stands under its most selective exact dimension
// (principal, service account, namespace, trust domain, kind) or, with none, among the rest.

import type { Principal } from '../access_request.ts';
import type { Rule } from './rule.ts';

type Bucket = Map<string, Rule[]>;

/** The exact values of one dimension of a rule, or undefined when it has a pattern or no value. */
export interface Anchors {
  readonly principals: readonly string[] | undefined;
  readonly serviceAccounts: readonly string[] | undefined;
  readonly namespaces: readonly string[] | undefined;
  readonly trustDomains: readonly string[] | undefined;
  readonly kinds: readonly string[] | undefined;
}

export class RuleIndex {
  readonly #principals: Bucket = new Map();
  readonly #serviceAccounts: Bucket = new Map();
  readonly #namespaces: Bucket = new Map();
  readonly #trustDomains: Bucket = new Map();
  readonly #kinds: Bucket = new Map();
  readonly #rest: Rule[] = [];

  add(rule: Rule, anchors: Anchors): void {
    if (anchors.principals) put(this.#principals, anchors.principals, rule);
    else if (anchors.serviceAccounts) put(this.#serviceAccounts, anchors.serviceAccounts, rule);
    else if (anchors.namespaces) put(this.#namespaces, anchors.namespaces, rule);
    else if (anchors.trustDomains) put(this.#trustDomains, anchors.trustDomains, rule);
    else if (anchors.kinds) put(this.#kinds, anchors.kinds, rule);
    else this.#rest.push(rule);
  }

  /** Calls `visit` once for each rule that can match the principal. */
  forEachCandidate(principal: Principal, visit: (rule: Rule) => void): void {
    const { spiffe } = principal;
    if (spiffe !== undefined) {
      visitAll(this.#principals, principal.id, visit);
      if (spiffe.namespace !== undefined) {
        if (this.#serviceAccounts.size > 0) {
          visitAll(this.#serviceAccounts, `${spiffe.namespace}/${spiffe.serviceAccount}`, visit);
        }
        visitAll(this.#namespaces, spiffe.namespace, visit);
      }
      if (this.#trustDomains.size > 0) visitAll(this.#trustDomains, spiffe.trustDomain, visit);
      visitAll(this.#kinds, principal.kind, visit);
    }
    for (const rule of this.#rest) visit(rule);
  }
}

function put(bucket: Bucket, keys: readonly string[], rule: Rule): void {
  for (const key of new Set(keys)) {
    const rules = bucket.get(key);
    if (rules === undefined) bucket.set(key, [rule]);
    else rules.push(rule);
  }
}

function visitAll(bucket: Bucket, key: string, visit: (rule: Rule) => void): void {
  if (bucket.size === 0) return;
  const rules = bucket.get(key);
  if (rules !== undefined) for (const rule of rules) visit(rule);
}
