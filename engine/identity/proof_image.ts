// What proves: enforcers, inventory, issuers and trusted domains, with a digest of their own
// (C-004). Nothing in it can permit.

import type { EnforcerDocument } from '../bundle/identity_kind.ts';
import type { IssuerDocument } from '../bundle/issuer_kind.ts';
import type { Position } from '../diagnostic.ts';
import type { Enforcers } from './enforcer.ts';
import type { Inventory } from './inventory.ts';
import type { Issuers } from './issuers.ts';

export interface ProofImage {
  /** The mesh's own. */
  readonly trustDomain: string | undefined;
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

/** What is small about it, as an image holds it under `PROOF_HEAD`. */
export interface ProofHead {
  readonly enforcers: readonly EnforcerDocument[];
  /** With the place of its bundle: the names of key files count from there, and so do warnings. */
  readonly issuers: readonly (readonly [document: IssuerDocument, bundleAt: Position])[];
  readonly keyFiles: readonly (readonly [name: string, text: string])[];
  /** A pattern of each mask. */
  readonly identityShapes: readonly string[];
  /** Lengths of the subjects that end in a `*`, without it, by issuer; the longest first. */
  readonly subjectPrefixes: readonly (readonly [issuer: string, lengths: readonly number[]])[];
  readonly identityTrustDomains: readonly string[];
}

export const PROOF_HEAD = 'head.proof';
