// A bundle as it crosses threads: parsed and checked once, then compiled by each thread from the
// same shared bytes (DESIGN section 4). Their digest is what threads agree on before they activate.

import { type Bundle, keyFilesOf, type Located } from './bundle/bundle.ts';
import { Diagnostics } from './diagnostic.ts';
import { digestOfBytes } from './digest.ts';
import { compileInSteps, type Settings, type Snapshot } from './snapshot.ts';
import { runAll, type Steps } from './steps.ts';

export interface BundleImage {
  readonly version: number;
  readonly settings: Settings;
  /** Lines of JSON in UTF-8: a head, and a document each. */
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

/** The first line. */
interface Head {
  /** Where each issuer stands: the names of its key files count from there. */
  readonly issuerFiles: readonly string[];
  readonly keyFiles: readonly (readonly [name: string, text: string])[];
}

const KINDS = ['services', 'policies', 'identities', 'issuers', 'enforcers'] as const;
type Kind = (typeof KINDS)[number];
/** Each of the others. */
type Line = readonly [kind: Kind, document: unknown];

interface Content {
  readonly bundle: Bundle;
  readonly keyFiles: ReadonlyMap<string, string>;
}

/** @param snapshot what the bundle compiled to, where it was checked */
export function bundleImage(
  bundle: Bundle,
  keyFiles: ReadonlyMap<string, string>,
  snapshot: Snapshot,
): BundleImage {
  const head: Head = {
    issuerFiles: bundle.issuers.map(({ at }) => at([]).file),
    keyFiles: [...keyFiles],
  };
  const lines = KINDS.flatMap((kind) => bundle[kind].map(({ document }): Line => [kind, document]));
  const text = Buffer.from([head, ...lines].map((line) => JSON.stringify(line)).join('\n'));
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
      documents: lines.length,
      services: snapshot.policy.services.length,
      rules: snapshot.policy.ruleCount,
      enforcers: snapshot.proof.enforcers.size,
      identifiedEnforcers: snapshot.proof.enforcers.identifiedSize,
    },
  };
}

/** The bundle and the key files that an image was made of. Throws when its bytes are damaged. */
export function contentOf(image: BundleImage): Content {
  return runAll(contentInSteps(image));
}

function* contentInSteps(image: BundleImage): Steps<Content> {
  // A copy, because neither decoding nor hashing takes shared memory.
  const text = Buffer.from(new Uint8Array(image.bytes));
  if (digestOfBytes(text) !== image.digest) throw new Error('the image of the bundle is damaged');
  yield;
  const [head = '', ...lines] = text.toString().split('\n');
  yield;
  // Our own bytes, as the digest has just shown; the schemas have checked the documents before.
  const { issuerFiles, keyFiles } = JSON.parse(head) as Head;
  const found: Record<Kind, Located<never>[]> = {
    services: [],
    policies: [],
    identities: [],
    issuers: [],
    enforcers: [],
  };
  for (const line of lines) {
    const [kind, document] = JSON.parse(line) as Line;
    const file = kind === 'issuers' ? issuerFiles[found.issuers.length]! : '';
    found[kind].push(located(document as never, file));
    yield;
  }
  const bundle: Bundle = { ...found, keyFiles: found.issuers.flatMap(keyFilesOf) };
  return { bundle, keyFiles: new Map(keyFiles) };
}

/** Throws when the bytes are not those of the digest, or do not compile. */
export function snapshotOf(image: BundleImage): Snapshot {
  return runAll(snapshotInSteps(image));
}

/** The same in steps. */
export function* snapshotInSteps(image: BundleImage): Steps<Snapshot> {
  const { bundle, keyFiles } = yield* contentInSteps(image);
  const { settings, version, proofDigest: proof, policyDigest: policy } = image;
  const digests = { proof, policy };
  const diagnostics = new Diagnostics();
  const { snapshot } = yield* compileInSteps(
    bundle,
    keyFiles,
    settings,
    version,
    diagnostics,
    digests,
  );
  if (snapshot === undefined) throw new Error('the bundle does not compile in this thread');
  return snapshot;
}

function located<D>(document: D, file: string): Located<D> {
  return { document, at: () => ({ file, line: 0, column: 0 }) };
}
