#!/usr/bin/env node
// Starts Remit: from a checkout its TypeScript sources, from the published package what tsc made of
// them. Plain JavaScript, so that an older Node can still say what is wrong.

import { existsSync } from 'node:fs';

const major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  console.error(`remit: Node ${process.versions.node} is too old; expected 24 or newer`);
  process.exit(2);
}
const source = new URL('../cli/main.ts', import.meta.url);
const { main } = await import(
  existsSync(source) ? source : new URL('../dist/cli/main.js', import.meta.url)
);
process.exitCode = await main(process.argv.slice(2));
