// URL-encoded forms of bodies and queries: decoded once and strictly, values in lists by name
// (C-113).

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { BodyProblem } from '../../engine/body/body.ts';
import { type Form, parseForm } from '../../engine/body/form.ts';
import { parseQuery } from '../../engine/body/query.ts';

function told(form: Form | BodyProblem): unknown {
  return form instanceof BodyProblem ? form.detail : [...form];
}

const forms: [name: string, text: string, want: unknown][] = [
  ['nothing', '', []],
  ['one field', 'a=1', [['a', ['1']]]],
  [
    'one name twice, in order',
    'a=2&b=x&a=1',
    [
      ['a', ['2', '1']],
      ['b', ['x']],
    ],
  ],
  ['no value', 'a', [['a', ['']]]],
  ['an empty value', 'a=', [['a', ['']]]],
  ['no name', '=1', [['', ['1']]]],
  ['an equals sign in a value', 'a=b=c', [['a', ['b=c']]]],
  [
    'an equals sign of the next field',
    'a&b=c',
    [
      ['a', ['']],
      ['b', ['c']],
    ],
  ],
  ['empty fields, which are none', '&&a=1&&', [['a', ['1']]]],
  ['a plus for a space', 'a+b=c+d', [['a b', ['c d']]]],
  ['an escaped plus', 'a=%2B%2b', [['a', ['++']]]],
  ['escapes in a name', '%61=1&a=2', [['a', ['1', '2']]]],
  ['escaped separators', 'a=%26%3D%3B', [['a', ['&=;']]]],
  ['escapes decoded once', 'a=%2541', [['a', ['%41']]]],
  ['escaped UTF-8', 'a=%E2%82%AC', [['a', ['€']]]],
  ['UTF-8 as it is', 'a=€', [['a', ['€']]]],
  ['`__proto__`', '__proto__=1', [['__proto__', ['1']]]],
  ['half an escape', 'a=%4', 'percent'],
  ['a lone percent', 'a=%', 'percent'],
  ['an escape without digits', 'a=%zz', 'percent'],
  ['an escape without digits in a name', '%zz=a', 'percent'],
  ['an escape across the equals sign', '%4=1', 'percent'],
  ['escapes that are no UTF-8', 'a=%FF', 'percent'],
  ['an overlong escape', 'a=%C0%AF', 'percent'],
  ['an escaped surrogate', 'a=%ED%A0%80', 'percent'],
  ['half a character', 'a=%E2%82', 'percent'],
  ['a semicolon, where old parsers end a field', 'a=1;b=2', 'semicolon'],
];

describe('a URL-encoded form', () => {
  for (const [name, text, want] of forms) {
    it(`is read or refused: ${name}`, () => assert.deepEqual(told(parseForm(text, 1024)), want));
  }

  it('has as many fields as the limit', () => {
    assert.deepEqual(told(parseForm('a&a', 2)), [['a', ['', '']]]);
    assert.equal(told(parseForm('a&a&a', 2)), 'keys');
    assert.deepEqual(told(parseForm('&a&&a&', 2)), [['a', ['', '']]]);
  });

  it('takes any byte', () => {
    const bytes = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code));
    const HEX = [...'0123456789ABCDEFabcdef'];
    const refused = (textOf: (byte: string) => string) =>
      bytes.filter((byte) => parseForm(textOf(byte), 9) instanceof BodyProblem);
    assert.deepEqual(
      refused((byte) => `a=${byte}`),
      ['%', ';'],
    );
    assert.deepEqual(
      refused((byte) => `${byte}=a`),
      ['%', ';'],
    );
    const accepted = (textOf: (byte: string) => string) => {
      const no = refused(textOf);
      return bytes.filter((byte) => !no.includes(byte));
    };
    assert.deepEqual(
      accepted((byte) => `a=%${byte}1`),
      HEX.filter((it) => it <= '7'),
    );
    assert.deepEqual(
      accepted((byte) => `a=%4${byte}`),
      HEX,
    );
  });

  it('is what URLSearchParams writes, and reads it alike', () => {
    const fields = fc.array(fc.tuple(fc.string({ unit: 'grapheme' }), fc.string()), {
      maxLength: 20,
    });
    fc.assert(
      fc.property(fields, (entries) => {
        const form = parseForm(new URLSearchParams(entries).toString(), 1024);
        assert.ok(!(form instanceof BodyProblem));
        const want = new Map<string, string[]>();
        for (const [name, value] of entries) want.set(name, [...(want.get(name) ?? []), value]);
        assert.deepEqual(form, want);
      }),
    );
  });

  it('is never read otherwise than URLSearchParams reads it', () => {
    const text = fc.string({ unit: fc.constantFrom(...'aab=&+%4140cé\0;'), maxLength: 30 });
    let read = 0;
    fc.assert(
      fc.property(text, (written) => {
        const form = parseForm(written, 1024);
        if (form instanceof BodyProblem) return;
        read++;
        const want = new Map<string, string[]>();
        for (const [name, value] of new URLSearchParams(written)) {
          want.set(name, [...(want.get(name) ?? []), value]);
        }
        assert.deepEqual(form, want);
      }),
      { numRuns: 5000 },
    );
    assert.ok(read > 500, `${read}`);
  });
});

describe('a query', () => {
  const queries: [name: string, path: string, want: unknown][] = [
    ['no query', '/a', []],
    ['an empty query', '/a?', []],
    ['a query', '/a?b=1&b=2', [['b', ['1', '2']]]],
    ['a second question mark', '/a?q=b?c', [['q', ['b?c']]]],
    ['a fragment behind it', '/a?b=1#c=2', [['b', ['1']]]],
    ['a fragment before it', '/a#b?c=1', []],
    ['a query without a path', '?a=1', [['a', ['1']]]],
    ['a bad escape', '/a?x=%zz', 'percent'],
    ['a bad escape in the path, which is not its matter', '/%zz?x=1', [['x', ['1']]]],
    ['a semicolon', '/a?x=1;y=2', 'semicolon'],
    ['a character that was no UTF-8', '/a?x=\ufffd', 'utf8'],
    ['no path at all', '', []],
  ];
  for (const [name, path, want] of queries) {
    it(`is read or refused: ${name}`, () => assert.deepEqual(told(parseQuery(path)), want));
  }

  it('is no longer than 16 KiB and has at most 1,024 fields', () => {
    assert.deepEqual(told(parseQuery(`/?a=${'b'.repeat(16_381)}`)), [['a', ['b'.repeat(16_381)]]]);
    assert.equal(told(parseQuery(`/?a=${'b'.repeat(16_382)}`)), 'too_large');
    assert.ok(!(parseQuery(`/?${'a&'.repeat(1024)}`) instanceof BodyProblem));
    assert.equal(told(parseQuery(`/?${'a&'.repeat(1025)}`)), 'keys');
  });
});
