// Regular expressions that take a backtracking engine exponential or polynomial time, 100 of them:
// in `matches` each takes steps in proportion to the text, counted and not timed.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { CelFailure } from '../../engine/cel/failure.ts';
import { compileRegex } from '../../engine/cel/regex.ts';
import { CONDITION_COST_MAX, REGEX_TEXT_MAX } from '../../engine/limits.ts';
import { activation, conditionOf, errorsOf, verdict } from './fixture.ts';
import type { Counted, Probe } from './step_counter.ts';

/** A pattern, what is repeated to attack it, and what stands around that. */
type Attack = [pattern: string, pump: string, after?: string, before?: string];

/** Loops within loops and choices that overlap, on all kinds of atoms. */
const ATOMS: [atom: string, pump: string][] = [
  ['a', 'a'],
  ['[a-z]', 'q'],
  ['\\w', 'w'],
  ['\\d', '7'],
  ['.', 'x'],
  ['\\s', ' '],
  ['(?i:b)', 'B'],
  ['\\pL', 'é'],
];

const SHAPES: ((atom: string) => string)[] = [
  (a) => `^(${a}+)+$`,
  (a) => `^(${a}*)*$`,
  (a) => `^(${a}|${a})*$`,
  (a) => `^(${a}|${a}${a})+$`,
  (a) => `(${a}+)+#`,
  (a) => `^${a}*${a}*${a}*${a}*#`,
  (a) => `${a}*${a}*#`,
  (a) => `^(${a}?){20}${a}{20}$`,
  (a) => `^((${a}{1,3}){1,3}){1,3}$`,
  (a) => `(?:${a}+${a}+)+#`,
];

const KNOWN: Attack[] = [
  ['^(([a-zA-Z0-9])+([\\w.-]?[a-zA-Z0-9]+)*)+@[a-z]+\\.com$', 'a', '!'],
  ['^([a-zA-Z0-9_.-]+)+@(([a-zA-Z0-9-])+\\.)+([a-zA-Z0-9]{2,4})+$', 'a.', '!', 'x@'],
  ['(x+x+)+y', 'x'],
  ['^(.*)*$', 'a', '\n'],
  ['(.*)=(.*);(.*)$', '=', ''],
  ['^\\s+|\\s+$', ' ', 'x', 'x'],
  ['(https?://)?([\\w-]+\\.)+[\\w-]+(/[\\w- ./?%&=]*)*#', '/a'],
  ['^(?:(?:"(?:\\\\.|[^"])*")|[^"])*$', '"\\"', '"'],
  ['<a\\s+href=(".*"|.*)*>', '"', '', '<a href='],
  ['^([0-9]+[,.]?)+%$', '1', 'x'],
  ['(a|aa|aaa|aaaa)+b', 'a'],
  ['^(\\d+)*(\\.\\d+)*(e\\d+)*$', '1', '.'],
  ['^((ab)*)+$', 'ab', 'a'],
  ['([^/]+/)*[^/]+\\.php$', 'a/', 'b'],
  ['^[\\s\\S]*?foo[\\s\\S]*?bar[\\s\\S]*?baz$', 'foobar'],
  ['^(?:a?){50}a{50}$', 'a'],
  ['(?:[a-z]+[0-9]*)*!', 'a1'],
  ['\\b(\\w+\\s?)+\\b\\.', 'word '],
  ['^(([^<>()\\[\\]\\\\.,;:\\s@"]+(\\.[^<>()]+)*)|(".+"))@', 'a.'],
  ['(?:(?:a*)*b?)*c', 'a'],
];

const ATTACKS: readonly Attack[] = [
  ...SHAPES.flatMap((shape) => ATOMS.map(([atom, pump]): Attack => [shape(atom), pump, '!'])),
  ...KNOWN,
];

function probe([pattern, pump, after = '', before = '']: Attack, length: number): Probe {
  const text = `${before}${pump.repeat(Math.ceil(length / pump.length))}${after}`;
  return { pattern, text };
}

describe('an attack by a regular expression', () => {
  let worker: Worker;

  before(() => {
    worker = new Worker(new URL('./step_counter.ts', import.meta.url));
  });

  after(() => worker.terminate());

  async function count(attack: Probe): Promise<Counted> {
    worker.postMessage(attack);
    const [counted] = await once(worker, 'message');
    return counted;
  }

  it('is tried in 100 ways', () => assert.equal(ATTACKS.length, 100));

  for (const attack of ATTACKS) {
    it(`${attack[0]} takes steps in proportion to the text`, async () => {
      const [short, long] = [await count(probe(attack, 2000)), await count(probe(attack, 8000))];
      assert.equal(typeof short.matched, 'boolean', String(short.matched));
      assert.ok(long.steps < 5 * short.steps, `${short.steps}, then ${long.steps}`);
      assert.ok(short.steps < 2000 * 200, `${short.steps}`);
    });
  }

  it('ends by its cost when the text is too long', () => {
    const path = 'a'.repeat(1_000_000);
    const result = conditionOf("request.path.matches('^(a+)+$')").evaluate(
      activation({ request: { path } }),
    );
    assert.ok(result instanceof CelFailure && result.kind === 'cost');
  });
});

describe('a regular expression that is too large', () => {
  const large = [
    'a'.repeat(REGEX_TEXT_MAX + 1),
    'a'.repeat(100_000),
    '(((a{100}){100}){100}){100}',
    '(a{1000})'.repeat(100),
    '((a{10}){10}){10}'.repeat(3),
    '\\pL{500}',
    '[\\pL\\pN]{100}',
    '(?:[a-z]{200}[0-9]{200}){10}',
  ];
  for (const pattern of large) {
    const shown = pattern.length > 40 ? `${pattern.slice(0, 40)}…` : pattern;
    it(`${shown} is refused before it is compiled`, () => {
      assert.ok(compileRegex(pattern) instanceof CelFailure);
    });
  }

  it('is a mistake when it is loaded', () => {
    const [error] = errorsOf("request.path.matches('(a{1000}){1000}')");
    assert.equal(error?.message, 'the regular expression is too large');
  });

  it('may be many small ones together', () => {
    const some = Array.from({ length: 20 }, (_, i) => `request.path.matches('a{190}${i}')`);
    assert.deepEqual(errorsOf(some.join(' || ')), []);
    const many = Array.from({ length: 30 }, (_, i) => `request.path.matches('a{190}${i}')`);
    const [error] = errorsOf(many.join(' || '));
    const message = 'the regular expressions of the condition are too large together';
    assert.equal(error?.message, message);
  });

  it('is a failure when it comes with a request', () => {
    for (const pattern of ['(', ...large]) {
      const result = verdict('request.path.matches(principal.id)', { principal: { id: pattern } });
      assert.ok(['invalid_argument', 'cost'].includes(result), result);
    }
  });

  it('costs what it costs, whether it is new or not', () => {
    const text = 'request.parts.all(p, request.path.matches(principal.id) || true)';
    const values = {
      principal: { id: '[a-z]{300}' },
      request: { path: 'b', parts: Array(40).fill({}) },
    };
    assert.equal(verdict(text, values), 'cost');
    assert.equal(verdict(text, values), 'cost');
    assert.ok(CONDITION_COST_MAX < 40 * 300);
  });
});
