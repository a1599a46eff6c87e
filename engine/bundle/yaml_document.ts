// YAML with positions: a file becomes documents, a document checks itself against a schema and can
// say where in the file each of its parts stands.

import {
  type Document,
  isMap,
  isScalar,
  LineCounter,
  type Node,
  type Pair,
  parseAllDocuments,
  visit,
} from 'yaml';
import { z } from 'zod';
import { type Diagnostics, nearest, type Position } from '../diagnostic.ts';
import { YAML_ALIASES_MAX } from '../limits.ts';

const YAML_VERSION = '1.2';

export type Path = readonly (string | number)[];

export interface YamlDocument {
  readonly file: string;
  readonly value: unknown;
  /** Where the part at `path` stands, or the nearest part above it that stands there. */
  at(path: Path): Position;
  /** Where the key itself stands. */
  atKey(path: Path, key: string): Position;
}

/**
 * Parses every document of a file; syntax errors go to `diagnostics`, their documents are left out.
 */
export function readYaml(file: string, text: string, diagnostics: Diagnostics): YamlDocument[] {
  const lines = new LineCounter();
  const documents: YamlDocument[] = [];
  // YAML and editors take a lone carriage return for the end of a line, and this parser does not:
  // behind a comment it would hide what follows.
  const lone = /\r(?!\n)/.exec(text);
  if (lone !== null) {
    const line = text.slice(0, lone.index).split('\n').length;
    const column = lone.index - text.lastIndexOf('\n', lone.index);
    diagnostics.error({ file, line, column }, 'a carriage return without a line feed');
    return documents;
  }
  const parsed = parseAllDocuments(text, {
    lineCounter: lines,
    prettyErrors: false,
    // `!!omap` and `!!set` would become a Map and a Set, which a schema sees as objects without
    // keys.
    resolveKnownTags: false,
  });
  if (!Array.isArray(parsed)) return documents;
  for (const document of parsed) {
    const position = (offset: number): Position => {
      const { line, col } = lines.linePos(offset);
      return { file, line: Math.max(1, line), column: Math.max(1, col) };
    };
    // Warnings too: what YAML only warns of, a tag nobody resolves, would change what is meant.
    const problems = [...document.errors, ...document.warnings];
    for (const error of problems) {
      diagnostics.error(position(error.pos[0]), lowerFirst(error.message));
    }
    if (problems.length > 0 || document.contents === null) continue;
    const root: Node = document.contents;
    const { version } = document.directives?.yaml ?? {};
    if (version !== undefined && version !== YAML_VERSION) {
      const message = `YAML ${version} reads \`yes\`, \`<<\` and numbers differently`;
      diagnostics.error(position(root.range?.[0] ?? 0), message, `YAML ${YAML_VERSION}`);
      continue;
    }
    try {
      if (!hasTextKeys(document, position, diagnostics)) continue;
      const value: unknown = document.toJS({ maxAliasCount: YAML_ALIASES_MAX });
      if (value === null) continue;
      documents.push({
        file,
        value,
        at: (path) => position(nodeAt(root, path).range?.[0] ?? 0),
        atKey: (path, key) => position(keyAt(root, path, key).range?.[0] ?? 0),
      });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      diagnostics.error(position(root.range?.[0] ?? 0), lowerFirst(message));
    }
  }
  return documents;
}

/**
 * Every key is text. `1` and `"1"` are two keys to YAML and one to an object, so the second would
 * replace the first in silence; an object takes `__proto__` for something else than a key.
 */
function hasTextKeys(
  document: Document,
  position: (offset: number) => Position,
  diagnostics: Diagnostics,
): boolean {
  let found = true;
  visit(document, {
    Pair(_, { key }) {
      const text = isScalar(key) ? key.value : undefined;
      if (typeof text === 'string' && text !== '__proto__') return;
      const at = position((isNode(key) ? key.range?.[0] : undefined) ?? 0);
      const message = text === '__proto__' ? 'no key is `__proto__`' : 'a key that is no text';
      diagnostics.error(
        at,
        message,
        text === '__proto__' ? undefined : 'text, in quotes if need be',
      );
      found = false;
    },
  });
  return found;
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
    } else if (issue.code === 'invalid_key') {
      const key = String(path.at(-1));
      const rule = issue.issues.map(plain).join('; ');
      diagnostics.error(document.atKey(path.slice(0, -1), key), `\`${key}\` as a name: ${rule}`);
    } else if (isMissing(issue, document.value)) {
      diagnostics.error(document.at(path), `${name(path)} is missing`, expectedOf(issue));
    } else if (issue.code === 'invalid_value' && issue.values.length > 1) {
      const values = issue.values.map(String);
      const written = shown(valueAt(document.value, path));
      diagnostics.error(
        document.at(path),
        `\`${written}\` is no value of ${name(path)}`,
        `one of ${values.join(', ')}`,
        nearest(written, values),
      );
    } else {
      diagnostics.error(document.at(path), `${name(path)}: ${plain(issue)}`, expectedOf(issue));
    }
  }
  return undefined;
}

function isMissing(issue: z.core.$ZodIssue, value: unknown): boolean {
  if (issue.code !== 'invalid_type' && issue.code !== 'invalid_value') return false;
  return valueAt(value, issue.path as Path) === undefined;
}

/** What was written, as its author would recognise it; collections have no text of their own. */
export function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' && value !== null ? 'a map' : String(value);
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
  if (issue.code === 'invalid_value') {
    return `${issue.values.length > 1 ? 'one of ' : ''}${issue.values.map(String).join(', ')}`;
  }
  return undefined;
}
