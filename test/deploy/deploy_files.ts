// What is in deploy/, as text and as YAML documents.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { ROOT } from '../architecture/source_files.ts';

/** An object of Kubernetes or a part of one, before anything is known about it. */
export type Json = { readonly [key: string]: unknown };

export interface Document {
  /** From deploy/. */
  readonly file: string;
  readonly value: Json;
}

export function deployText(file: string): string {
  return readFileSync(join(ROOT, 'deploy', file), 'utf8');
}

/** All documents of a folder in deploy/; a warning of the parser is a failure. */
export function documentsOf(folder: string): Document[] {
  return readdirSync(join(ROOT, 'deploy', folder))
    .filter((name) => name.endsWith('.yaml'))
    .sort()
    .flatMap((name) => parseDocuments(`${folder}/${name}`));
}

export function parseDocuments(file: string): Document[] {
  return [...parseAllDocuments(deployText(file))].map((document) => {
    const [problem] = [...document.errors, ...document.warnings];
    if (problem) throw new Error(`${file}: ${problem.message}`);
    return { file, value: document.toJS() as Json };
  });
}

/** The value at a path of keys and indexes; the tests name what must be there. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((it, key) => (it as Json | undefined)?.[key], value);
}
