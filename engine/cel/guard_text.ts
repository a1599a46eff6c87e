// What guards say: accesses as they are written, and comparisons of sizes that make an index safe.

import type { Binary, BinaryOperator, Node } from './syntax.ts';

/** Indexes beyond are not worth following. */
const INDEXES_MAX = 16;

/** About as it is written; what is long or computed is `…`. */
export function accessText(node: Node): string {
  switch (node.kind) {
    case 'ident':
      return node.name;
    case 'literal':
      return typeof node.value === 'string' ? `'${node.value}'` : String(node.value);
    case 'select':
      return `${accessText(node.operand)}.${node.mode === 'optional' ? '?' : ''}${node.field}`;
    case 'index': {
      const mark = node.mode === 'optional' ? '?' : '';
      return `${accessText(node.operand)}[${mark}${accessText(node.index)}]`;
    }
    default:
      return '…';
  }
}

const MIRRORED: ReadonlyMap<BinaryOperator, BinaryOperator> = new Map([
  ['<', '>'],
  ['<=', '>='],
  ['>', '<'],
  ['>=', '<='],
]);

/** The elements that `size(list) > 2` makes sure of: `list[0]`, `list[1]` and `list[2]`. */
export function sizeGuard(
  { operator, left, right }: Binary,
  keyOf: (list: Node) => string | undefined,
): readonly string[] {
  if (left.kind === 'literal') {
    const mirrored = MIRRORED.get(operator) ?? operator;
    return right.kind === 'literal' ? [] : sized(mirrored, right, left, keyOf);
  }
  return sized(operator, left, right, keyOf);
}

function sized(
  operator: BinaryOperator,
  call: Node,
  bound: Node,
  keyOf: (list: Node) => string | undefined,
): readonly string[] {
  if (call.kind !== 'call' || call.name !== 'size' || bound.kind !== 'literal') return [];
  const list = call.target ?? call.args[0];
  const key = list === undefined ? undefined : keyOf(list);
  if (key === undefined || typeof bound.value !== 'bigint') return [];
  const least = leastSize(operator, bound.value);
  const count = Number(least < BigInt(INDEXES_MAX) ? least : BigInt(INDEXES_MAX));
  return Array.from({ length: Math.max(count, 0) }, (_, i) => `${key}[${i}]`);
}

function leastSize(operator: BinaryOperator, bound: bigint): bigint {
  if (operator === '>') return bound + 1n;
  if (operator === '>=' || operator === '==') return bound;
  return operator === '!=' && bound === 0n ? 1n : 0n;
}
