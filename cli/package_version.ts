// The version of this package, from sources and built alike.

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { protoDirectoryFrom } from '../proto/load.ts';

export function packageVersion(): string {
  const root = dirname(protoDirectoryFrom(import.meta.dirname));
  const text = readFileSync(join(root, 'package.json'), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}
