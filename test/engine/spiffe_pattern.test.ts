// Patterns over SPIFFE IDs: what they match, which of two is more specific, and what is none.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseSpiffeId, SpiffeId } from '../../engine/spiffe_id.ts';
import {
  compareSpecificity,
  parseSpiffePattern,
  SpiffePattern,
  SpiffePatternError,
  type SpiffePatternErrorCode,
} from '../../engine/spiffe_pattern.ts';

const TD = 'spiffe://td.example';

function idOf(text: string): SpiffeId {
  const id = parseSpiffeId(text);
  assert.ok(id instanceof SpiffeId, `${text} is not an ID`);
  return id;
}

function patternOf(text: string): SpiffePattern {
  const pattern = parseSpiffePattern(text);
  assert.ok(pattern instanceof SpiffePattern, `${text} is not a pattern`);
  return pattern;
}

const invalid: { name: string; text: string; code: SpiffePatternErrorCode }[] = [
  { name: 'nothing', text: '', code: 'empty' },
  { name: 'a lone wildcard', text: '*', code: 'scheme' },
  { name: "Istio's form without a scheme", text: 'td.example/ns/*/sa/*', code: 'scheme' },
  { name: 'a wildcard as trust domain', text: 'spiffe://*/a', code: 'wildcard_in_trust_domain' },
  { name: 'a wildcard as all there is', text: 'spiffe://*', code: 'wildcard_in_trust_domain' },
  {
    name: 'a wildcard in the trust domain',
    text: 'spiffe://*.example/a',
    code: 'wildcard_in_trust_domain',
  },
  {
    name: 'a wildcard right after the trust domain',
    text: `${TD}*`,
    code: 'wildcard_in_trust_domain',
  },
  { name: 'a segment ending with a wildcard', text: `${TD}/ns/a*`, code: 'partial_wildcard' },
  { name: 'a segment starting with a wildcard', text: `${TD}/ns/*a/sa`, code: 'partial_wildcard' },
  { name: 'a double wildcard', text: `${TD}/ns/**`, code: 'partial_wildcard' },
  { name: 'no path', text: TD, code: 'path_missing' },
  { name: 'a trailing slash', text: `${TD}/*/`, code: 'trailing_slash' },
  { name: 'an empty segment', text: `${TD}//*`, code: 'empty_segment' },
  { name: 'a dot segment', text: `${TD}/*/../a`, code: 'dot_segment' },
  { name: 'a missing trust domain', text: 'spiffe:///*', code: 'trust_domain_missing' },
  { name: 'a query', text: `${TD}/*?a`, code: 'partial_wildcard' },
  { name: 'more than 2048 bytes', text: `${TD}${'/*'.repeat(1024)}`, code: 'too_long' },
];

const matching: { pattern: string; yes: string[]; no: string[] }[] = [
  {
    pattern: `${TD}/ns/shop/sa/web`,
    yes: [`${TD}/ns/shop/sa/web`],
    no: [`${TD}/ns/shop/sa/webb`, `${TD}/ns/shop/sa`, 'spiffe://other/ns/shop/sa/web', TD],
  },
  {
    pattern: `${TD}/ns/*/sa/web`,
    yes: [`${TD}/ns/a/sa/web`, `${TD}/ns/ns/sa/web`, `${TD}/ns/x/sa/web`, `${TD}/ns/.../sa/web`],
    no: [
      `${TD}/ns/a/b/sa/web`,
      `${TD}/ns/a/sa/web/x`,
      `${TD}/ns/a/sa/webb`,
      `${TD}/ns/a/sa/Web`,
      `${TD}/ns/sa/web`,
      `${TD}/nsa/a/sa/web`,
      'spiffe://td.example.other/ns/a/sa/web',
      'spiffe://td.exampl/ns/a/sa/web',
    ],
  },
  { pattern: `${TD}/*`, yes: [`${TD}/a`, `${TD}/*a`.replace('*', '')], no: [TD, `${TD}/a/b`] },
  { pattern: `${TD}/*/*`, yes: [`${TD}/a/b`], no: [`${TD}/a`, `${TD}/a/b/c`] },
  { pattern: `${TD}/*/a/*`, yes: [`${TD}/a/a/a`], no: [`${TD}/a/b/a`, `${TD}/b/a`] },
];

describe('parseSpiffePattern', () => {
  for (const { name, text, code } of invalid) {
    it(`refuses ${name}`, () => {
      const error = parseSpiffePattern(text);
      assert.ok(error instanceof SpiffePatternError, 'accepted');
      assert.equal(error.code, code);
      assert.match(error.rule, /^\w.*[^.]$/);
    });
  }

  it('says what it read', () => {
    const pattern = patternOf(`${TD}/ns/*/sa/web`);
    const { text, trustDomain, mask, isExact } = pattern;
    assert.deepEqual(
      { text, trustDomain, mask, isExact },
      { text: `${TD}/ns/*/sa/web`, trustDomain: 'td.example', mask: '=*==', isExact: false },
    );
    assert.deepEqual(
      [patternOf(`${TD}/a`).mask, patternOf(`${TD}/a`).isExact, patternOf(`${TD}/*`).mask],
      ['', true, '*'],
    );
  });

  it('accepts exactly the bytes of a path, and a whole `*`, wherever they stand', () => {
    for (let code = 0; code < 256; code++) {
      const c = String.fromCharCode(code);
      if (c === '/') continue;
      const allowed = /[a-zA-Z0-9.\-_]/.test(c);
      const ok = (text: string) => parseSpiffePattern(text) instanceof SpiffePattern;
      for (const segment of [`${c}a`, `a${c}`, `a${c}a`]) {
        assert.equal(ok(`${TD}/*/${segment}`), allowed, JSON.stringify(segment));
        assert.equal(ok(`${TD}/${segment}/*`), allowed, JSON.stringify(segment));
      }
      assert.equal(ok(`${TD}/a/${c}`), (allowed && c !== '.') || c === '*', JSON.stringify(c));
      for (const domain of [`${c}a`, `a${c}`, `a${c}a`, c]) {
        assert.equal(ok(`spiffe://${domain}/*`), /[a-z0-9.\-_]/.test(c), JSON.stringify(domain));
      }
    }
  });
});

describe('SpiffePattern', () => {
  for (const { pattern, yes, no } of matching) {
    for (const id of yes) {
      it(`${pattern} matches ${id}`, () => assert.ok(patternOf(pattern).matches(idOf(id))));
    }
    for (const id of no) {
      it(`${pattern} does not match ${id}`, () => {
        assert.equal(patternOf(pattern).matches(idOf(id)), false);
      });
    }
  }

  it('puts exact before patterns, and the earlier literal first', () => {
    const order = ['/a/b/c', '/a/b/*', '/a/*/c', '/a/*/*', '/*/b/c', '/*/*/c', '/*/*/*'];
    const patterns = order.map((path) => patternOf(TD + path));
    const id = idOf(`${TD}/a/b/c`);
    assert.ok(patterns.every((pattern) => pattern.matches(id)));
    const sorted = [...patterns].reverse().sort(compareSpecificity);
    assert.deepEqual(sorted, patterns);
  });

  // Few segments and letters, so that matches are frequent.
  const letter = fc.constantFrom('a', 'b', 'ns');
  const domain = fc.constantFrom('td', 'td.a');
  const segments = (unit: fc.Arbitrary<string>) => fc.array(unit, { minLength: 1, maxLength: 4 });
  const anyId = fc
    .tuple(domain, segments(letter))
    .map(([td, list]) => idOf(`spiffe://${td}/${list.join('/')}`));
  const anyPattern = fc
    .tuple(domain, segments(fc.oneof(letter, fc.constant('*'))))
    .map(([td, list]) => patternOf(`spiffe://${td}/${list.join('/')}`));

  // The specification in code.
  function naivelyMatches(pattern: string, id: string): boolean {
    const want = pattern.split('/');
    const have = id.split('/');
    return want.length === have.length && want.every((s, i) => s === '*' || s === have[i]);
  }

  it('matches segment by segment', () => {
    fc.assert(
      fc.property(anyPattern, anyId, (pattern, id) => {
        assert.equal(pattern.matches(id), naivelyMatches(pattern.text, id.id));
      }),
      { numRuns: 10_000 },
    );
  });

  it('matches an ID exactly when its text is the masked key', () => {
    fc.assert(
      fc.property(anyPattern, anyId, (pattern, id) => {
        assert.equal(pattern.maskedKey(id) === pattern.text, pattern.matches(id));
      }),
      { numRuns: 10_000 },
    );
  });

  it('gives one masked key for one mask', () => {
    fc.assert(
      fc.property(anyPattern, anyPattern, anyId, (a, b, id) => {
        if (a.mask === b.mask) assert.equal(a.maskedKey(id), b.maskedKey(id));
      }),
      { numRuns: 10_000 },
    );
  });

  it('never ties two different patterns that match one ID', () => {
    fc.assert(
      fc.property(anyPattern, anyPattern, anyId, (a, b, id) => {
        assert.equal(Math.sign(compareSpecificity(a, b)), -Math.sign(compareSpecificity(b, a)) + 0);
        if (!a.matches(id) || !b.matches(id) || a.text === b.text) return;
        assert.notEqual(compareSpecificity(a, b), 0);
      }),
      { numRuns: 20_000 },
    );
  });

  it('lets one look-up per mask find the most specific pattern', () => {
    fc.assert(
      fc.property(fc.array(anyPattern, { maxLength: 12 }), anyId, (patterns, id) => {
        const byText = new Map(patterns.map((pattern) => [pattern.text, pattern]));
        const byMask = new Map(patterns.map((pattern) => [pattern.mask, pattern]));
        const found = [...byMask.values()]
          .sort(compareSpecificity)
          .map((any) => byText.get(any.maskedKey(id) ?? ''))
          .find((pattern) => pattern !== undefined);
        const want = patterns.filter((pattern) => pattern.matches(id)).sort(compareSpecificity)[0];
        assert.equal(found?.text, want?.text);
      }),
      { numRuns: 5000 },
    );
  });
});
