// `remit validate`: says everything that is wrong with a bundle, before anything depends on it.

import { type Diagnostic, formatDiagnostic } from '../engine/diagnostic.ts';
import { tellLongExceptions } from '../engine/lint/exception_days.ts';
import { lintBundle } from '../engine/lint/lint_bundle.ts';
import { DEFAULT_SETTINGS } from '../engine/settings.ts';
import type { Snapshot } from '../engine/snapshot.ts';
import {
  type Command,
  CommandError,
  type CommandOptions,
  EXIT_PARTLY,
  EXIT_USAGE,
  readOptions,
  report,
} from './command.ts';
import { instantOption } from './instant.ts';
import { checkBundle, readConfig } from './read.ts';
import { sarifLog } from './sarif.ts';

const FORMATS = ['text', 'json', 'sarif'] as const;
type Format = (typeof FORMATS)[number];

const OPTIONS = {
  config: { type: 'string', completes: 'file' },
  strict: { type: 'boolean' },
  format: { type: 'string', completes: FORMATS },
  now: { type: 'string' },
} as const satisfies CommandOptions;

export const validateCommand: Command = {
  options: OPTIONS,
  takes: 'file',
  help: `Checks a bundle: a folder of YAML files, or one file. Every mistake is told with file, line, column,
what was expected and a suggestion.

Usage: remit validate DIR [options]
       remit validate --config remit.yaml [options]

Options:
  --config FILE     take the bundle and the settings from a remit.yaml
  --strict          lint it as well: docs/lint.md lists what it finds, by code
  --format FORMAT   text (by default: mistakes on standard error, a summary on standard output), json (an
                    array of objects on standard output) or sarif (SARIF 2.1.0 on standard output)
  --now TIME        take this time, RFC 3339, for the present

Exit codes: 0 the bundle is valid, 1 with --strict: it is, and the lint found an error, 2 it is not valid.

Examples:
  remit validate ./policies
  remit validate --config /etc/remit/remit.yaml --strict
  remit validate ./policies --strict --format sarif > remit.sarif
`,
  async run(args) {
    const { values, positionals } = readOptions(args, OPTIONS);
    if ((values.config === undefined) === (positionals.length !== 1)) {
      throw new CommandError('expected one folder, or --config; see --help');
    }
    const format = formatOption(values.format);
    const now = values.now === undefined ? Date.now() : instantOption('--now', values.now);
    const config = values.config === undefined ? undefined : readConfig(values.config);
    const path = config?.policies ?? positionals[0]!;
    const settings = config?.settings ?? DEFAULT_SETTINGS;
    const { files, bundle, snapshot, diagnostics } = checkBundle(
      path,
      settings,
      now,
      (parsed, to) =>
        tellLongExceptions(parsed, now, (at, message, expected) => to.error(at, message, expected)),
    );
    const lints = values.strict === true && snapshot !== undefined;
    const findings = lints ? lintBundle(bundle, settings, now) : [];
    const all = [...diagnostics.list, ...findings];
    if (format === 'sarif') write(sarifLog(all));
    else if (format === 'json') write(all.map(plainObject));
    else report(all, diagnostics.omitted);
    if (snapshot === undefined) {
      process.stderr.write(`remit validate: the bundle \`${path}\` is not valid\n`);
      return EXIT_USAGE;
    }
    if (format === 'text') process.stdout.write(summary(files.length, snapshot));
    return findings.some(({ severity }) => severity === 'error') ? EXIT_PARTLY : 0;
  },
};

function formatOption(text: string | undefined): Format {
  const format = FORMATS.find((it) => it === (text ?? 'text'));
  if (format !== undefined) return format;
  throw new CommandError(`--format \`${text}\` is no format; expected ${FORMATS.join(', ')}`);
}

function write(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** Always the same keys, in the same order. */
function plainObject(diagnostic: Diagnostic) {
  const { file, line, column, severity, code, message, expected, suggestion } = diagnostic;
  return {
    file,
    line,
    column,
    severity,
    code: code ?? null,
    message,
    expected: expected ?? null,
    suggestion: suggestion ?? null,
    text: formatDiagnostic(diagnostic),
  };
}

function summary(files: number, { policy, proof }: Snapshot): string {
  return (
    `valid: ${count(files, 'file')}, ${count(policy.serviceCount, 'service')}, ` +
    `${count(policy.rules.size, 'rule')}\n` +
    `proof digest  ${proof.digest}\npolicy digest ${policy.digest}\n`
  );
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
