// Objects of the policy language: a field that nobody defined is an error, and a field that the
// design has and this version has not says so.

import { z } from 'zod';

/** By the definition of an object, which a description leaves as it is. */
const laterFields = new WeakMap<object, readonly string[]>();

/** An object whose unknown fields are errors; `later` are known names without a meaning so far. */
export function strict<S extends z.ZodRawShape>(shape: S, later: readonly string[] = []) {
  const schema = z.strictObject(shape);
  laterFields.set(schema.def, later);
  return schema;
}

/** The names that the design has for the object and this version does not know. */
export function laterFieldsOf(schema: z.ZodType): readonly string[] {
  return laterFields.get(schema.def) ?? [];
}
