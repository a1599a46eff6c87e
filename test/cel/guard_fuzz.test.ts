// What guards promise, for random conditions: one that may stand in a forbid never fails because
// something is absent, whatever is absent.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Condition, compileCondition } from '../../engine/cel/condition.ts';
import { CelFailure } from '../../engine/cel/failure.ts';
import type { CelValue } from '../../engine/cel/value.ts';
import { activation, ENVIRONMENT, type Plain } from './fixture.ts';

const RUNS = 30_000;
const TIMEOUT_MS = 120_000;

/** Tests of presence and reads of what may be absent, in pairs that belong together. */
const ATOMS = [
  ...['has(request.body)', "request.body.currency == 'EUR'", 'request.?body.hasValue()'],
  ...['has(request.body.amount)', 'request.body.amount > 1', 'request.?body.?amount.hasValue()'],
  ...["request.?body.value().currency == 'EUR'", 'request.?body.?amount.orValue(1) > 1'],
  ...['has(request.headers.a)', "'a' in request.headers", "request.headers['a'] == 'x'"],
  ...["request.headers.a == 'x'", 'request.path in request.headers'],
  ...["request.headers[request.path] == 'x'", "request.headers[?'a'].orValue('') == 'x'"],
  ...['size(principal.roles) > 1', 'principal.roles.size() >= 1', "principal.roles[0] == 'r'"],
  ...["principal.roles[1] == 'r'", '2 <= size(principal.roles)', 'size(principal.roles) == 1'],
  ...['has(context.a)', 'context.a == 1', 'has(context.a.b)', "'b' in context.a"],
  ...['context.a.b == 1', 'has(principal.tenant)', "principal.tenant == 'r'", 'true', 'false'],
];

/** Of the variable of a macro over headers, and over parts. */
const OF_KEY = ["request.headers[k] == 'x'", "k == 'a'", "principal.attributes[k] == 'x'"];
const OF_ENTRY = [...OF_KEY, "v == 'x'", 'request.headers[k] == v', 'request.headers[v] == v'];
const OF_ROLE = ['principal.roles[i] == r', "r == 'r'", 'principal.roles[i + 1] == r'];
const OF_PART = ['has(p.name)', "p.name == 'b'", 'p.size > 1', "p.?name.orValue('') == 'b'"];

const CONDITION = fc.letrec<{ node: string }>((tie) => {
  const node = tie('node');
  const within = (atoms: readonly string[]) =>
    fc.oneof(
      fc.constantFrom(...atoms),
      fc.tuple(fc.constantFrom(...atoms), node).map(([a, b]) => `(${a} && ${b})`),
      fc
        .tuple(fc.constantFrom(...atoms), fc.constantFrom(...atoms))
        .map(([a, b]) => `(${a} && ${b})`),
    );
  const macro = fc.constantFrom('all', 'exists', 'exists_one');
  return {
    node: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      fc.constantFrom(...ATOMS),
      fc.tuple(node, node).map(([a, b]) => `(${a} && ${b})`),
      fc.tuple(node, node).map(([a, b]) => `(${a} || ${b})`),
      fc.tuple(node, node, node).map(([a, b, c]) => `(${a} && ${b} && ${c})`),
      fc.tuple(node, node, node).map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
      node.map((a) => `!${a}`),
      fc.tuple(macro, within(OF_KEY)).map(([m, a]) => `request.headers.${m}(k, ${a})`),
      fc.tuple(macro, within(OF_PART)).map(([m, a]) => `request.parts.${m}(p, ${a})`),
      fc.tuple(macro, within(OF_ENTRY)).map(([m, a]) => `request.headers.${m}(k, v, ${a})`),
      fc.tuple(macro, within(OF_ROLE)).map(([m, a]) => `principal.roles.${m}(i, r, ${a})`),
      within(OF_PART).map((a) => `(request.parts.filter(p, ${a}).size() > 0)`),
    ),
  };
});

const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const text = fc.constantFrom('a', 'b', 'x', 'r');
const texts = fc
  .uniqueArray(text)
  .map((keys) => new Map(keys.map((it): [string, CelValue] => [it, 'x'])));
const part = fc.record({ size: fc.constant(2n), name: maybe(text) });

const VALUES: fc.Arbitrary<Record<string, Plain>> = fc.record({
  principal: fc.record({
    id: text,
    tenant: maybe(text),
    roles: fc.array(text, { maxLength: 3 }),
    attributes: texts,
  }),
  request: fc.record({
    path: text,
    headers: texts,
    body: maybe(fc.record({ amount: maybe(fc.constant(5n)), currency: text })),
    parts: fc.array(part, { maxLength: 3 }),
  }),
  context: fc.constantFrom<Plain>(
    new Map(),
    new Map([['a', 1n]]),
    new Map([['a', new Map()]]),
    new Map([['a', new Map([['b', 1n]])]]),
    1n,
  ),
});

describe('a condition that may stand in a forbid', () => {
  it('never fails because something is absent', () => {
    let accepted = 0;
    fc.assert(
      fc.property(CONDITION.node, fc.array(VALUES, { minLength: 4, maxLength: 4 }), (it, all) => {
        const condition = compileCondition(it, ENVIRONMENT, { forbid: true });
        if (!(condition instanceof Condition)) return;
        if (it.includes('.')) accepted++;
        for (const values of all) {
          const result = condition.evaluate(activation(values));
          if (!(result instanceof CelFailure)) continue;
          assert.ok(!['no_such_key', 'invalid_argument'].includes(result.kind), result.message);
        }
      }),
      { numRuns: RUNS },
    );
    assert.ok(accepted > RUNS / 10, `${accepted}`);
  }).timeout(TIMEOUT_MS);
});
