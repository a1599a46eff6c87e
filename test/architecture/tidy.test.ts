// What STYLE.md says and a machine can check: every claim in docs/capabilities.md has a test, files
// and functions stay short, and nothing is left lying about.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { SCENARIOS } from '../../bench/scenarios.ts';
import { itShared } from '../shared_cases.ts';
import { filesOf, PRODUCT_SOURCES, ROOT, SOURCES, textOf } from './source_files.ts';
import { COMMENT, functionsOf, readSource, TEXT } from './source_text.ts';

const LINES_MAX = 300;
const COLUMNS_MAX = 100;
const FUNCTION_LINES_MAX = 70;

interface Row {
  readonly id: string;
  readonly state: string;
  readonly where: string;
}

/** The lines `| C-0xx | state | where |` of a document. */
function rowsOf(text: string): Row[] {
  return text.split('\n').flatMap((line) => {
    const [, id, state, where] = /^\| *(C-\d+) *\|([^|]*)\|(.*)\|$/.exec(line) ?? [];
    if (id === undefined || state === undefined || where === undefined) return [];
    return [{ id, state: state.trim(), where: where.trim() }];
  });
}

describe('docs/capabilities.md', () => {
  const rows = rowsOf(textOf('docs/capabilities.md'));

  it('says of each row whether it is done', () => {
    assert.ok(rows.length > 100);
    const wrong = rows.filter(({ state }) => !['done', 'part', 'not'].includes(state));
    assert.deepEqual(wrong, []);
  });

  it('says it once, and of what is done also where', () => {
    assert.equal(new Set(rows.map(({ id }) => id)).size, rows.length);
    const nowhere = rows.filter(({ state, where }) => state !== 'not' && where === '');
    assert.deepEqual(nowhere, []);
  });

  it('has a test for every row that is done, which cites it', () => {
    const tests = SOURCES.filter(({ path }) => path.endsWith('.test.ts'));
    const done = rows.filter(({ state }) => state === 'done').map(({ id }) => id);
    assert.ok(done.length > 0);
    const uncited = done.filter((id) => !tests.some(({ text }) => text.includes(id)));
    assert.deepEqual(uncited, []);
  });

  it('names no row that there is not: neither does any test', () => {
    const known = new Set(rows.map(({ id }) => id));
    const cited = SOURCES.flatMap(({ path, text }) =>
      [...text.matchAll(/\bC-\d{3}\b/g)].map(([id]) => `${path}: ${id}`),
    );
    assert.ok(cited.length > 50);
    assert.deepEqual(
      cited.filter((it) => !known.has(it.slice(-5))),
      [],
    );
  });

  itShared('has exactly the rows of CAPABILITIES.md', () => {
    const text = readFileSync(resolve(ROOT, '../shared/CAPABILITIES.md'), 'utf8');
    const ids = [...text.matchAll(/^\| (C-\d+) \|/gm)].map(([, id]) => id);
    assert.deepEqual(rows.map(({ id }) => id).sort(), ids.sort());
  });
});

describe('every TypeScript file of ours', () => {
  it(`has at most ${LINES_MAX} lines`, () => {
    const long = SOURCES.filter(({ lines }) => lines.length - 1 > LINES_MAX);
    assert.deepEqual(
      long.map(({ path, lines }) => `${path}: ${lines.length - 1}`),
      [],
    );
  });

  it(`has at most ${COLUMNS_MAX} columns, but where a text cannot be broken`, () => {
    const wide = SOURCES.flatMap(({ path, lines, kinds }) => {
      let start = 0;
      return lines.flatMap((line, index) => {
        const at = start + COLUMNS_MAX;
        start += line.length + 1;
        if (line.length <= COLUMNS_MAX) return [];
        // The formatter breaks all code but texts, and no comment.
        const text = kinds.subarray(at - COLUMNS_MAX, at).includes(TEXT);
        return text && kinds[at] !== COMMENT ? [] : [`${path}:${index + 1}`];
      });
    });
    assert.deepEqual(wide, []);
  });

  it('opens with a comment that says what it is', () => {
    const silent = SOURCES.filter(
      ({ kinds, text }) => kinds[0] !== COMMENT || text.startsWith('#!'),
    );
    assert.deepEqual(
      silent.map(({ path }) => path),
      [],
    );
  });

  it(`of the package has no function of more than ${FUNCTION_LINES_MAX} lines`, () => {
    const long = PRODUCT_SOURCES.flatMap(({ path, code }) =>
      functionsOf(code)
        .filter(({ lines }) => lines > FUNCTION_LINES_MAX)
        .map(({ line, lines }) => `${path}:${line}: ${lines}`),
    );
    assert.deepEqual(long, []);
  });
});

describe('every file of ours', () => {
  const paths = filesOf('.ts', '.js', '.json', '.md', '.proto', '.yaml', '.yml');
  const offences = (pattern: RegExp, except: readonly string[] = []) =>
    paths
      .filter((path) => path !== 'package-lock.json' && !except.includes(path))
      .flatMap((path) =>
        textOf(path)
          .split('\n')
          .flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}`] : [])),
      );

  it('has no note of something left to do', () => {
    // Spelt so that this line is none.
    assert.deepEqual(offences(/\b(?:FIX[M]E|TO[D]O|XX[X]|HAC[K])\b/), []);
  });

  it('has no path of one machine', () => {
    assert.deepEqual(offences(/(?:^|[^\w.~/-])\/(?:work|root|home|Users)\//), []);
  });

  it('ends with a line feed and has none too many', () => {
    const wrong = SOURCES.filter(({ text }) => !text.endsWith('\n') || text.endsWith('\n\n'));
    assert.deepEqual(
      wrong.map(({ path }) => path),
      [],
    );
  });

  it('says in docs/dependencies.md why each package is there', () => {
    const { dependencies, devDependencies } = JSON.parse(textOf('package.json'));
    const table = textOf('docs/dependencies.md')
      .split('\n')
      .filter((line) => line.startsWith('|'))
      .map((line) => line.split('|')[1] ?? '');
    const missing = Object.keys({ ...dependencies, ...devDependencies }).filter(
      (name) => !table.some((cell) => cell.includes(`\`${name}\``)),
    );
    assert.deepEqual(missing, []);
  });
});

describe('docs/performance.md', () => {
  it('has a row for each scenario of the bench, with the bounds of thresholds.json', () => {
    const rows = textOf('docs/performance.md').matchAll(/^\| `(\w+)` \|[^|]*\|[^|]*\|([^|]*)\|/gm);
    const told = Array.from(rows, ([, name, bounds = '']) => `${name}: ${bounds.trim()}`);
    const thresholds: Record<string, Record<string, { min?: number; max?: number }>> = JSON.parse(
      textOf('bench/thresholds.json'),
    );
    const wanted = SCENARIOS.map(({ name }) => {
      const bounds = Object.values(thresholds[name] ?? {}).map(({ min, max }) =>
        min === undefined ? `≤ ${max}` : `≥ ${min}`,
      );
      return `${name}: ${bounds.join(', ') || 'none'}`;
    });
    assert.deepEqual(told, wanted);
    const scenarios = SCENARIOS.map(({ name }) => name);
    assert.deepEqual(
      Object.keys(thresholds).filter((name) => !scenarios.includes(name)),
      [],
    );
  });
});

describe('the reader of these tests', () => {
  const cases: [name: string, source: string, code: string][] = [
    ['a comment', 'a // b\nc', 'a     \nc'],
    ['a comment over lines', 'a /* b\n b */ c', 'a     \n      c'],
    ['a string', "a('b // c')", 'a(        )'],
    ['an escaped quote', "a('\\'b')", 'a(     )'],
    ['a template', 'a(`b // c`)', 'a(        )'],
    ['what a template is filled with', `a(\`b$\{c}d\`)`, 'a(    c   )'],
    ['a template in a template', `a(\`$\{\`$\{b}\`}\`)`, 'a(      b    )'],
    ['braces in what a template is filled with', `a(\`$\{{b}}\`)`, 'a(   {b}  )'],
    ['a regular expression', 'a(/b"[/]/)', 'a(       )'],
    ['a division', 'a / b / "c"', 'a / b /    '],
    ['a division after a call', 'a() / b / c', 'a() / b / c'],
  ];
  for (const [name, source, code] of cases) {
    it(`tells code from ${name}`, () => assert.equal(readSource(source).code, code));
  }

  it('finds functions by their braces, and no statements', () => {
    const source =
      'function a(): B {\n  if (x) {\n  }\n}\nconst c = () => {\n};\nd({ e(f: G) {\n} });';
    assert.deepEqual(functionsOf(source), [
      { line: 1, lines: 4 },
      { line: 5, lines: 2 },
      { line: 7, lines: 2 },
    ]);
  });
});
