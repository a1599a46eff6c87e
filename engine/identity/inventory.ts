// The inventory: every identity that may be known, by SPIFFE ID (DESIGN section 6, `Identity`).
// Exact beats pattern, a literal segment beats a wildcard; a lookup is one Map access for an exact
// entry and one more for each distinct shape of pattern.

import type { Principal } from '../access_request.ts';
import type { Bundle } from '../bundle/bundle.ts';
import type { IdentityDocument } from '../bundle/kinds.ts';
import type { Diagnostics } from '../diagnostic.ts';
import { parseSpiffeId, SpiffeId } from '../spiffe_id.ts';
import { compareSpecificity, parseSpiffePattern, SpiffePattern } from '../spiffe_pattern.ts';

/** All patterns of one mask: at most one of them matches an id. */
interface PatternGroup {
  readonly pattern: SpiffePattern;
  readonly byKey: Map<string, IdentityDocument>;
}

export class Inventory {
  readonly #exact = new Map<string, Principal>();
  /** The same principals once their certificates were verified, made when first asked for. */
  readonly #exactBySvid = new Map<string, Principal>();
  readonly #patterns: PatternGroup[] = [];
  readonly #trustDomains = new Set<string>();

  constructor(identities: Bundle['identities'], diagnostics: Diagnostics) {
    const patterns: { pattern: SpiffePattern; document: IdentityDocument }[] = [];
    const texts = new Set<string>();
    for (const { document, at } of identities) {
      const { spiffe, kind } = document.spec;
      const place = at(['spec', 'spiffe']);
      const pattern = parseSpiffePattern(spiffe);
      if (!(pattern instanceof SpiffePattern)) {
        diagnostics.error(place, `\`${spiffe}\`: ${pattern.rule}`);
        continue;
      }
      if (kind === 'third_party') {
        const message = 'a third party needs a ceiling, which is not available in this version';
        diagnostics.error(at(['spec', 'kind']), message);
      }
      this.#trustDomains.add(pattern.trustDomain);
      const id = pattern.isExact ? parseSpiffeId(spiffe) : undefined;
      if (!(id instanceof SpiffeId)) {
        if (kind === 'agent')
          diagnostics.error(place, 'an agent is named exactly, not by a pattern');
        if (texts.has(spiffe)) diagnostics.error(place, `a second Identity for \`${spiffe}\``);
        texts.add(spiffe);
        patterns.push({ pattern, document });
      } else if (this.#exact.has(spiffe)) {
        diagnostics.error(place, `a second Identity for \`${spiffe}\``);
      } else this.#exact.set(spiffe, principalOf(id, document));
    }
    this.#group(patterns);
  }

  get trustDomains(): ReadonlySet<string> {
    return this.#trustDomains;
  }

  /** The principal of an id that stands in the inventory by its exact text. */
  findExact(text: string): Principal | undefined {
    return this.#exact.get(text);
  }

  /** The principal of an id that its own certificate proved. */
  findBySvid(id: SpiffeId): Principal {
    const seen = this.#exactBySvid.get(id.id);
    if (seen !== undefined) return seen;
    const principal: Principal = { ...this.find(id), assurance: 'svid' };
    if (this.#exact.has(id.id)) this.#exactBySvid.set(id.id, principal);
    return principal;
  }

  /** The principal of any id; `known` is false when the inventory does not have it. */
  find(id: SpiffeId): Principal {
    const exact = this.#exact.get(id.id);
    if (exact !== undefined) return exact;
    for (const { pattern, byKey } of this.#patterns) {
      const key = pattern.maskedKey(id);
      const document = key === undefined ? undefined : byKey.get(key);
      if (document !== undefined) return principalOf(id, document);
    }
    return principalOf(id, undefined);
  }

  #group(patterns: { pattern: SpiffePattern; document: IdentityDocument }[]): void {
    patterns.sort((a, b) => compareSpecificity(a.pattern, b.pattern));
    for (const { pattern, document } of patterns) {
      let group = this.#patterns.find((other) => other.pattern.mask === pattern.mask);
      if (group === undefined) {
        group = { pattern, byKey: new Map() };
        this.#patterns.push(group);
      }
      group.byKey.set(pattern.text, document);
    }
  }
}

function principalOf(id: SpiffeId, document: IdentityDocument | undefined): Principal {
  return {
    id: id.id,
    spiffe: id,
    assurance: 'asserted',
    known: document !== undefined,
    kind: document?.spec.kind ?? 'workload',
    tenant: document?.spec.tenant ?? '',
    environment: document?.spec.environment ?? '',
  };
}
