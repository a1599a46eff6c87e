// The official conformance suite of CEL (cel-spec), all of it: counts per section, and every
// failure in a list with its reason, which fails in turn when one of them starts to pass.

import assert from 'node:assert/strict';
import type { SimpleTest } from '@bufbuild/cel-spec/cel/expr/conformance/test/simple_pb.js';
import {
  getConformanceSuite,
  type IncrementalTestSuite,
} from '@bufbuild/cel-spec/testdata/tests.js';
import { classOf, REASONS, SECTIONS_WITHOUT_FAILURES } from './conformance_failures.ts';
import { runCase } from './conformance_run.ts';

interface Case {
  readonly section: string;
  readonly path: string;
  readonly test: SimpleTest;
}

function casesOf(suite: IncrementalTestSuite, path: readonly string[]): Case[] {
  const own = suite.tests.map(({ original, name }) => {
    return { section: path[0] ?? '', path: [...path, name].join('/'), test: original };
  });
  const inner = suite.suites.flatMap((it) => casesOf(it, [...path, it.name]));
  return [...own, ...inner];
}

describe('the conformance suite of CEL', () => {
  const cases = casesOf(getConformanceSuite(), []);
  const outcomes = cases.map((it) => ({ ...it, failure: runCase(it.test) }));
  const sections = Map.groupBy(outcomes, ({ section }) => section);

  for (const [section, rows] of sections) {
    const passed = rows.filter(({ failure }) => failure === undefined).length;
    it(`${section}: ${passed} of ${rows.length} pass, and every other has a reason`, () => {
      const unexplained = rows
        .filter(({ failure, path, test }) => failure !== undefined && !classOf(path, test))
        .map(({ path, test, failure }) => `${path}: ${test.expr}: ${failure}`);
      assert.deepEqual(unexplained, []);
    });

    it(`${section}: none that is expected to fail passes`, () => {
      const passing = rows
        .filter(({ failure, path, test }) => failure === undefined && classOf(path, test))
        .map(({ path, test }) => `${path}: ${test.expr}: ${classOf(path, test)}`);
      assert.deepEqual(passing, []);
    });
  }

  it('has no failure but of messages in the sections that a policy needs', () => {
    const wrong = outcomes
      .filter(({ section }) => SECTIONS_WITHOUT_FAILURES.includes(section))
      .filter(({ failure, path, test }) => failure && classOf(path, test) !== 'messages')
      .map(({ path }) => path);
    assert.deepEqual(wrong, []);
  });

  it('needs each of the reasons', () => {
    const used = new Set(outcomes.map(({ path, test }) => classOf(path, test)));
    assert.deepEqual(
      REASONS.filter(({ name }) => !used.has(name)),
      [],
    );
  });

  it('is the suite that was counted', () => assert.equal(cases.length, 2344));
});
