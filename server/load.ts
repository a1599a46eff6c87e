// From a policy folder to an image. Policies and key material fail apart: where one of them cannot
// be used, the last good one stays in force beside what is new of the other (DESIGN section 9).

import type { Bundle } from '../engine/bundle/bundle.ts';
import { parseBundle } from '../engine/bundle/parse_bundle.ts';
import { type BundleImage, bundleImage, contentOf } from '../engine/bundle_image.ts';
import { type Diagnostic, Diagnostics } from '../engine/diagnostic.ts';
import { compileBundle, type Settings } from '../engine/snapshot.ts';
import { fileState, listFiles, loadBundle, loadKeyFiles } from './load_bundle.ts';

export interface LoadTask {
  /** A folder, or one file. */
  readonly path: string;
  readonly settings: Settings;
  readonly version: number;
  /** What is in force; undefined at the start. */
  readonly lastGood?: BundleImage;
}

export interface LoadResult {
  /** Undefined when nothing of what is there can be used. */
  readonly image: BundleImage | undefined;
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
  const policiesAreSound = !diagnostics.hasErrors;
  // Those in force are watched as well while the policies cannot say which ones they want.
  const last = lastGood && contentOf(lastGood);
  const references = policiesAreSound ? bundle.keyFiles : (last?.bundle.keyFiles ?? []);
  const keyFiles = references.map(({ name }) => name);
  state += keyFiles.map(fileState).join('');
  const texts = loadKeyFiles(bundle.keyFiles, diagnostics);
  const found = { diagnostics: diagnostics.list, keyFiles, state };
  if (lastGood !== undefined && lastGood.counts.documents > 0 && isEmpty(bundle)) {
    const at = { file: path, line: 1, column: 1 };
    diagnostics.error(at, 'the bundle is empty now', 'at least one document; what was there stays');
    return { ...found, image: undefined, kept: 'everything' };
  }
  const image = diagnostics.hasErrors ? undefined : compile(bundle, texts, task, diagnostics);
  if (image !== undefined) return { ...found, image, kept: 'nothing' };
  if (last === undefined) return { ...found, image, kept: 'nothing' };
  const silent = new Diagnostics();
  const withOldKeys =
    policiesAreSound && compile(bundle, new Map([...texts, ...last.keyFiles]), task, silent);
  if (withOldKeys) return { ...found, image: withOldKeys, kept: 'key files' };
  const newTexts = loadKeyFiles(last.bundle.keyFiles, new Diagnostics());
  const withOldPolicies = compile(last.bundle, newTexts, task, new Diagnostics());
  const changed = withOldPolicies !== undefined && withOldPolicies.digest !== lastGood?.digest;
  if (changed) return { ...found, image: withOldPolicies, kept: 'policies' };
  return { ...found, image: undefined, kept: 'everything' };
}

function compile(
  bundle: Bundle,
  keyFiles: ReadonlyMap<string, string>,
  { settings, version }: LoadTask,
  diagnostics: Diagnostics,
): BundleImage | undefined {
  const snapshot = compileBundle(bundle, keyFiles, settings, version, diagnostics);
  snapshot?.proof.issuers.warnOfExpired(Date.now(), diagnostics);
  return snapshot && bundleImage(bundle, keyFiles, snapshot);
}

function isEmpty({ services, policies, identities, issuers, enforcers }: Bundle): boolean {
  return [services, policies, identities, issuers, enforcers].every(({ length }) => length === 0);
}
