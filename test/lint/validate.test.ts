// `remit validate` with its formats: for people, for programs, and SARIF for code hosts.

import assert from 'node:assert/strict';
import { Ajv } from 'ajv';
import { LINT_RULES } from '../../engine/lint/lint_rules.ts';
import { useCommands } from '../support/commands.ts';
import { useFolder } from '../support/folder.ts';
import { bundleOf, type Document, exception, identity, PERMIT, policy } from './fixture.ts';
import { SARIF_SCHEMA } from './sarif_schema.ts';

const NOW = ['--now', '2026-11-22T12:00:00Z'];
const SOUND = bundleOf(policy([PERMIT]));
const LINTED = bundleOf(policy([{ ...PERMIT, from: { kinds: ['workload'] } }]));
const BROKEN: Document[] = [{ kind: 'Polcy' }];

describe('remit validate', () => {
  const folder = useFolder();
  const commands = useCommands();
  const run = (documents: readonly Document[], ...args: string[]) => {
    const text = documents.map((it) => JSON.stringify(it)).join('\n---\n');
    return commands.run(['validate', folder.write('b.yaml', text), ...NOW, ...args]);
  };

  for (const [name, documents, args, want] of [
    ['a sound bundle', SOUND, [], 0],
    ['a sound bundle, linted', SOUND, ['--strict'], 0],
    ['a bundle with a finding, not linted', LINTED, [], 0],
    ['a bundle with an error of the lint', LINTED, ['--strict'], 1],
    ['a bundle with a warning of the lint', [identity('a'), identity('a-')], ['--strict'], 0],
    ['a bundle that is not valid', BROKEN, [], 2],
    ['a bundle that is not valid, linted', BROKEN, ['--strict'], 2],
    [
      'an exception that lasts',
      [...SOUND, exception({ expiresAt: '2027-06-01T00:00:00Z' })],
      [],
      2,
    ],
  ] as const) {
    it(`exits with ${want} for ${name}, in each format`, async () => {
      for (const format of ['text', 'json', 'sarif']) {
        const { code, stdout, stderr } = await run(documents, ...args, '--format', format);
        assert.equal(code, want, stdout + stderr);
      }
    });
  }

  it('tells a finding with its code, to people on standard error', async () => {
    const { stdout, stderr } = await run(LINTED, '--strict');
    assert.match(stdout, /^valid: 1 file, 1 service, 1 rule\n/);
    assert.match(
      stderr,
      /b\.yaml:5:\d+: error: `pay\/.*; expected .* \[lint\.any_authenticated\]\n$/,
    );
  });

  it('prints an array of objects with always the same keys', async () => {
    for (const documents of [SOUND, LINTED, BROKEN]) {
      const { stdout } = await run(documents, '--strict', '--format', 'json');
      const list = JSON.parse(stdout) as object[];
      const keys = 'file line column severity code message expected suggestion text'.split(' ');
      for (const it of list) assert.deepEqual(Object.keys(it), keys);
      assert.equal(list.length, documents === SOUND ? 0 : 1);
    }
  });

  it('prints SARIF 2.1.0', async () => {
    const check = new Ajv({ allErrors: true, strict: false }).compile(SARIF_SCHEMA);
    for (const documents of [SOUND, LINTED, BROKEN]) {
      const { stdout } = await run(documents, '--strict', '--format', 'sarif');
      const log = JSON.parse(stdout) as { runs: { results: { ruleId: string }[] }[] };
      assert.ok(check(log), JSON.stringify(check.errors));
      const ids = log.runs[0]?.results.map(({ ruleId }) => ruleId);
      const want = new Map([
        [LINTED, ['lint.any_authenticated']],
        [BROKEN, ['bundle']],
      ]);
      assert.deepEqual(ids, want.get(documents) ?? []);
    }
  });

  it('names in SARIF all rules that there are', async () => {
    const { stdout } = await run(SOUND, '--format', 'sarif');
    const [first] = (JSON.parse(stdout) as { runs: { tool: { driver: { rules: unknown[] } } }[] })
      .runs;
    assert.equal(first?.tool.driver.rules.length, LINT_RULES.length + 1);
  });

  for (const [name, args, want] of [
    [
      'a format that there is not',
      ['--format', 'xml'],
      /--format `xml` is no format; expected text/,
    ],
    ['a time that is none', ['--now', 'noon'], /--now `noon` is no time after 1970/],
  ] as const) {
    it(`refuses ${name}`, async () => {
      const { code, stderr } = await run(SOUND, ...args);
      assert.equal(code, 2);
      assert.match(stderr, want);
    });
  }
});
