// `remit version`

import type { Command } from './command.ts';
import { packageVersion } from './package_version.ts';

export const versionCommand: Command = {
  help: `Prints the version of Remit and of the Node that runs it.

Usage: remit version

Exit codes: 0 always.

Examples:
  remit version
`,
  async run() {
    process.stdout.write(`remit ${packageVersion()} (node ${process.versions.node})\n`);
    return 0;
  },
};
