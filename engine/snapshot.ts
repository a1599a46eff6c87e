// A snapshot: everything that a decision depends on besides the request, the state and the time.
// Immutable, versioned, with two digests: of what proves and of what permits (DESIGN section 8). It
// is a view of an image in shared memory, which a thread opens in no time.

import type { BundleImage } from './bundle_image.ts';
import { digestInSteps } from './digest.ts';
import { openProof } from './identity/open_proof.ts';
import type { ProofImage } from './identity/proof_image.ts';
import { Directory } from './image/directory.ts';
import { readHead } from './image/head.ts';
import { Sections } from './image/sections.ts';
import { StringTable, TextColumn } from './image/string_table.ts';
import { POLICY_HEAD, type PolicyHead, PolicyImage } from './policy/policy_image.ts';
import { Role } from './policy/role.ts';
import { RuleStore } from './policy/rule_store.ts';
import type { AttributesRead, Settings } from './settings.ts';
import { runAll, type Steps } from './steps.ts';

export interface Snapshot {
  /** Counts up with each activated snapshot of a process. */
  readonly version: number;
  readonly settings: Settings;
  readonly proof: ProofImage;
  readonly policy: PolicyImage;
  readonly attributesRead: AttributesRead;
}

/** Throws when the bytes are not those of the digest. */
export function openSnapshot(image: BundleImage): Snapshot {
  return runAll(openInSteps(image));
}

/** The same in steps: to hash the image is all that takes time. */
export function* openInSteps(image: BundleImage): Steps<Snapshot> {
  const digest = yield* digestInSteps(new Uint8Array(image.bytes));
  if (digest !== image.digest) throw new Error('the image of the bundle is damaged');
  const sections = new Sections(image.bytes);
  const head = readHead<PolicyHead>(sections, POLICY_HEAD);
  const tokens = new StringTable({
    slots: sections.words('token.slots'),
    offsets: sections.words('token.offsets'),
    bytes: sections.bytes('token.bytes'),
  });
  const directory = new Directory(tokens, sections.words('directory'));
  return {
    version: image.version,
    settings: image.settings,
    proof: openProof(sections, directory, image),
    policy: openPolicy(sections, head, tokens, directory, image),
    attributesRead: {
      ...head.attributesRead,
      headers: new Set(head.attributesRead.headers),
      proofHeaders: new Set(head.attributesRead.proofHeaders),
    },
  };
}

function openPolicy(
  sections: Sections,
  { ruleShapes, roles, hasHosts }: PolicyHead,
  tokens: StringTable,
  directory: Directory,
  { settings, policyDigest }: BundleImage,
): PolicyImage {
  const byId = new Map(roles.map((record) => [record.id, new Role(record)]));
  return new PolicyImage({
    directory,
    documents: new TextColumn(sections.words('service.offsets'), sections.bytes('service.bytes')),
    rules: new RuleStore(sections, tokens, ruleShapes, byId),
    hasHosts,
    overdueDenies: settings.overdueReviews === 'deny',
    digest: policyDigest,
  });
}
