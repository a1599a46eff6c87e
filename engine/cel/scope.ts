// What a name means at a place: a variable of a macro, a variable of the environment or the name of
// a type. The checker, the compiler and the guards all ask here, so they cannot differ.

import type { Call, Macro } from './syntax.ts';
import { type Environment, type Type, typeOfSpec } from './type.ts';
import { type CelType, TYPES_BY_NAME } from './value.ts';

export type Meaning =
  | { readonly kind: 'local'; readonly slot: number; readonly type: Type }
  | { readonly kind: 'variable'; readonly slot: number; readonly type: Type }
  | { readonly kind: 'type'; readonly value: CelType };

export class Scope {
  readonly #variables: ReadonlyMap<string, Meaning>;
  readonly #locals: { readonly name: string; readonly meaning: Meaning }[] = [];

  constructor({ variables }: Environment) {
    this.#variables = new Map(
      Object.entries(variables).map(([name, spec], slot): [string, Meaning] => [
        name,
        { kind: 'variable', slot, type: typeOfSpec(spec) },
      ]),
    );
  }

  /** How many variables of macros are in sight: the slot of the next one. */
  get depth(): number {
    return this.#locals.length;
  }

  /** Runs with one more variable. */
  within<T>(name: string, type: Type, work: () => T): T {
    const meaning: Meaning = { kind: 'local', slot: this.#locals.length, type };
    this.#locals.push({ name, meaning });
    const result = work();
    this.#locals.pop();
    return result;
  }

  /** With the variables of a macro: one, or two with their types. */
  withinMacro<T>(
    { variable, second }: Macro,
    types: readonly [first: Type, second: Type],
    work: () => T,
  ): T {
    return this.within(variable, types[0], () =>
      second === undefined ? work() : this.within(second, types[1], work),
    );
  }

  meaningOf(name: string): Meaning | undefined {
    const value = TYPES_BY_NAME.get(name);
    return (
      this.#locals.findLast((it) => it.name === name)?.meaning ??
      this.#variables.get(name) ??
      (value === undefined ? undefined : { kind: 'type', value })
    );
  }

  get names(): readonly string[] {
    return [...this.#locals.map(({ name }) => name), ...this.#variables.keys()];
  }
}

const NAMESPACES: ReadonlySet<string> = new Set(['optional', 'ip']);

/** The full name of `optional.of(x)`, which looks like a method of a variable. */
export function namespacedName({ name, target }: Call, scope: Scope): string | undefined {
  if (target?.kind !== 'ident') return undefined;
  const meaning = scope.meaningOf(target.name);
  if (meaning !== undefined && meaning.kind !== 'type') return undefined;
  return NAMESPACES.has(target.name) ? `${target.name}.${name}` : undefined;
}
