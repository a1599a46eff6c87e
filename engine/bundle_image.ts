// A bundle as it crosses threads: parsed and checked once, then compiled by each thread from the
// same shared bytes (DESIGN section 4). Their digest is what threads agree on before they activate.

import { type Bundle, keyFilesOf, type Located } from './bundle/bundle.ts';
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
    readonly documents: number;
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
      documents: Object.values(content.documents).reduce((sum, { length }) => sum + length, 0),
      services: snapshot.policy.services.length,
      rules: snapshot.policy.ruleCount,
      enforcers: snapshot.proof.enforcers.size,
      identifiedEnforcers: snapshot.proof.enforcers.identifiedSize,
    },
  };
}

/** The bundle and the key files that an image was made of. Throws when its bytes are damaged. */
export function contentOf(image: BundleImage): {
  readonly bundle: Bundle;
  readonly keyFiles: ReadonlyMap<string, string>;
} {
  // A copy, because neither decoding nor hashing takes shared memory.
  const text = Buffer.from(new Uint8Array(image.bytes));
  if (digestOfBytes(text) !== image.digest) throw new Error('the image of the bundle is damaged');
  // Our own bytes, as the digest has just shown; the schemas have checked the documents before.
  const { documents, issuerFiles, keyFiles } = JSON.parse(text.toString()) as Content;
  const all = Object.fromEntries(
    Object.entries(documents).map(([kind, list]) => [kind, list.map((it) => located(it, ''))]),
  ) as unknown as Bundle;
  const issuers = all.issuers.map(({ document }, index) => located(document, issuerFiles[index]!));
  return {
    bundle: { ...all, issuers, keyFiles: issuers.flatMap(keyFilesOf) },
    keyFiles: new Map(keyFiles),
  };
}

/** Throws when the bytes are not those of the digest, or do not compile. */
export function snapshotOf(image: BundleImage): Snapshot {
  const { bundle, keyFiles } = contentOf(image);
  const { settings, version, proofDigest: proof, policyDigest: policy } = image;
  const digests = { proof, policy };
  const diagnostics = new Diagnostics();
  const snapshot = compileBundle(bundle, keyFiles, settings, version, diagnostics, digests);
  if (snapshot === undefined) throw new Error('the bundle does not compile in this thread');
  return snapshot;
}

function located<D>(document: D, file: string): Located<D> {
  return { document, at: () => ({ file, line: 0, column: 0 }) };
}

function documentsOf(documents: readonly Located<unknown>[]): unknown[] {
  return documents.map(({ document }) => document);
}
