// The inventory: every identity that may be known, by SPIFFE ID (DESIGN section 6, `Identity`).
// Exact beats pattern, a literal segment beats a wildcard; a lookup is one look into the image for
// an exact entry and one more for each distinct shape of pattern.

import {
  type IdentityEntry,
  NO_ENTRY,
  PLAIN_PRINCIPAL,
  type Principal,
} from '../access_request.ts';
import type { IdentityDocument } from '../bundle/identity_kind.ts';
import type { Assurance } from '../evidence.ts';
import type { Directory } from '../image/directory.ts';
import type { TextColumn } from '../image/string_table.ts';
import { PRINCIPALS_KEPT_MAX } from '../limits.ts';
import { parseSpiffeId, SpiffeId } from '../spiffe_id.ts';
import { compareSpecificity, parseSpiffePattern, SpiffePattern } from '../spiffe_pattern.ts';
import { SUBJECT_LENGTH_MAX, tokenIdentity } from '../token_identity.ts';
import { identityEntry } from './identity_entry.ts';

/** Of identities in the directory of an image. */
export const IDENTITY = 'I:';

export interface InventoryParts {
  readonly directory: Directory;
  /** IdentityDocuments. */
  readonly documents: TextColumn;
  /** A pattern of each mask. */
  readonly shapes: readonly string[];
  /** See `ProofHead`. */
  readonly subjectPrefixes: ReadonlyMap<string, readonly number[]>;
  readonly trustDomains: readonly string[];
  readonly overdueDenies: boolean;
}

export class Inventory {
  readonly trustDomains: ReadonlySet<string>;
  readonly #parts: InventoryParts;
  readonly #shapes: readonly SpiffePattern[];
  readonly #entries = new Map<number, IdentityEntry>();
  readonly #exact = new Map<string, Principal>();
  /** The same principals once their certificates were verified, made when first asked for. */
  readonly #exactBySvid = new Map<string, Principal>();

  constructor(parts: InventoryParts) {
    this.#parts = parts;
    this.trustDomains = new Set(parts.trustDomains);
    this.#shapes = parts.shapes
      .map((text) => parseSpiffePattern(text))
      .filter((it) => it instanceof SpiffePattern)
      .sort(compareSpecificity);
  }

  get size(): number {
    return this.#parts.documents.length;
  }

  documentAt(index: number): IdentityDocument {
    // Our own text, of a document that its schema has checked.
    return JSON.parse(this.#parts.documents.at(index)) as IdentityDocument;
  }

  /** The principal of an id that stands in the inventory by its exact text. */
  findExact(text: string): Principal | undefined {
    const seen = this.#exact.get(text);
    if (seen !== undefined) return seen;
    const entry = this.#entryOf(text);
    // A pattern stands there too, and no id holds a `*`.
    const id = entry === undefined ? undefined : parseSpiffeId(text);
    if (entry === undefined || !(id instanceof SpiffeId)) return undefined;
    const principal = principalOf(id, entry);
    keep(this.#exact, text, principal);
    return principal;
  }

  /** The principal of an id that its own certificate proved. */
  findBySvid(id: SpiffeId): Principal {
    const seen = this.#exactBySvid.get(id.id);
    if (seen !== undefined) return seen;
    const principal: Principal = { ...this.find(id), assurance: 'svid' };
    if (this.#exact.has(id.id)) keep(this.#exactBySvid, id.id, principal);
    return principal;
  }

  /** The principal of any id; `known` is false when the inventory does not have it. */
  find(id: SpiffeId): Principal {
    const exact = this.findExact(id.id);
    if (exact !== undefined) return exact;
    for (const shape of this.#shapes) {
      const key = shape.maskedKey(id);
      const entry = key === undefined ? undefined : this.#entryOf(key);
      if (entry !== undefined) return principalOf(id, entry);
    }
    return principalOf(id, undefined);
  }

  /**
   * The principal of a token's or a key's subject. An Identity that names a SPIFFE ID as well is
   * found under both; exact beats a `*` at the end, and the longer one of these the shorter.
   * @param assurance how it was proved
   */
  findSubject(issuer: string, subject: string, assurance: Assurance): Principal {
    const id = tokenIdentity(issuer, subject);
    const entry = subject.length > SUBJECT_LENGTH_MAX ? undefined : this.#subjectEntry(id, issuer);
    const known = entry !== undefined;
    return {
      ...{ id, spiffe: undefined, assurance, known, entry: entry ?? NO_ENTRY },
      ...PLAIN_PRINCIPAL,
    };
  }

  #subjectEntry(id: string, issuer: string): IdentityEntry | undefined {
    // A subject that ends in a star would find a pattern by its text.
    const exact = id.endsWith('*') ? undefined : this.#entryOf(id);
    if (exact !== undefined) return exact;
    const start = issuer.length + 1;
    for (const length of this.#parts.subjectPrefixes.get(issuer) ?? []) {
      // The star stands for something.
      if (id.length <= start + length) continue;
      const entry = this.#entryOf(`${id.slice(0, start + length)}*`);
      if (entry !== undefined) return entry;
    }
    return undefined;
  }

  #entryOf(text: string): IdentityEntry | undefined {
    const index = this.#parts.directory.find(IDENTITY + text);
    if (index === undefined) return undefined;
    const known = this.#entries.get(index);
    if (known !== undefined) return known;
    const document = this.documentAt(index);
    const workloadUntil = this.#workloadUntil(document.spec.workload);
    const entry = identityEntry(document, this.#parts.overdueDenies, workloadUntil);
    keep(this.#entries, index, entry);
    return entry;
  }

  /** Of an Identity by SPIFFE ID, which names no other workload. */
  #workloadUntil(workload: string | undefined): number {
    if (workload === undefined) return Number.POSITIVE_INFINITY;
    const id = parseSpiffeId(workload);
    const { known, entry } = id instanceof SpiffeId ? this.find(id) : NOBODY;
    return known ? Math.min(entry.expiresAt, entry.reviewUntil) : Number.NEGATIVE_INFINITY;
  }
}

const NOBODY = { known: false, entry: NO_ENTRY };

/** Bounded: beyond it all are made anew. */
function keep<K, V>(map: Map<K, V>, key: K, value: V): void {
  if (map.size === PRINCIPALS_KEPT_MAX) map.clear();
  map.set(key, value);
}

function principalOf(id: SpiffeId, entry: IdentityEntry | undefined): Principal {
  const known = entry !== undefined;
  return {
    ...{ id: id.id, spiffe: id, assurance: 'asserted', known, entry: entry ?? NO_ENTRY },
    ...PLAIN_PRINCIPAL,
  };
}
