// The syntax tree of CEL. Macros are nodes of their own and not expanded into folds: their meaning
// is fixed, so the checker can explain them and the compiler can run them as loops.

import type { CelValue } from './value.ts';

interface Base {
  /** UTF-16 offset of the place at which a mistake is told: an operator, a name. */
  readonly offset: number;
  readonly depth: number;
}

export interface Literal extends Base {
  readonly kind: 'literal';
  readonly value: CelValue;
}

export interface Ident extends Base {
  readonly kind: 'ident';
  readonly name: string;
}

/** `operand.field`, `operand.?field`, and within `has()` a test. */
export interface Select extends Base {
  readonly kind: 'select';
  readonly operand: Node;
  readonly field: string;
  readonly mode: 'plain' | 'optional' | 'test';
}

export interface Index extends Base {
  readonly kind: 'index';
  readonly operand: Node;
  readonly index: Node;
  readonly mode: 'plain' | 'optional';
}

export interface Call extends Base {
  readonly kind: 'call';
  readonly name: string;
  readonly target: Node | undefined;
  readonly args: readonly Node[];
}

export type UnaryOperator = '!' | '-';

export interface Unary extends Base {
  readonly kind: 'unary';
  readonly operator: UnaryOperator;
  readonly operand: Node;
}

export type BinaryOperator =
  | '=='
  | '!='
  | '<'
  | '<='
  | '>'
  | '>='
  | 'in'
  | '+'
  | '-'
  | '*'
  | '/'
  | '%';

export interface Binary extends Base {
  readonly kind: 'binary';
  readonly operator: BinaryOperator;
  readonly left: Node;
  readonly right: Node;
}

/** A chain of one operator is one node, so its length is not depth. */
export interface Logical extends Base {
  readonly kind: 'logical';
  readonly operator: '&&' | '||';
  readonly operands: readonly Node[];
}

export interface Conditional extends Base {
  readonly kind: 'conditional';
  readonly test: Node;
  readonly yes: Node;
  readonly no: Node;
}

export interface ListNode extends Base {
  readonly kind: 'list';
  readonly elements: readonly { readonly value: Node; readonly optional: boolean }[];
}

export interface MapNode extends Base {
  readonly kind: 'map';
  readonly entries: readonly {
    readonly key: Node;
    readonly value: Node;
    readonly optional: boolean;
  }[];
}

export type MacroName =
  | 'all'
  | 'exists'
  | 'exists_one'
  | 'map'
  | 'filter'
  | 'transformList'
  | 'transformMap';

/** `target.name(variable, test)`, `target.map(variable, test, body)`, or with two variables. */
export interface Macro extends Base {
  readonly kind: 'macro';
  readonly name: MacroName;
  readonly target: Node;
  readonly variable: string;
  /** With two, the first is index or key, and this the element. */
  readonly second: string | undefined;
  readonly test: Node | undefined;
  readonly body: Node | undefined;
}

/** `cel.bind(variable, value, body)`, and `value.optMap(variable, body)`. */
export interface Binding extends Base {
  readonly kind: 'binding';
  readonly name: 'bind' | 'optMap' | 'optFlatMap';
  readonly value: Node;
  readonly variable: string;
  readonly body: Node;
}

export type Node =
  | Literal
  | Ident
  | Select
  | Index
  | Call
  | Unary
  | Binary
  | Logical
  | Conditional
  | ListNode
  | MapNode
  | Macro
  | Binding;

export function childrenOf(node: Node): readonly Node[] {
  switch (node.kind) {
    case 'literal':
    case 'ident':
      return [];
    case 'select':
    case 'unary':
      return [node.operand];
    case 'index':
      return [node.operand, node.index];
    case 'call':
      return node.target === undefined ? node.args : [node.target, ...node.args];
    case 'binary':
      return [node.left, node.right];
    case 'logical':
      return node.operands;
    case 'conditional':
      return [node.test, node.yes, node.no];
    case 'list':
      return node.elements.map(({ value }) => value);
    case 'map':
      return node.entries.flatMap(({ key, value }) => [key, value]);
    case 'macro':
      return [node.target, node.test, node.body].filter((it) => it !== undefined);
    case 'binding':
      return [node.value, node.body];
  }
}

/** `a.b.c` as names, if the node is nothing else. */
export function qualifiedName(node: Node): string | undefined {
  if (node.kind === 'ident') return node.name;
  if (node.kind !== 'select' || node.mode !== 'plain') return undefined;
  const operand = qualifiedName(node.operand);
  return operand === undefined ? undefined : `${operand}.${node.field}`;
}
