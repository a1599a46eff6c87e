// Whoever is to be looked at: identities that were seen, and those of the inventory that were not.

import type { InventoryReport, SeenIdentity, SeenOperation } from '../../audit/inventory_report.ts';
import type { IdentityEntry, Principal } from '../../engine/access_request.ts';
import { documentId } from '../../engine/bundle/bundle.ts';
import type { Snapshot } from '../../engine/snapshot.ts';
import { parseSpiffeId, SpiffeId } from '../../engine/spiffe_id.ts';
import { inventoryEntries } from '../review/inventory_entries.ts';

export interface Subject {
  readonly name: string;
  /** Empty where no Identity speaks of it. */
  readonly kind: string;
  readonly owner: string;
  /** Undefined where no policies were given, or no Issuer of theirs vouches for it. */
  readonly principal: Principal | undefined;
  /** Undefined: not seen. */
  readonly seen: SeenIdentity | undefined;
  /** Operations that it was permitted. */
  readonly used: ReadonlySet<string>;
}

interface Standing {
  readonly kind: string;
  readonly owner: string;
}

const NOTHING: ReadonlySet<string> = new Set();

/** @param snapshot the static half; without it nobody is known to stand in an inventory */
export function subjectsOf(report: InventoryReport, snapshot: Snapshot | undefined): Subject[] {
  const used = usedBy(report.operations);
  const standings = snapshot === undefined ? new Map() : standingsOf(snapshot);
  const come = new Set<string>();
  const found = report.identities.map((seen): Subject => {
    const principal = snapshot && principalOf(seen, snapshot);
    const id = principal?.known === true ? principal.entry.id : '';
    if (id !== '') come.add(id);
    const name = principal?.id ?? seenName(seen);
    const { kind = '', owner = '' } = standings.get(id) ?? {};
    return { name, kind, owner, principal, seen, used: used.get(name) ?? NOTHING };
  });
  if (snapshot === undefined) return found;
  for (const { name, kind, owner, principal } of inventoryEntries(snapshot)) {
    const { id } = principal.entry;
    if (id === '' || come.has(id)) continue;
    found.push({ name, kind, owner, principal, seen: undefined, used: NOTHING });
  }
  return found;
}

function seenName({ issuer, subject }: SeenIdentity): string {
  return issuer === '' ? subject : `${issuer}#${subject}`;
}

function principalOf({ issuer, subject }: SeenIdentity, { proof }: Snapshot) {
  const { inventory, issuers } = proof;
  if (issuer !== '') {
    // A token names its issuer by `iss`, a key by the id of the Issuer itself.
    const id = issuers.tokens.ofIssuer(issuer)?.id ?? issuer;
    return inventory.findSubject(id, subject, 'bearer');
  }
  const id = parseSpiffeId(subject);
  return id instanceof SpiffeId ? inventory.find(id) : undefined;
}

function standingsOf({ proof }: Snapshot): Map<string, Standing> {
  const standings = new Map<string, Standing>();
  for (let index = 0; index < proof.inventory.size; index++) {
    const document = proof.inventory.documentAt(index);
    const { kind } = document.spec;
    standings.set(documentId(document), { kind, owner: document.metadata.owner ?? '' });
  }
  return standings;
}

function usedBy(operations: readonly SeenOperation[]): Map<string, Set<string>> {
  const used = new Map<string, Set<string>>();
  for (const { principal, operation } of operations) {
    const of = used.get(principal) ?? new Set();
    used.set(principal, of.add(operation));
  }
  return used;
}

/** What the inventory says; undefined where it says nothing of it. */
export function entryOf({ principal }: Subject): IdentityEntry | undefined {
  return principal?.known === true ? principal.entry : undefined;
}
