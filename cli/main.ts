// The command line: finds the command, and turns whatever goes wrong into one clear line and an
// exit code.

import { nearest } from '../engine/diagnostic.ts';
import { type Command, CommandError, EXIT_USAGE } from './command.ts';

/** Each loads only what it needs: `serve` runs for months. */
const COMMANDS: readonly {
  readonly name: string;
  /** One line for the overview. */
  readonly summary: string;
  readonly load: () => Promise<Command>;
}[] = [
  {
    name: 'serve',
    summary: 'answer the checks of Envoy and Istio',
    load: async () => (await import('./serve.ts')).serveCommand,
  },
  {
    name: 'validate',
    summary: 'check a bundle and say everything that is wrong with it',
    load: async () => (await import('./validate.ts')).validateCommand,
  },
  {
    name: 'decide',
    summary: 'decide CheckRequests from standard input, offline',
    load: async () => (await import('./decide.ts')).decideCommand,
  },
  {
    name: 'test',
    summary: 'run the tests of a bundle, and say which rules none exercises',
    load: async () => (await import('./test.ts')).testCommand,
  },
  {
    name: 'explain',
    summary: 'say why a request is decided as it is, and what would flip it',
    load: async () => (await import('./explain.ts')).explainCommand,
  },
  {
    name: 'can-i',
    summary: 'say whether somebody may do something, who may, and what one may',
    load: async () => (await import('./can_i.ts')).canICommand,
  },
  {
    name: 'review',
    summary: 'list who reaches what by policy alone, and the blast radius of each identity',
    load: async () => (await import('./review.ts')).reviewCommand,
  },
  {
    name: 'identities',
    summary: 'list who was seen with which credentials, how long-lived, how far-reaching',
    load: async () => (await import('./identities.ts')).identitiesCommand,
  },
  {
    name: 'completion',
    summary: 'print a completion script for bash or zsh',
    load: async () => (await import('./completion.ts')).completionCommand(completables),
  },
  {
    name: 'version',
    summary: 'print the version of Remit and of Node',
    load: async () => (await import('./version.ts')).versionCommand,
  },
];

/** All commands, for the shell. */
function completables() {
  return Promise.all(
    COMMANDS.map(async ({ name, summary, load }) => {
      const { options = {}, takes = [] } = await load();
      return { name, summary, options, values: takes };
    }),
  );
}

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
  const found = COMMANDS.find((candidate) => candidate.name === wanted);
  if (found === undefined) {
    const near = nearest(
      name,
      COMMANDS.map((candidate) => candidate.name),
    );
    const hint = near === undefined ? '' : `; did you mean \`${near}\`?`;
    process.stderr.write(`remit: no command \`${name}\`${hint}\nSee \`remit --help\`.\n`);
    return EXIT_USAGE;
  }
  const command = await found.load();
  if (rest.includes('--help') || rest.includes('-h')) {
    process.stdout.write(command.help);
    return 0;
  }
  try {
    return await command.run(rest);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    process.stderr.write(`remit ${found.name}: ${error.message}\n`);
    return error.exitCode;
  }
}
