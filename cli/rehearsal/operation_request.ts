// From an operation to a request that is one: `namespace/service/operation` and `type/id` filled
// backwards into the captures of its path, and what it requires filled in where nobody said it.

import { type Bundle, documentId } from '../../engine/bundle/bundle.ts';
import type { OperationDocument, ServiceDocument } from '../../engine/bundle/service_kind.ts';
import type { TestRequest } from '../../engine/bundle/test_kind.ts';
import { nearest } from '../../engine/diagnostic.ts';
import { parseShape, ShapeError } from '../../engine/policy/operation_shape.ts';

export interface NamedOperation {
  /** `namespace/service/operation` */
  readonly id: string;
  readonly service: ServiceDocument;
  readonly name: string;
  readonly operation: OperationDocument;
}

export function* operationsOf({ services }: Bundle): Generator<NamedOperation> {
  for (const { document } of services) {
    for (const [name, operation] of Object.entries(document.spec.operations)) {
      yield { id: `${documentId(document)}/${name}`, service: document, name, operation };
    }
  }
}

/** @returns a text where there is none, or more than one: what to say of it */
export function findOperation(bundle: Bundle, reference: string): NamedOperation | string {
  const all = [...operationsOf(bundle)];
  const exact = all.find(({ id }) => id === reference);
  if (exact !== undefined) return exact;
  const found = all.filter(({ id }) => id.endsWith(`/${reference}`) && reference.includes('/'));
  if (found.length === 1) return found[0]!;
  if (found.length > 1) {
    const ids = found.map(({ id }) => `\`${id}\``).join(' or ');
    return `\`${reference}\` is more than one operation; expected ${ids}`;
  }
  const near = nearest(
    reference,
    all.flatMap(({ id }) => [id, id.slice(id.indexOf('/') + 1)]),
  );
  const hint = near === undefined ? '' : `; did you mean \`${near}\`?`;
  return `the bundle has no operation \`${reference}\`${hint}`;
}

/** Stands where an operation captures something that neither resource nor caller says. */
export const ANYTHING = 'any';

export type Captures = ReadonlyMap<string, string>;

/** `type/id` of the resource of an operation, as its Service writes it. */
export function resourceTemplateOf({ operation, service }: NamedOperation): string {
  return operation.resource ?? `service/${service.metadata.name}`;
}

/** The captures with which the operation's resource is this one; a text says why there are none. */
export function capturesOf(named: NamedOperation, resource: string): Captures | string {
  const template = resourceTemplateOf(named);
  const names: string[] = [];
  const source = template
    .split(/(\{[^{}]*\})/)
    .map((part) => {
      if (!part.startsWith('{')) return part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
      names.push(part.slice(1, -1).replace(/^path\./, ''));
      return '(.+?)';
    })
    .join('');
  const match = new RegExp(`^${source}$`, 's').exec(resource);
  if (match === null) {
    return `\`${resource}\` is no resource of \`${named.id}\`; expected \`${template}\``;
  }
  return new Map(names.map((name, index) => [name, match[index + 1]!]));
}

/** Captures of the operation's tenant. */
export function tenantCaptures({ operation }: NamedOperation, tenant: string): Captures {
  const [, name] = /^\{path\.([^{}]+)\}$/.exec(operation.tenant ?? '') ?? [];
  return new Map(name === undefined || tenant === '' ? [] : [[name, tenant]]);
}

/** Undefined for an operation that no request of this version can be. */
export function requestOf(
  named: NamedOperation,
  captures: Captures,
): { readonly request: TestRequest; readonly unfilled: readonly string[] } | undefined {
  const service = documentService(named);
  const shape = parseShape(named.name, named.operation);
  if (shape instanceof ShapeError || shape.kind === 'mcp') return undefined;
  if (shape.kind === 'l4') {
    const { sni, port } = named.operation.l4 ?? {};
    const name = sni?.replace(/^\*/, ANYTHING);
    return { request: { service, connection: { sni: name, port } }, unfilled: [] };
  }
  if (shape.kind === 'grpc') return { request: { service, grpc: shape.path }, unfilled: [] };
  const unfilled: string[] = [];
  const segments = shape.segments.map((segment) => {
    if (segment.kind === 'literal') return encodeURIComponent(segment.text);
    const value = captures.get(segment.name);
    if (value === undefined) unfilled.push(segment.name);
    const text = value ?? ANYTHING;
    const parts = segment.kind === 'rest' ? text.split('/') : [text];
    return parts.map(encodeURIComponent).join('/');
  });
  const path = `/${segments.join('/')}`;
  return { request: { service, method: shape.method, path }, unfilled };
}

function documentService({ service }: NamedOperation): string {
  return documentId(service);
}

/** A value of the type that an operation declares of its body. */
function sample(type: unknown): unknown {
  if (Array.isArray(type)) return [sample(type[0])];
  if (typeof type === 'object' && type !== null) {
    const entries = Object.entries(type).map(([name, inner]) => {
      return [name.replace(/\?$/, ''), sample(inner)];
    });
    return Object.fromEntries(entries);
  }
  switch (String(type).replace(/\?$/, '')) {
    case 'int':
      return 1;
    case 'double':
      return 1.5;
    case 'bool':
      return true;
    case 'map':
      return {};
    default:
      return ANYTHING;
  }
}

/**
 * The request with all that its operation requires: what is not there gets a value that means
 * nothing, and is named in `filled`.
 */
export function withRequired(
  request: TestRequest,
  { operation }: NamedOperation,
): { readonly request: TestRequest; readonly filled: readonly string[] } {
  let result = request;
  const filled: string[] = [];
  for (const path of operation.requires ?? []) {
    const next = supplied(result, path, operation);
    if (next === undefined) continue;
    result = next;
    filled.push(path);
  }
  return { request: result, filled };
}

function supplied(
  request: TestRequest,
  path: string,
  operation: OperationDocument,
): TestRequest | undefined {
  const [root, group, ...rest] = path.split('.');
  const name = rest.join('.');
  const { headers = {}, runtime = {} } = request;
  switch (`${root}.${group}`) {
    case 'request.headers':
      return headers[name] ? undefined : { ...request, headers: { ...headers, [name]: ANYTHING } };
    case 'request.query': {
      const target = request.path ?? '/';
      const query = new URLSearchParams(target.split('?')[1] ?? '');
      if (query.get(name)) return undefined;
      query.set(name, ANYTHING);
      return { ...request, path: `${target.split('?')[0]}?${query}` };
    }
    case 'request.body':
      return suppliedBody(request, rest, operation);
    case 'context.runtime':
      return runtime[name] ? undefined : { ...request, runtime: { ...runtime, [name]: ANYTHING } };
    case 'context.sourceIp':
      return request.sourceIp ? undefined : { ...request, sourceIp: '192.0.2.1' };
    default:
      return undefined;
  }
}

function suppliedBody(
  request: TestRequest,
  names: readonly string[],
  operation: OperationDocument,
): TestRequest | undefined {
  const body = request.body ?? sample(operation.body ?? {});
  if (typeof body !== 'object' || body === null) return undefined;
  const copy: Record<string, unknown> = { ...body };
  let at = copy;
  let changed = request.body === undefined;
  for (const [index, name] of names.entries()) {
    const inner = at[name];
    const last = index === names.length - 1;
    if (last && inner !== undefined && inner !== null) break;
    changed = true;
    const next = last ? ANYTHING : { ...(typeof inner === 'object' ? inner : {}) };
    at[name] = next;
    if (typeof next === 'object') at = next as Record<string, unknown>; // Just made.
  }
  return changed ? { ...request, body: copy } : undefined;
}
