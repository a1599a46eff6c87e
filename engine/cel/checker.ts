// The types of an expression, found before any request is there (CEL specification, "Type
// checking"): wrong fields, operands and arguments are told with what was expected. `dyn` passes
// everywhere.

import { nearest } from '../diagnostic.ts';
import { CONDITION_ERRORS_MAX } from '../limits.ts';
import {
  BINARY_SIGNATURES,
  NEGATION,
  noOverload,
  resultOf,
  unknownFunction,
} from './check_call.ts';
import { type ConditionError, shown } from './condition_error.ts';
import { findFunction } from './functions.ts';
import { namespacedName, type Scope } from './scope.ts';
import {
  type Binding,
  type Call,
  type Index,
  type ListNode,
  type Macro,
  type MapNode,
  type Node,
  qualifiedName,
  type Select,
} from './syntax.ts';
import {
  BOOL,
  DYN,
  INT,
  join,
  listOf,
  mapOf,
  optionalOf,
  TYPE,
  type Type,
  typeOfValue,
  typeText,
} from './type.ts';

export type Types = ReadonlyMap<Node, Type>;

export interface Checked {
  readonly type: Type;
  /** Of each node that is evaluated. */
  readonly types: Types;
  readonly errors: readonly ConditionError[];
}

export function checkExpression(node: Node, scope: Scope): Checked {
  const checker = new Checker(scope);
  const type = checker.typeOf(node);
  return { type, types: checker.types, errors: checker.errors };
}

class Checker {
  readonly types = new Map<Node, Type>();
  readonly errors: ConditionError[] = [];
  readonly #scope: Scope;

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  typeOf(node: Node): Type {
    const type = this.#check(node);
    this.types.set(node, type);
    return type;
  }

  /** What is wrong already is `dyn`, so that it is told once. */
  #error(error: ConditionError): Type {
    if (this.errors.length < CONDITION_ERRORS_MAX) this.errors.push(error);
    return DYN;
  }

  #check(node: Node): Type {
    switch (node.kind) {
      case 'literal':
        return typeOfValue(node.value);
      case 'ident':
        return this.#name(node.name, node.offset);
      case 'select':
        return this.#select(node);
      case 'index':
        return this.#index(node);
      case 'call':
        return this.#call(node);
      case 'unary': {
        if (node.operator === '!') return this.#bool(node.operand, '!');
        const given = [this.typeOf(node.operand)];
        return (
          resultOf(NEGATION, given) ?? this.#error(noOverload('-', given, NEGATION, node.offset))
        );
      }
      case 'binary': {
        const given = [this.typeOf(node.left), this.typeOf(node.right)];
        const signatures = BINARY_SIGNATURES[node.operator];
        const type = resultOf(signatures, given);
        return type ?? this.#error(noOverload(node.operator, given, signatures, node.offset));
      }
      case 'logical':
        for (const operand of node.operands) this.#bool(operand, node.operator);
        return BOOL;
      case 'conditional':
        this.#bool(node.test, '?');
        return this.#either(node.yes, node.no, node.offset);
      case 'list':
        return this.#list(node);
      case 'map':
        return this.#map(node);
      case 'macro':
        return this.#macro(node);
      case 'binding':
        return this.#binding(node);
    }
  }

  #bool(node: Node, operator: string): Type {
    const type = this.typeOf(node);
    if (type.kind !== 'bool' && type.kind !== 'dyn') {
      this.#error({
        message: `\`${operator}\` has no meaning for \`${typeText(type)}\``,
        offset: node.offset,
        expected: 'bool',
      });
    }
    return BOOL;
  }

  #either(yes: Node, no: Node, offset: number): Type {
    const given = [this.typeOf(yes), this.typeOf(no)];
    const [a, b] = given;
    if (resultOf(BINARY_SIGNATURES['=='], given) !== undefined) return join(a!, b!);
    const types = `\`${typeText(a!)}\` and \`${typeText(b!)}\``;
    return this.#error({
      message: `a condition with two types: ${types}`,
      offset,
      expected: 'one',
    });
  }

  #name(name: string, offset: number): Type {
    const meaning = this.#scope.meaningOf(name);
    if (meaning !== undefined) return meaning.kind === 'type' ? TYPE : meaning.type;
    const suggestion = nearest(name, this.#scope.names);
    return this.#error({
      message: `there is no variable \`${shown(name)}\``,
      offset,
      ...(suggestion === undefined ? {} : { suggestion }),
    });
  }

  /** A name with dots that is one of a type: `google.protobuf.Timestamp`. */
  #isTypeName(node: Node): boolean {
    const name = qualifiedName(node);
    return name !== undefined && this.#scope.meaningOf(name)?.kind === 'type';
  }

  #select(node: Select): Type {
    if (node.mode === 'plain' && this.#isTypeName(node)) return TYPE;
    const operand = this.typeOf(node.operand);
    const inner = operand.kind === 'optional' ? operand.value : operand;
    const type = this.#fieldType(inner, node);
    if (node.mode === 'test') return BOOL;
    return node.mode === 'optional' || operand.kind === 'optional' ? optionalOf(type) : type;
  }

  #fieldType(type: Type, { field, offset }: Select): Type {
    if (type.kind === 'dyn') return DYN;
    if (type.kind === 'map') return type.value;
    if (type.kind !== 'object') {
      const message = `\`${typeText(type)}\` has no field \`${shown(field)}\``;
      return this.#error({ message, offset, expected: 'an object or a map' });
    }
    const found = type.fields.get(field);
    if (found !== undefined) return found.type;
    const suggestion = nearest(field, type.fields.keys());
    return this.#error({
      message: `there is no field \`${shown(field)}\``,
      offset,
      expected: [...type.fields.keys()].slice(0, 20).join(', ') || 'no field',
      ...(suggestion === undefined ? {} : { suggestion }),
    });
  }

  #index(node: Index): Type {
    const operand = this.typeOf(node.operand);
    const index = this.typeOf(node.index);
    const inner = operand.kind === 'optional' ? operand.value : operand;
    const type = this.#elementType(inner, index, node);
    return node.mode === 'optional' || operand.kind === 'optional' ? optionalOf(type) : type;
  }

  #elementType(type: Type, index: Type, { offset }: Index): Type {
    if (type.kind === 'dyn') return DYN;
    if (type.kind !== 'list' && type.kind !== 'map') {
      const message = `\`${typeText(type)}\` has no elements`;
      return this.#error({ message, offset, expected: 'a list or a map' });
    }
    const wanted = type.kind === 'list' ? INT : type.key;
    const isFine = [wanted.kind, index.kind].includes('dyn') || wanted.kind === index.kind;
    const element = type.kind === 'list' ? type.element : type.value;
    if (isFine) return element;
    const message = `\`${typeText(index)}\` is no index of \`${typeText(type)}\``;
    return this.#error({ message, offset, expected: typeText(wanted) });
  }

  #call(node: Call): Type {
    const { name, target, args, offset } = node;
    const full = namespacedName(node, this.#scope);
    const style = target === undefined || full !== undefined ? 'function' : 'method';
    const operands = style === 'method' ? [target!, ...args] : args;
    const given = operands.map((it) => this.typeOf(it));
    const shape = { style, name: full ?? name, arity: given.length } as const;
    const unknown = unknownFunction(shape, offset);
    if (unknown !== undefined) return this.#error(unknown);
    const { signatures } = findFunction(style, shape.name, shape.arity)!;
    return resultOf(signatures, given) ?? this.#error(noOverload(name, given, signatures, offset));
  }

  #list({ elements }: ListNode): Type {
    const types = elements.map(({ value, optional }) => this.#item(value, optional));
    return listOf(types.length === 0 ? DYN : types.reduce(join));
  }

  #map({ entries }: MapNode): Type {
    const keys = entries.map(({ key }) => {
      const type = this.typeOf(key);
      if (!['int', 'uint', 'string', 'bool', 'dyn'].includes(type.kind)) {
        const message = `\`${typeText(type)}\` is no key of a map`;
        this.#error({ message, offset: key.offset, expected: 'int, uint, string or bool' });
      }
      return type;
    });
    const values = entries.map(({ value, optional }) => this.#item(value, optional));
    return entries.length === 0 ? mapOf(DYN, DYN) : mapOf(keys.reduce(join), values.reduce(join));
  }

  /** An element; behind `?` the value within an optional. */
  #item(node: Node, optional: boolean): Type {
    const type = this.typeOf(node);
    if (!optional || type.kind === 'dyn') return type;
    if (type.kind === 'optional') return type.value;
    const message = `\`${typeText(type)}\` is not optional`;
    return this.#error({ message, offset: node.offset, expected: 'an optional value behind `?`' });
  }

  #macro(node: Macro): Type {
    const { name, target, second, test, body } = node;
    const range = this.typeOf(target);
    const isList = range.kind === 'list';
    const key = isList ? INT : range.kind === 'map' ? range.key : DYN;
    const element = isList ? range.element : range.kind === 'map' ? range.value : DYN;
    if (!['list', 'map', 'dyn'].includes(range.kind)) {
      const message = `\`${name}\` has no meaning for \`${typeText(range)}\``;
      this.#error({ message, offset: target.offset, expected: 'a list or a map' });
    }
    const first = isList && second === undefined ? element : key;
    return this.#scope.withinMacro(node, [first, element], () => {
      if (test !== undefined) this.#bool(test, name);
      if (name === 'filter') return listOf(first);
      if (body === undefined) return BOOL;
      const result = this.typeOf(body);
      return name === 'transformMap' ? mapOf(key, result) : listOf(result);
    });
  }

  #binding({ name, value, variable, body, offset }: Binding): Type {
    const type = this.typeOf(value);
    if (name === 'bind') return this.#scope.within(variable, type, () => this.typeOf(body));
    if (type.kind !== 'optional' && type.kind !== 'dyn') {
      const message = `\`${name}\` has no meaning for \`${typeText(type)}\``;
      this.#error({ message, offset, expected: 'an optional value' });
    }
    const inner = type.kind === 'optional' ? type.value : DYN;
    const result = this.#scope.within(variable, inner, () => this.typeOf(body));
    return name === 'optMap' ? optionalOf(result) : result;
  }
}
