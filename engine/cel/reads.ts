// Which attributes an expression reads: the longest paths that are known beforehand, such as
// `request.body.amount`. What no condition reads is never decoded.

import { attributePath } from '../attribute_path.ts';
import type { Scope } from './scope.ts';
import { childrenOf, type Node } from './syntax.ts';
import { DYN } from './type.ts';

/** Sorted and without repetitions. */
export function attributesRead(node: Node, scope: Scope): readonly string[] {
  const found = new Set<string>();
  visit(node, scope, found);
  return [...found].sort();
}

function visit(node: Node, scope: Scope, found: Set<string>): void {
  const path = pathOf(node, scope) ?? memberPathOf(node, scope);
  if (path !== undefined) {
    found.add(path);
    return;
  }
  if (node.kind === 'macro') {
    visit(node.target, scope, found);
    scope.withinMacro(node, [DYN, DYN], () => {
      for (const child of [node.test, node.body]) {
        if (child !== undefined) visit(child, scope, found);
      }
    });
    return;
  }
  if (node.kind === 'binding') {
    visit(node.value, scope, found);
    scope.within(node.variable, DYN, () => visit(node.body, scope, found));
    return;
  }
  for (const child of childrenOf(node)) visit(child, scope, found);
}

/** `'name' in request.headers` asks for one of them, as `request.headers['name']` does. */
function memberPathOf(node: Node, scope: Scope): string | undefined {
  if (node.kind !== 'binary' || node.operator !== 'in' || node.left.kind !== 'literal') {
    return undefined;
  }
  const { value } = node.left;
  const operand = typeof value === 'string' ? pathOf(node.right, scope) : undefined;
  return operand === undefined ? undefined : attributePath(operand, value as string);
}

function pathOf(node: Node, scope: Scope): string | undefined {
  if (node.kind === 'ident') {
    return scope.meaningOf(node.name)?.kind === 'variable' ? node.name : undefined;
  }
  if (node.kind === 'select') {
    const operand = pathOf(node.operand, scope);
    return operand === undefined ? undefined : attributePath(operand, node.field);
  }
  if (node.kind !== 'index' || node.index.kind !== 'literal') return undefined;
  const { value } = node.index;
  const operand = typeof value === 'string' ? pathOf(node.operand, scope) : undefined;
  return operand === undefined ? undefined : attributePath(operand, value as string);
}
