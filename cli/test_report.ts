// The three forms of what `remit test` found: text for people, JSON for programs, JUnit for CI.

import type { CaseResult, RuleCoverage } from './rehearsal/run_tests.ts';
import { harmless, type Palette } from './terminal.ts';

export interface TestReport {
  /** Each as it ends. */
  one(result: CaseResult): string;
  /** What stands at the end, when all have ended. */
  all(results: readonly CaseResult[], coverage: RuleCoverage | undefined): string;
}

const passed = ({ why }: CaseResult) => why.length === 0;

export function textReport(palette: Palette): TestReport {
  let test = '';
  return {
    one(result) {
      const { name, got, why, at } = result;
      const heading = result.test === test ? '' : `${palette.strong(harmless(result.test))}\n`;
      test = result.test;
      const mark = passed(result) ? palette.good('  ok  ') : palette.bad('FAILED');
      const how = got.reason === undefined ? got.outcome : `${got.outcome} ${got.reason}`;
      const line = `${mark} ${harmless(name)} ${palette.faint(`(${how})`)}\n`;
      const place = passed(result) ? '' : `       ${at.file}:${at.line}:${at.column}\n`;
      return heading + line + place + why.map((text) => `       ${harmless(text)}\n`).join('');
    },
    all(results, coverage) {
      const failures = results.filter((result) => !passed(result)).length;
      const counts = `${results.length - failures} passed, ${failures} failed`;
      const summary = failures > 0 ? palette.bad(counts) : palette.good(counts);
      return `${coverage === undefined ? '' : coverageText(coverage, palette)}\n${summary}\n`;
    },
  };
}

function coverageText({ total, unexercised, nearly }: RuleCoverage, palette: Palette): string {
  if (unexercised.length === 0) return `\nall ${total} rules are exercised\n`;
  const lines = unexercised.map((id) => {
    const note = nearly.includes(id) ? palette.faint(' (a case misses it only just)') : '';
    return `  ${id}${note}\n`;
  });
  const head = `${unexercised.length} of ${total} rules are exercised by no case:`;
  return `\n${palette.doubtful(head)}\n${lines.join('')}`;
}

/** One document, written piece by piece so that it needs no memory of its own. */
export function jsonReport(): TestReport {
  let first = true;
  return {
    one(result) {
      const head = first ? '{"cases":[\n' : ',\n';
      first = false;
      const { test, name, at, expected, got, why } = result;
      const place = { file: at.file, line: at.line };
      const all = { ...got, reason: got.reason ?? null };
      const fields = { test, name, ...place, passed: passed(result), expected, got: all, why };
      return head + JSON.stringify(fields);
    },
    all(results, coverage) {
      const failed = results.filter((result) => !passed(result)).length;
      const counts = `"total":${results.length},"passed":${results.length - failed}`;
      const rules = coverage === undefined ? 'null' : JSON.stringify(coverage);
      return `${first ? '{"cases":[' : ''}\n],${counts},"failed":${failed},"rules":${rules}}\n`;
    },
  };
}

/** One testsuite for each Test, as CI systems read it. */
export function junitReport(): TestReport {
  return {
    one: () => '',
    all(results, coverage) {
      const suites = [...Map.groupBy(results, ({ test }) => test)].map(suite);
      const output = coverage === undefined ? '' : propertiesOf(coverage);
      const failures = results.filter((result) => !passed(result)).length;
      return (
        '<?xml version="1.0" encoding="UTF-8"?>\n' +
        `<testsuites name="remit" tests="${results.length}" failures="${failures}">\n` +
        `${output}${suites.join('')}</testsuites>\n`
      );
    },
  };
}

function suite([test, results]: readonly [string, readonly CaseResult[]]): string {
  const failures = results.filter((result) => !passed(result)).length;
  const counts = `tests="${results.length}" failures="${failures}" errors="0" skipped="0"`;
  return (
    `  <testsuite name="${xml(test)}" ${counts} time="${seconds(results)}">\n` +
    `${results.map(testcase).join('')}  </testsuite>\n`
  );
}

function testcase(result: CaseResult): string {
  const { test, name, at, why } = result;
  const place = `file="${xml(at.file)}" line="${at.line}"`;
  const head = `    <testcase classname="${xml(test)}" name="${xml(name)}" ${place} `;
  const time = `time="${seconds([result])}"`;
  if (why.length === 0) return `${head}${time}/>\n`;
  const [message = '', ...rest] = why;
  const failure = `<failure message="${xml(message)}" type="decision">${xml(rest.join('\n'))}`;
  return `${head}${time}>\n      ${failure}</failure>\n    </testcase>\n`;
}

function propertiesOf({ total, unexercised }: RuleCoverage): string {
  const missing = unexercised
    .map((id) => `    <property name="rule without a test" value="${xml(id)}"/>\n`)
    .join('');
  const count = `    <property name="rules" value="${total}"/>\n`;
  return `  <properties>\n${count}${missing}  </properties>\n`;
}

function seconds(results: readonly CaseResult[]): string {
  return (results.reduce((sum, { durationMs }) => sum + durationMs, 0) / 1000).toFixed(6);
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\n': '&#10;',
};

function xml(text: string): string {
  return harmless(text).replace(/[&<>"\n]/g, (it) => ENTITIES[it]!);
}
