// docs/lint.md: every rule of the lint, with why it is there and how to mend what it finds.

import { LINT_RULES } from '../engine/lint/lint_rules.ts';

export function lintPage(): string {
  const lines = [
    '# The lint',
    '',
    'Generated from `engine/lint` by `npm run docs`; do not edit.',
    '',
    '`remit validate --strict` looks for what a valid bundle says and should not. A finding has a code that keeps its meaning,',
    'a place, and a severity: an `error` makes the command exit with 1, a `warning` does not. Nothing suppresses a finding:',
    'what is right can be said so that the lint sees it. `--format json` and `--format sarif` are for pipelines;',
    '`--now TIME` asks what it will find then. None of it changes a decision.',
    '',
  ];
  for (const { code, severity, finds, why, fix } of LINT_RULES) {
    lines.push(
      `## \`${code}\``,
      '',
      `${severity}: ${finds}.`,
      '',
      why,
      '',
      `**Mend it**: ${fix}`,
      '',
    );
  }
  return lines.join('\n');
}
