// The bundles of examples/ are valid without a warning, their Tests pass, and no rule of theirs
// goes unexercised: in process, and as a user runs them.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { plannedCases, TestRun } from '../../cli/rehearsal/run_tests.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../engine/settings.ts';
import { runRemit } from '../support/process.ts';
import { EXAMPLES, type Loaded, load, ROOT } from './load_example.ts';

/** What `--strict` finds: code, and where. Each README says why it stays. */
const FINDINGS: Readonly<Record<string, readonly string[]>> = {
  'third-party-api': [
    'lint.any_authenticated `partner/carriers/support-tools`',
    'lint.any_authenticated `partner/status/everybody-known`',
  ],
  'multi-tenant-saas': ['lint.unindexed_rule `saas/app/suspended-customers`'],
  'secrets-platform': ['lint.role_only `sec/secrets/stewards`'],
  'admin-console': [
    'lint.role_only `ops/console/viewers-look`',
    'lint.role_only `ops/console/operators-look`',
    'lint.unindexed_rule `ops/freeze/changes`',
  ],
};
/** Within what the examples' exceptions and reviews hold. */
const NOW = '2026-12-01T10:00:00Z';
const CASES_MIN = 12;
const REASONS_MIN = 20;

/** Every case of a bundle, and the rules that none of them exercises. */
function runAll({ bundle, snapshot }: Loaded, now = Date.now()) {
  const run = new TestRun(snapshot, now);
  const results = plannedCases(bundle).map((planned) => run.run(planned));
  return { results, coverage: run.coverage };
}

describe('each bundle of examples/', () => {
  it('is one of six, and has a README that says who the attacker is and how to run it', () => {
    assert.equal(EXAMPLES.length, 6);
    for (const name of EXAMPLES) {
      const readme = readFileSync(join(ROOT, 'examples', name, 'README.md'), 'utf8');
      assert.match(readme, /\*\*The attacker\*\*/);
      assert.ok(readme.includes(`\nnpx remit test examples/${name}\n`));
      assert.ok(readFileSync(join(ROOT, 'examples/README.md'), 'utf8').includes(`](${name})`));
    }
  });

  for (const name of EXAMPLES) {
    it(`${name}: is valid without a warning, and every case passes on every rule`, () => {
      const loaded = load(name);
      assert.deepEqual(loaded.diagnostics, []);
      const { results, coverage } = runAll(loaded);
      const failed = results.filter(({ why }) => why.length > 0);
      assert.deepEqual(
        failed.map((it) => `${it.name}: ${it.why.join(', ')}`),
        [],
      );
      assert.deepEqual(coverage.unexercised, []);
      assert.ok(results.length >= CASES_MIN);
      const outcomes = new Set(results.map(({ got }) => got.outcome));
      assert.deepEqual([...outcomes].sort(), ['allow', 'deny']);
    });

    it(`${name}: says so on the command line`, async () => {
      const folder = `examples/${name}`;
      const validate = await runRemit(['validate', folder], { cwd: ROOT });
      assert.deepEqual([validate.code, validate.stderr], [0, '']);
      const test = await runRemit(['test', folder], { cwd: ROOT });
      assert.deepEqual([test.code, test.stderr], [0, '']);
      assert.match(test.stdout, /\nall \d+ rules are exercised\n\n\d+ passed, 0 failed\n$/);
    });

    it(`${name}: has the findings of the lint that its README explains`, async () => {
      const args = ['validate', `examples/${name}`, '--strict', '--now', NOW, '--format', 'json'];
      const { stdout } = await runRemit(args, { cwd: ROOT });
      const found = JSON.parse(stdout) as { code: string; message: string }[];
      const told = found.map(({ code, message }) => `${code} ${/`[^`]+`/.exec(message)?.[0]}`);
      assert.deepEqual(told, FINDINGS[name] ?? []);
      const readme = readFileSync(join(ROOT, 'examples', name, 'README.md'), 'utf8');
      for (const word of told.flatMap((it) => it.replaceAll('`', '').split(' '))) {
        assert.ok(readme.includes(`\`${word}\``), `README of ${name}: ${word}`);
      }
    });
  }

  it('decides the same whenever its Tests are run', () => {
    for (const name of EXAMPLES) {
      const loaded = load(name);
      const { results } = runAll(loaded, Date.parse('2031-07-06T03:00:00Z'));
      assert.deepEqual(
        results.filter(({ why }) => why.length > 0).map((it) => it.name),
        [],
      );
    }
  });

  it(`denies for at least ${REASONS_MIN} different reasons, all of them together`, () => {
    const reasons = new Set(
      EXAMPLES.flatMap((name) => runAll(load(name)).results.flatMap(({ got }) => got.reason ?? [])),
    );
    assert.ok(reasons.size >= REASONS_MIN, [...reasons].sort().join(', '));
  });
});

describe('examples/secrets-platform', () => {
  it('lets each holder of a power do that and nothing else: three times three cases (C-095)', () => {
    const { bundle, snapshot } = load('secrets-platform');
    const matrix = plannedCases(bundle, 'sec/three-powers/');
    const run = new TestRun(snapshot, 0);
    const holders = Object.groupBy(matrix, ({ it }) => it.request.principal ?? '');
    const allowed = Object.values(holders).map((cases = []) =>
      cases.map((planned) => run.run(planned).got.outcome),
    );
    assert.deepEqual(allowed, [
      ['allow', 'deny', 'deny'],
      ['deny', 'allow', 'deny'],
      ['deny', 'deny', 'allow'],
    ]);
  });
});

describe('examples/admin-console', () => {
  const OVERDUE = Date.parse('2027-04-01T10:00:00Z');

  /** What becomes of everything that is allowed, once every review is over. */
  function overdue(overdueReviews: Settings['overdueReviews']): string[] {
    const { bundle, snapshot } = load('admin-console', { ...DEFAULT_SETTINGS, overdueReviews });
    const run = new TestRun(snapshot, OVERDUE);
    return plannedCases(bundle, 'ops/roles/')
      .map((planned) => run.run({ ...planned, now: new Date(OVERDUE).toISOString() }))
      .filter(({ expected }) => expected.outcome === 'allow')
      .map(({ got }) => got.reason ?? got.outcome);
  }

  it('goes on by default when its reviews are overdue', () => {
    assert.deepEqual(new Set(overdue('warn')), new Set(['allow']));
  });

  it('denies with `overdueReviews: deny`', () => {
    assert.deepEqual(new Set(overdue('deny')), new Set(['authz.review_overdue']));
  });
});
