// `remit test`: the cases of a bundle's Tests, each decided by the code that serves, and the rules
// that no case exercises.

import {
  type Command,
  CommandError,
  type CommandOptions,
  EXIT_PARTLY,
  readOptions,
} from './command.ts';
import { instantOption } from './instant.ts';
import { choiceOption, readOfflineBundle } from './offline_bundle.ts';
import { print } from './output.ts';
import { type CaseResult, plannedCases, TestRun } from './rehearsal/run_tests.ts';
import { Progress, paletteOf } from './terminal.ts';
import { jsonReport, junitReport, type TestReport, textReport } from './test_report.ts';

const OPTIONS = {
  config: { type: 'string', completes: 'file' },
  format: { type: 'string' },
  now: { type: 'string' },
  filter: { type: 'string' },
  'coverage-min': { type: 'string' },
} as const satisfies CommandOptions;

export const testCommand: Command = {
  options: OPTIONS,
  takes: 'file',
  help: `Runs the cases of the Test documents of a bundle, each decided by the same engine as \`remit serve\`, and
lists the rules that no case exercises: those that match in none of them.

Usage: remit test DIR [options]
       remit test --config remit.yaml [options]

Options:
  --config FILE      take the bundle and the settings from a remit.yaml
  --format FORMAT    text (the default), json or junit
  --now TIME         decide at this time, RFC 3339, where neither Test nor case says when
  --filter TEXT      only cases whose \`namespace/test/case\` holds this text; says nothing of rules
  --coverage-min N   fail when fewer than N percent of all rules are exercised

Exit codes: 0 all cases passed, 1 one failed or too few rules are exercised, 2 bad usage or bundle, or
there is no case to run.

Examples:
  remit test ./policies
  remit test ./policies --filter refunds
  remit test --config remit.yaml --format junit > report.xml
`,
  async run(args) {
    const { values, positionals } = readOptions(args, OPTIONS);
    if (positionals.length > 1) {
      throw new CommandError(`unexpected \`${positionals[1]}\`; see --help`);
    }
    const format = choiceOption('--format', values.format, ['text', 'json', 'junit']);
    const now = values.now === undefined ? Date.now() : instantOption('--now', values.now);
    const least = percentage(values['coverage-min']);
    const loaded = readOfflineBundle(positionals[0], values.config, 'one folder');
    const { bundle, snapshot, path } = loaded;
    const cases = plannedCases(bundle, values.filter);
    if (cases.length === 0) {
      const which = values.filter === undefined ? '' : ` with \`${values.filter}\` in its name`;
      throw new CommandError(`the bundle \`${path}\` has no test case${which}`);
    }
    const run = new TestRun(snapshot, now);
    const report = reportOf(format);
    const results: CaseResult[] = [];
    const progress = new Progress('cases decided');
    for (const planned of cases) {
      const result = run.run(planned);
      results.push(result);
      await print(report.one(result));
      if (format !== 'text') progress.tell(results.length, cases.length);
    }
    progress.end();
    const coverage = values.filter === undefined ? run.coverage : undefined;
    await print(report.all(results, coverage));
    if (results.some(({ why }) => why.length > 0)) return EXIT_PARTLY;
    const { total, unexercised } = coverage ?? { total: 0, unexercised: [] };
    const exercised = total === 0 ? 100 : (100 * (total - unexercised.length)) / total;
    if (exercised >= least) return 0;
    const found = `${Math.floor(exercised)} percent of the rules are exercised`;
    throw new CommandError(`${found}, fewer than ${least}`, EXIT_PARTLY);
  },
};

function reportOf(format: 'text' | 'json' | 'junit'): TestReport {
  switch (format) {
    case 'text':
      return textReport(paletteOf(process.stdout));
    case 'json':
      return jsonReport();
    case 'junit':
      return junitReport();
  }
}

function percentage(text: string | undefined): number {
  if (text === undefined) return 0;
  if (/^(?:\d{1,2}|100)$/.test(text)) return Number(text);
  throw new CommandError(`--coverage-min \`${text}\` is no percentage; expected 0 to 100`);
}
