// `remit version`

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { protoDirectoryFrom } from '../proto/load.ts';
import type { Command } from './command.ts';

export const versionCommand: Command = {
  help: `Prints the version of Remit and of the Node that runs it.

Usage: remit version

Exit codes: 0 always.

Examples:
  remit version
`,
  async run() {
    const root = dirname(protoDirectoryFrom(import.meta.dirname));
    const text = readFileSync(join(root, 'package.json'), 'utf8');
    const { version } = JSON.parse(text) as { version: string };
    process.stdout.write(`remit ${version} (node ${process.versions.node})\n`);
    return 0;
  },
};
