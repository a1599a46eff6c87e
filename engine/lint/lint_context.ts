// What the rules of the lint look at: the rules of a bundle with their places, who is known, and
// what can be asked for, each found by the keys of the index that serves requests.

import type { Operation } from '../access_request.ts';
import { type Bundle, documentId, type Located, tokenIssuerIds } from '../bundle/bundle.ts';
import { Diagnostics } from '../diagnostic.ts';
import { checkIdentities } from '../identity/identity_entry.ts';
import { targetKeys } from '../policy/anchor.ts';
import { compilePolicy } from '../policy/compile_policy.ts';
import { ENVIRONMENT } from '../policy/dimension.ts';
import { FromMatcher } from '../policy/from_matcher.ts';
import { Role } from '../policy/role.ts';
import { Rule } from '../policy/rule.ts';
import { patternShapes } from '../policy/rule_store.ts';
import { ToMatcher } from '../policy/to_matcher.ts';
import type { Settings } from '../settings.ts';
import type { PlacedRule } from './placed_rule.ts';
import { Population } from './population.ts';

export interface LintContext {
  readonly bundle: Bundle;
  readonly now: number;
  readonly rules: readonly PlacedRule[];
  readonly population: Population;
  /** Operations that the rule reaches, whatever their resource is. */
  readonly operationsOf: (rule: PlacedRule) => readonly Operation[];
}

export function makeLintContext(bundle: Bundle, settings: Settings, now: number): LintContext {
  // Nothing is told here: the bundle was compiled before.
  const silent = new Diagnostics();
  const roleIds = new Set(bundle.roles.map(({ document }) => documentId(document)));
  const { trustDomains } = checkIdentities(
    bundle.identities,
    { roleIds, tokenIssuers: tokenIssuerIds(bundle.issuers) },
    silent,
  );
  const homeTrustDomains = settings.trustDomain ? [settings.trustDomain] : [...trustDomains].sort();
  const policy = compilePolicy(bundle, { roleIds, homeTrustDomains, settings }, silent);
  const roles = new Map(policy.roles.map((record) => [record.id, new Role(record)]));
  const places = placesOf(bundle);
  const rules = policy.records.map((record, index): PlacedRule => {
    return {
      rule: new Rule(record, roles),
      keys: policy.keys[index]!,
      from: new FromMatcher(record.from, true),
      to: new ToMatcher(record.to, record.namespace),
      ...places.get(record.id)!,
    };
  });
  const operations = new Map<string, Operation[]>();
  for (const { operation } of policy.services.flatMap((service) => service.operations)) {
    for (const key of targetKeys(operation)) addTo(operations, key, operation);
  }
  return {
    bundle,
    now,
    rules,
    population: new Population(bundle, patternShapes(policy.records)),
    operationsOf: ({ keys, to }) =>
      [...new Set(keys.targets.flatMap((key) => operations.get(key) ?? []))].filter((it) => {
        // Where the Service names no environment, its enforcer may.
        const unsaid = it.environment === '' ? ENVIRONMENT : 0;
        return (to.failures(it) & ~unsaid) === 0;
      }),
  };
}

type Place = Pick<PlacedRule, 'isException' | 'at' | 'mode'>;

function placesOf({ policies, exceptions }: Bundle): ReadonlyMap<string, Place> {
  const places = new Map<string, Place>();
  for (const { document, at } of policies) {
    for (const [index, rule] of document.spec.rules.entries()) {
      places.set(`${documentId(document)}/${rule.id}`, {
        isException: false,
        at: (path) => at(['spec', 'rules', index, ...path]),
        mode: rule.mode ?? document.spec.mode,
      });
    }
  }
  for (const { document, at } of exceptions) {
    places.set(documentId(document), {
      isException: true,
      at: (path) => at(['spec', ...path]),
      mode: undefined,
    });
  }
  return places;
}

export function addTo<V>(lists: Map<string, V[]>, key: string, value: V): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

/** Every document but tests, which decide nothing. */
export function documentsOf(bundle: Bundle): readonly Located<{
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string | undefined;
    readonly owner?: string | undefined;
    readonly reviewBy?: string | undefined;
  };
}>[] {
  const { tests: _, keyFiles: __, ...lists } = bundle;
  return Object.values(lists).flat();
}
