// `remit validate`: says everything that is wrong with a bundle, before anything depends on it.

import { DEFAULT_SETTINGS } from '../engine/snapshot.ts';
import { type Command, CommandError, readOptions } from './command.ts';
import { readBundle, readConfig } from './read.ts';

export const validateCommand: Command = {
  help: `Checks a bundle: a folder of YAML files, or one file. Every mistake is told with file, line, column,
what was expected and a suggestion.

Usage: remit validate DIR
       remit validate --config remit.yaml

Options:
  --config FILE   take the bundle and the settings from a remit.yaml

Exit codes: 0 the bundle is valid, 2 it is not.

Examples:
  remit validate ./policies
  remit validate --config /etc/remit/remit.yaml
`,
  async run(args) {
    const { values, positionals } = readOptions(args, { config: { type: 'string' } });
    if ((values.config === undefined) === (positionals.length !== 1)) {
      throw new CommandError('expected one folder, or --config; see --help');
    }
    const config = values.config === undefined ? undefined : readConfig(values.config);
    const path = config?.policies ?? positionals[0]!;
    const { files, snapshot } = readBundle(path, config?.settings ?? DEFAULT_SETTINGS);
    const { policy, proof } = snapshot;
    process.stdout.write(
      `valid: ${count(files.length, 'file')}, ${count(policy.services.length, 'service')}, ` +
        `${count(policy.ruleCount, 'rule')}\n` +
        `proof digest  ${proof.digest}\npolicy digest ${policy.digest}\n`,
    );
    return 0;
  },
};

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
