// Which functions and operators there are for which types, and the sentence that says so when there
// is none.

import { nearest } from '../diagnostic.ts';
import { type ConditionError, shown } from './condition_error.ts';
import { FUNCTIONS, findFunction, functionsNamed } from './functions.ts';
import { type FunctionDefinition, type Signature, signature } from './signature.ts';
import type { BinaryOperator } from './syntax.ts';
import {
  BOOL,
  BYTES,
  DOUBLE,
  DURATION,
  DYN,
  fits,
  INT,
  join,
  listOf,
  mapOf,
  STRING,
  substitute,
  TIMESTAMP,
  type Type,
  typeText,
  UINT,
} from './type.ts';

const ANY: Type = { kind: 'any', name: 'T' };
const KEY: Type = { kind: 'any', name: 'K' };

function same(...types: readonly Type[]): Signature[] {
  return types.map((type) => signature(type, type, type));
}

const NUMBERS = [INT, UINT, DOUBLE];
/** Numbers are ordered across their types; all else only within its own. */
const ORDERED: readonly Signature[] = [
  ...NUMBERS.flatMap((a) => NUMBERS.map((b) => signature(BOOL, a, b))),
  ...[STRING, BYTES, BOOL, TIMESTAMP, DURATION].map((type) => signature(BOOL, type, type)),
];

const EQUALITY = [signature(BOOL, ANY, ANY)];

export const BINARY_SIGNATURES: Readonly<Record<BinaryOperator, readonly Signature[]>> = {
  '==': EQUALITY,
  '!=': EQUALITY,
  '<': ORDERED,
  '<=': ORDERED,
  '>': ORDERED,
  '>=': ORDERED,
  in: [signature(BOOL, ANY, listOf(ANY)), signature(BOOL, KEY, mapOf(KEY, DYN))],
  '+': [
    ...same(INT, UINT, DOUBLE, STRING, BYTES, DURATION, listOf(ANY)),
    signature(TIMESTAMP, TIMESTAMP, DURATION),
    signature(TIMESTAMP, DURATION, TIMESTAMP),
  ],
  '-': [
    ...same(INT, UINT, DOUBLE, DURATION),
    signature(DURATION, TIMESTAMP, TIMESTAMP),
    signature(TIMESTAMP, TIMESTAMP, DURATION),
  ],
  '*': same(INT, UINT, DOUBLE),
  '/': same(INT, UINT, DOUBLE),
  '%': same(INT, UINT),
};

export const NEGATION: readonly Signature[] = [INT, DOUBLE].map((type) => signature(type, type));

/** What comes out for these types, or nothing if none of the signatures takes them. */
export function resultOf(
  signatures: readonly Signature[],
  given: readonly Type[],
): Type | undefined {
  let result: Type | undefined;
  for (const { parameters, result: declared } of signatures) {
    const bindings = new Map<string, Type>();
    if (!parameters.every((parameter, i) => fits(parameter, given[i] ?? DYN, bindings))) continue;
    const type = substitute(declared, bindings);
    result = result === undefined ? type : join(result, type);
  }
  return result;
}

export interface CallShape {
  readonly style: FunctionDefinition['style'];
  readonly name: string;
  /** Of a method with what stands before the dot. */
  readonly arity: number;
}

/** Why there is no such function at all. */
export function unknownFunction(
  { style, name, arity }: CallShape,
  offset: number,
): ConditionError | undefined {
  if (findFunction(style, name, arity) !== undefined) return undefined;
  const receiver = style === 'method' ? 1 : 0;
  const others = functionsNamed(style, name);
  if (others.length > 0) {
    const counts = others.map((it) => it.arity - receiver).join(' or ');
    const message = `\`${name}\` takes another number of arguments than ${arity - receiver}`;
    return { message, offset, expected: counts };
  }
  const candidates = FUNCTIONS.filter((it) => it.style === style).map((it) => it.name);
  const suggestion = nearest(name, candidates);
  const message = `there is no ${style} \`${shown(name)}\``;
  return { message, offset, ...(suggestion === undefined ? {} : { suggestion }) };
}

/** Why it is none for these types. */
export function noOverload(
  name: string,
  given: readonly Type[],
  signatures: readonly Signature[],
  offset: number,
): ConditionError {
  const types = given.map((type) => `\`${typeText(type)}\``).join(' and ');
  const wanted = signatures.map(({ parameters }) => parameters.map(typeText).join(', '));
  const expected = [...new Set(wanted)].slice(0, 10).join(' | ');
  return { message: `\`${name}\` has no meaning for ${types}`, offset, expected };
}
