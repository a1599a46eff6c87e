// From an image to what proves.

import type { Located } from '../bundle/bundle.ts';
import type { BundleImage } from '../bundle_image.ts';
import { Diagnostics, type Position } from '../diagnostic.ts';
import type { Directory } from '../image/directory.ts';
import { readHead } from '../image/head.ts';
import type { Sections } from '../image/sections.ts';
import { TextColumn } from '../image/string_table.ts';
import { Enforcers } from './enforcer.ts';
import { Inventory } from './inventory.ts';
import { Issuers } from './issuers.ts';
import { PROOF_HEAD, type ProofHead, type ProofImage } from './proof_image.ts';

export function openProof(
  sections: Sections,
  directory: Directory,
  { settings, proofDigest }: BundleImage,
): ProofImage {
  const head = readHead<ProofHead>(sections, PROOF_HEAD);
  const inventory = new Inventory({
    directory,
    documents: new TextColumn(sections.words('identity.offsets'), sections.bytes('identity.bytes')),
    shapes: head.identityShapes,
    subjectPrefixes: new Map(head.subjectPrefixes),
    trustDomains: head.identityTrustDomains,
    overdueDenies: settings.overdueReviews === 'deny',
  });
  // They were checked where the bundle was loaded.
  const diagnostics = new Diagnostics();
  const located = head.issuers.map(([document, at]) => standing(document, at));
  const issuers = new Issuers(located, new Map(head.keyFiles), diagnostics);
  const enforcers = head.enforcers.map((document) => standing(document, NOWHERE));
  const trustDomains = new Set([...inventory.trustDomains, ...issuers.trustDomains]);
  if (settings.trustDomain !== undefined) trustDomains.add(settings.trustDomain);
  return {
    enforcers: new Enforcers(enforcers, issuers.vouching, diagnostics),
    inventory,
    issuers,
    trustDomain: settings.trustDomain,
    trustDomains,
    digest: proofDigest,
  };
}

const NOWHERE: Position = { file: '', line: 0, column: 0 };

function standing<D>(document: D, place: Position): Located<D> {
  return { document, file: place.file, at: () => place };
}
