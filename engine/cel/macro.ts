// Macros: calls that bind a variable (CEL specification, "Macros"; `optMap`, `optFlatMap` and
// `cel.bind` of cel-go). What is written as a call becomes a node of its own while it is parsed.

import { mistake } from './mistake.ts';
import type { Binding, Macro, MacroName, Node, Select } from './syntax.ts';

type Draft = Omit<Macro, 'depth'> | Omit<Binding, 'depth'> | Omit<Select, 'depth'>;

const RANGING: ReadonlyMap<string, MacroName> = new Map([
  ['all', 'all'],
  ['exists', 'exists'],
  ['exists_one', 'exists_one'],
  ['existsOne', 'exists_one'],
  ['map', 'map'],
  ['filter', 'filter'],
  ['transformList', 'transformList'],
  ['transformMap', 'transformMap'],
]);

/** Macros that give more than a bool of a test: the last argument is what they give. */
const GIVING: ReadonlySet<MacroName> = new Set(['map', 'transformList', 'transformMap']);

const USAGE: Readonly<Record<MacroName, string>> = {
  all: '`x, test` or `k, v, test`',
  exists: '`x, test` or `k, v, test`',
  exists_one: '`x, test` or `k, v, test`',
  filter: '`x, test`',
  map: '`x, value` or `x, test, value`',
  transformList: '`k, v, value` or `k, v, test, value`',
  transformMap: '`k, v, value` or `k, v, test, value`',
};

/** The node that a call stands for, or nothing if it is a call. */
export function expandMacro(
  name: string,
  offset: number,
  target: Node | undefined,
  args: readonly Node[],
): Draft | undefined {
  if (target === undefined) return name === 'has' ? expandHas(offset, args) : undefined;
  const [first, second, third] = args;
  if (name === 'bind' && target.kind === 'ident' && target.name === 'cel') {
    if (third === undefined || args.length > 3) {
      throw mistake(offset, '`cel.bind` takes 3 arguments', 'a name, its value and an expression');
    }
    const variable = variableOf(first!, name);
    return { kind: 'binding', offset, name, variable, value: second!, body: third };
  }
  if ((name === 'optMap' || name === 'optFlatMap') && args.length === 2) {
    const variable = variableOf(first!, name);
    return { kind: 'binding', offset, name, variable, value: target, body: second! };
  }
  const ranging = RANGING.get(name);
  return ranging === undefined ? undefined : expandRanging(ranging, offset, target, args);
}

function expandRanging(
  name: MacroName,
  offset: number,
  target: Node,
  args: readonly Node[],
): Draft {
  const gives = GIVING.has(name);
  const variables = variablesOf(name, args.length);
  const rest = args.slice(variables);
  const [first, second] = args;
  if (variables === 0 || first === undefined || second === undefined) {
    const message = `\`${name}\` takes another number of arguments than ${args.length}`;
    throw mistake(offset, message, USAGE[name]);
  }
  return {
    kind: 'macro',
    offset,
    name,
    target,
    variable: variableOf(first, name),
    second: variables === 2 ? variableOf(second, name) : undefined,
    test: gives && rest.length === 1 ? undefined : rest[0],
    body: gives ? rest.at(-1) : undefined,
  };
}

/** How many variables a macro has with so many arguments; none, and it is a call. */
function variablesOf(name: MacroName, length: number): 0 | 1 | 2 {
  switch (name) {
    case 'map':
      return length === 2 || length === 3 ? 1 : 0;
    case 'filter':
      return length === 2 ? 1 : 0;
    case 'transformList':
    case 'transformMap':
      return length === 3 || length === 4 ? 2 : 0;
    default:
      return length === 2 ? 1 : length === 3 ? 2 : 0;
  }
}

function expandHas(offset: number, args: readonly Node[]): Draft {
  const [selection] = args;
  if (args.length !== 1 || selection?.kind !== 'select' || selection.mode === 'test') {
    throw mistake(offset, '`has` takes the selection of one field', '`has(a.b)`');
  }
  const { depth: _depth, ...select } = selection;
  // `has(a.?b)` asks for nothing that `has(a.b)` does not.
  return { ...select, mode: 'test' };
}

function variableOf(node: Node, name: string): string {
  if (node.kind === 'ident') return node.name;
  throw mistake(node.offset, `\`${name}\` needs the name of a variable first`);
}
