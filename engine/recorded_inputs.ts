// What a decision read of its request, as its record keeps it: enough to decide again (C-008).
// Never a query value, or a header in which proof comes; of a body only what a rule looked at.

import type { AccessRequest } from './access_request.ts';
import { attributeNames, attributePath } from './attribute_path.ts';
import { BodyProblem } from './body/body.ts';
import type { CelValue } from './cel/value.ts';
import { RECORDED_TEXT_MAX } from './limits.ts';
import { jsonText } from './record_text.ts';

/** Headers whose values are secrets, whoever reads them. */
const SECRET_HEADERS: ReadonlySet<string> = new Set([
  'request.headers.authorization',
  'request.headers.cookie',
  'request.headers.proxy-authorization',
]);

/** Whose headers hold proofs, as long as a snapshot lives. */
interface ProofReader {
  readonly headersRead: ReadonlySet<string>;
}

/** Fields of the record, each with a comma before it; empty for most requests. */
export function inputsText(access: AccessRequest, issuers: ProofReader): string {
  const { context, request, reads, principal, operation } = access;
  let text = '';
  // Claims stand in no record, so by it alone nobody can decide again.
  const scoped = context.scopes !== undefined && operation.scopes.length > 0;
  if (principal.variant !== '' || scoped) text += ',"token":true';
  if (context.notBefore !== undefined) {
    // A key may have no end.
    text += `,"notBefore":${context.notBefore},"notAfter":${context.notAfter ?? null}`;
  }
  if (request.sourceAddress !== '') text += `,"sourceIp":${JSON.stringify(request.sourceAddress)}`;
  if (context.runtime.size > 0) {
    text += `,"runtime":${JSON.stringify(Object.fromEntries(context.runtime))}`;
  }
  if (reads.length > 0) text += attributesText(access, issuers);
  return text;
}

/** An attribute that conditions read, and its path in JSON. */
interface Read {
  readonly path: string;
  readonly json: string;
  readonly names: readonly string[];
}

/** What is written of one combination of conditions that were looked at. */
interface Plan {
  readonly issuers: ProofReader;
  readonly reads: readonly (readonly string[])[];
  readonly recorded: readonly Read[];
  readonly paths: ReadonlySet<string>;
  readonly secret: readonly string[];
}

// By the first condition that was looked at; the lists of paths live as long as their rules.
const plans = new WeakMap<readonly string[], Plan[]>();
const PLANS_MAX = 64;

function planOf(reads: readonly (readonly string[])[], issuers: ProofReader): Plan {
  const [first = []] = reads;
  const known = plans.get(first) ?? [];
  const same = known.find((plan) => {
    if (plan.issuers !== issuers || plan.reads.length !== reads.length) return false;
    return plan.reads.every((it, at) => it === reads[at]);
  });
  if (same !== undefined) return same;
  // What the snapshot says of principal and operation is not repeated.
  const paths = [...new Set(reads.flat())].filter((path) => path.startsWith('request.')).sort();
  const secret = new Set(
    [...issuers.headersRead].map((name) => attributePath('request.headers', name)),
  );
  const recorded = paths.filter((path) => isRecordable(path) && !secret.has(path));
  const plan: Plan = {
    issuers,
    reads: [...reads],
    recorded: recorded.map((path) => {
      return { path, json: JSON.stringify(path), names: attributeNames(path) };
    }),
    paths: new Set(recorded),
    secret: paths.filter((path) => !recorded.includes(path)),
  };
  plans.set(first, [plan, ...known.slice(0, PLANS_MAX - 1)]);
  return plan;
}

function attributesText(access: AccessRequest, issuers: ProofReader): string {
  const plan = planOf(access.reads, issuers);
  const absent = new Set<string>();
  const partial = new Map<string, CelValue>();
  let unrecorded = plan.secret;
  let attributes = '';
  const add = (name: string, path: string, value: CelValue) => {
    const json = jsonOf(value);
    if (json === undefined || json.length > RECORDED_TEXT_MAX) unrecorded = [...unrecorded, path];
    else attributes += `${attributes === '' ? '' : ','}${name}:${json}`;
  };
  for (const { path, json, names } of plan.recorded) {
    const { value, depth } = found(names, access);
    const at = depth === names.length ? path : pathOf(names.slice(0, depth));
    if (value === undefined) absent.add(at);
    else if (value === UNREADABLE) continue;
    else if (depth === names.length) add(json, path, value);
    else if (!plan.paths.has(at)) partial.set(at, emptyOf(value));
  }
  for (const [path, value] of partial) add(JSON.stringify(path), path, value);
  let text = attributes === '' ? '' : `,"attributes":{${attributes}}`;
  if (absent.size > 0) text += `,"absent":${JSON.stringify([...absent])}`;
  if (unrecorded.length > 0) text += `,"unrecorded":${JSON.stringify(unrecorded)}`;
  const body = access.bodyIfRead;
  if (body instanceof BodyProblem) text += `,"body":"${body.detail}"`;
  return text;
}

function isRecordable(path: string): boolean {
  return !path.startsWith('request.query') && !SECRET_HEADERS.has(path);
}

/**
 * How far a path goes: `depth` names of it lead to `value`, and the last of them to nothing when
 * that is undefined.
 */
interface Found {
  readonly value: CelValue | typeof UNREADABLE | undefined;
  readonly depth: number;
}

/** The record says of the body as a whole why it has no value. */
const UNREADABLE = Symbol('unreadable');

function found(names: readonly string[], access: AccessRequest): Found {
  const [, group = '', name = ''] = names;
  const { request } = access;
  const whole = (value: Found['value']): Found => ({ value, depth: names.length });
  switch (group) {
    case 'method':
      return whole(request.method);
    case 'path':
      return whole(request.path);
    case 'host':
      return whole(request.host);
    case 'headers':
      return whole(request.headers().get(names.slice(2).join('.')));
    case 'captures': {
      const { captureNames, captures } = access;
      if (name !== '') return whole(captures[captureNames.indexOf(name)]);
      return whole(new Map(captureNames.map((it, index) => [it, captures[index] ?? ''])));
    }
    case 'body':
      return inBody(names, access);
    default:
      return whole(undefined);
  }
}

function inBody(names: readonly string[], access: AccessRequest): Found {
  let value: unknown = access.body();
  if (value instanceof BodyProblem) return { value: UNREADABLE, depth: 2 };
  for (let depth = 2; depth < names.length; depth++) {
    // A condition that looks for a field of it fails, whatever it holds.
    if (!(value instanceof Map)) return { value: value as CelValue, depth };
    value = value.get(names[depth]);
    if (value === undefined) return { value, depth: depth + 1 };
  }
  return { value: value as CelValue, depth: names.length }; // Whatever a body holds is one of CEL.
}

/** Of the same type, and nothing of what it holds, as no rule read that. */
function emptyOf(value: CelValue | typeof UNREADABLE): CelValue {
  if (Array.isArray(value)) return [];
  switch (typeof value) {
    case 'string':
      return '';
    case 'bigint':
      return 0n;
    case 'number':
      return 0;
    case 'boolean':
      return false;
    default:
      return null;
  }
}

function pathOf([root = '', ...names]: readonly string[]): string {
  return names.reduce(attributePath, root);
}

/** JSON in which an int stays one: a double has a fraction or an exponent. */
export function jsonOf(value: unknown): string | undefined {
  switch (typeof value) {
    case 'bigint':
      return String(value);
    case 'number': {
      const text = JSON.stringify(value);
      return /^-?\d+$/.test(text) ? `${text}.0` : text;
    }
    case 'string':
      return value.length > RECORDED_TEXT_MAX ? JSON.stringify(value) : jsonText(value);
    case 'boolean':
      return String(value);
    default:
      if (value === null) return 'null';
      if (Array.isArray(value)) return `[${value.map((it) => jsonOf(it) ?? 'null').join(',')}]`;
      if (!(value instanceof Map)) return undefined;
      return `{${[...value]
        .map(([key, item]) => `${JSON.stringify(key)}:${jsonOf(item) ?? 'null'}`)
        .join(',')}}`;
  }
}
