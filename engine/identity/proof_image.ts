// What proves: enforcers, inventory and trusted domains, compiled from a bundle, with a digest of
// their own (C-004). Nothing in it can permit.

import type { Bundle } from '../bundle/bundle.ts';
import type { Diagnostics } from '../diagnostic.ts';
import { digestOfAll } from '../digest.ts';
import { Enforcers } from './enforcer.ts';
import { Inventory } from './inventory.ts';

export interface ProofImage {
  readonly enforcers: Enforcers;
  readonly inventory: Inventory;
  /** Domains whose identities may be believed: the mesh's own and those of the inventory. */
  readonly trustDomains: ReadonlySet<string>;
  readonly digest: string;
}

export function compileProofImage(
  bundle: Bundle,
  trustDomain: string | undefined,
  diagnostics: Diagnostics,
  knownDigest?: string,
): ProofImage {
  const inventory = new Inventory(bundle.identities, diagnostics);
  const trustDomains = new Set(inventory.trustDomains);
  if (trustDomain !== undefined) trustDomains.add(trustDomain);
  const documents = [...bundle.identities, ...bundle.enforcers].map(({ document }) => document);
  return {
    enforcers: new Enforcers(bundle.enforcers, diagnostics),
    inventory,
    trustDomains,
    digest: knownDigest ?? digestOfAll(documents, { trustDomain }),
  };
}
