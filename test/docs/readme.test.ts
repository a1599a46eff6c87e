// The README shows what `remit decide` makes of the example: run, not remembered.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');

interface Decided {
  readonly outcome: string;
  readonly http: number;
  readonly reasons: readonly string[];
  readonly rules: readonly string[];
}

describe('README', () => {
  it('shows the decisions that remit decide prints for examples/payments', () => {
    const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
    const block = /decide:begin[^\n]*\n```\n([\s\S]*?)```/.exec(readme);
    assert.ok(block, 'the marked block is there');
    const printed = execFileSync(
      process.execPath,
      ['bin/remit.js', 'decide', '--config', 'examples/payments/remit.yaml'],
      { cwd: ROOT, input: readFileSync(join(ROOT, 'examples/payments/checks.ndjson')) },
    );
    const lines = printed.toString().trim().split('\n');
    const table = lines.map((line) => {
      const { outcome, http, reasons, rules } = JSON.parse(line) as Decided;
      return `${outcome.padEnd(5)} ${http} ${(reasons[0] ?? '').padEnd(22)} ${rules.join()}`.trim();
    });
    assert.equal(table.length, 10);
    assert.equal(`${table.join('\n')}\n`, block[1]);
  });
});
