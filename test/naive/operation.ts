// Which operation of a Service a request is, and on which resource (DESIGN section 6, "Path"):
// every operation is tried, and the most specific template wins. For connections: connection.ts.
// An operation for MCP matches nothing.

import type { OperationDocument, ServiceDocument } from '../../engine/bundle/service_kind.ts';
import { connectionOf } from './connection.ts';
import type { NaiveRequest } from './request.ts';
import { fill } from './text.ts';

export interface NaiveOperation {
  /** `namespace/service/name` */
  readonly id: string;
  readonly name: string;
  readonly namespace: string;
  readonly service: string;
  readonly document: OperationDocument;
  readonly exports: readonly string[];
  readonly verb: string;
  readonly dataClass: OperationDocument['dataClass'];
  /** Of the service, else as the enforcer asserts it; empty when nobody says. */
  readonly environment: string;
  readonly taskFree: boolean;
  readonly resourceType: string;
  readonly resourceId: string;
  /** Likewise. */
  readonly tenant: string;
  readonly captures: Readonly<Record<string, string>>;
}

type Captures = Record<string, string>;

/** `path` is canonical. Undefined: the request is no operation of the service. */
export function operationOf(
  service: ServiceDocument,
  { http, connection }: NaiveRequest,
  path: string | undefined,
): NaiveOperation | undefined {
  if (http !== undefined) return requestOperation(service, http.method, path!);
  const name = connectionOf(service, connection);
  return name === undefined ? undefined : naiveOperation(service, name, 'connect', {});
}

function requestOperation(
  service: ServiceDocument,
  method: string,
  path: string,
): NaiveOperation | undefined {
  const wanted = method === 'HEAD' ? 'GET' : method;
  const found = Object.entries(service.spec.operations)
    .filter(([, { l4, mcp }]) => l4 === undefined && mcp === undefined)
    .map(([name, operation]) => ({ name, operation, ...shapeOf(operation) }))
    .filter((it) => it.method === wanted)
    .map((it) => ({ ...it, captures: capture(it.template, path) }))
    .filter((it) => it.captures !== undefined)
    .sort((a, b) => (rank(a.template) < rank(b.template) ? -1 : 1))[0];
  if (found === undefined) return undefined;
  const { name, operation, captures } = found;
  return naiveOperation(service, name, impliedVerb(operation, wanted), captures!);
}

/** @param verb where the operation names none */
function naiveOperation(
  { metadata, spec }: ServiceDocument,
  name: string,
  verb: string,
  captures: Captures,
): NaiveOperation {
  const operation = spec.operations[name]!;
  const resource = operation.resource ?? `service/${metadata.name}`;
  const [resourceType] = resource.split('/');
  return {
    id: `${metadata.namespace}/${metadata.name}/${name}`,
    name,
    namespace: metadata.namespace,
    service: metadata.name,
    document: operation,
    exports: spec.exports ?? [],
    verb: operation.verb ?? verb,
    dataClass: operation.dataClass,
    environment: spec.environment ?? '',
    taskFree: operation.taskFree,
    resourceType: resourceType!,
    resourceId: fill(resource.slice(resourceType!.length + 1), captures),
    tenant: fill(operation.tenant ?? '', captures),
    captures,
  };
}

/** C-022: the verb where the operation names none. */
function impliedVerb(operation: OperationDocument, method: string): string {
  if (operation.grpc !== undefined) return 'invoke';
  return method === 'GET' || method === 'OPTIONS' ? 'read' : 'write';
}

function shapeOf({ http, grpc }: OperationDocument): { method: string; template: string } {
  if (grpc !== undefined) return { method: 'POST', template: grpc };
  const [method, template] = http!.split(/ +/);
  return { method: method!, template: http!.slice(http!.indexOf(template!)) };
}

/** What the template captures of the path, or undefined when it does not match. */
function capture(template: string, path: string): Captures | undefined {
  if (!path.startsWith('/')) return undefined;
  const parts = template.slice(1).split('/');
  const segments = path.slice(1).split('/');
  const captures: Captures = {};
  const rest = /^\{(\w+)=\*\*\}$/.exec(parts.at(-1)!)?.[1];
  if (rest !== undefined) {
    parts.pop();
    const left = segments.splice(parts.length).join('/');
    const text = /%2f/i.test(left) ? undefined : decoded(left);
    // A slash at the end names the same resource.
    const named = text?.replace(/\/$/, '');
    if (named === undefined || !named.split('/').every(isNamed)) return undefined;
    captures[rest] = named;
  }
  if (parts.length !== segments.length) return undefined;
  for (const [index, part] of parts.entries()) {
    const segment = decoded(segments[index]!);
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    if (segment === undefined) return undefined;
    if (name === undefined && segment !== part) return undefined;
    if (name !== undefined && (!isNamed(segment) || segment.includes('/'))) return undefined;
    if (name !== undefined) captures[name] = segment;
  }
  return captures;
}

function isNamed(segment: string): boolean {
  return !['', '.', '..'].includes(segment);
}

/** Once; undefined when that is not possible. */
function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/**
 * Sorts the more specific template first: literal, capture, rest, decided at the first difference.
 */
function rank(template: string): string {
  return template
    .slice(1)
    .split('/')
    .map((part) => (part.endsWith('=**}') ? 'c' : /^\{.*\}$/.test(part) ? 'b' : 'a'))
    .join('');
}
