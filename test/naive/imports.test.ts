// The naive evaluator is only worth comparing with while it is written independently: of the
// project it may share the parser and types, nothing that decides.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = import.meta.dirname;
const FILES = readdirSync(FOLDER).filter((name) => !name.endsWith('.test.ts'));

/**
 * Types of parsed documents, and the closed list of reasons; nothing of them is left at run time.
 */
const SHARED_TYPES = [
  '../../engine/bundle/bundle.ts',
  '../../engine/bundle/identity_kind.ts',
  '../../engine/bundle/rule_kind.ts',
  '../../engine/bundle/service_kind.ts',
  '../../engine/reason.ts',
];

/** What evaluates conditions, another implementation of CEL than the engine's. */
const PACKAGES = ['@bufbuild/cel', '@bufbuild/protobuf/wkt'];

interface Import {
  readonly clause: string;
  readonly from: string;
}

function importsOf(text: string): Import[] {
  const statements = text.matchAll(/^(?:import|export)\b([^;'"]*?)\bfrom\s*'([^']+)'/gm);
  const bare = text.matchAll(/^import\s*()'([^']+)'|\bimport\s*\(()\s*'?([^')]*)/gm);
  return [...statements, ...bare].map((match) => ({
    clause: match[1] ?? match[3] ?? '',
    from: match[2] ?? match[4] ?? '',
  }));
}

describe('the naive evaluator', () => {
  for (const name of FILES) {
    it(`shares nothing with the engine but types: ${name}`, () => {
      for (const { clause, from } of importsOf(readFileSync(join(FOLDER, name), 'utf8'))) {
        if (from.startsWith('./') || from.startsWith('node:')) continue;
        if (PACKAGES.includes(from)) continue;
        assert.ok(SHARED_TYPES.includes(from), `\`${from}\` is none of its business`);
        assert.match(clause, /^\s*type\b/, `\`${from}\` is there for its types only`);
      }
    });
  }

  it('is all here, so that no file goes unread', () => {
    assert.ok(FILES.includes('evaluate.ts'));
    assert.ok(FILES.length >= 18);
  });

  it('would be seen importing what decides', () => {
    const text = "import { decide } from '../../engine/policy/decide.ts';\nimport '../x.ts';\n";
    assert.deepEqual(
      importsOf(text).map(({ from }) => from),
      ['../../engine/policy/decide.ts', '../x.ts'],
    );
    assert.equal(importsOf("const x = await import('../y.ts');")[0]!.from, '../y.ts');
  });
});
