// A function of the language: by what name and shape it is called, which types it takes and gives,
// and what it does. The checker reads the signatures, the evaluation calls `call`, which looks at
// the values itself, since a `dyn` may be anything.

import type { CelFailure } from './failure.ts';
import type { Meter } from './frame.ts';
import type { Type } from './type.ts';
import type { CelValue } from './value.ts';

export interface Signature {
  readonly parameters: readonly Type[];
  readonly result: Type;
}

/** An argument; undefined where fewer are given. */
export type Argument = CelValue | undefined;

/** Undefined says that the function has no meaning for these values. */
export type Implementation = (
  meter: Meter,
  a: Argument,
  b: Argument,
  c: Argument,
  d: Argument,
) => CelValue | CelFailure | undefined;

export interface FunctionDefinition {
  readonly name: string;
  /** A method's first parameter is what stands before the dot. */
  readonly style: 'function' | 'method';
  readonly arity: number;
  readonly signatures: readonly Signature[];
  readonly call: Implementation;
}

export function signature(result: Type, ...parameters: Type[]): Signature {
  return { parameters, result };
}

/** All signatures have one number of parameters. */
export function define(
  style: FunctionDefinition['style'],
  name: string,
  signatures: readonly [Signature, ...Signature[]],
  call: Implementation,
): FunctionDefinition {
  return { name, style, arity: signatures[0].parameters.length, signatures, call };
}
