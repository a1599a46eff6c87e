// JSON of bodies: what is read and to which value, and what is refused although some parser takes
// it, because another one would take it for something else (C-113).

import assert from 'node:assert/strict';
import {
  type BodyLimits,
  BodyProblem,
  type BodyValue,
  DEFAULT_BODY_LIMITS,
} from '../../engine/body/body.ts';
import { parseJson } from '../../engine/body/json.ts';

function read(text: string, limits: Partial<BodyLimits> = {}): BodyValue | BodyProblem {
  return parseJson(text, { ...DEFAULT_BODY_LIMITS, ...limits });
}

/** The value, or the detail of the problem behind a `!`. */
function told(text: string, limits: Partial<BodyLimits> = {}): BodyValue {
  const value = read(text, limits);
  return value instanceof BodyProblem ? `!${value.detail}` : value;
}

const map = (...entries: [string, BodyValue][]) => new Map(entries);

const valid: [name: string, text: string, want: BodyValue][] = [
  ['an empty object', '{}', map()],
  ['an empty array', ' [ ] ', []],
  ['white space of all four kinds', '\t\n\r [\t1\n,\r2 ] ', [1n, 2n]],
  ['literals', '[true,false,null]', [true, false, null]],
  ['null alone, which is a value', 'null', null],
  ['an empty string', '""', ''],
  ['objects in arrays in objects', '{"a":[{"b":"c"}]}', map(['a', [map(['b', 'c'])]])],
  ['all escapes', '"\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041"', '"\\/\b\f\n\r\tA'],
  ['text between escapes', '"a\\nb\\nc"', 'a\nb\nc'],
  ['an escape in either case', '"\\u00E9\\u00e9"', 'éé'],
  ['a pair of surrogates', '"x\\ud83d\\ude00y"', 'x😀y'],
  ['an escaped NUL', '"\\u0000"', '\0'],
  ['characters beyond ASCII', '"é€😀"', 'é€😀'],
  ['DEL and line separators', '"\x7f\u2028\u2029"', '\x7f\u2028\u2029'],
  ['an integer', '42', 42n],
  ['zero', '0', 0n],
  ['minus zero, which is the integer zero', '-0', 0n],
  ['15 digits', '-999999999999999', -999_999_999_999_999n],
  ['16 digits', '1000000000000001', 1_000_000_000_000_001n],
  ['an integer that no double holds', '9007199254740993', 9_007_199_254_740_993n],
  ['the greatest int64', '9223372036854775807', 2n ** 63n - 1n],
  ['the least int64', '-9223372036854775808', -(2n ** 63n)],
  ['a fraction', '-1.5', -1.5],
  ['a whole number with a fraction, which is a double', '1.0', 1],
  ['minus zero with a fraction, which keeps its sign', '-0.0', -0],
  ['an exponent, which makes a double', '1e2', 100],
  ['exponents with signs', '[1E+2,1e-2]', [100, 0.01]],
  ['zero with any exponent', '0e999', 0],
  ['the greatest double', '1.7976931348623157e308', Number.MAX_VALUE],
  ['the least double', '5e-324', 5e-324],
  [
    '`__proto__` and `constructor`',
    '{"__proto__":1,"constructor":2}',
    map(['__proto__', 1n], ['constructor', 2n]),
  ],
  ['keys that differ in case', '{"a":1,"A":2}', map(['a', 1n], ['A', 2n])],
  [
    'keys that look alike and are composed differently',
    '{"é":1,"e\u0301":2}',
    map(['é', 1n], ['e\u0301', 2n]),
  ],
  ['an empty key', '{"":1}', map(['', 1n])],
  ['one key in several objects', '[{"a":1},{"a":2}]', [map(['a', 1n]), map(['a', 2n])]],
];

const refused: [name: string, text: string, detail: string][] = [
  ['nothing', '', 'syntax'],
  ['white space only', ' \n', 'syntax'],
  ['a byte order mark', '\ufeff{}', 'syntax'],
  ['a space that JSON has not', '\u00a0{}', 'syntax'],
  ['a form feed', '\f{}', 'syntax'],
  ['a NUL behind the end', '{}\0', 'syntax'],
  ['text behind the end', '{} x', 'syntax'],
  ['two documents', '{}{}', 'syntax'],
  ['a comma behind the end', '{},', 'syntax'],
  ['a comma before the end of an object', '{"a":1,}', 'syntax'],
  ['a comma before the end of an array', '[1,]', 'syntax'],
  ['a comma at the beginning', '[,1]', 'syntax'],
  ['two commas', '[1,,2]', 'syntax'],
  ['no comma', '[1 2]', 'syntax'],
  ['no colon', '{"a" 1}', 'syntax'],
  ['no value', '{"a":}', 'syntax'],
  ['a key without quotes', '{a:1}', 'syntax'],
  ['a number for a key', '{1:1}', 'syntax'],
  ['single quotes', "{'a':1}", 'syntax'],
  ['an object that does not end', '{"a":1', 'syntax'],
  ['an array that does not end', '[1', 'syntax'],
  ['brackets that do not fit', '[1}', 'syntax'],
  ['braces that do not fit', '{"a":1]', 'syntax'],
  ['a string that does not end', '"a', 'syntax'],
  ['a string that ends in an escape', '"a\\', 'syntax'],
  ['a string that ends in half an escape', '"a\\u00', 'syntax'],
  ['an escape that is none', '"\\x41"', 'syntax'],
  ['an escape without digits', '"\\u00g0"', 'syntax'],
  ['an escape with a sign', '"\\u+041"', 'syntax'],
  ['a line feed in a string', '"a\nb"', 'syntax'],
  ['a tab behind an escape', '"\\n\t"', 'syntax'],
  ['a comment', '[1/*x*/]', 'syntax'],
  ['half a literal', 'tru', 'syntax'],
  ['a literal and more', 'trues', 'syntax'],
  ['a literal in capitals', 'True', 'syntax'],
  ['NaN', 'NaN', 'syntax'],
  ['Infinity', '-Infinity', 'syntax'],
  ['a plus sign', '+1', 'syntax'],
  ['a minus sign alone', '-', 'syntax'],
  ['two minus signs', '--1', 'syntax'],
  ['a leading zero', '01', 'syntax'],
  ['a leading zero behind a minus', '-01', 'syntax'],
  ['zeros', '00', 'syntax'],
  ['hexadecimal', '0x1', 'syntax'],
  ['a fraction without a whole', '.5', 'syntax'],
  ['a fraction without digits', '1.', 'syntax'],
  ['an exponent without digits', '1e', 'syntax'],
  ['an exponent with a sign and no digits', '1e+', 'syntax'],
  ['a separator between digits', '1_000', 'syntax'],
  ['a bigint of JavaScript', '1n', 'syntax'],
  ['one above int64', '9223372036854775808', 'number'],
  ['one below int64', '-9223372036854775809', 'number'],
  ['20 digits', '10000000000000000000', 'number'],
  ['a thousand digits', '1'.repeat(1000), 'number'],
  ['a double that is infinite', '1e400', 'number'],
  ['a double that is infinite below', '-1e400', 'number'],
  ['a double that becomes zero', '1e-400', 'number'],
  ['a double that becomes zero, written as a fraction', '-0.1e-999', 'number'],
  ['a fraction of 63 digits', `1.${'1'.repeat(63)}`, 'number'],
  ['a key twice', '{"a":1,"a":2}', 'duplicate_key'],
  ['a key twice, with equal values', '{"a":1,"a":1}', 'duplicate_key'],
  ['a key twice, once escaped', '{"role":1,"r\\u006fle":2}', 'duplicate_key'],
  ['a key twice, a pair once escaped', '{"😀":1,"\\ud83d\\uDE00":2}', 'duplicate_key'],
  ['a key twice in an inner object', '[{"x":{"a":1,"b":2,"a":3}}]', 'duplicate_key'],
  ['`__proto__` twice', '{"__proto__":1,"__proto__":2}', 'duplicate_key'],
  ['a high surrogate alone', '"\\ud83d"', 'surrogate'],
  ['a high surrogate before text', '"\\ud83dx\\ude00"', 'surrogate'],
  ['a high surrogate twice', '"\\ud83d\\ud83d"', 'surrogate'],
  ['a high surrogate before another character', '"\\ud83d\\u0041"', 'surrogate'],
  ['a low surrogate alone', '"\\ude00"', 'surrogate'],
  ['a low surrogate first', '"\\ude00\\ud83d"', 'surrogate'],
  ['a surrogate alone in a key', '{"\\ud83d":1}', 'surrogate'],
];

describe('JSON of a body', () => {
  for (const [name, text, want] of valid) {
    it(`is read: ${name}`, () => assert.deepStrictEqual(told(text), want));
  }
  for (const [name, text, detail] of refused) {
    it(`is refused: ${name}`, () => assert.equal(told(text), `!${detail}`));
  }

  it('is as deep as the limit and no deeper', () => {
    const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
    const objects = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
    for (const text of [nested, objects]) {
      assert.ok(!(read(text(32)) instanceof BodyProblem));
      assert.equal(told(text(33)), '!depth');
    }
    assert.equal(told('['.repeat(60_000)), '!depth');
    assert.equal(told('[1]', { depth: 0 }), '!depth');
    assert.equal(told('1', { depth: 0 }), 1n);
  });

  it('has as many keys as the limit in all objects together', () => {
    const keys = (count: number) =>
      `[{${Array.from({ length: count - 1 }, (_, i) => `"k${i}":${i}`).join()}},{"k":1}]`;
    assert.ok(!(read(keys(1024)) instanceof BodyProblem));
    assert.equal(told(keys(1025)), '!keys');
    assert.equal(told('{"a":1}', { keys: 0 }), '!keys');
    assert.deepEqual(told('{}', { keys: 0 }), map());
  });

  it('has as many elements as the limit in all arrays together', () => {
    const elements = (count: number) => `[${'0,'.repeat(count - 3)}0,[0]]`;
    assert.ok(!(read(elements(8192)) instanceof BodyProblem));
    assert.equal(told(elements(8193)), '!elements');
  });

  it('takes keys that differ only in case for one where that is asked for', () => {
    const folded = { keyCase: 'folded' } as const;
    const twice = ['{"Role":1,"role":2}', '{"ÉTÉ":1,"été":2}', '{"a":1,"b":2,"A":3}'];
    // The Kelvin sign and the long s, which Go's decoder takes for k and s.
    twice.push('{"\u212aey":1,"key":2}', '{"\u017f":1,"s":2}', '{"\u017f":1,"S":2}');
    for (const text of twice) {
      assert.equal(told(text, folded), '!duplicate_key', text);
      assert.ok(read(text) instanceof Map, text);
    }
    assert.deepEqual(told('{"a":{"A":1},"b":{"a":2}}', folded), told('{"a":{"A":1},"b":{"a":2}}'));
  });

  describe('with any byte', () => {
    const bytes = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code));
    const taken = (accepts: (text: string) => string) =>
      bytes.filter((byte) => !(read(accepts(byte)) instanceof BodyProblem)).join('');
    const SPACE = '\t\n\r ';
    const DIGITS = '0123456789';
    const HEX = `${DIGITS}ABCDEFabcdef`;
    const printable = (except: string) =>
      bytes.filter((byte) => byte >= ' ' && !except.includes(byte)).join('');
    const classes: [name: string, accepts: (byte: string) => string, want: string][] = [
      ['before a value', (byte) => `${byte}[]`, SPACE],
      ['behind a value', (byte) => `[]${byte}`, SPACE],
      ['as a value', (byte) => byte, DIGITS],
      ['in an array', (byte) => `[${byte}]`, `${SPACE}${DIGITS}`],
      ['between elements', (byte) => `[1${byte}2]`, `,.${DIGITS}Ee`],
      ['between keys and values', (byte) => `{"a"${byte}1}`, ':'],
      ['between members', (byte) => `{"a":1${byte}"b":1}`, ','],
      ['in a string', (byte) => `"${byte}"`, printable('"\\')],
      ['in a key', (byte) => `{"${byte}":1}`, printable('"\\')],
      ['behind a backslash', (byte) => `"\\${byte}"`, '"/\\bfnrt'],
      ['behind a backslash, with digits', (byte) => `"\\${byte}0041"`, '"/\\bfnrtu'],
      ['as the first digit of an escape', (byte) => `"\\u${byte}041"`, HEX],
      ['as the last digit of an escape', (byte) => `"\\u004${byte}"`, HEX],
      ['behind a zero', (byte) => `0${byte}`, SPACE],
      ['behind a digit', (byte) => `1${byte}`, `${SPACE}${DIGITS}`],
      ['behind a minus', (byte) => `-${byte}`, DIGITS],
      ['behind a point', (byte) => `1.${byte}`, DIGITS],
      ['behind an exponent', (byte) => `1e${byte}`, DIGITS],
      ['before the digits of an exponent', (byte) => `1e${byte}1`, `+-${DIGITS}`],
      ['in a literal', (byte) => `tr${byte}e`, 'u'],
    ];
    for (const [name, accepts, want] of classes) {
      it(name, () => assert.equal(taken(accepts), [...want].sort().join('')));
    }
  });
});
