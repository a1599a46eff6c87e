// What proves: enforcers, inventory, issuers and trusted domains, compiled from a bundle, with a
// digest of their own (C-004). Nothing in it can permit.

import type { Bundle } from '../bundle/bundle.ts';
import type { Diagnostics } from '../diagnostic.ts';
import { digestOfAll } from '../digest.ts';
import { Enforcers } from './enforcer.ts';
import { Inventory } from './inventory.ts';
import { Issuers } from './issuers.ts';

export interface ProofImage {
  readonly enforcers: Enforcers;
  readonly inventory: Inventory;
  readonly issuers: Issuers;
  /**
   * Domains whose identities may be believed: the mesh's own, those of the inventory, and those
   * that an issuer vouches for.
   */
  readonly trustDomains: ReadonlySet<string>;
  readonly digest: string;
}

export function compileProofImage(
  bundle: Bundle,
  keyFiles: ReadonlyMap<string, string>,
  trustDomain: string | undefined,
  diagnostics: Diagnostics,
  knownDigest?: string,
): ProofImage {
  const inventory = new Inventory(bundle.identities, diagnostics);
  const issuers = new Issuers(bundle.issuers, keyFiles, diagnostics);
  const trustDomains = new Set([...inventory.trustDomains, ...issuers.trustDomains]);
  if (trustDomain !== undefined) trustDomains.add(trustDomain);
  const documents = [...bundle.identities, ...bundle.enforcers].map(({ document }) => document);
  return {
    enforcers: new Enforcers(bundle.enforcers, !issuers.isEmpty, diagnostics),
    inventory,
    issuers,
    trustDomains,
    digest: knownDigest ?? digestOfAll(documents, { trustDomain, issuers: issuers.digest }),
  };
}
