// Whom a block of a rule means. Keys AND, items OR; what a principal has not matches nothing. What
// depends on the principal alone is apart from what each request shows anew.

import type { AttributeValue, Context, Principal } from '../access_request.ts';
import { type Cidr, parseCidr, parseIp } from '../cidr.ts';
import { parseSpiffePattern, SpiffePattern } from '../spiffe_pattern.ts';
import { parseTokenIdentity } from '../token_identity.ts';
import type { FromRecord } from './rule_record.ts';
import { parseTextPattern, type TextMatcher } from './text_pattern.ts';

type Named = readonly (readonly [name: string, values: readonly TextMatcher[]])[];

export class FromMatcher {
  readonly roles: readonly string[] | undefined;
  /** Something that a request shows, and no principal has. */
  readonly isDynamic: boolean;
  readonly #record: FromRecord;
  readonly #nestedCount: boolean;
  readonly #principals: readonly SpiffePattern[];
  /** Those of `principals` that are `ISSUER#SUBJECT`. */
  readonly #tokenPrincipals: ReadonlySet<string>;
  readonly #actors: readonly SpiffePattern[];
  readonly #tokenActors: ReadonlySet<string>;
  readonly #namespaces: readonly TextMatcher[] | undefined;
  readonly #claims: Named | undefined;
  readonly #runtime: Named | undefined;
  readonly #ipBlocks: readonly Cidr[] | undefined;

  /** @param nestedCount who acted before counts among the actors, which takes away only */
  constructor(record: FromRecord, nestedCount: boolean) {
    this.#record = record;
    this.#nestedCount = nestedCount;
    this.roles = record.roles;
    const { principals = [], actors = [] } = record;
    this.#principals = spiffePatterns(principals);
    this.#tokenPrincipals = tokenIdentities(principals);
    this.#actors = spiffePatterns(actors);
    this.#tokenActors = tokenIdentities(actors);
    this.#namespaces = record.namespaces?.map(matcher);
    this.#claims = record.claims && named(record.claims);
    this.#runtime = record.runtime && named(record.runtime);
    this.#ipBlocks = record.ipBlocks?.flatMap((text) => parseCidr(text) ?? []);
    this.isDynamic = this.#runtime !== undefined || this.#ipBlocks !== undefined;
  }

  /** Everything but trust domains, roles, runtime and addresses. */
  matchesIdentity(principal: Principal): boolean {
    const { id, spiffe, entry } = principal;
    if (id === '') return false;
    const { serviceAccounts, kinds, actors } = this.#record;
    if (kinds !== undefined && !kinds.includes(entry.kind)) return false;
    if (actors !== undefined && !this.#actsFor(principal)) return false;
    if (serviceAccounts !== undefined) {
      const kubernetes = spiffe?.kubernetes;
      if (kubernetes === undefined || !serviceAccounts.includes(kubernetes.qualified)) return false;
    }
    if (this.#namespaces !== undefined) {
      const namespace = spiffe?.namespace;
      if (namespace === undefined || !this.#namespaces.some((it) => it(namespace))) return false;
    }
    if (
      this.#claims?.every(([name, values]) => has(entry.attributes.get(name), values)) === false
    ) {
      return false;
    }
    if (this.#record.principals === undefined) return true;
    return spiffe === undefined
      ? this.#tokenPrincipals.has(id)
      : this.#principals.some((it) => it.matches(spiffe));
  }

  /**
   * One of those on whose behalf it acts is meant. INVARIANT: actors that are nested in a token
   * only take away (RFC 8693 section 4.1); whom it is for stands last.
   */
  #actsFor({ actors }: Principal): boolean {
    const counted = this.#nestedCount ? actors : actors.slice(-1);
    return counted.some(({ id, spiffe }) => {
      if (spiffe === undefined) return this.#tokenActors.has(id);
      return this.#actors.some((it) => it.matches(spiffe));
    });
  }

  /** Of a trust domain that is named, or that namespaces imply. */
  isInDomain({ spiffe }: Principal): boolean {
    const { home, trustDomains } = this.#record;
    if (home === undefined && trustDomains === undefined) return true;
    if (spiffe === undefined) return false;
    const { trustDomain } = spiffe;
    return home?.includes(trustDomain) !== false && trustDomains?.includes(trustDomain) !== false;
  }

  hasRole({ entry }: Principal): boolean {
    return this.roles === undefined || this.roles.some((role) => entry.roles.includes(role));
  }

  matchesSurroundings({ runtime }: Context, sourceAddress: string): boolean {
    if (this.#runtime?.every(([name, values]) => has(runtime.get(name), values)) === false) {
      return false;
    }
    if (this.#ipBlocks === undefined) return true;
    const address = parseIp(sourceAddress);
    return address !== undefined && this.#ipBlocks.some((block) => block.contains(address));
  }

  /** The whole block, as a negation means it. */
  matches(principal: Principal, context: Context, sourceAddress: string): boolean {
    return (
      this.matchesIdentity(principal) &&
      this.isInDomain(principal) &&
      this.hasRole(principal) &&
      this.matchesSurroundings(context, sourceAddress)
    );
  }
}

function spiffePatterns(texts: readonly string[]): readonly SpiffePattern[] {
  return texts.flatMap((text) => {
    const pattern = parseSpiffePattern(text);
    return pattern instanceof SpiffePattern ? [pattern] : [];
  });
}

function tokenIdentities(texts: readonly string[]): ReadonlySet<string> {
  return new Set(texts.filter((it) => parseTokenIdentity(it) !== undefined));
}

function matcher(text: string): TextMatcher {
  // Checked at load: what is no pattern would match nothing.
  return parseTextPattern(text) ?? (() => false);
}

function named(values: Readonly<Record<string, readonly string[]>>): Named {
  return Object.entries(values).map(([name, texts]) => [name, texts.map(matcher)]);
}

function has(value: AttributeValue | undefined, wanted: readonly TextMatcher[]): boolean {
  if (value === undefined) return false;
  const texts = Array.isArray(value) ? (value as readonly string[]) : [String(value)];
  return texts.some((text) => wanted.some((it) => it(text)));
}
