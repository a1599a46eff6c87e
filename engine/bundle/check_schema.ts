// A document checked against the schema of its kind: each mistake becomes a diagnostic at its own
// place, in the words of whoever wrote it.

import { z } from 'zod';
import { type Diagnostics, nearest } from '../diagnostic.ts';
import { laterFieldsOf } from './strict_object.ts';
import type { Path, YamlDocument } from './yaml_document.ts';

/** Checks a part of a document; each mistake becomes a diagnostic at its own place. */
export function checkSchema<T>(
  schema: z.ZodType<T>,
  document: YamlDocument,
  diagnostics: Diagnostics,
): T | undefined {
  const result = parsed(schema, document.value);
  if (result === undefined) {
    const path = oddLength(document.value) ?? [];
    diagnostics.error(document.at(path), `${name(path)}: unexpected map`);
    return undefined;
  }
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

/**
 * Undefined where it throws: zod asks also what is no text and no list for its `length`, and
 * compares with a number whatever a map has there.
 */
function parsed<T>(schema: z.ZodType<T>, value: unknown): z.ZodSafeParseResult<T> | undefined {
  try {
    return schema.safeParse(value);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

/** Where a map has a `length` that no comparison can make a number of. */
function oddLength(value: unknown, path: Path = []): Path | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, item] of Object.entries(value)) {
    const at = [...path, Array.isArray(value) ? Number(key) : key];
    const isOdd = key === 'length' && typeof item === 'object' && item !== null;
    if (isOdd && typeof item.toString !== 'function') return at;
    const within = oddLength(item, at);
    if (within !== undefined) return within;
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
  if (object !== undefined && laterFieldsOf(object).includes(key)) {
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

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
