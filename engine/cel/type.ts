// Static types: how variables are described, and what the checker knows of an expression. `dyn` is
// what is only known when a request is there; it fits everywhere and is looked at when it is used.

import { type CelValue, kindOf } from './value.ts';

/** The type of a variable or of a field. */
export type TypeSpec =
  | 'int'
  | 'uint'
  | 'double'
  | 'string'
  | 'bool'
  | 'bytes'
  | 'timestamp'
  | 'duration'
  | 'dyn'
  | 'null'
  | { readonly list: TypeSpec }
  | { readonly map: TypeSpec }
  | { readonly object: Readonly<Record<string, TypeSpec | { readonly optional: TypeSpec }>> };

export interface Environment {
  readonly variables: Readonly<Record<string, TypeSpec>>;
}

export interface Field {
  readonly type: Type;
  readonly optional: boolean;
}

export type SimpleKind =
  | 'int'
  | 'uint'
  | 'double'
  | 'string'
  | 'bool'
  | 'bytes'
  | 'timestamp'
  | 'duration'
  | 'dyn'
  | 'null'
  | 'type'
  | 'ip'
  | 'cidr';

export type Type =
  | { readonly kind: SimpleKind }
  | { readonly kind: 'list'; readonly element: Type }
  | { readonly kind: 'map'; readonly key: Type; readonly value: Type }
  | { readonly kind: 'optional'; readonly value: Type }
  | { readonly kind: 'object'; readonly fields: ReadonlyMap<string, Field> }
  /** Stands in a signature for any type, the same wherever it stands. */
  | { readonly kind: 'any'; readonly name: string };

export const INT: Type = { kind: 'int' };
export const UINT: Type = { kind: 'uint' };
export const DOUBLE: Type = { kind: 'double' };
export const STRING: Type = { kind: 'string' };
export const BOOL: Type = { kind: 'bool' };
export const BYTES: Type = { kind: 'bytes' };
export const TIMESTAMP: Type = { kind: 'timestamp' };
export const DURATION: Type = { kind: 'duration' };
export const DYN: Type = { kind: 'dyn' };
export const NULL: Type = { kind: 'null' };
export const TYPE: Type = { kind: 'type' };
export const IP: Type = { kind: 'ip' };
export const CIDR: Type = { kind: 'cidr' };

const SIMPLE = { INT, UINT, DOUBLE, STRING, BOOL, BYTES, TIMESTAMP, DURATION, DYN, NULL };
const SIMPLE_BY_NAME: ReadonlyMap<string, Type> = new Map(
  Object.values(SIMPLE).map((type) => [type.kind, type]),
);

export function listOf(element: Type): Type {
  return { kind: 'list', element };
}

export function mapOf(key: Type, value: Type): Type {
  return { kind: 'map', key, value };
}

export function optionalOf(value: Type): Type {
  return { kind: 'optional', value };
}

export function typeOfSpec(spec: TypeSpec): Type {
  if (typeof spec === 'string') return SIMPLE_BY_NAME.get(spec) ?? DYN;
  if ('list' in spec) return listOf(typeOfSpec(spec.list));
  if ('map' in spec) return mapOf(STRING, typeOfSpec(spec.map));
  const fields = Object.entries(spec.object).map(([name, field]): [string, Field] =>
    typeof field === 'object' && 'optional' in field
      ? [name, { type: typeOfSpec(field.optional), optional: true }]
      : [name, { type: typeOfSpec(field), optional: false }],
  );
  return { kind: 'object', fields: new Map(fields) };
}

/** Of a literal. */
export function typeOfValue(value: CelValue): Type {
  return SIMPLE_BY_NAME.get(kindOf(value)) ?? DYN;
}

export function typeText(type: Type): string {
  switch (type.kind) {
    case 'list':
      return `list(${typeText(type.element)})`;
    case 'map':
      return `map(${typeText(type.key)}, ${typeText(type.value)})`;
    case 'optional':
      return `optional(${typeText(type.value)})`;
    case 'any':
      return type.name;
    default:
      return type.kind;
  }
}

/** What the types of a signature's parameters turned out to be, by their name. */
export type Bindings = Map<string, Type>;

/** Whether a value of one type may stand where another is wanted. */
export function fits(wanted: Type, given: Type, bindings: Bindings): boolean {
  if (wanted.kind === 'any') {
    const bound = bindings.get(wanted.name);
    if (bound === undefined || bound.kind === 'dyn') {
      bindings.set(wanted.name, given);
      return true;
    }
    return fits(bound, given, bindings);
  }
  if (wanted.kind === 'dyn' || given.kind === 'dyn') return true;
  if (wanted.kind === 'list') {
    return given.kind === 'list' && fits(wanted.element, given.element, bindings);
  }
  if (wanted.kind === 'map') {
    return (
      given.kind === 'map' &&
      fits(wanted.key, given.key, bindings) &&
      fits(wanted.value, given.value, bindings)
    );
  }
  if (wanted.kind === 'optional') {
    return given.kind === 'optional' && fits(wanted.value, given.value, bindings);
  }
  return wanted.kind === 'object' ? wanted === given : wanted.kind === given.kind;
}

/** A signature's result, with its parameters put in. */
export function substitute(type: Type, bindings: Bindings): Type {
  switch (type.kind) {
    case 'any':
      return bindings.get(type.name) ?? DYN;
    case 'list':
      return listOf(substitute(type.element, bindings));
    case 'map':
      return mapOf(substitute(type.key, bindings), substitute(type.value, bindings));
    case 'optional':
      return optionalOf(substitute(type.value, bindings));
    default:
      return type;
  }
}

/** The type of something that is one or the other. */
export function join(a: Type, b: Type): Type {
  if (a === b) return a;
  if (a.kind === 'list' && b.kind === 'list') return listOf(join(a.element, b.element));
  if (a.kind === 'map' && b.kind === 'map') {
    return mapOf(join(a.key, b.key), join(a.value, b.value));
  }
  if (a.kind === 'optional' && b.kind === 'optional') return optionalOf(join(a.value, b.value));
  return a.kind === b.kind && a.kind !== 'object' ? a : DYN;
}
