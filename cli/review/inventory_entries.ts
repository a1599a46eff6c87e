// Whoever may come: the identities of an inventory as principals (an exact one as it is, a pattern
// by an identity that it stands for), and callers without an identity.

import { ANONYMOUS, type Principal } from '../../engine/access_request.ts';
import type { Snapshot } from '../../engine/snapshot.ts';
import { parseSpiffeId, SpiffeId } from '../../engine/spiffe_id.ts';
import { tokenIdentity } from '../../engine/token_identity.ts';
import { ANYTHING } from '../rehearsal/operation_request.ts';

export interface InventoryEntry {
  /** As the inventory writes it, a pattern maybe; or `anonymous`. */
  readonly name: string;
  readonly kind: string;
  readonly owner: string;
  /** Of a pattern one that it matches; another entry may speak of others. */
  readonly principal: Principal;
}

export function* inventoryEntries({ proof }: Snapshot): Generator<InventoryEntry> {
  yield { name: 'anonymous', kind: 'anonymous', owner: '', principal: ANONYMOUS };
  const { inventory } = proof;
  for (let index = 0; index < inventory.size; index++) {
    const { metadata, spec } = inventory.documentAt(index);
    const { spiffe: name, issuer, subject, kind } = spec;
    const owner = metadata.owner ?? '';
    if (issuer !== undefined && subject !== undefined) {
      const one = subject.replace(/\*$/, ANYTHING);
      const principal = inventory.findSubject(issuer, one, 'bearer');
      yield { name: tokenIdentity(issuer, subject), kind, owner, principal };
    }
    const id = parseSpiffeId(name?.replaceAll('*', ANYTHING) ?? '');
    if (name !== undefined && id instanceof SpiffeId)
      yield { name, kind, owner, principal: inventory.find(id) };
  }
}
