// Values with which a condition might hold, or not: what it compares an attribute with. A guess
// from its text; whether the guess is right is found out by deciding again.

import { parseExpression } from '../../engine/cel/parser.ts';
import { childrenOf, type Node } from '../../engine/cel/syntax.ts';

export type Guess = string | number | boolean;

/** By path, such as `request.headers.x-reason`, in the order of the text. */
export function guessesOf(condition: string): ReadonlyMap<string, readonly Guess[]> {
  const guesses = new Map<string, Guess[]>();
  const root = parseExpression(condition);
  if (!('kind' in root)) return guesses;
  const add = (path: string | undefined, values: readonly Guess[]) => {
    if (path === undefined) return;
    const known = guesses.get(path) ?? [];
    guesses.set(path, [...new Set([...known, ...values])]);
  };
  const visit = (node: Node): void => {
    if (node.kind === 'binary') compare(node.left, node.right, node.operator, add);
    if (node.kind === 'call' && node.target !== undefined) {
      const [argument] = node.args;
      add(pathIn(node.target), argument === undefined ? [] : literalsIn(argument));
    }
    if (node.kind === 'select' && node.mode === 'test') add(pathOf(node), ['x']);
    for (const child of childrenOf(node)) visit(child);
  };
  visit(root);
  // An attribute that stands alone is a boolean.
  const visitAlone = (node: Node): void => {
    if (node.kind === 'logical') for (const child of node.operands) visitAlone(child);
    else if (node.kind === 'unary') visitAlone(node.operand);
    else if (node.kind === 'select' || node.kind === 'index') add(pathOf(node), [true, false]);
  };
  visitAlone(root);
  return guesses;
}

type Add = (path: string | undefined, values: readonly Guess[]) => void;

function compare(left: Node, right: Node, operator: string, add: Add): void {
  if (operator === 'in') {
    add(pathIn(left), literalsIn(right));
    const path = pathIn(right);
    for (const key of literalsIn(left)) {
      // `'name' in request.headers` asks for a name; of a list it is a value.
      if (path === undefined) continue;
      const isMap = /\.(?:headers|query|runtime|captures|attributes|body)$/.test(path);
      if (isMap) add(`${path}.${key}`, ['x']);
      else add(path, [key]);
    }
    return;
  }
  add(pathIn(left), literalsIn(right).flatMap(around));
  add(pathIn(right), literalsIn(left).flatMap(around));
}

/** A value, and its neighbours on both sides. */
function around(guess: Guess): Guess[] {
  if (typeof guess === 'number') return [guess, guess - 1, guess + 1];
  if (typeof guess === 'boolean') return [guess, !guess];
  return [guess, `${guess}-other`];
}

function literalsIn(node: Node): Guess[] {
  if (node.kind === 'literal') {
    const { value } = node;
    if (typeof value === 'bigint') return [Number(value)];
    return ['string', 'number', 'boolean'].includes(typeof value) ? [value as Guess] : [];
  }
  if (node.kind === 'unary' && node.operator === '-') {
    return literalsIn(node.operand).map((it) => (typeof it === 'number' ? -it : it));
  }
  const reads = node.kind === 'ident' || node.kind === 'select' || node.kind === 'index';
  return reads ? [] : childrenOf(node).flatMap(literalsIn);
}

/** The attribute that an expression is about, if it is about one. */
function pathIn(node: Node): string | undefined {
  const path = pathOf(node);
  if (path !== undefined) return path;
  // `request.query['page'][0]`: of the list the first.
  for (const child of childrenOf(node)) {
    const found = pathIn(child);
    if (found !== undefined) return found;
  }
  return undefined;
}

function pathOf(node: Node): string | undefined {
  if (node.kind === 'ident') return ROOTS.has(node.name) ? node.name : undefined;
  if (node.kind === 'select') {
    const operand = pathOf(node.operand);
    return operand === undefined ? undefined : `${operand}.${node.field}`;
  }
  if (node.kind !== 'index' || node.index.kind !== 'literal') return undefined;
  const { value } = node.index;
  const operand = pathOf(node.operand);
  if (operand === undefined || typeof value !== 'string') return undefined;
  return `${operand}.${value}`;
}

const ROOTS: ReadonlySet<string> = new Set([
  'principal',
  'action',
  'resource',
  'context',
  'request',
]);
