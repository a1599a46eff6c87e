// What a decision read of its request, as its record keeps it: enough to decide again (C-008).
// Never a query value, a cookie or an `Authorization` header; of a body only what a rule looked at.

import type { AccessRequest } from './access_request.ts';
import { BodyProblem } from './body/body.ts';
import type { CelValue } from './cel/value.ts';
import { RECORDED_TEXT_MAX } from './limits.ts';

/** Headers whose values are secrets, whoever reads them. */
const SECRET_HEADERS: ReadonlySet<string> = new Set([
  'request.headers.authorization',
  'request.headers.cookie',
  'request.headers.proxy-authorization',
]);

/** Fields of the record, each with a comma before it; empty for most requests. */
export function inputsText(access: AccessRequest): string {
  const { context, request, reads } = access;
  let text = '';
  if (context.notBefore !== undefined) {
    text += `,"notBefore":${context.notBefore},"notAfter":${context.notAfter}`;
  }
  if (request.sourceAddress !== '') text += `,"sourceIp":${JSON.stringify(request.sourceAddress)}`;
  if (context.runtime.size > 0) {
    text += `,"runtime":${JSON.stringify(Object.fromEntries(context.runtime))}`;
  }
  if (reads.length > 0) text += attributesText(access);
  return text;
}

/** What is written of one combination of conditions that were looked at. */
interface Plan {
  readonly reads: readonly (readonly string[])[];
  /** Paths, and their names in JSON. */
  readonly recorded: readonly (readonly [path: string, json: string])[];
  readonly secret: readonly string[];
}

// By the first condition that was looked at; the lists of paths live as long as their rules.
const plans = new WeakMap<readonly string[], Plan[]>();
const PLANS_MAX = 64;

function planOf(reads: readonly (readonly string[])[]): Plan {
  const [first = []] = reads;
  const known = plans.get(first) ?? [];
  const same = known.find((plan) => {
    return plan.reads.length === reads.length && plan.reads.every((it, at) => it === reads[at]);
  });
  if (same !== undefined) return same;
  // What the snapshot says of principal and operation is not repeated.
  const paths = [...new Set(reads.flat())].filter((path) => path.startsWith('request.')).sort();
  const recorded = paths.filter(isRecordable);
  const plan: Plan = {
    reads: [...reads],
    recorded: recorded.map((path) => [path, JSON.stringify(path)]),
    secret: paths.filter((path) => !isRecordable(path)),
  };
  plans.set(first, [plan, ...known.slice(0, PLANS_MAX - 1)]);
  return plan;
}

function attributesText(access: AccessRequest): string {
  const { recorded, secret } = planOf(access.reads);
  let text = '';
  let unrecorded = secret;
  if (recorded.length > 0) {
    let attributes = '';
    for (const [path, name] of recorded) {
      const value = attributeValue(path, access);
      if (value === NOT_THERE) continue;
      const json = jsonOf(value);
      if (json === undefined || json.length > RECORDED_TEXT_MAX) unrecorded = [...unrecorded, path];
      else attributes += `${attributes === '' ? '' : ','}${name}:${json}`;
    }
    if (attributes !== '') text = `,"attributes":{${attributes}}`;
  }
  if (unrecorded.length > 0) text += `,"unrecorded":${JSON.stringify(unrecorded)}`;
  const body = access.bodyIfRead;
  if (body instanceof BodyProblem) text += `,"body":"${body.detail}"`;
  return text;
}

function isRecordable(path: string): boolean {
  return !path.startsWith('request.query') && !SECRET_HEADERS.has(path);
}

const NOT_THERE = Symbol('not there');

function attributeValue(path: string, access: AccessRequest): CelValue | typeof NOT_THERE {
  const [, group = '', ...names] = path.split('.');
  const { request } = access;
  switch (group) {
    case 'method':
      return request.method;
    case 'path':
      return request.path;
    case 'host':
      return request.host;
    case 'headers':
      return request.headers().get(names.join('.')) ?? NOT_THERE;
    case 'captures': {
      const index = access.captureNames.indexOf(names.join('.'));
      return index === -1 ? NOT_THERE : (access.captures[index] ?? NOT_THERE);
    }
    case 'body':
      return bodyValue(names, access);
    default:
      return NOT_THERE;
  }
}

function bodyValue(names: readonly string[], access: AccessRequest): CelValue | typeof NOT_THERE {
  let value: unknown = access.body();
  if (value instanceof BodyProblem) return NOT_THERE;
  for (const name of names) {
    value = value instanceof Map ? value.get(name) : undefined;
    if (value === undefined) return NOT_THERE;
  }
  return value as CelValue; // Whatever a body holds is a value of CEL.
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
    case 'boolean':
      return JSON.stringify(value);
    default:
      if (value === null) return 'null';
      if (Array.isArray(value)) return `[${value.map((it) => jsonOf(it) ?? 'null').join(',')}]`;
      if (!(value instanceof Map)) return undefined;
      return `{${[...value]
        .map(([key, item]) => `${JSON.stringify(key)}:${jsonOf(item) ?? 'null'}`)
        .join(',')}}`;
  }
}
