// Conditions from nobody: random texts and soups of tokens never throw and are told within the
// text, and random well-typed expressions mean what they mean to another implementation.

import assert from 'node:assert/strict';
import { isCelError, run } from '@bufbuild/cel';
import fc from 'fast-check';
import { Condition, compileCondition } from '../../engine/cel/condition.ts';
import { compileExpression } from '../../engine/cel/expression.ts';
import { CelFailure } from '../../engine/cel/failure.ts';
import { compileRegex } from '../../engine/cel/regex.ts';
import type { CelValue } from '../../engine/cel/value.ts';
import { activation, ENVIRONMENT } from './fixture.ts';

const RUNS = 10_000;
/** Each is also evaluated by the other implementation, which takes its time. */
const AGREEMENTS = 5000;
const TIMEOUT_MS = 120_000;

const TOKENS = [
  ...[
    '(',
    ')',
    '[',
    ']',
    '{',
    '}',
    '.',
    ',',
    ':',
    '?',
    '+',
    '-',
    '*',
    '/',
    '%',
    '!',
    '.?',
    '[?',
    '{?',
  ],
  ...['==', '!=', '<', '<=', '>', '>=', '&&', '||', 'in', 'true', 'false', 'null', '0', '1', '2u'],
  ...['1.5', '-1', '9223372036854775807', "'a'", 'b"\\xff"', "r'\\d'", '"""x"""', "'", '//', '\n'],
  ...['principal', 'resource', 'request', 'context', 'x', 'y', '.id', '.tenant', '.tier', '.roles'],
  ...[
    '.headers',
    '.body',
    '.amount',
    '.parts',
    '.time',
    '.size()',
    'size(',
    'int(',
    'string(',
    'has(',
  ],
  ...['.all(x,', '.exists(y,', '.map(x,', '.filter(x,', '.matches(', '.startsWith(', 'cel.bind(x,'],
  ...[
    '.optMap(x,',
    '.orValue(',
    '.value()',
    'optional.of(',
    'optional.none()',
    'timestamp(',
    'cidr(',
  ],
  ...[
    '.getHours(',
    'duration("1h")',
    "'UTC'",
    '.split(',
    '.replace(',
    '.substring(',
    'type(',
    '`a`',
  ],
];

function examine(text: string): void {
  for (const forbid of [false, true]) {
    const compiled = compileCondition(text, ENVIRONMENT, { forbid });
    if (compiled instanceof Condition) {
      const result = compiled.evaluate(activation());
      assert.ok(typeof result === 'boolean' || result instanceof CelFailure);
    } else {
      assert.ok(compiled.length > 0);
      for (const { offset } of compiled) assert.ok(offset >= 0 && offset <= text.length, text);
    }
  }
  const expression = compileExpression(text, ENVIRONMENT, { unchecked: true });
  if ('evaluate' in expression) expression.evaluate(activation());
}

describe('a condition from nobody', () => {
  it('may be any text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 60 }), examine), {
      numRuns: RUNS,
    });
  }).timeout(TIMEOUT_MS);

  it('may be any letters and signs', () => {
    const unit = fc.constantFrom(...'abx01.?[](){}<>=!&|+-*/%"\'\\`,: \nur');
    fc.assert(fc.property(fc.string({ unit, maxLength: 60 }), examine), { numRuns: RUNS });
  }).timeout(TIMEOUT_MS);

  it('may bring any regular expression and any text', () => {
    const unit = fc.constantFrom(
      ...[
        'a',
        'b',
        '\\',
        '(',
        ')',
        '[',
        ']',
        '{',
        '}',
        '*',
        '+',
        '?',
        '|',
        '^',
        '$',
        '.',
        '-',
        ',',
      ],
      ...[
        '1',
        '2',
        '9',
        ':',
        '(?i)',
        '(?:',
        '\\b',
        '\\pL',
        '\\p{Greek}',
        '[[:alpha:]]',
        '\\x{10FFFF}',
      ],
      ...['\\Q', '\\E', '{2,3}', '(?P<a>', '(?s)', '😀', '\ud800', '\n'],
    );
    const pattern = fc.string({ unit, maxLength: 16 });
    const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 40 }), pattern);
    fc.assert(
      fc.property(pattern, text, (written, read) => {
        const regex = compileRegex(written);
        if (!(regex instanceof CelFailure)) regex.test(read, { charge: () => true });
      }),
      { numRuns: RUNS },
    );
  }).timeout(TIMEOUT_MS);

  it('may be any soup of tokens', () => {
    const soup = fc.array(fc.constantFrom(...TOKENS), { maxLength: 24 }).map((it) => it.join(' '));
    fc.assert(fc.property(soup, examine), { numRuns: 2 * RUNS });
  }).timeout(TIMEOUT_MS);
});

const EXPRESSIONS = fc.letrec<Record<'bool' | 'int' | 'text' | 'double' | 'list' | 'map', string>>(
  (tie) => {
    const [bool, int, text] = [tie('bool'), tie('int'), tie('text')];
    const [double, list, map] = [tie('double'), tie('list'), tie('map')];
    const form = (
      template: (...parts: string[]) => string,
      ...parts: fc.Arbitrary<string>[]
    ): fc.Arbitrary<string> => fc.tuple(...parts).map((it) => template(...it));
    const order = fc.constantFrom('<', '<=', '>', '>=', '==', '!=');
    const compared = (it: fc.Arbitrary<string>) =>
      form((a, o, b) => `(${a} ${o} ${b})`, it, order, it);
    const one = (...choices: fc.Arbitrary<string>[]) => fc.oneof({ maxDepth: 4 }, ...choices);
    return {
      bool: one(
        fc.constantFrom('true', 'false', 'flag'),
        compared(int),
        compared(text),
        compared(double),
        form((a, o, b) => `(${a} ${o} ${b})`, bool, fc.constantFrom('&&', '||'), bool),
        form((a) => `!${a}`, bool),
        form((a, b) => `(${a} in ${b})`, int, list),
        form((a, b) => `(${a} in ${b})`, text, map),
        form((a, b) => `(${a} == ${b})`, list, list),
        form((a, b, m) => `${a}.${m}(${b})`, text, text, fc.constantFrom('contains', 'startsWith')),
        form((a, b, m) => `${a}.${m}(i, ${b})`, list, bool, fc.constantFrom('all', 'exists')),
        form((a, b) => `${a}.exists_one(i, i > ${b})`, list, int),
        form((a, b, c) => `(${a} ? ${b} : ${c})`, bool, bool, bool),
      ),
      int: one(
        fc.constantFrom('0', '1', '-3', '7', 'number', '9223372036854775807'),
        form((a, o, b) => `(${a} ${o} ${b})`, int, fc.constantFrom('+', '-', '*', '/', '%'), int),
        form((a) => `(-${a})`, int),
        form((a) => `size(${a})`, one(text, list, map)),
        form((a, b) => `${a}[${b}]`, list, int),
        form((a, b) => `${a}[${b}]`, map, text),
        form((a) => `int(${a})`, one(double, int)),
      ),
      text: one(
        fc.constantFrom("''", "'a'", "'ab'", "'ä😀'", "'\\uffff'", 'name'),
        form((a, b) => `(${a} + ${b})`, text, text),
        form((a) => `string(${a})`, one(int, bool)),
      ),
      double: one(
        fc.constantFrom('0.0', '1.5', '-2.25', '1e300'),
        form((a, o, b) => `(${a} ${o} ${b})`, double, fc.constantFrom('+', '-', '*', '/'), double),
        form((a) => `double(${a})`, int),
      ),
      list: one(
        fc.constantFrom('[]', '[1]', '[1, 2, 3]', 'numbers'),
        form((a, b) => `[${a}, ${b}]`, int, int),
        form((a, b) => `(${a} + ${b})`, list, list),
        form((a, b) => `${a}.filter(i, ${b})`, list, bool),
        form((a, b) => `${a}.map(i, i + ${b})`, list, int),
      ),
      map: one(
        fc.constantFrom('{}', "{'a': 1}"),
        form((a, b) => `{'b': ${a}, 'c': ${b}}`, int, int),
      ),
    };
  },
);

describe('a well-typed expression', () => {
  const variables = { flag: true, number: 42n, name: 'name', numbers: [1n, 2n, -3n] };
  const environment = {
    variables: { flag: 'bool', number: 'int', name: 'string', numbers: { list: 'int' } },
  } as const;
  const values: CelValue[] = Object.values(variables);

  it('means the same to @bufbuild/cel', () => {
    let evaluated = 0;
    const expression = fc.oneof(EXPRESSIONS.bool, EXPRESSIONS.int, EXPRESSIONS.text);
    fc.assert(
      fc.property(expression, (text) => {
        const compiled = compileExpression(text, environment);
        // What is too deep or too large for ours is not compared.
        if (!('evaluate' in compiled)) return;
        const result = compiled.evaluate(values);
        if (result instanceof CelFailure && result.kind === 'cost') return;
        const other = run(text, variables);
        evaluated++;
        if (result instanceof CelFailure) assert.ok(isCelError(other), `${text}: ${other}`);
        else assert.equal(result, other, `${text}: ${isCelError(other) ? other.message : ''}`);
      }),
      { numRuns: AGREEMENTS },
    );
    assert.ok(evaluated > AGREEMENTS / 2, `${evaluated}`);
  }).timeout(TIMEOUT_MS);
});
