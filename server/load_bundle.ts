// Reads a policy folder, recursively, in the order of its names, and the key files its documents
// name. Names that start with a dot are left out: editors and Kubernetes' projected volumes keep
// their own things there.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { KeyFileReference, SourceFile } from '../engine/bundle/bundle.ts';
import type { Diagnostics } from '../engine/diagnostic.ts';
import { BUNDLE_FILE_BYTES_MAX, KEY_FILE_BYTES_MAX, MiB } from '../engine/limits.ts';

/** Against folders that contain themselves by a link. */
const DEPTH_MAX = 16;

/** @param path a folder, or one file */
export function loadBundle(path: string, diagnostics: Diagnostics): SourceFile[] {
  const files: SourceFile[] = [];
  visit(path, path, 0, files, diagnostics);
  return files;
}

function visit(
  root: string,
  path: string,
  depth: number,
  files: SourceFile[],
  diagnostics: Diagnostics,
): void {
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
        if (!entry.startsWith('.')) visit(root, join(path, entry), depth + 1, files, diagnostics);
      }
    } else if (path === root || /\.ya?ml$/i.test(path)) {
      if (stat.size > BUNDLE_FILE_BYTES_MAX) {
        const most = `${BUNDLE_FILE_BYTES_MAX / MiB} MiB`;
        diagnostics.error(at, 'the file is too large', `${most} at most`);
      } else files.push({ name, text: readFileSync(path, 'utf8') });
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
