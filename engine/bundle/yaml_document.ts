// YAML with positions: a file becomes documents, a document checks itself against a schema and can
// say where in the file each of its parts stands.

import { isMap, isScalar, LineCounter, type Node, type Pair, parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { type Diagnostics, nearest, type Position } from '../diagnostic.ts';
import { YAML_ALIASES_MAX } from '../limits.ts';

export type Path = readonly (string | number)[];

export interface YamlDocument {
  readonly file: string;
  readonly value: unknown;
  /** Where the part at `path` stands, or the nearest part above it that stands there. */
  at(path: Path): Position;
  /** Where the key itself stands. */
  atKey(path: Path, key: string): Position;
}

/** Parses every document of a file; syntax errors go to `diagnostics`, their documents are left out. */
export function readYaml(file: string, text: string, diagnostics: Diagnostics): YamlDocument[] {
  const lines = new LineCounter();
  const documents: YamlDocument[] = [];
  const parsed = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false });
  if (!Array.isArray(parsed)) return documents;
  for (const document of parsed) {
    const position = (offset: number): Position => {
      const { line, col } = lines.linePos(offset);
      return { file, line: Math.max(1, line), column: Math.max(1, col) };
    };
    for (const error of document.errors) {
      diagnostics.error(position(error.pos[0]), lowerFirst(error.message));
    }
    if (document.errors.length > 0 || document.contents === null) continue;
    const root: Node = document.contents;
    try {
      const value: unknown = document.toJS({ maxAliasCount: YAML_ALIASES_MAX });
      if (value === null) continue;
      documents.push({
        file,
        value,
        at: (path) => position(nodeAt(root, path).range?.[0] ?? 0),
        atKey: (path, key) => position(keyAt(root, path, key).range?.[0] ?? 0),
      });
    } catch (error) {
      diagnostics.error(position(root.range?.[0] ?? 0), lowerFirst(String(error)));
    }
  }
  return documents;
}

function nodeAt(root: Node, path: Path): Node {
  let node = root;
  for (const step of path) {
    const next: unknown = hasGet(node) ? node.get(step, true) : undefined;
    if (!isNode(next)) break;
    node = next;
  }
  return node;
}

function keyAt(root: Node, path: Path, key: string): Node {
  const node = nodeAt(root, path);
  if (!isMap(node)) return node;
  const pair = node.items.find((item: Pair) => isScalar(item.key) && item.key.value === key);
  return isNode(pair?.key) ? pair.key : node;
}

function hasGet(node: Node): node is Node & { get(key: unknown, keep: true): unknown } {
  return 'get' in node && typeof node.get === 'function';
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'range' in value;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** Fields that the design has and this version has not: naming one is an error that says so. */
const laterFields = new WeakMap<z.ZodType, readonly string[]>();

/** An object whose unknown fields are errors; `later` are known names without a meaning so far. */
export function strict<S extends z.ZodRawShape>(shape: S, later: readonly string[] = []) {
  const schema = z.strictObject(shape);
  laterFields.set(schema, later);
  return schema;
}

/** Checks a part of a document; each mistake becomes a diagnostic at its own place. */
export function checkSchema<T>(
  schema: z.ZodType<T>,
  document: YamlDocument,
  diagnostics: Diagnostics,
): T | undefined {
  const result = schema.safeParse(document.value);
  if (result.success) return result.data;
  for (const issue of result.error.issues) {
    const path = issue.path as Path;
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) reportKey(schema, document, path, key, diagnostics);
    } else if (issue.code === 'invalid_value' && issue.values.length > 1) {
      const values = issue.values.map(String);
      const written = String(valueAt(document.value, path));
      diagnostics.error(
        document.at(path),
        `\`${written}\` is no value of ${name(path)}`,
        `one of ${values.join(', ')}`,
        nearest(written, values),
      );
    } else {
      const missing = issue.code === 'invalid_type' && valueAt(document.value, path) === undefined;
      const message = missing ? `${name(path)} is missing` : `${name(path)}: ${plain(issue)}`;
      diagnostics.error(document.at(path), message, expectedOf(issue));
    }
  }
  return undefined;
}

function reportKey(
  schema: z.ZodType,
  document: YamlDocument,
  path: Path,
  key: string,
  diagnostics: Diagnostics,
): void {
  const at = document.atKey(path, key);
  const within = path.length === 0 ? '' : ` in ${name(path)}`;
  const object = schemaAt(schema, path);
  if (object !== undefined && laterFields.get(object)?.includes(key)) {
    diagnostics.error(at, `\`${key}\`${within} is not available in this version`);
    return;
  }
  const known = object instanceof z.ZodObject ? Object.keys(object.shape) : [];
  diagnostics.error(
    at,
    `unknown field \`${key}\`${within}`,
    known.length === 0 ? undefined : `one of ${known.join(', ')}`,
    nearest(key, known),
  );
}

function schemaAt(schema: z.ZodType, path: Path): z.ZodType | undefined {
  let at: unknown = unwrap(schema);
  for (const step of path) {
    if (at instanceof z.ZodObject) at = at.shape[step];
    else if (at instanceof z.ZodArray) at = at.element;
    else if (at instanceof z.ZodRecord) at = at.valueType;
    else return undefined;
    at = unwrap(at);
  }
  return at instanceof z.ZodType ? at : undefined;
}

function unwrap(schema: unknown): unknown {
  let at = schema;
  while (at instanceof z.ZodOptional || at instanceof z.ZodDefault) at = at.unwrap();
  return at;
}

function valueAt(value: unknown, path: Path): unknown {
  let at = value;
  for (const step of path) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = (at as Record<string | number, unknown>)[step];
  }
  return at;
}

/** `spec.rules[0].from`, the way an operator would say it. */
function name(path: Path): string {
  if (path.length === 0) return 'the document';
  let text = '';
  for (const step of path) {
    text += typeof step === 'number' ? `[${step}]` : `${text === '' ? '' : '.'}${step}`;
  }
  return text;
}

function plain(issue: z.core.$ZodIssue): string {
  return issue.code === 'custom' ? issue.message : lowerFirst(issue.message);
}

function expectedOf(issue: z.core.$ZodIssue): string | undefined {
  if (issue.code === 'invalid_type') return `a value of type ${issue.expected}`;
  if (issue.code === 'invalid_value') return issue.values.map(String).join(', ');
  return undefined;
}
