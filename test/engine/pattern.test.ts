// Patterns in rules (DESIGN section 6, "Strings" and "Resource"): few forms, each with one meaning.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseResourcePattern, parseTextTemplate } from '../../engine/policy/resource_pattern.ts';
import { isTextPattern, parseTextPattern } from '../../engine/policy/text_pattern.ts';
import { assertProportional } from '../support/linear.ts';
import { CHECKOUT, policy, service, textOf, told } from './fixture.ts';

const texts: { pattern: string; matches: string[]; not: string[] }[] = [
  { pattern: 'prod', matches: ['prod'], not: ['', 'Prod', 'prod ', 'prod-eu', 'a-prod'] },
  { pattern: '*', matches: ['prod', '*', ' '], not: [''] },
  { pattern: 'prod*', matches: ['prod', 'prod-eu', 'prod*'], not: ['', 'pro', 'Prod', 'xprod'] },
  { pattern: '*-eu', matches: ['-eu', 'prod-eu'], not: ['', 'prod-eu1', 'eu'] },
  { pattern: 'a.b', matches: ['a.b'], not: ['axb'] },
  { pattern: '[a]*', matches: ['[a]', '[a]b'], not: ['a', 'ab'] },
];

describe('a text pattern', () => {
  for (const { pattern, matches, not } of texts) {
    it(`\`${pattern}\` matches ${matches.join(' ')}, and nothing like ${not.join(' ')}`, () => {
      const matcher = parseTextPattern(pattern);
      assert.ok(matcher);
      assert.deepEqual(matches.filter(matcher), matches);
      assert.deepEqual(not.filter(matcher), []);
    });
  }

  for (const pattern of ['**', 'a*b', '*a*', 'a**', '**a', '*a*b']) {
    it(`is not \`${pattern}\``, () => assert.equal(parseTextPattern(pattern), undefined));
  }

  it('without a star matches itself and nothing else', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (pattern, value) => {
        fc.pre(!isTextPattern(pattern));
        const matcher = parseTextPattern(pattern);
        assert.equal(matcher?.(pattern), true);
        assert.equal(matcher?.(value), pattern === value);
      }),
    );
  });
});

const resources: { pattern: string; matches: string[]; not: string[] }[] = [
  { pattern: 'doc/1', matches: ['doc/1'], not: ['doc/2', 'doc/10', 'doc/1/a', 'doc/', 'docs/1'] },
  { pattern: 'doc/*', matches: ['doc/1', 'doc/*', 'doc/**'], not: ['doc/', 'doc/1/2', 'folder/1'] },
  { pattern: 'doc/**', matches: ['doc/1', 'doc/1/2', 'doc//'], not: ['doc/', 'folder/1'] },
  { pattern: 'doc/a/*', matches: ['doc/a/1'], not: ['doc/a', 'doc/a/', 'doc/b/1', 'doc/a/1/2'] },
  { pattern: 'doc/*/x', matches: ['doc/1/x'], not: ['doc//x', 'doc/1/y', 'doc/1/2/x', 'doc/x'] },
  { pattern: 'doc/a/**', matches: ['doc/a/1', 'doc/a/1/2'], not: ['doc/a', 'doc/a/', 'doc/ab/1'] },
  { pattern: 'doc/*/**', matches: ['doc/1/2', 'doc/1/2/3'], not: ['doc/1', 'doc/1/', 'doc//2'] },
  { pattern: 'admin/*', matches: ['admin/1'], not: ['administrator/1', 'doc/1'] },
];

describe('a resource pattern', () => {
  for (const { pattern, matches, not } of resources) {
    it(`\`${pattern}\` matches ${matches.join(' ')}, and nothing like ${not.join(' ')}`, () => {
      const parsed = parseResourcePattern(pattern);
      assert.ok(typeof parsed === 'object');
      const matched = (text: string) => {
        const slash = text.indexOf('/');
        const resource = { type: text.slice(0, slash), id: text.slice(slash + 1), tenant: '' };
        return parsed.matches(resource);
      };
      assert.deepEqual(matches.filter(matched), matches);
      assert.deepEqual(not.filter(matched), []);
    });
  }

  it('reads an id in one pass, however many segments it has', () => {
    const parsed = parseResourcePattern(`doc/${'*/'.repeat(50)}x`);
    assert.ok(typeof parsed === 'object');
    assertProportional(
      100_000,
      (size) => ({ type: 'doc', id: 'a/'.repeat(size), tenant: '' }),
      (resource) => {
        for (let i = 0; i < 10; i++) assert.equal(parsed.matches(resource), false);
      },
    );
  });
});

describe('a text template', () => {
  const filled = (text: string, names: string[], values: string[]) => {
    const template = parseTextTemplate(text, names);
    return typeof template === 'string' ? `error: ${template}` : template(values);
  };

  it('fills each capture in once, whatever is in it', () => {
    assert.equal(filled('{path.a}-{path.b}', ['a', 'b'], ['{path.b}', '$1']), '{path.b}-$1');
  });

  it('names nothing but captures, by their own names', () => {
    for (const reference of ['a', 'path', 'path.', 'path.b', 'path.__proto__', 'query.a', '']) {
      assert.match(
        filled(`{${reference}}`, ['a'], ['x']),
        /^error: .* names no capture/,
        reference,
      );
    }
  });

  it('has no brace that does not close', () => {
    for (const text of ['{', '}', '{path.a', '{{path.a}}', 'a}b', '{path.a}}']) {
      assert.match(filled(text, ['a'], ['x']), /^error: /, text);
    }
  });
});

describe('a reference to operations', () => {
  const said = (reference: string) => {
    const operations = { op: { http: 'GET /a' }, drop: { http: 'DELETE /a', verb: 'admin' } };
    const to = { operations: [reference] };
    const rule = { id: 'a', effect: 'permit', from: { principals: [CHECKOUT] }, to };
    const documents = [service('ledger', { operations }), policy('p', [rule])];
    return told(textOf(documents)).map((line) => line.replace(/^b.yaml:\d+:\d+: error: /, ''));
  };

  for (const text of [
    'op',
    'op*',
    '*',
    'ledger/op',
    'ledger/*',
    'pay/ledger/op',
    'pay/ledger/*p',
  ]) {
    it(`is ${text}`, () => assert.deepEqual(said(text), []));
  }

  for (const text of [
    '/',
    'a/',
    '/a',
    'a//b',
    'a/b/c/d',
    '*/op',
    'a/*/op',
    'o*p',
    'a/**',
    '//op',
  ]) {
    it(`is not ${text}`, () => {
      const want = `\`${text}\`: expected \`operation\` or \`service/operation\``;
      assert.deepEqual(said(text), [want]);
    });
  }
});
