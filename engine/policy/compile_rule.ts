// Compiles the rules of policies: text becomes sets and patterns, references are checked against
// the services there are, and every mistake is told at its place.

import type { Bundle, Located } from '../bundle/bundle.ts';
import { documentId } from '../bundle/bundle.ts';
import type {
  FromBlock,
  ModeDocument,
  PolicyDocument,
  RuleDocument,
  ToBlock,
} from '../bundle/kinds.ts';
import type { Path } from '../bundle/yaml_document.ts';
import { type Diagnostics, nearest, type Position } from '../diagnostic.ts';
import { parseTrustDomain, SpiffeIdError } from '../spiffe_id.ts';
import { parseSpiffePattern, SpiffePattern } from '../spiffe_pattern.ts';
import type { Steps } from '../steps.ts';
import { type OperationReference, parseOperationReference } from './operation_reference.ts';
import { parseResourcePattern, type ResourcePattern } from './resource_pattern.ts';
import type { FromMatcher, Rule, ToMatcher } from './rule.ts';
import type { Anchors } from './rule_index.ts';
import type { Service } from './service.ts';
import { isTextPattern, parseTextPattern, type TextMatcher } from './text_pattern.ts';

export interface CompiledRule {
  readonly rule: Rule;
  readonly anchors: Anchors;
}

/** What rules are compiled against. */
export interface RuleContext {
  /** By namespace, then by name. */
  readonly services: ReadonlyMap<string, ReadonlyMap<string, Service>>;
  /** Namespaces and service accounts of a permit mean these, unless the rule names its own. */
  readonly homeTrustDomains: readonly string[];
}

export function* compilePolicies(
  policies: Bundle['policies'],
  context: RuleContext,
  diagnostics: Diagnostics,
): Steps<CompiledRule[]> {
  const compiled: CompiledRule[] = [];
  for (const policy of policies) {
    const { document } = policy;
    const ids = new Set<string>();
    for (const [index, rule] of document.spec.rules.entries()) {
      const path: Path = ['spec', 'rules', index];
      if (ids.has(rule.id)) {
        diagnostics.error(
          policy.at([...path, 'id']),
          `a second rule \`${rule.id}\` in this policy`,
        );
      }
      ids.add(rule.id);
      compiled.push(new RuleCompiler(policy, path, context, diagnostics).compile(rule));
      yield;
    }
  }
  return compiled;
}

const NO_SERVICES: ReadonlyMap<string, Service> = new Map();

class RuleCompiler {
  readonly #policy: PolicyDocument;
  readonly #at: (path: Path) => Position;
  readonly #path: Path;
  readonly #context: RuleContext;
  readonly #diagnostics: Diagnostics;

  constructor(
    { document, at }: Located<PolicyDocument>,
    path: Path,
    context: RuleContext,
    diagnostics: Diagnostics,
  ) {
    this.#policy = document;
    this.#at = at;
    this.#path = path;
    this.#context = context;
    this.#diagnostics = diagnostics;
  }

  compile(rule: RuleDocument): CompiledRule {
    const { from, to, effect } = rule;
    const permit = effect === 'permit';
    const positive = Object.keys(from).filter((key) => key !== 'not');
    if (permit && positive.length === 0) {
      this.#error(['from'], 'a permit says whom it permits', 'at least one key besides `not`');
    }
    for (const [path, not] of [['from', from.not] as const, ['to', to.not] as const]) {
      // Nothing to negate would negate everything, and silence a forbid.
      if (not !== undefined && Object.keys(not).length === 0) {
        this.#error([path, 'not'], '`not` without a key excludes everything', 'at least one key');
      }
    }
    if (from.anonymous && (positive.length > 1 || from.not !== undefined)) {
      this.#error(
        ['from', 'anonymous'],
        '`anonymous` stands alone: such a caller has nothing else',
      );
    }
    const matcher = this.#from(from, ['from']);
    const excluded = from.not && this.#from(from.not, ['from', 'not']);
    return {
      rule: {
        id: `${documentId(this.#policy)}/${rule.id}`,
        effect,
        from: permit ? this.#atHome(from, matcher) : matcher,
        fromNot: permit || !excluded ? excluded : this.#atHome(from.not ?? {}, excluded),
        anonymous: from.anonymous === true,
        to: this.#to(to, ['to']),
        toNot: to.not && this.#to(to.not, ['to', 'not']),
        crossTenant: rule.crossTenant,
        shadowUntil: shadowUntil(rule.mode ?? this.#policy.spec.mode),
      },
      anchors: anchorsOf(from, matcher),
    };
  }

  /**
   * INVARIANT: neither a permit by namespace or service account, nor what a forbid spares by them,
   * reaches a foreign trust domain that happens to use the same names.
   */
  #atHome(from: Omit<FromBlock, 'not' | 'anonymous'>, matcher: FromMatcher): FromMatcher {
    const byKubernetesName = from.namespaces ?? from.serviceAccounts;
    if (byKubernetesName === undefined || from.trustDomains || from.principals) return matcher;
    const { homeTrustDomains } = this.#context;
    if (homeTrustDomains.length > 1) {
      this.#error(
        ['from'],
        'namespaces mean something else in each trust domain, and there are several',
        '`trustDomains` beside it, or `trustDomain` in remit.yaml',
      );
    }
    return { ...matcher, trustDomains: new Set(homeTrustDomains) };
  }

  #from(block: Omit<FromBlock, 'not' | 'anonymous'>, path: Path): FromMatcher {
    return {
      principals: this.#each(block.principals, [...path, 'principals'], (text) => {
        const pattern = parseSpiffePattern(text);
        return pattern instanceof SpiffePattern ? pattern : { error: pattern.rule };
      }),
      trustDomains: set(
        this.#each(block.trustDomains, [...path, 'trustDomains'], (text) => {
          const domain = parseTrustDomain(text);
          if (domain instanceof SpiffeIdError) return { error: domain.rule };
          return domain === text ? text : { error: `the name alone is expected, \`${domain}\`` };
        }),
      ),
      namespaces: this.#each(block.namespaces, [...path, 'namespaces'], textMatcher),
      serviceAccounts: set(
        this.#each(block.serviceAccounts, [...path, 'serviceAccounts'], (text) =>
          /^[^/*]+\/[^/*]+$/.test(text) ? text : { error: 'expected `namespace/name`' },
        ),
      ),
      kinds: set(block.kinds),
    };
  }

  #to(block: Omit<ToBlock, 'not'>, path: Path): ToMatcher {
    const services = this.#services(block.services, [...path, 'services']);
    return {
      services,
      operations: this.#operations(block.operations, services, [...path, 'operations']),
      verbs: set(block.verbs),
      environments: this.#each(block.environments, [...path, 'environments'], textMatcher),
      resources: this.#each(block.resources, [...path, 'resources'], (text) => {
        const pattern: ResourcePattern | string = parseResourcePattern(text);
        return typeof pattern === 'string' ? { error: pattern } : pattern;
      }),
    };
  }

  #services(names: readonly string[] | undefined, path: Path): ReadonlySet<string> | undefined {
    if (names === undefined) return undefined;
    const { namespace } = this.#policy.metadata;
    const own = this.#context.services.get(namespace) ?? NO_SERVICES;
    const found = new Set<string>();
    for (const [index, text] of names.entries()) {
      const [name, owner, ...more] = text.split('/').reverse();
      if ((owner !== undefined && owner !== namespace) || more.length > 0) {
        this.#error([...path, index], 'a policy reaches the services of its own namespace');
        continue;
      }
      const pattern = parseTextPattern(name!);
      if (pattern && isTextPattern(name!)) {
        for (const service of own.values()) if (pattern(service.name)) found.add(service.id);
        continue;
      }
      const service = own.get(name!);
      if (service !== undefined) found.add(service.id);
      else this.#unknown([...path, index], 'service', text, [...own.keys()]);
    }
    return found;
  }

  #operations(
    names: readonly string[] | undefined,
    services: ReadonlySet<string> | undefined,
    path: Path,
  ): readonly OperationReference[] | undefined {
    if (names === undefined) return undefined;
    const { namespace } = this.#policy.metadata;
    const own = this.#context.services.get(namespace) ?? NO_SERVICES;
    const reached =
      services === undefined
        ? [...own.values()]
        : [...services].map((id) => own.get(id.slice(namespace.length + 1))!);
    const routes = reached.flatMap((service) => service.operations);
    return this.#each(names, path, (text, index) => {
      const reference = parseOperationReference(text, namespace);
      if (reference === undefined) return { error: 'expected `operation` or `service/operation`' };
      const known = routes.some(({ operation }) => {
        const { service, name } = reference;
        return (service === undefined || service === operation.service) && name(operation.name);
      });
      // A pattern may match nothing so far, but of a service there is.
      const ofNobody =
        reference.service !== undefined && !reached.some(({ id }) => id === reference.service);
      if (!known && (reference.exact || ofNobody)) {
        const candidates = routes.map(({ operation }) => operation.name);
        this.#unknown([...path, index], 'operation', text, candidates);
      }
      return reference;
    });
  }

  /** Parses each item of a list; what fails is told at its place and left out. */
  #each<T>(
    items: readonly string[] | undefined,
    path: Path,
    parse: (text: string, index: number) => T | { error: string },
  ): readonly T[] | undefined {
    if (items === undefined) return undefined;
    const parsed: T[] = [];
    for (const [index, item] of items.entries()) {
      const value = parse(item, index);
      if (typeof value === 'object' && value !== null && 'error' in value) {
        this.#error([...path, index], `\`${item}\`: ${value.error}`);
      } else parsed.push(value as T);
    }
    return parsed;
  }

  #unknown(path: Path, what: string, text: string, candidates: readonly string[]): void {
    const { namespace } = this.#policy.metadata;
    this.#diagnostics.error(
      this.#at([...this.#path, ...path]),
      `no ${what} \`${text}\` in namespace \`${namespace}\``,
      candidates.length === 0
        ? undefined
        : `one of ${[...new Set(candidates)].slice(0, 20).join(', ')}`,
      nearest(text, candidates),
    );
  }

  #error(path: Path, message: string, expected?: string): void {
    this.#diagnostics.error(this.#at([...this.#path, ...path]), message, expected);
  }
}

function textMatcher(text: string): TextMatcher | { error: string } {
  return parseTextPattern(text) ?? { error: '`*` stands alone or at one end' };
}

function set<T>(items: readonly T[] | undefined): ReadonlySet<T> | undefined {
  return items === undefined ? undefined : new Set(items);
}

function shadowUntil(mode: ModeDocument | undefined): number | undefined {
  return mode === undefined ? undefined : Date.parse(mode.until);
}

function anchorsOf(from: FromBlock, { trustDomains }: FromMatcher): Anchors {
  const exact = (items: readonly string[] | undefined): readonly string[] | undefined =>
    items?.some(isTextPattern) ? undefined : items;
  return {
    principals: exact(from.principals),
    serviceAccounts: from.serviceAccounts,
    namespaces: exact(from.namespaces),
    trustDomains: trustDomains && [...trustDomains],
    kinds: from.kinds,
  };
}
