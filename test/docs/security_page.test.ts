// SECURITY.md says of each threat and of each trust boundary which tests show it: files that there
// are and that test something, in every line.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');
const PAGE = readFileSync(join(ROOT, 'SECURITY.md'), 'utf8');
/** A path of a test from the root, and nothing else. */
const TEST_FILE = /^test\/[a-z0-9_/]+\.test\.ts$/;

interface Row {
  readonly first: string;
  readonly shownBy: readonly string[];
}

/** The rows of the table below a heading whose last column is `shown by`. */
function rowsBelow(heading: string): Row[] {
  const [, section = ''] = PAGE.split(`\n## ${heading}\n`);
  const [below = ''] = section.split('\n## ');
  const [head = [], _line, ...rows] = below
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .slice(1, -1)
        .split(' | ')
        .map((cell) => cell.trim()),
    );
  assert.equal(head.at(-1), 'shown by');
  return rows.map((cells) => {
    assert.equal(cells.length, head.length, cells.join(' | '));
    const last = cells.at(-1) ?? '';
    return { first: cells.slice(0, 2).join(': '), shownBy: last === '' ? [] : last.split(', ') };
  });
}

/** What is wrong with a file that is said to show something. */
function problemOf(file: string): string | undefined {
  if (!TEST_FILE.test(file)) return `${file} is no test file`;
  if (!existsSync(join(ROOT, file))) return `${file} is not there`;
  const text = readFileSync(join(ROOT, file), 'utf8');
  return /^\s*(?:it|describe)\(/m.test(text) ? undefined : `${file} tests nothing`;
}

const TABLES = [
  ['Threats', 50],
  ['Trust boundaries: who can forge what', 7],
] as const;

describe('SECURITY.md', () => {
  for (const [heading, linesMin] of TABLES) {
    it(`names tests that there are in each line of "${heading}"`, () => {
      const rows = rowsBelow(heading);
      assert.ok(rows.length >= linesMin, `only ${rows.length} lines`);
      const problems = rows.flatMap(({ first, shownBy }) =>
        shownBy.length === 0
          ? [`${first}: shown by nothing`]
          : shownBy.flatMap((file) => {
              const problem = problemOf(file);
              return problem === undefined ? [] : [`${first}: ${problem}`];
            }),
      );
      assert.deepEqual(problems, []);
    });
  }

  it('is checked for folders, for files that are not there and for files without a test', () => {
    const wrong = [
      'test/engine',
      'test/none/x.test.ts',
      'test/engine/fixture.ts',
      'engine/check.ts',
    ];
    for (const file of wrong) assert.ok(problemOf(file), file);
    assert.equal(problemOf('test/docs/security_page.test.ts'), undefined);
  });
});
