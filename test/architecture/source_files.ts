// The project's own files, and what they import.

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, extname, join, normalize, resolve } from 'node:path';
import { readSource, type SourceText } from './source_text.ts';

export const ROOT = resolve(import.meta.dirname, '../..');

/** The folders of the package; everything else is around it. */
export const PRODUCT = ['proto', 'engine', 'envoy', 'workers', 'audit', 'server', 'cli'] as const;

const STATEMENT = /\b(?:import|export)\s+((?:type\s+)?[\w*${},\s]*?)\s*\bfrom\b/g;
const BARE = /\bimport\b(?:\s*\()?/g;

const NOT_OURS = new Set(['node_modules', 'dist', '.git', '.tools', '.demo']);

export interface SourceFile extends SourceText {
  /** From the project's root, with slashes. */
  readonly path: string;
  readonly text: string;
  readonly lines: readonly string[];
  readonly imports: readonly Import[];
}

export interface Import {
  /** A path from the root for a file of ours, else the name of a package or `node:` module. */
  readonly target: string;
  readonly isOurs: boolean;
  /** `import type`, gone when it runs. */
  readonly typeOnly: boolean;
  readonly names: string;
}

/** Paths of all files of ours with one of these extensions, sorted. */
export function filesOf(...extensions: string[]): string[] {
  const found: string[] = [];
  const walk = (folder: string): void => {
    for (const entry of readdirSync(join(ROOT, folder), { withFileTypes: true })) {
      if (NOT_OURS.has(entry.name)) continue;
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) walk(path);
      else if (entry.isFile() && extensions.includes(extname(entry.name))) found.push(path);
    }
  };
  walk('');
  return found.sort();
}

export function textOf(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

export const SOURCES: readonly SourceFile[] = filesOf('.ts').map((path) => {
  const text = textOf(path);
  const source = readSource(text);
  return { ...source, path, text, lines: text.split('\n'), imports: importsOf(path, text, source) };
});

export function folderOf(path: string): string {
  return path.split('/')[0]!;
}

export const PRODUCT_SOURCES = SOURCES.filter(({ path }) =>
  PRODUCT.some((folder) => folder === folderOf(path)),
);

function importsOf(path: string, text: string, { code }: SourceText): Import[] {
  const found: Import[] = [];
  const add = (at: number, typeOnly: boolean, names: string): void => {
    const specifier = /^\s*(['"])(.+?)\1/.exec(text.slice(at))?.[2];
    if (specifier === undefined) return;
    const isOurs = specifier.startsWith('.');
    const target = isOurs ? normalize(join(dirname(path), specifier)) : packageOf(specifier);
    found.push({ target, isOurs, typeOnly, names });
  };
  // Strings are blanked in `code`, so what is imported is read from the text.
  for (const match of code.matchAll(STATEMENT)) {
    const names = match[1]!.trim();
    const inner = names.replace(/^\{|\}$/g, '').split(',');
    const allTypes = names.startsWith('{') && inner.every((it) => /^\s*(type\s|$)/.test(it));
    add(match.index + match[0].length, names.startsWith('type ') || allTypes, names);
  }
  for (const match of code.matchAll(BARE)) {
    add(match.index + match[0].length, false, '');
  }
  return found;
}

/** `@scope/name/path` → `@scope/name`; builtins whole. */
function packageOf(specifier: string): string {
  if (specifier.startsWith('node:')) return specifier;
  const parts = specifier.split('/');
  return parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
}
