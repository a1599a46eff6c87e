// What an operation looks like to an enforcer (DESIGN section 6): exactly one of `http`, `grpc` and
// `l4`, and the verb that follows from it where none is named.

import type { Verb } from '../access_request.ts';
import type { OperationDocument } from '../bundle/service_kind.ts';
import { parseSniPattern, type SniPattern } from './connection_table.ts';
import { parsePathTemplate, TemplateError, type TemplateSegment } from './path_template.ts';

export type Shape = RequestShape | ConnectionShape | McpShape;

export interface RequestShape {
  readonly kind: 'http' | 'grpc';
  readonly method: string;
  readonly path: string;
  readonly segments: readonly TemplateSegment[];
  readonly verb: Verb;
}

export interface ConnectionShape {
  readonly kind: 'l4';
  readonly sni: SniPattern | undefined;
  readonly port: number | undefined;
  readonly verb: 'connect';
}

export interface McpShape {
  readonly kind: 'mcp';
  /** `tools/call` */
  readonly method: string;
  /** What it names; undefined for a method that names nothing. */
  readonly target: string | undefined;
  readonly verb: Verb;
}

/** What is wrong with a shape, for its author. */
export class ShapeError {
  /** Where below the operation. */
  readonly path: readonly string[];
  readonly message: string;
  readonly expected: string | undefined;

  constructor(path: readonly string[], message: string, expected?: string) {
    this.path = path;
    this.message = message;
    this.expected = expected;
  }
}

/** C-022: the verb of an HTTP method where the operation names none. */
export const METHOD_VERBS: ReadonlyMap<string, Verb> = new Map([
  ['GET', 'read'],
  ['OPTIONS', 'read'],
  ['POST', 'write'],
  ['PUT', 'write'],
  ['PATCH', 'write'],
  ['DELETE', 'write'],
]);
const GRPC_PATH = /^\/[A-Za-z_][\w.]*\/[A-Za-z_]\w*$/;

export function parseShape(name: string, operation: OperationDocument): Shape | ShapeError {
  const { http, grpc, l4, mcp } = operation;
  if ([http, grpc, l4, mcp].filter((it) => it !== undefined).length !== 1) {
    return new ShapeError([], `operation \`${name}\``, 'exactly one of http, grpc, l4 and mcp');
  }
  if (l4 !== undefined) return connectionShape(l4, operation.verb);
  if (operation.verb === 'connect') {
    return new ShapeError(['verb'], '`connect` is said of connections, not of requests', 'l4');
  }
  if (mcp !== undefined) return mcpShape(mcp, operation.verb);
  return grpc === undefined ? httpShape(http ?? '', operation.verb) : grpcShape(grpc, operation);
}

function grpcShape(grpc: string, { verb }: OperationDocument): Shape | ShapeError {
  if (!GRPC_PATH.test(grpc)) {
    return new ShapeError(['grpc'], `\`${grpc}\` is no gRPC method`, '/package.Service/Method');
  }
  return requestShape('grpc', 'POST', grpc, verb ?? 'invoke');
}

function httpShape(http: string, verb: Verb | undefined): Shape | ShapeError {
  const [, method, path] = /^([A-Z]+) +(\/.*)$/.exec(http) ?? [];
  if (method === undefined || path === undefined) {
    const message = `\`${http}\` is no method and path`;
    return new ShapeError(['http'], message, '`GET /v1/items/{item}`');
  }
  if (method === 'HEAD') {
    return new ShapeError(['http'], 'HEAD is read as GET', 'an operation for GET');
  }
  return requestShape('http', method, path, verb ?? METHOD_VERBS.get(method));
}

function requestShape(
  kind: RequestShape['kind'],
  method: string,
  path: string,
  verb: Verb | undefined,
): Shape | ShapeError {
  const segments = parsePathTemplate(path);
  if (segments instanceof TemplateError) {
    return new ShapeError([kind], segments.message, segments.expected);
  }
  if (verb === undefined) {
    return new ShapeError([kind], `method \`${method}\` implies no verb`, 'verb');
  }
  return { kind, method, path, segments, verb };
}

/** Methods of the Model Context Protocol that name what they are about. */
const MCP_NAMING = ['tools/call', 'prompts/get', 'resources/read', 'resources/subscribe'];

function mcpShape(mcp: string, verb: Verb | undefined): Shape | ShapeError {
  const [, method = '', target] = /^([a-z]+(?:\/[a-zA-Z_]+)*)(?: +(\S+))?$/.exec(mcp) ?? [];
  const names = MCP_NAMING.includes(method);
  if (method === '' || names !== (target !== undefined)) {
    const expected = '`tools/call NAME`, or a method that names nothing, such as `tools/list`';
    return new ShapeError(['mcp'], `\`${mcp}\` is no MCP request`, expected);
  }
  return {
    kind: 'mcp',
    method,
    target,
    verb: verb ?? (method === 'tools/call' ? 'invoke' : 'read'),
  };
}

/** C-088: of a protocol without operations nothing can be permitted but to connect. */
function connectionShape(
  { sni, port }: NonNullable<OperationDocument['l4']>,
  verb: Verb | undefined,
): Shape | ShapeError {
  if (verb !== undefined && verb !== 'connect') {
    const message = `nobody looks into a connection, so it is never a \`${verb}\``;
    return new ShapeError(['verb'], message, 'connect, or no verb');
  }
  const pattern = sni === undefined ? undefined : parseSniPattern(sni);
  if (sni !== undefined && pattern === undefined) {
    const expected = 'a name in ASCII such as db.example, or *.example';
    return new ShapeError(['l4', 'sni'], `\`${sni}\` is no server name`, expected);
  }
  return { kind: 'l4', sni: pattern, port, verb: 'connect' };
}
