// The command line: finds the command, and turns whatever goes wrong into one clear line and an
// exit code.

import { nearest } from '../engine/diagnostic.ts';
import { CommandError, EXIT_USAGE } from './command.ts';
import { decideCommand } from './decide.ts';
import { serveCommand } from './serve.ts';
import { validateCommand } from './validate.ts';
import { versionCommand } from './version.ts';

const COMMANDS = [serveCommand, validateCommand, decideCommand, versionCommand];

const HELP = `remit decides, for every request in a service mesh, whether the caller may do exactly this, now.

Usage: remit <command> [options]

Commands:
${COMMANDS.map(({ name, summary }) => `  ${name.padEnd(10)} ${summary}`).join('\n')}

\`remit <command> --help\` shows a command's options and examples.

Exit codes: 0 done, 1 not everything could be done, 2 bad usage, configuration or bundle.
`;

/** @returns the exit code */
export async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    const out = name === undefined ? process.stderr : process.stdout;
    out.write(HELP);
    return name === undefined ? EXIT_USAGE : 0;
  }
  const wanted = name === '--version' ? 'version' : name;
  const command = COMMANDS.find((candidate) => candidate.name === wanted);
  if (command === undefined) {
    const near = nearest(
      name,
      COMMANDS.map((candidate) => candidate.name),
    );
    const hint = near === undefined ? '' : `; did you mean \`${near}\`?`;
    process.stderr.write(`remit: no command \`${name}\`${hint}\nSee \`remit --help\`.\n`);
    return EXIT_USAGE;
  }
  if (rest.includes('--help') || rest.includes('-h')) {
    process.stdout.write(command.help);
    return 0;
  }
  try {
    return await command.run(rest);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    process.stderr.write(`remit ${command.name}: ${error.message}\n`);
    return error.exitCode;
  }
}
