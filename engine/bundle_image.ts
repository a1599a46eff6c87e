// A bundle as it crosses threads: parsed and checked once, then compiled by each thread from the
// same shared bytes (DESIGN section 4). Their digest is what threads agree on before they activate.

import type { Bundle, Located } from './bundle/bundle.ts';
import { Diagnostics } from './diagnostic.ts';
import { digestOfBytes } from './digest.ts';
import { compileBundle, type Settings, type Snapshot } from './snapshot.ts';

export interface BundleImage {
  readonly version: number;
  readonly settings: Settings;
  /** JSON in UTF-8. No thread copies it. */
  readonly bytes: SharedArrayBuffer;
  /** SHA-256 of the bytes. */
  readonly digest: string;
  readonly proofDigest: string;
  readonly policyDigest: string;
  /** What it holds, for the log and for warnings. */
  readonly counts: {
    readonly services: number;
    readonly rules: number;
    readonly enforcers: number;
    /** Those of them that a certificate can show. */
    readonly identifiedEnforcers: number;
  };
}

/** What the bytes say. */
interface Content {
  readonly documents: Readonly<Record<string, readonly unknown[]>>;
  /** Where each issuer stands: the names of its key files count from there. */
  readonly issuerFiles: readonly string[];
  readonly keyFiles: readonly (readonly [name: string, text: string])[];
}

/** @param snapshot what the bundle compiled to, where it was checked */
export function bundleImage(
  bundle: Bundle,
  keyFiles: ReadonlyMap<string, string>,
  snapshot: Snapshot,
): BundleImage {
  const { services, policies, identities, issuers, enforcers } = bundle;
  const content: Content = {
    documents: {
      services: documentsOf(services),
      policies: documentsOf(policies),
      identities: documentsOf(identities),
      issuers: documentsOf(issuers),
      enforcers: documentsOf(enforcers),
    },
    issuerFiles: issuers.map(({ at }) => at([]).file),
    keyFiles: [...keyFiles],
  };
  const text = Buffer.from(JSON.stringify(content));
  const bytes = new SharedArrayBuffer(text.length);
  text.copy(new Uint8Array(bytes));
  return {
    version: snapshot.version,
    settings: snapshot.settings,
    bytes,
    digest: digestOfBytes(text),
    proofDigest: snapshot.proof.digest,
    policyDigest: snapshot.policy.digest,
    counts: {
      services: snapshot.policy.services.length,
      rules: snapshot.policy.ruleCount,
      enforcers: snapshot.proof.enforcers.size,
      identifiedEnforcers: snapshot.proof.enforcers.identifiedSize,
    },
  };
}

/** Throws when the bytes are not those of the digest, or compile to something else. */
export function snapshotOf(image: BundleImage): Snapshot {
  // A copy, because neither decoding nor hashing takes shared memory.
  const text = Buffer.from(new Uint8Array(image.bytes));
  if (digestOfBytes(text) !== image.digest) throw new Error('the image of the bundle is damaged');
  // Our own bytes, as the digest has just shown.
  const { documents, issuerFiles, keyFiles } = JSON.parse(text.toString()) as Content;
  const bundle = Object.fromEntries(
    Object.entries(documents).map(([kind, list]) => [kind, list.map((it) => located(it, ''))]),
  );
  bundle['issuers'] = documents['issuers']!.map((it, index) => located(it, issuerFiles[index]!));
  const diagnostics = new Diagnostics();
  const { settings, version, proofDigest, policyDigest } = image;
  const snapshot = compileBundle(
    // The schemas have checked these documents when the image was made.
    { ...bundle, keyFiles: [] } as never,
    new Map(keyFiles),
    settings,
    version,
    diagnostics,
    { proof: proofDigest, policy: policyDigest },
  );
  if (snapshot === undefined) throw new Error('the bundle does not compile in this thread');
  return snapshot;
}

function located(document: unknown, file: string): Located<unknown> {
  return { document, at: () => ({ file, line: 0, column: 0 }) };
}

function documentsOf(documents: readonly Located<unknown>[]): unknown[] {
  return documents.map(({ document }) => document);
}
