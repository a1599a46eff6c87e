// The declaration `body:` of an operation: names and types of what rules may read. It types the
// variables of conditions, and a body that is not of this shape is an error as a whole. What it
// does not declare is left out, so that no rule reads it.
//
// A type is `int`, `double`, `string`, `bool`, `map`, `any`, a list of one type, or an object of
// types. `?` behind a type, or behind a name (`lines?: [string]`), says that it may be missing.

import { nearest } from '../diagnostic.ts';
import { BODY_DEPTH_MAX, BODY_KEYS_MAX } from '../limits.ts';
import type { Body, BodyProblem, BodyValue } from './body.ts';
import { conform, type Field, type Shape } from './conform.ts';

/** The same for the compiler of conditions. */
export type TypeSpec =
  | 'int'
  | 'double'
  | 'string'
  | 'bool'
  | 'dyn'
  | { readonly list: TypeSpec }
  | { readonly map: 'dyn' }
  | { readonly object: Readonly<Record<string, TypeSpec | { readonly optional: TypeSpec }>> };

/** What is wrong with a declaration, for its author. */
export class BodyShapeError {
  /** Where below `body`. */
  readonly path: readonly string[];
  readonly message: string;
  readonly expected: string;

  constructor(path: readonly string[], message: string, expected: string) {
    this.path = path;
    this.message = message;
    this.expected = expected;
  }
}

/** What an operation declares of its body. */
export class BodyShape {
  readonly typeSpec: TypeSpec;
  readonly #shape: Shape;

  constructor(shape: Shape) {
    this.#shape = shape;
    this.typeSpec = specOf(shape);
  }

  /** The body with nothing but what is declared, or the problem `shape`. */
  conform({ kind, value }: Body): BodyValue | BodyProblem {
    return conform(this.#shape, value, kind !== 'json');
  }
}

const NAMED: ReadonlyMap<string, Shape> = new Map<string, Shape>([
  ...(['int', 'double', 'string', 'bool'] as const).map(
    (type) => [type, { kind: 'scalar', type }] as const,
  ),
  ['map', { kind: 'map' }] as const,
  ['any', { kind: 'any' }] as const,
]);
const EXPECTED = 'int, double, string, bool, map, any, [TYPE] or {name: TYPE}';

/** @param declaration what the operation's `body` holds */
export function compileBodyShape(declaration: unknown): BodyShape | BodyShapeError {
  const compiler = new Compiler();
  const shape = compiler.shape(declaration, [], 0);
  if (shape instanceof BodyShapeError) return shape;
  return new BodyShape(shape);
}

class Compiler {
  #fieldsLeft = BODY_KEYS_MAX;

  shape(declaration: unknown, path: readonly string[], depth: number): Shape | BodyShapeError {
    if (depth > BODY_DEPTH_MAX) {
      return new BodyShapeError(path, 'nested too deeply', `at most ${BODY_DEPTH_MAX} levels`);
    }
    if (typeof declaration === 'string') return namedShape(declaration, path);
    if (Array.isArray(declaration)) return this.#list(declaration, path, depth);
    if (typeof declaration === 'object' && declaration !== null) {
      return this.#object(declaration, path, depth);
    }
    return new BodyShapeError(path, `\`${String(declaration)}\` is no type`, EXPECTED);
  }

  #list(
    declaration: readonly unknown[],
    path: readonly string[],
    depth: number,
  ): Shape | BodyShapeError {
    if (declaration.length !== 1) {
      return new BodyShapeError(path, `a list of ${declaration.length} types`, 'exactly one type');
    }
    const element = this.shape(declaration[0], [...path, '0'], depth + 1);
    return element instanceof BodyShapeError ? element : { kind: 'list', element };
  }

  #object(declaration: object, path: readonly string[], depth: number): Shape | BodyShapeError {
    const fields: Field[] = [];
    const names = new Set<string>();
    for (const [key, type] of Object.entries(declaration)) {
      const at = [...path, key];
      if (this.#fieldsLeft-- === 0) {
        return new BodyShapeError(at, 'too many fields', `at most ${BODY_KEYS_MAX}`);
      }
      const { text: name, isOptional: byName } = withoutMark(key);
      const { text, isOptional: byType } =
        typeof type === 'string' ? withoutMark(type) : { text: type, isOptional: false };
      if (name === '' || names.has(name)) {
        return new BodyShapeError(at, `\`${key}\` names no field of its own`, 'one name each');
      }
      names.add(name);
      const shape = this.shape(text, at, depth + 1);
      if (shape instanceof BodyShapeError) return shape;
      fields.push({ name, shape, isOptional: byName || byType });
    }
    return { kind: 'object', fields };
  }
}

function withoutMark(text: string): { readonly text: string; readonly isOptional: boolean } {
  const isOptional = text.endsWith('?');
  return { text: isOptional ? text.slice(0, -1) : text, isOptional };
}

function namedShape(name: string, path: readonly string[]): Shape | BodyShapeError {
  const shape = NAMED.get(name);
  if (shape !== undefined) return shape;
  const near = nearest(name, NAMED.keys());
  const expected = near === undefined ? EXPECTED : `\`${near}\``;
  const message = NAMED.has(withoutMark(name).text)
    ? `only a field may be missing, and this is none: \`${name}\``
    : `\`${name}\` is no type`;
  return new BodyShapeError(path, message, expected);
}

function specOf(shape: Shape): TypeSpec {
  switch (shape.kind) {
    case 'scalar':
      return shape.type;
    case 'any':
      return 'dyn';
    case 'map':
      return { map: 'dyn' };
    case 'list':
      return { list: specOf(shape.element) };
    case 'object':
      return {
        object: Object.fromEntries(
          shape.fields.map(({ name, shape: type, isOptional }) => [
            name,
            isOptional ? { optional: specOf(type) } : specOf(type),
          ]),
        ),
      };
  }
}
