// Who is known: the identities of a bundle, found by the keys under which rules stand. An identity
// that is a pattern stands for callers that nobody has listed, so of it is asked what it may match.

import { type IdentityEntry, PLAIN_PRINCIPAL, type Principal } from '../access_request.ts';
import type { Bundle } from '../bundle/bundle.ts';
import type { IdentityDocument } from '../bundle/identity_kind.ts';
import { parseDuration } from '../duration.ts';
import { identityEntry } from '../identity/identity_entry.ts';
import { LONG_LIVED_MS } from '../limits.ts';
import { ANY, principalKeys } from '../policy/anchor.ts';
import type { FromRecord } from '../policy/rule_record.ts';
import { parseTextPattern } from '../policy/text_pattern.ts';
import { parseSpiffeId, SpiffeId } from '../spiffe_id.ts';
import { parseSpiffePattern, SpiffePattern } from '../spiffe_pattern.ts';
import { tokenIdentity } from '../token_identity.ts';
import type { PlacedRule } from './placed_rule.ts';

/** The lint asks what an identity may do, whatever became of its workload. */
const NEVER = Number.POSITIVE_INFINITY;

/** An identity that some rule may mean. */
export interface Known {
  readonly text: string;
  readonly entry: IdentityEntry;
  readonly isLongLived: boolean;
  /** Undefined of a pattern. */
  readonly principal: Principal | undefined;
  readonly trustDomain: string;
  readonly segments: readonly string[];
}

export class Population {
  readonly #byKey = new Map<string, Known[]>();
  readonly #patterns: Known[] = [];

  constructor(bundle: Bundle, shapeTexts: readonly string[]) {
    const shapes = shapeTexts.flatMap((text) => {
      const pattern = parseSpiffePattern(text);
      return pattern instanceof SpiffePattern ? [pattern] : [];
    });
    const lifetimes = new Map(
      bundle.issuers.flatMap(({ document }) => {
        const { x509 } = document.spec;
        if (x509 === undefined) return [];
        const { trustDomain, maxLifetime } = x509;
        return [[trustDomain, parseDuration(maxLifetime ?? '') ?? Number.POSITIVE_INFINITY]];
      }),
    );
    for (const { document } of bundle.identities) {
      const text = document.spec.spiffe ?? '';
      for (const known of subjectOf(document, identityEntry(document, false, NEVER))) {
        this.#add(known, shapes);
      }
      const pattern = parseSpiffePattern(text);
      if (!(pattern instanceof SpiffePattern)) continue;
      const entry = identityEntry(document, false, NEVER);
      const { trustDomain } = pattern;
      const lifetime = Math.min(
        entry.maxLifetimeMs ?? Number.POSITIVE_INFINITY,
        lifetimes.get(trustDomain) ?? Number.POSITIVE_INFINITY,
      );
      const id = pattern.isExact ? parseSpiffeId(text) : undefined;
      const known: Known = {
        text,
        entry,
        isLongLived: lifetime > LONG_LIVED_MS,
        principal:
          id instanceof SpiffeId
            ? {
                id: text,
                spiffe: id,
                assurance: 'asserted',
                known: true,
                entry,
                ...PLAIN_PRINCIPAL,
              }
            : undefined,
        trustDomain,
        segments: segmentsOf(text),
      };
      if (known.principal === undefined) this.#patterns.push(known);
      else this.#add(known, shapes);
    }
  }

  #add(known: Known, shapes: readonly SpiffePattern[]): void {
    for (const key of principalKeys(known.principal!, shapes)) {
      const list = this.#byKey.get(key);
      if (list === undefined) this.#byKey.set(key, [known]);
      else list.push(known);
    }
  }

  /** Those that the rule's `from` means, or may mean; each of them at least once. */
  *whom({ rule, keys, from }: PlacedRule): Generator<Known> {
    for (const key of keys.principals) {
      for (const known of this.#byKey.get(key) ?? []) {
        const { principal } = known;
        if (principal === undefined || !from.matchesIdentity(principal)) continue;
        if (from.isInDomain(principal) && from.hasRole(principal)) yield known;
      }
    }
    for (const known of this.#patterns) if (mayMean(rule.record.from, known)) yield known;
  }

  get everybody(): readonly Known[] {
    return this.#byKey.get(ANY) ?? [];
  }
}

/** As a token or a key names it; of several subjects, one. */
function subjectOf({ spec }: IdentityDocument, entry: IdentityEntry): Known[] {
  const { spiffe, issuer, subject } = spec;
  // By its SPIFFE ID it is there already.
  if (spiffe !== undefined || issuer === undefined || subject === undefined) return [];
  const id = tokenIdentity(issuer, subject.replace(/\*$/, 'anything'));
  const isLongLived = (entry.maxLifetimeMs ?? Number.POSITIVE_INFINITY) > LONG_LIVED_MS;
  const principal: Principal = {
    id,
    spiffe: undefined,
    assurance: 'bearer',
    known: true,
    entry,
    ...PLAIN_PRINCIPAL,
  };
  return [{ text: id, entry, isLongLived, principal, trustDomain: '', segments: [] }];
}

/** Whether some ID of the pattern may be meant; a claim that the identity has may be any. */
function mayMean(from: FromRecord, { entry, trustDomain, segments }: Known): boolean {
  const { principals, trustDomains, namespaces, serviceAccounts, kinds, roles, home } = from;
  if (from.actors !== undefined) return false;
  if (kinds?.includes(entry.kind) === false) return false;
  if (trustDomains?.includes(trustDomain) === false) return false;
  if (home?.includes(trustDomain) === false) return false;
  if (roles?.some((role) => entry.roles.includes(role)) === false) return false;
  const claimed = Object.keys(from.claims ?? {});
  if (!claimed.every((name) => entry.attributes.has(name))) return false;
  const [ns = '', namespace = '', sa = '', account = ''] = segments;
  const kubernetes = segments.length === 4 && unify([ns, sa], ['ns', 'sa']);
  if (serviceAccounts !== undefined) {
    const own = [namespace, account];
    if (!kubernetes || !serviceAccounts.some((it) => unify(own, it.split('/')))) return false;
  }
  if (namespaces !== undefined) {
    const named = (text: string) => namespace === '*' || parseTextPattern(text)?.(namespace);
    if (!kubernetes || !namespaces.some(named)) return false;
  }
  return (
    principals === undefined ||
    principals.some((text) => {
      return text.startsWith(`spiffe://${trustDomain}/`) && unify(segments, segmentsOf(text));
    })
  );
}

function unify(a: readonly string[], b: readonly string[]): boolean {
  return (
    a.length === b.length &&
    a.every((it, index) => it === '*' || b[index] === '*' || it === b[index])
  );
}

/** Of the path. */
function segmentsOf(spiffe: string): readonly string[] {
  return spiffe.split('/').slice(3);
}
