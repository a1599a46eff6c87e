// The bounds of a condition: text, depth, parts and macros when it is loaded, cost when it is
// evaluated. Whatever is beyond is a value with a name, in bounded time and memory.

import assert from 'node:assert/strict';
import { compileExpression } from '../../engine/cel/expression.ts';
import { CelFailure } from '../../engine/cel/failure.ts';
import type { CelValue } from '../../engine/cel/value.ts';
import { CONDITION_TEXT_MAX } from '../../engine/limits.ts';
import { errorsOf, verdict } from './fixture.ts';

describe('a condition that is too large', () => {
  const nested = (open: string, inner: string, close: string, times: number) =>
    `${open.repeat(times)}${inner}${close.repeat(times)}`;
  const texts: [name: string, text: string, message: string][] = [
    ['a megabyte', `true${' '.repeat(1_000_000)}`, 'the condition has 1000004 characters'],
    ['8 KiB and one', 'x'.repeat(CONDITION_TEXT_MAX + 1), 'the condition has 8193 characters'],
    ['parentheses', nested('(', 'true', ')', 4000), 'the condition is nested too deeply'],
    ['parentheses that nobody closes', '('.repeat(8000), 'the condition is nested too deeply'],
    ['lists', nested('[', '1', ']', 4000), 'the condition is nested too deeply'],
    ['maps', '{1:'.repeat(2700), 'the condition is nested too deeply'],
    ['negations', `${'!'.repeat(8000)}true`, 'the condition is nested too deeply'],
    ['signs', `${'-'.repeat(8000)}resource.tier == 1`, 'the condition is nested too deeply'],
    ['choices', 'true ? 1 : '.repeat(700), 'the condition is nested too deeply'],
    ['fields', `context${'.a'.repeat(4000)}`, 'the condition is nested too deeply'],
    ['indexes', `context${'[0]'.repeat(2500)}`, 'the condition is nested too deeply'],
    ['calls', `context${'.a()'.repeat(2000)}`, 'the condition is nested too deeply'],
    ['sums', `1${'+1'.repeat(4000)}`, 'the condition is nested too deeply'],
    ['parts', `[${'1,'.repeat(4000)}1]`, 'the condition is too large'],
    ['alternatives', `true${'||true'.repeat(1300)}`, ''],
    ['macros', 'context.a.all(a, a.all(b, b.all(c, c.all(d, d))))', 'macros are nested too deeply'],
  ];
  for (const [name, text, message] of texts) {
    it(`is refused: ${name}`, () => assert.equal(errorsOf(text)[0]?.message ?? '', message));
  }
});

describe('an evaluation that costs too much', () => {
  const many = Array.from({ length: 3000 }, (_, i): CelValue => BigInt(i));
  const text = 'x'.repeat(100_000);
  let deep: CelValue = [];
  for (let i = 0; i < 1000; i++) deep = [deep];
  let wide: CelValue = [1n];
  for (let i = 0; i < 40; i++) wide = [wide, wide];
  const context = new Map<string, CelValue>([
    ['many', many],
    ['map', new Map(many.map((it) => [it as bigint, it]))],
    ['text', text],
    ['deep', deep],
    ['deep2', [...deep]],
    ['wide', wide],
    ['wide2', [...wide]],
  ]);
  const conditions = [
    'context.many.all(a, a >= 0 && a < 4000 && a != 5000)',
    'context.many.exists(a, context.many.exists(b, b < 0))',
    'context.many.exists_one(a, a + 1 + 1 + 1 == 7)',
    'context.many.map(a, a + a + a + a) == []',
    'context.many.filter(a, a + a + a == a) == []',
    'context.map.all(k, k < k + 1 + 1)',
    '[1, 2, 3, 4].all(a, !(-1 in context.many))',
    'context.text + context.text == ""',
    '[1, 2].all(x, context.text.contains("y") || true)',
    'context.text.contains(context.text.substring(1) + "y")',
    'size(context.text.replace("x", "xxxxxxxxxx")) == 1',
    'context.text.split("").size() == 1',
    'context.deep == context.deep2',
    'context.wide == context.wide2',
    'context.text.matches("x*y")',
    'false || context.many.all(a, a + 1 + 1 > 0) || true',
    'context.many.all(a, a + 1 + 1 > 0) && false',
    'context.many.map(a, [a, a, a]).map(b, b + b) == context.many.map(a, a)',
  ];
  for (const condition of conditions) {
    it(`ends: ${condition}`, () => assert.equal(verdict(condition, { context }), 'cost'));
  }

  it('does not grow by names for parts of itself', () => {
    const doubled = (value: string, times: number) =>
      Array.from({ length: times }).reduce<string>(
        (inner, _, i) =>
          `cel.bind(v${i}, ${i === times - 1 ? value : `v${i + 1} + v${i + 1}`}, ${inner})`,
        'size(v0) == 1',
      );
    assert.equal(verdict(doubled("'xxxxxxxxxxxxxxxx'", 20)), 'cost');
    assert.equal(verdict(doubled('[1, 2, 3, 4]', 20)), 'cost');
  });

  it('is the same whatever the branch', () => {
    const expression = compileExpression('x || x || x', { variables: { x: 'dyn' } });
    assert.ok('evaluate' in expression);
    assert.equal(expression.evaluate([true]), true);
    assert.ok(expression.evaluate([undefined]) instanceof CelFailure);
  });

  it('is far away for what policies say', () => {
    const roles = Array.from({ length: 100 }, (_, i) => `role-${i}`);
    const values = { principal: { id: 'a'.repeat(200), roles } };
    const condition =
      "principal.roles.exists(r, r.startsWith('role-9') && principal.id.matches('^a+$'))";
    assert.equal(verdict(condition, values), 'true');
  });
});
