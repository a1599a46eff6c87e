// Reads a policy folder, recursively, in the order of its names, and the key files its documents
// name. Names that start with a dot are left out: editors and Kubernetes' projected volumes keep
// their own things there.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { KeyFileReference, SourceFile } from '../engine/bundle/bundle.ts';
import type { Diagnostics } from '../engine/diagnostic.ts';
import {
  BUNDLE_BYTES_MAX,
  BUNDLE_FILE_BYTES_MAX,
  DOCUMENTS_MAX,
  KEY_FILE_BYTES_MAX,
  MiB,
} from '../engine/limits.ts';

/** Against folders that contain themselves by a link. */
const DEPTH_MAX = 16;

/** @param path a folder, or one file */
export function loadBundle(path: string, diagnostics: Diagnostics): SourceFile[] {
  const files: SourceFile[] = [];
  visit({ root: path, files, bytes: 0, isFull: false }, path, 0, diagnostics);
  return files;
}

interface Loading {
  readonly root: string;
  readonly files: SourceFile[];
  bytes: number;
  /** Nothing more is read: what is there is refused already. */
  isFull: boolean;
}

function visit(loading: Loading, path: string, depth: number, diagnostics: Diagnostics): void {
  const name = relative(process.cwd(), path);
  const at = { file: name, line: 1, column: 1 };
  try {
    const stat = statSync(path);
    if (stat.isDirectory()) {
      if (depth === DEPTH_MAX) {
        diagnostics.error(at, `more than ${DEPTH_MAX} folders deep`);
        return;
      }
      const entries = readdirSync(path).sort();
      for (const entry of entries) {
        if (loading.isFull) return;
        if (!entry.startsWith('.')) visit(loading, join(path, entry), depth + 1, diagnostics);
      }
    } else if (path === loading.root || /\.ya?ml$/i.test(path)) {
      loading.bytes += stat.size;
      if (stat.size > BUNDLE_FILE_BYTES_MAX) {
        const most = `${BUNDLE_FILE_BYTES_MAX / MiB} MiB`;
        diagnostics.error(at, 'the file is too large', `${most} at most`);
      } else if (loading.bytes > BUNDLE_BYTES_MAX || loading.files.length === DOCUMENTS_MAX) {
        loading.isFull = true;
        const most = `${BUNDLE_BYTES_MAX / MiB} MiB and ${DOCUMENTS_MAX.toLocaleString('en')} files`;
        diagnostics.error(at, 'the bundle is too large', `${most} together`);
      } else loading.files.push({ name, text: readFileSync(path, 'utf8') });
    }
  } catch (error) {
    diagnostics.error(at, `cannot be read: ${error instanceof Error ? error.message : error}`);
  }
}

/** The files that `loadBundle` would read, by path; what cannot be listed is left out. */
export function listFiles(path: string, depth = 0): string[] {
  try {
    if (!statSync(path).isDirectory()) return [path];
    if (depth === DEPTH_MAX) return [];
    const entries = readdirSync(path).filter((entry) => !entry.startsWith('.'));
    return entries.sort().flatMap((entry) => {
      const inner = join(path, entry);
      if (statSync(inner).isDirectory()) return listFiles(inner, depth + 1);
      return /\.ya?ml$/i.test(entry) ? [inner] : [];
    });
  } catch {
    // Gone between two looks: the next one sees it, and loading says what is wrong.
    return [];
  }
}

/** One line that is another one after each change of a file, also when it is replaced or gone. */
export function fileState(name: string): string {
  const state = statSync(name, { bigint: true, throwIfNoEntry: false });
  if (state === undefined) return `${name} -\n`;
  return `${name} ${state.ino} ${state.size} ${state.mtimeNs} ${state.ctimeNs}\n`;
}

/** The text of each key file by its name; what cannot be read is told where it is named. */
export function loadKeyFiles(
  references: readonly KeyFileReference[],
  diagnostics: Diagnostics,
): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  for (const { name, at } of references) {
    if (texts.has(name)) continue;
    try {
      const stat = statSync(name);
      if (!stat.isFile()) diagnostics.error(at, `\`${name}\` is no file`);
      else if (stat.size > KEY_FILE_BYTES_MAX) {
        const most = `${KEY_FILE_BYTES_MAX / MiB} MiB at most`;
        diagnostics.error(at, `\`${name}\` is too large`, most);
      } else texts.set(name, readFileSync(name, 'utf8'));
    } catch (error) {
      diagnostics.error(at, `cannot be read: ${error instanceof Error ? error.message : error}`);
    }
  }
  return texts;
}
