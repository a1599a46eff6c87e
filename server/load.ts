// From a policy folder to an image. Policies and key material fail apart: where one of them cannot
// be used, the last good one stays in force beside what is new of the other (DESIGN section 9).

import type { Bundle } from '../engine/bundle/bundle.ts';
import { parseBundle } from '../engine/bundle/parse_bundle.ts';
import type { BundleImage } from '../engine/bundle_image.ts';
import { compileBundle, documentCount } from '../engine/compile_bundle.ts';
import { type Diagnostic, Diagnostics } from '../engine/diagnostic.ts';
import { Issuers } from '../engine/identity/issuers.ts';
import { tellLongExceptions } from '../engine/lint/exception_days.ts';
import type { Settings } from '../engine/settings.ts';
import { packContent, unpackContent } from './bundle_source.ts';
import { fileState, listFiles, loadBundle, loadKeyFiles } from './load_bundle.ts';

export interface LoadTask {
  /** A folder, or one file. */
  readonly path: string;
  readonly settings: Settings;
  readonly version: number;
  /** What is in force; undefined at the start. */
  readonly lastGood?: LastGood;
}

/** A bundle in force. */
export interface LastGood {
  readonly digest: string;
  readonly documents: number;
  /** Its documents, packed. */
  readonly content: Uint8Array;
}

export interface LoadResult {
  /** Undefined when nothing of what is there can be used. */
  readonly image: BundleImage | undefined;
  /** The documents of the image, packed; empty without one. */
  readonly content: Uint8Array;
  /** What was kept of the last good bundle, because what is there is wrong. */
  readonly kept: 'nothing' | 'key files' | 'policies' | 'everything';
  readonly diagnostics: readonly Diagnostic[];
  /** All that was read, or would have been: to be watched. */
  readonly keyFiles: readonly string[];
  /** The state of all files, taken before they were read: what comes later is a change. */
  readonly state: string;
}

export function load(task: LoadTask): LoadResult {
  const { path, lastGood } = task;
  const diagnostics = new Diagnostics();
  let state = listFiles(path).map(fileState).join('');
  const files = loadBundle(path, diagnostics);
  const bundle = parseBundle(files, diagnostics);
  tellLongExceptions(bundle, Date.now(), (at, message, expected) =>
    diagnostics.error(at, message, expected),
  );
  const policiesAreSound = !diagnostics.hasErrors;
  // Those in force are watched as well while the policies cannot say which ones they want.
  const last = lastGood && unpackContent(lastGood.content);
  const references = policiesAreSound ? bundle.keyFiles : (last?.bundle.keyFiles ?? []);
  const keyFiles = references.map(({ name }) => name);
  state += keyFiles.map(fileState).join('');
  const texts = loadKeyFiles(bundle.keyFiles, diagnostics);
  const found = { diagnostics: diagnostics.list, keyFiles, state };
  if (lastGood !== undefined && lastGood.documents > 0 && isEmpty(bundle)) {
    const at = { file: path, line: 1, column: 1 };
    diagnostics.error(at, 'the bundle is empty now', 'at least one document; what was there stays');
    return { ...found, ...NO_IMAGE, kept: 'everything' };
  }
  const compiled = diagnostics.hasErrors ? undefined : compile(bundle, texts, task, diagnostics);
  if (compiled !== undefined) return { ...found, ...compiled, kept: 'nothing' };
  if (last === undefined) return { ...found, ...NO_IMAGE, kept: 'nothing' };
  const silent = new Diagnostics();
  const withOldKeys =
    policiesAreSound && compile(bundle, new Map([...texts, ...last.keyFiles]), task, silent);
  if (withOldKeys) return { ...found, ...withOldKeys, kept: 'key files' };
  const newTexts = loadKeyFiles(last.bundle.keyFiles, new Diagnostics());
  const withOldPolicies = compile(last.bundle, newTexts, task, new Diagnostics());
  const changed =
    withOldPolicies !== undefined && withOldPolicies.image.digest !== lastGood?.digest;
  if (changed) return { ...found, ...withOldPolicies, kept: 'policies' };
  return { ...found, ...NO_IMAGE, kept: 'everything' };
}

function compile(
  bundle: Bundle,
  keyFiles: ReadonlyMap<string, string>,
  { settings, version }: LoadTask,
  diagnostics: Diagnostics,
): Compiled | undefined {
  const image = compileBundle(bundle, keyFiles, settings, version, diagnostics);
  if (image === undefined) return undefined;
  const issuers = new Issuers(bundle.issuers, keyFiles, new Diagnostics());
  issuers.x509.warnOfExpired(Date.now(), diagnostics);
  return { image, content: packContent({ bundle, keyFiles }) };
}

type Compiled = { readonly image: BundleImage } & Pick<LoadResult, 'content'>;
const NO_IMAGE = { image: undefined, content: new Uint8Array() } as const;

function isEmpty(bundle: Bundle): boolean {
  return documentCount(bundle) === 0;
}
