// DESIGN 5.3: a forbid whose condition fails denies, so in a forbid nothing that may be absent is
// read unless the condition itself has made sure that it is there. What it made sure of is followed
// through `&&`, `||`, `!`, `?:` and macros, from left to right.

import { CONDITION_ERRORS_MAX } from '../limits.ts';
import type { Types } from './checker.ts';
import { type ConditionError, shown } from './condition_error.ts';
import { accessText, sizeGuard } from './guard_text.ts';
import {
  type Binding,
  type Call,
  childrenOf,
  type Index,
  type Macro,
  type Node,
  type Select,
} from './syntax.ts';

/** Keys of accesses that will find something. */
type Facts = ReadonlySet<string>;

interface Outcome {
  readonly whenTrue: Facts;
  readonly whenFalse: Facts;
}

/** Room for an access and two ways to guard it. */
const EXPECTED_MAX = 200;

const NO_FACTS: Facts = new Set();
const NOTHING: Outcome = { whenTrue: NO_FACTS, whenFalse: NO_FACTS };

export function unguardedAccesses(node: Node, types: Types): readonly ConditionError[] {
  const guards = new Guards(types);
  guards.visit(node, NO_FACTS);
  return guards.errors;
}

class Guards {
  readonly errors: ConditionError[] = [];
  readonly #types: Types;
  /** Variables of macros: two of one name are two. */
  readonly #locals: { readonly name: string; readonly id: number }[] = [];
  #ids = 0;

  constructor(types: Types) {
    this.#types = types;
  }

  visit(node: Node, facts: Facts): Outcome {
    switch (node.kind) {
      case 'select':
        return this.#select(node, facts);
      case 'index':
        return this.#index(node, facts);
      case 'call':
        return this.#call(node, facts);
      case 'unary': {
        const { whenTrue, whenFalse } = this.visit(node.operand, facts);
        return node.operator === '!' ? { whenTrue: whenFalse, whenFalse: whenTrue } : NOTHING;
      }
      case 'binary':
        this.visit(node.left, facts);
        this.visit(node.right, facts);
        if (node.operator === 'in') return this.#membership(node.left, node.right);
        return outcome(sizeGuard(node, (list) => this.#key(list)));
      case 'logical':
        return this.#logical(node.operator, node.operands, facts);
      case 'conditional': {
        const { whenTrue, whenFalse } = this.visit(node.test, facts);
        this.visit(node.yes, union(facts, whenTrue));
        this.visit(node.no, union(facts, whenFalse));
        return NOTHING;
      }
      case 'macro':
        return this.#macro(node, facts);
      case 'binding':
        return this.#binding(node, facts);
      default:
        for (const child of childrenOf(node)) this.visit(child, facts);
        return NOTHING;
    }
  }

  #logical(operator: '&&' | '||', operands: readonly Node[], facts: Facts): Outcome {
    const side = operator === '&&' ? 'whenTrue' : 'whenFalse';
    let known = NO_FACTS;
    for (const operand of operands) {
      known = union(known, this.visit(operand, union(facts, known))[side]);
    }
    return { ...NOTHING, [side]: known };
  }

  #select(node: Select, facts: Facts): Outcome {
    const operand = this.#types.get(node.operand);
    // The name of a type looks like a selection and is none.
    if (operand === undefined) return NOTHING;
    this.visit(node.operand, facts);
    const key = this.#key(node);
    if (node.mode === 'test') return outcome(key === undefined ? [] : [key]);
    const field = operand.kind === 'object' ? operand.fields.get(node.field) : undefined;
    const mayBeAbsent = field?.optional ?? ['map', 'dyn'].includes(operand.kind);
    if (node.mode === 'plain' && mayBeAbsent && !isKnown(key, facts)) {
      const path = accessText(node);
      const optional = `${accessText(node.operand)}.?${node.field}`;
      this.#error(node, path, `\`has(${path}) && …\` or \`${optional}\``);
    }
    return NOTHING;
  }

  #index(node: Index, facts: Facts): Outcome {
    this.visit(node.operand, facts);
    this.visit(node.index, facts);
    const operand = this.#types.get(node.operand);
    if (node.mode === 'optional' || operand?.kind === 'optional') return NOTHING;
    if (isKnown(this.#key(node), facts)) return NOTHING;
    const [container, index] = [accessText(node.operand), accessText(node.index)];
    const test =
      operand?.kind === 'list' ? `size(${container}) > ${index}` : `${index} in ${container}`;
    this.#error(node, accessText(node), `\`${test} && …\` or \`${container}[?${index}]\``);
    return NOTHING;
  }

  #call(node: Call, facts: Facts): Outcome {
    for (const child of childrenOf(node)) this.visit(child, facts);
    const { name, target, args } = node;
    if (target === undefined || args.length > 0) return NOTHING;
    if (this.#types.get(target)?.kind !== 'optional') return NOTHING;
    const key = this.#key(target);
    if (name === 'hasValue') return outcome(key === undefined ? [] : [key]);
    if (name === 'value' && !isKnown(key, facts)) {
      const path = accessText(target);
      this.#error(node, path, `\`${path}.hasValue() && …\` or \`orValue(…)\``);
    }
    return NOTHING;
  }

  #membership(key: Node, map: Node): Outcome {
    const range = this.#types.get(map)?.kind;
    // A number that is in a list is no index of it.
    const isKey = range === 'map' || (range === 'dyn' && this.#types.get(key)?.kind === 'string');
    const found = isKey ? this.#elementKey(map, key) : undefined;
    return outcome(found === undefined ? [] : [found]);
  }

  #macro({ target, variable, second, test, body }: Macro, facts: Facts): Outcome {
    this.visit(target, facts);
    const range = this.#key(target);
    const kind = this.#types.get(target)?.kind;
    // The variable is a key of the map, or with two the index of the list.
    const isKey = kind === 'map' || (kind === 'list' && second !== undefined);
    const id = this.#enter(variable);
    if (second !== undefined) this.#enter(second);
    const known =
      isKey && range !== undefined ? union(facts, new Set([`${range}[#${id}]`])) : facts;
    const passed = test === undefined ? NOTHING : this.visit(test, known);
    if (body !== undefined) this.visit(body, union(known, passed.whenTrue));
    this.#locals.length -= second === undefined ? 1 : 2;
    return NOTHING;
  }

  #binding({ value, variable, body }: Binding, facts: Facts): Outcome {
    this.visit(value, facts);
    this.#enter(variable);
    this.visit(body, facts);
    this.#locals.pop();
    return NOTHING;
  }

  #enter(name: string): number {
    const id = this.#ids++;
    this.#locals.push({ name, id });
    return id;
  }

  /** One text for each way to write the same access; nothing for what is computed. */
  #key(node: Node): string | undefined {
    switch (node.kind) {
      case 'ident': {
        const local = this.#locals.findLast(({ name }) => name === node.name);
        return local === undefined ? node.name : `#${local.id}`;
      }
      case 'literal':
        return typeof node.value === 'string' ? JSON.stringify(node.value) : literalKey(node.value);
      case 'select': {
        const operand = this.#key(node.operand);
        return operand === undefined ? undefined : `${operand}[${JSON.stringify(node.field)}]`;
      }
      case 'index':
        return this.#elementKey(node.operand, node.index);
      default:
        return undefined;
    }
  }

  #elementKey(container: Node, index: Node): string | undefined {
    const operand = this.#key(container);
    const key = this.#key(index);
    return operand === undefined || key === undefined ? undefined : `${operand}[${key}]`;
  }

  #error(node: Node, path: string, expected: string): void {
    if (this.errors.length >= CONDITION_ERRORS_MAX) return;
    const message = `\`${shown(path)}\` may be absent, and a forbid would then deny everyone`;
    this.errors.push({ message, offset: node.offset, expected: shown(expected, EXPECTED_MAX) });
  }
}

function union(a: Facts, b: Facts): Facts {
  return b.size === 0 ? a : new Set([...a, ...b]);
}

function literalKey(value: unknown): string | undefined {
  return typeof value === 'bigint' ? String(value) : undefined;
}

function isKnown(key: string | undefined, facts: Facts): boolean {
  return key !== undefined && facts.has(key);
}

function outcome(whenTrue: readonly string[]): Outcome {
  return whenTrue.length === 0 ? NOTHING : { whenTrue: new Set(whenTrue), whenFalse: NO_FACTS };
}
