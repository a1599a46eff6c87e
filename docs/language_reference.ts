// docs/reference.md: every kind and field of the policy language, made of the JSON Schema, which is
// made of what the loader checks.

import { KIND_SCHEMAS } from '../engine/bundle/kinds.ts';
import { type JsonSchema, kindSchema } from './language_schema.ts';

const KINDS: Readonly<Record<keyof typeof KIND_SCHEMAS, string>> = {
  Service: 'What is protected: where it is, and what can be asked of it.',
  Policy: 'Who may do what, and what nobody may: permits and forbids.',
  Role: 'A named set of operations and resources. A rule that names it stays within it.',
  Exception: 'A permit for a while, which may also suspend forbids that allow it.',
  Identity: 'Who is known, and within which bounds. It permits nothing.',
  Issuer: 'Who vouches for identities. It permits nothing.',
  Enforcer: 'Who may ask for decisions, and what of its word is believed.',
  TaskProfile: 'What tasks of one kind may ever hold. No task exists in this version.',
  Test: 'Requests and the decisions that are expected of them. It decides nothing.',
};

/** Objects that several kinds share, by the name of their field; each is explained once. */
const SHARED = ['from', 'to', 'require', 'between', 'mode', 'obligations', 'metadata'];

/** Longer lists of values stand elsewhere. */
const VALUES_MAX = 16;

interface Row {
  readonly path: string;
  readonly schema: JsonSchema;
  readonly required: boolean;
}

export function referencePage(): string {
  const shared = new Map<string, Row[]>();
  const kinds = Object.entries(KIND_SCHEMAS).flatMap(([name, schema]) => {
    const { properties, required } = objectOf(kindSchema(schema));
    const { metadata, spec } = properties;
    collect('metadata', metadata ?? {}, shared);
    const needs = objectOf(metadata ?? {}).required.map((key) => `\`${key}\``);
    const about = KINDS[name as keyof typeof KINDS];
    const rows = rowsOf('', spec ?? {}, required.includes('spec'), shared).slice(1);
    return [
      `## ${name}`,
      '',
      about,
      `\`metadata\` needs ${needs.join(', ')}.`,
      '',
      ...table(rows),
      '',
    ];
  });
  const parts = [...shared].flatMap(([name, rows]) => [`## \`${name}\``, '', ...table(rows), '']);
  return [
    '# Reference of the policy language',
    '',
    'Generated from `engine/bundle` by `npm run docs`; do not edit. How the parts work together is told in',
    '[policy.md](policy.md), what a decision is in [semantics.md](semantics.md).',
    '',
    'A document has `kind`, `metadata`, `spec` and, if it likes, `apiVersion: remit.mesh/v1`. Fields of `spec` are listed',
    'by kind; `[]` is an item of a list, `.*` a value under a name of your choice. A field that is not listed is an error.',
    '',
    ...kinds,
    '# Parts of several kinds',
    '',
    ...parts,
  ].join('\n');
}

function rowsOf(
  path: string,
  schema: JsonSchema,
  required: boolean,
  shared: Map<string, Row[]>,
): Row[] {
  const rows: Row[] = [{ path, schema, required }];
  const name = path.split('.').at(-1) ?? '';
  if (SHARED.includes(name) && schema['properties'] !== undefined) {
    collect(name, schema, shared);
    return rows;
  }
  // The keys of a negation are those of what it negates.
  if (name === 'not') return rows;
  const { items, additionalProperties: values } = schema;
  if (isSchema(items)) rows.push(...rowsOf(`${path}[]`, items, true, shared).slice(1));
  if (isSchema(values)) rows.push(...rowsOf(`${path}.*`, values, true, shared).slice(1));
  const { properties, required: needed } = objectOf(schema);
  for (const [key, inner] of Object.entries(properties)) {
    const at = path === '' ? key : `${path}.${key}`;
    rows.push(...rowsOf(at, inner, needed.includes(key), shared));
  }
  return rows;
}

function collect(name: string, schema: JsonSchema, shared: Map<string, Row[]>): void {
  if (shared.has(name)) return;
  shared.set(name, []);
  const { properties, required } = objectOf(schema);
  const rows = Object.entries(properties).flatMap(([key, inner]) =>
    rowsOf(key, inner, required.includes(key), shared),
  );
  shared.set(name, rows);
}

function table(rows: readonly Row[]): string[] {
  return [
    '| field | type | default | meaning |',
    '| --- | --- | --- | --- |',
    ...rows.map(({ path, schema, required }) => {
      const link = SHARED.find((name) => path.split('.').at(-1) === name);
      const type = link !== undefined && schema['properties'] ? `[map](#${link})` : typeOf(schema);
      const fallback = schema['default'];
      const stands = required ? 'required' : '';
      const value = fallback === undefined ? stands : `\`${JSON.stringify(fallback)}\``;
      const about = String(schema['description'] ?? '').replaceAll('|', '\\|');
      return `| \`${path}\` | ${type.replaceAll('|', '\\|')} | ${value} | ${about} |`;
    }),
  ];
}

function typeOf(schema: JsonSchema): string {
  const { type, items, anyOf, format, minimum, maximum, pattern } = schema;
  const values = schema['const'] === undefined ? schema['enum'] : [schema['const']];
  if (Array.isArray(values) && values.length > VALUES_MAX) return 'text';
  if (Array.isArray(values)) return values.map((value) => `\`${value}\``).join(' ');
  if (Array.isArray(anyOf)) return anyOf.filter(isSchema).map(typeOf).join(' or ');
  if (type === 'array') return isSchema(items) ? `list of ${typeOf(items)}` : 'list';
  if (type === 'object') {
    const { additionalProperties: inner } = schema;
    return isSchema(inner) && Object.keys(inner).length > 0 ? `map of ${typeOf(inner)}` : 'map';
  }
  if (type === 'integer') return `${minimum} to ${Math.min(Number(maximum), 1e9)}`;
  if (type === 'string') {
    if (format === 'date') return 'date';
    if (format === 'date-time') return 'time';
    if (pattern === '^[a-z0-9.-]{1,63}$') return 'name';
    return String(pattern).includes('smhd') ? 'duration' : 'text';
  }
  return type === undefined ? 'anything' : String(type);
}

function objectOf(schema: JsonSchema): {
  readonly properties: Readonly<Record<string, JsonSchema>>;
  readonly required: readonly string[];
} {
  // What `z.toJSONSchema` has just written.
  const { properties = {}, required = [] } = schema as {
    properties?: Record<string, JsonSchema>;
    required?: string[];
  };
  return { properties, required };
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
