// Canonical paths: what holds for every path, and the pairs that others have collected.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { PATH_NORMALIZATIONS, type PathNormalization } from '../../engine/settings.ts';
import { canonicalPath, type PathAmbiguity, pathAmbiguity } from '../../envoy/path.ts';
import { withSharedCases } from '../shared_cases.ts';

const LEVELS = PATH_NORMALIZATIONS;
const NORMALIZING = LEVELS.slice(1);

describe('canonical paths', () => {
  const parts = [
    '/',
    '/',
    'a',
    'b',
    '.',
    '..',
    '...',
    ';',
    '\\',
    '%',
    '%2e',
    '%2F',
    '%2f',
    '%5C',
    '%25',
    '%3b',
    '%00',
    '%30',
    '%36',
    '%66',
    '%41',
    '0',
    '2',
    'f',
    'e',
    '%c3%a9',
    '%ff',
    'é',
    '\ud800',
    ' ',
    '?',
    '#',
    '\x01',
    '{',
  ];
  const anyPath = fc
    .array(fc.oneof(fc.constantFrom(...parts), fc.string({ unit: 'binary', maxLength: 3 })))
    .map((chosen) => `/${chosen.join('')}`);
  const level = fc.constantFrom<PathNormalization>(...LEVELS);

  it('stay as they are when canonicalised again, or are ambiguous for their semicolon', () => {
    fc.assert(
      fc.property(anyPath, level, (path, at) => {
        const once = canonicalPath(path, at);
        if (once === undefined || canonicalPath(once, at) === once) return;
        assert.ok(once.includes(';'), once);
        assert.notEqual(pathAmbiguity(once), undefined);
      }),
      { numRuns: 20_000 },
    );
  });

  it('hold no double slash, dot segment or backslash unless they are ambiguous', () => {
    fc.assert(
      fc.property(anyPath, level, (path, at) => {
        const canonical = canonicalPath(path, at);
        if (canonical === undefined || pathAmbiguity(canonical) !== undefined) return;
        assert.doesNotMatch(canonical, /\/\/|\\|(^|\/)\.\.?(\/|$)|%2[ef5]|%5c|;|%3b/i);
        assert.doesNotThrow(() => decodeURIComponent(canonical));
      }),
      { numRuns: 20_000 },
    );
  });

  it('resolve dots and backslashes as the WHATWG URL parser does', () => {
    const path = fc
      .array(fc.constantFrom('/', '/', '\\', 'a', 'b', '.', '..', '%2e'))
      .map((chosen) => `/${chosen.join('')}`);
    fc.assert(
      fc.property(path, (input) => {
        const url = new URL(`http://host${input}`).pathname.replaceAll('%2e', '.');
        assert.equal(canonicalPath(input, 'BASE'), url);
      }),
      { numRuns: 5000 },
    );
  });

  it('are ASCII and begin with a slash from BASE on', () => {
    fc.assert(
      fc.property(anyPath, fc.constantFrom(...NORMALIZING), (path, at) => {
        assert.match(canonicalPath(path, at) ?? '/', /^\/[\x21-\x7e]*$/);
      }),
    );
  });
});

type Pairs = {
  pairs: { table: string; level: PathNormalization; input: string; output: string }[];
};

// Where we decide otherwise on purpose; a row that starts to agree must leave the list.
const differences = new Map([
  [
    'DECODE_AND_MERGE_SLASHES /..;/admin',
    { ours: '/admin', reason: 'Envoy resolves `..` with a parameter since 1.39.1' },
  ],
]);

describe('canonicalPath on the pairs of path-normalization.json', () => {
  withSharedCases<Pairs>('path-normalization.json', ({ pairs }) => {
    const unused = new Set(differences.keys());
    for (const { table, level, input, output } of pairs) {
      const difference = differences.get(`${level} ${input}`);
      unused.delete(`${level} ${input}`);
      const title = `${table}: ${JSON.stringify(input)} at ${level}`;
      it(difference === undefined ? title : `${title} differs: ${difference.reason}`, () => {
        const got = canonicalPath(input, level) ?? 'reject';
        assert.equal(got, difference?.ours ?? output);
        if (difference !== undefined) assert.notEqual(got, output, 'agrees now');
      });
    }
    it('lists no difference that is not in the data', () => assert.deepEqual([...unused], []));
  });
});

type Requests = {
  cases: {
    id: string;
    check: { attributes: { request: { http: { path?: string } } } };
    expect: { path?: { segments?: string[]; ambiguous?: string[]; error?: boolean } };
  }[];
};

// The data's words where they are not ours.
const renamed: Record<string, PathAmbiguity> = { nul: 'control_byte' };
const alsoFine: Record<string, PathAmbiguity> = { backslash: 'encoded_backslash' };

describe('pathAmbiguity on the requests of http-request-parse.json', () => {
  withSharedCases<Requests>('http-request-parse.json', ({ cases }) => {
    for (const { id, check, expect } of cases) {
      const path = check.attributes.request.http.path;
      if (expect.path === undefined || path === undefined) continue;
      const { ambiguous, segments } = expect.path;
      it(id, () => {
        const canonical = canonicalPath(path, 'NONE')!;
        const got = pathAmbiguity(canonical);
        if (ambiguous !== undefined) {
          const wanted = ambiguous.flatMap((word) => [
            renamed[word] ?? word.replace('-', '_'),
            alsoFine[word] ?? [],
          ]);
          assert.ok(wanted.flat().includes(got ?? ''), `${got} is none of ${wanted}`);
        } else if (segments !== undefined) {
          assert.equal(got, undefined);
        } else {
          // Not decodable: in the path itself, or only in the query, which is not judged here.
          assert.equal(got, canonical.includes('%') ? 'malformed_percent' : undefined);
        }
      });
    }
  });
});
