// A bundle as it crosses threads: parsed and checked once, then compiled by each thread from the
// same shared bytes (DESIGN section 4). Their digest is what threads agree on before they activate.

import { type Bundle, type Located, parseBundle, type SourceFile } from './bundle/bundle.ts';
import { Diagnostics, type Position } from './diagnostic.ts';
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
  };
}

/** @param snapshot what the bundle compiled to, where it was checked */
function bundleImage(bundle: Bundle, snapshot: Snapshot): BundleImage {
  const documents = Object.fromEntries(
    Object.entries(bundle).map(([kind, located]) => [kind, documentsOf(located)]),
  );
  const text = Buffer.from(JSON.stringify(documents));
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
    },
  };
}

/** Throws when the bytes are not those of the digest, or compile to something else. */
export function snapshotOf(image: BundleImage): Snapshot {
  // A copy, because neither decoding nor hashing takes shared memory.
  const text = Buffer.from(new Uint8Array(image.bytes));
  if (digestOfBytes(text) !== image.digest) throw new Error('the image of the bundle is damaged');
  const documents = JSON.parse(text.toString()) as Record<keyof Bundle, unknown[]>;
  const bundle = Object.fromEntries(
    Object.entries(documents).map(([kind, list]) => [kind, list.map(located)]),
  );
  const diagnostics = new Diagnostics();
  const { settings, version, proofDigest, policyDigest } = image;
  const digests = { proof: proofDigest, policy: policyDigest };
  // The schemas have checked these documents when the image was made.
  const snapshot = compileBundle(bundle as never, settings, version, diagnostics, digests);
  if (snapshot === undefined) throw new Error('the bundle does not compile in this thread');
  return snapshot;
}

const NOWHERE: Position = { file: '', line: 0, column: 0 };

function located(document: unknown): Located<unknown> {
  return { document, at: () => NOWHERE };
}

function documentsOf(documents: readonly Located<unknown>[]): unknown[] {
  return documents.map(({ document }) => document);
}

/** All of it: what `files` say, checked, as an image; undefined when a mistake was told. */
export function compileImage(
  files: readonly SourceFile[],
  settings: Settings,
  version: number,
  diagnostics: Diagnostics,
): BundleImage | undefined {
  const bundle = parseBundle(files, diagnostics);
  const snapshot = compileBundle(bundle, settings, version, diagnostics);
  return snapshot === undefined ? undefined : bundleImage(bundle, snapshot);
}
