// The JSON Schema of the policy language, draft 2020-12, made of the schemas that the loader itself
// checks documents with. Editors and pipelines use it; only the loader knows what names lead to.

import { z } from 'zod';
import { API_VERSION } from '../engine/bundle/fields.ts';
import { KIND_SCHEMAS } from '../engine/bundle/kinds.ts';

export type JsonSchema = { readonly [key: string]: unknown };

/** Of one kind. */
export function kindSchema(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...own } = z.toJSONSchema(schema, { io: 'input', target: 'draft-2020-12' });
  return own;
}

/** Of a document of any kind. */
export function languageSchema(): JsonSchema {
  const kinds = Object.entries(KIND_SCHEMAS);
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: `A document of a Remit bundle, ${API_VERSION}`,
    type: 'object',
    required: ['kind'],
    properties: { kind: { enum: kinds.map(([name]) => name) } },
    // Not `oneOf`: with it editors would tell the mistakes of all kinds at once.
    allOf: kinds.map(([name]) => ({
      if: { required: ['kind'], properties: { kind: { const: name } } },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: { $ref: `#/$defs/${name}` },
    })),
    $defs: Object.fromEntries(kinds.map(([name, schema]) => [name, kindSchema(schema)])),
  };
}
