// Whether a body is of the shape that its operation declares. Nothing is rounded and nothing
// guessed: an integer may stand where a double is declared if the double is exact, the texts of a
// form become the scalars that are declared, everything else is an error of the whole body.

import { BODY_PROBLEMS, BodyProblem, type BodyValue } from './body.ts';
import { parseDouble, parseInt64 } from './json.ts';

export type Scalar = 'int' | 'double' | 'string' | 'bool';

export type Shape =
  | { readonly kind: 'scalar'; readonly type: Scalar }
  | { readonly kind: 'list'; readonly element: Shape }
  | { readonly kind: 'object'; readonly fields: readonly Field[] }
  | { readonly kind: 'map' }
  | { readonly kind: 'any' };

export interface Field {
  readonly name: string;
  readonly shape: Shape;
  readonly isOptional: boolean;
}

type Conformed = BodyValue | BodyProblem;
const MISMATCH = BODY_PROBLEMS.shape;

/** @param isForm the value holds a list by name, of texts unless a part of it is something else */
export function conform(shape: Shape, value: BodyValue, isForm: boolean): Conformed {
  return isForm && shape.kind === 'object' && value instanceof Map
    ? conformFields(shape.fields, value, conformValues)
    : conformJson(shape, value);
}

function conformJson(shape: Shape, value: BodyValue): Conformed {
  switch (shape.kind) {
    case 'any':
      return value;
    case 'map':
      return value instanceof Map ? value : MISMATCH;
    case 'list':
      return isList(value) ? conformList(shape.element, value, conformJson) : MISMATCH;
    case 'object':
      return value instanceof Map ? conformFields(shape.fields, value, conformJson) : MISMATCH;
    case 'scalar':
      return conformScalar(shape.type, value);
  }
}

/** The values of one name in a form: where no list is declared there has to be exactly one. */
function conformValues(shape: Shape, values: BodyValue): Conformed {
  if (shape.kind === 'any' || !isList(values)) return conformJson(shape, values);
  if (shape.kind === 'list') return conformList(shape.element, values, conformFormValue);
  const [value] = values;
  return value === undefined || values.length > 1 ? MISMATCH : conformFormValue(shape, value);
}

/** One value: a text that stands for a scalar, or what a part of another type holds. */
function conformFormValue(shape: Shape, value: BodyValue): Conformed {
  if (shape.kind !== 'scalar' || typeof value !== 'string') return conformJson(shape, value);
  switch (shape.type) {
    case 'string':
      return value;
    case 'int':
      return parseInt64(value) ?? MISMATCH;
    case 'double':
      return parseDouble(value) ?? MISMATCH;
    case 'bool':
      return value === 'true' ? true : value === 'false' ? false : MISMATCH;
  }
}

function conformList(
  element: Shape,
  values: readonly BodyValue[],
  one: (shape: Shape, value: BodyValue) => Conformed,
): Conformed {
  const list: BodyValue[] = [];
  for (const value of values) {
    const conformed = one(element, value);
    if (conformed instanceof BodyProblem) return conformed;
    list.push(conformed);
  }
  return list;
}

function conformFields(
  fields: readonly Field[],
  values: ReadonlyMap<string, BodyValue>,
  one: (shape: Shape, value: BodyValue) => Conformed,
): Conformed {
  const members = new Map<string, BodyValue>();
  for (const { name, shape, isOptional } of fields) {
    const value = values.get(name);
    // Where it may be missing, null is how many clients write that it is.
    if (value === undefined || (value === null && isOptional && shape.kind !== 'any')) {
      if (!isOptional) return MISMATCH;
      continue;
    }
    const conformed = one(shape, value);
    if (conformed instanceof BodyProblem) return conformed;
    members.set(name, conformed);
  }
  return members;
}

function conformScalar(type: Scalar, value: BodyValue): Conformed {
  switch (type) {
    case 'string':
      return typeof value === 'string' ? value : MISMATCH;
    case 'bool':
      return typeof value === 'boolean' ? value : MISMATCH;
    case 'int':
      return typeof value === 'bigint' ? value : MISMATCH;
    case 'double': {
      if (typeof value === 'number') return value;
      if (typeof value !== 'bigint') return MISMATCH;
      const double = Number(value);
      return BigInt(double) === value ? double : MISMATCH;
    }
  }
}

function isList(value: BodyValue): value is readonly BodyValue[] {
  return Array.isArray(value);
}
