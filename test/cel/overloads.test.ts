// What no checker has seen, values behind `dyn`, meets each function and operator: where a value is
// of none of the types that one takes, that is an error with its name and place, never a guess.

import assert from 'node:assert/strict';
import { compileExpression } from '../../engine/cel/expression.ts';
import { CelFailure } from '../../engine/cel/failure.ts';
import { FUNCTIONS } from '../../engine/cel/functions.ts';
import type { FunctionDefinition } from '../../engine/cel/signature.ts';
import { typeText } from '../../engine/cel/type.ts';
import { activation, ENVIRONMENT } from './fixture.ts';

/** One value of each type. */
const VALUES: Readonly<Record<string, string>> = {
  int: '1',
  uint: '1u',
  double: '1.5',
  bool: 'true',
  string: "'1'",
  bytes: "b'1'",
  duration: "duration('1s')",
  timestamp: "timestamp('2024-01-01T00:00:00Z')",
  null_type: 'null',
  list: '[1]',
  map: "{'a': 1}",
};
const DYNAMIC = new Set(['dyn', 'T', 'optional', 'list', 'map', 'type', 'net.IP', 'net.CIDR']);

function resultOf(text: string): CelFailure | 'a value' {
  const expression = compileExpression(text, ENVIRONMENT, { unchecked: true });
  assert.ok('evaluate' in expression, `${text}: ${JSON.stringify(expression)}`);
  const result = expression.evaluate(activation());
  return result instanceof CelFailure ? result : 'a value';
}

const head = (text: string) => text.replace(/\(.*/, '');
const callOf = ({ style, name }: FunctionDefinition, args: readonly string[]) =>
  style === 'method' ? `(${args[0]}).${name}(${args.slice(1)})` : `${name}(${args})`;

/** For each argument of each signature, the values of all types that no signature has there. */
function wrongCalls(definition: FunctionDefinition): string[] {
  const { signatures } = definition;
  return signatures.flatMap(({ parameters }) => {
    const right = parameters.map((type) => VALUES[head(typeText(type))]);
    if (right.includes(undefined)) return [];
    return parameters.flatMap((_, index) => {
      const taken = new Set(signatures.map((it) => head(typeText(it.parameters[index]!))));
      if ([...taken].some((it) => DYNAMIC.has(it))) return [];
      return Object.entries(VALUES)
        .filter(([type]) => !taken.has(type))
        .map(([, value]) => callOf(definition, right.with(index, `dyn(${value})`) as string[]));
    });
  });
}

/** Of all types that an operator has no meaning for, one value. */
const OPERATORS: [text: string, named: string][] = [
  ["-dyn('a')", '-'],
  ['!dyn(1)', '!'],
  ["dyn(1) + dyn('a')", '+'],
  ["dyn(1) - dyn('a')", '-'],
  ["dyn(1) * dyn('a')", '*'],
  ["dyn(1) / dyn('a')", '/'],
  ["dyn(1) % dyn('a')", '%'],
  ["dyn(1) < dyn('a')", '<'],
  ["dyn(1) <= dyn('a')", '<='],
  ["dyn(1) > dyn('a')", '>'],
  ["dyn(1) >= dyn('a')", '>='],
  ['dyn(1) in dyn(1)', 'in'],
  ['dyn(1) && true', '&&'],
  ['dyn(1) || false', '||'],
  ['dyn(1) ? 1 : 2', '?'],
];

describe('a value of another type than all that it takes', () => {
  const byName = Map.groupBy(FUNCTIONS, ({ style, name }) => `${style} ${name}`);
  let count = 0;
  for (const [name, definitions] of byName) {
    const calls = new Set(definitions.flatMap(wrongCalls));
    count += calls.size;
    if (calls.size === 0) continue;
    it(`is refused by ${name}, in ${calls.size} calls`, () => {
      for (const call of calls) {
        const result = resultOf(call);
        assert.ok(result instanceof CelFailure, `${call} gave a value`);
        assert.equal(result.kind, 'no_overload', call);
        assert.match(result.message, new RegExp(`^\`${definitions[0]!.name}\` has no meaning for`));
      }
    });
  }

  it('was shown to most of them', () => assert.ok(count > 800, String(count)));

  for (const [text, named] of OPERATORS) {
    it(`is refused by ${text}, by name`, () => {
      const result = resultOf(text);
      assert.ok(result instanceof CelFailure);
      assert.deepEqual(
        [result.kind, result.message.startsWith(`\`${named}\` has no meaning for`)],
        ['no_overload', true],
        result.message,
      );
    });
  }
});
