// Services: what is protected (DESIGN section 6). Compiling turns each Service into two tables, of
// requests and of connections, whose targets know how to name the resource and the tenant.

import type { Action, Operation } from '../access_request.ts';
import { type BodyShape, compileBodyShape } from '../body/body_shape.ts';
import type { Located } from '../bundle/bundle.ts';
import { documentId } from '../bundle/bundle.ts';
import {
  type CredentialKind,
  type OperationDocument,
  REQUIRABLE_ATTRIBUTES,
  type ServiceDocument,
} from '../bundle/service_kind.ts';
import type { Path } from '../bundle/yaml_document.ts';
import type { Diagnostics, Position } from '../diagnostic.ts';
import { isHeaderInUpperCase } from '../header_name.ts';
import { ConnectionTable } from './connection_table.ts';
import { parseShape, type Shape, ShapeError } from './operation_shape.ts';
import { captureNames } from './path_template.ts';
import { parseResourceTemplate, parseTextTemplate } from './resource_pattern.ts';
import { Route } from './route.ts';
import { type RouteMatch, RouteTable } from './route_table.ts';

export interface Service {
  readonly id: string;
  readonly name: string;
  readonly namespace: string;
  readonly environment: string;
  readonly destinations: readonly string[];
  readonly hosts: readonly string[];
  /** Namespaces whose policies may speak of it; `*` is every one. */
  readonly exports: readonly string[];
  /** The service reads `Authorization` itself; what stands there is not evidence for us. */
  readonly passesAuthorization: boolean;
  /** Kinds of credential that it takes; undefined: any. */
  readonly accepts: ReadonlySet<CredentialKind> | undefined;
  /** Scheme and authority by which callers reach it; empty when it names none. */
  readonly origin: string;
  /** Whom tokens have to be meant for, instead of what their Issuer says. */
  readonly audiences: ReadonlySet<string> | undefined;
  /** Where its OAuth protected resource metadata stands (RFC 9728); empty when nowhere. */
  readonly resourceMetadata: string;
  /** Milliseconds since the epoch: the end of its review, if that matters. */
  readonly reviewBy: string | undefined;
  /** What requests may be; a connection is none of them, and a request none of `connections`. */
  readonly routes: RouteTable<Route>;
  readonly connections: ConnectionTable<Route>;
  readonly operations: readonly Route[];
  readonly at: (path: Path) => Position;
}

/** The tables that the operations of one service go into. */
type Tables = Pick<Service, 'routes' | 'connections'>;

const NO_CAPTURES: readonly string[] = Object.freeze([]);
const TASK_FREE_TIER_MAX = 1;

export function compileService(
  { document, at }: Located<ServiceDocument>,
  diagnostics: Diagnostics,
): Service {
  const { spec, metadata } = document;
  const routes = new RouteTable<Route>();
  const connections = new ConnectionTable<Route>();
  const operations: Route[] = [];
  for (const [name, operation] of Object.entries(spec.operations)) {
    const context = new OperationContext(document, name, operation, at, diagnostics);
    const route = context.compile({ routes, connections });
    if (route !== undefined) operations.push(route);
  }
  if (spec.mcp !== undefined && !/^\/[^?#*{}]*$/.test(spec.mcp.path)) {
    diagnostics.error(at(['spec', 'mcp', 'path']), 'is no path', 'such as /mcp');
  }
  return {
    id: documentId(document),
    name: metadata.name,
    namespace: metadata.namespace,
    environment: spec.environment ?? '',
    destinations: spec.destinations ?? [],
    accepts: spec.accepts && new Set(spec.accepts),
    origin: checkedOrigin(spec.origin, at, diagnostics),
    audiences: spec.audiences && new Set(spec.audiences),
    resourceMetadata: checkedMetadataUrl(spec.resourceMetadata, at, diagnostics),
    hosts: (spec.hosts ?? []).map((host) => host.toLowerCase()),
    exports: spec.exports ?? [],
    passesAuthorization: spec.authorization === 'passThrough',
    reviewBy: metadata.reviewBy,
    routes,
    connections,
    operations,
    at,
  };
}

/** Empty where it names none. */
function checkedOrigin(
  text: string | undefined,
  at: (path: Path) => Position,
  diagnostics: Diagnostics,
): string {
  if (text === undefined) return '';
  const isOrigin = /^https?:\/\/(?:[a-z0-9._~-]+|\[[0-9a-f:.]+\])(?::[1-9][0-9]{0,4})?$/.test(text);
  if (isOrigin && URL.canParse(text) && new URL(text).origin === text) return text;
  const expected = 'scheme, host and port in lower case, such as https://payments.example';
  diagnostics.error(at(['spec', 'origin']), `\`${text}\` is no origin`, expected);
  return '';
}

/** It stands in a quoted string of a header; RFC 9728 section 1.2: `https`, without a fragment. */
function checkedMetadataUrl(
  text: string | undefined,
  at: (path: Path) => Position,
  diagnostics: Diagnostics,
): string {
  if (text === undefined) return '';
  const url = URL.parse(text);
  const plain = /^https:\/\/[!$-;=?-Z_a-z~]+$/.test(text);
  if (plain && url?.href === text && url.username === '' && url.password === '') return text;
  const expected = 'such as https://pay.example/.well-known/oauth-protected-resource';
  diagnostics.error(at(['spec', 'resourceMetadata']), `\`${text}\` is no https URL`, expected);
  return '';
}

class OperationContext {
  readonly #document: ServiceDocument;
  readonly #name: string;
  readonly #operation: OperationDocument;
  readonly #at: (path: Path) => Position;
  readonly #diagnostics: Diagnostics;

  constructor(
    document: ServiceDocument,
    name: string,
    operation: OperationDocument,
    at: (path: Path) => Position,
    diagnostics: Diagnostics,
  ) {
    this.#document = document;
    this.#name = name;
    this.#operation = operation;
    this.#at = at;
    this.#diagnostics = diagnostics;
  }

  compile(tables: Tables): Route | undefined {
    const operation = this.#operation;
    const shape = parseShape(this.#name, operation);
    if (shape instanceof ShapeError) return this.#error(shape.path, shape.message, shape.expected);
    if (shape.kind === 'mcp' && this.#document.spec.mcp === undefined) {
      return this.#error(
        ['mcp'],
        'the Service says nothing of MCP',
        '`mcp: {path: …}` in its spec',
      );
    }
    if (!this.#taskFreeIsHarmless()) return undefined;
    this.#checkRequires(operation.requires ?? []);
    this.#checkScopes(operation.scopes ?? []);
    const captures = 'segments' in shape ? captureNames(shape.segments) : [];
    const { name } = this.#document.metadata;
    const mcp = shape.kind === 'mcp';
    const resource = parseResourceTemplate(operation.resource ?? `service/${name}`, captures, mcp);
    if (typeof resource === 'string') return this.#error(['resource'], resource);
    const tenant = parseTextTemplate(operation.tenant ?? '', captures, mcp);
    if (typeof tenant === 'string') return this.#error(['tenant'], tenant);
    const route = new Route({
      name: this.#name,
      operation: this.#compiled(shape.verb, resource.type),
      resourceId: resource.id,
      tenant,
      declaresTenant: operation.tenant !== undefined,
      captureNames: captures,
      requires: operation.requires ?? [],
      body: this.#body(shape),
    });
    return this.#add(shape, route, tables) ? route : undefined;
  }

  #compiled(verb: Operation['verb'], resourceType: string): Operation {
    const { name, namespace } = this.#document.metadata;
    const { dataClass, tier, taskFree, requestable, scopes = [] } = this.#operation;
    return {
      id: `${namespace}/${name}/${this.#name}`,
      name: this.#name,
      service: `${namespace}/${name}`,
      namespace,
      verb,
      dataClass,
      environment: this.#document.spec.environment ?? '',
      resourceType,
      tier,
      taskFree,
      requestable,
      scopes,
    };
  }

  /** DESIGN section 7: what needs no task carries no label, no tier above 1, no higher class. */
  #taskFreeIsHarmless(): boolean {
    const { taskFree, dataClass, tier = 0, source } = this.#operation;
    if (!taskFree) return true;
    let fault: string | undefined;
    if (!['public', 'internal'].includes(dataClass)) fault = 'class above internal';
    else if (tier > TASK_FREE_TIER_MAX) fault = 'tier above 1';
    else if (source) fault = 'label: it is no `source`';
    if (fault !== undefined) this.#error(['taskFree'], `a taskFree operation carries no ${fault}`);
    return fault === undefined;
  }

  #checkRequires(paths: readonly string[]): void {
    for (const [index, path] of paths.entries()) {
      const known = REQUIRABLE_ATTRIBUTES.some((pattern) => {
        return pattern.endsWith('*')
          ? path.startsWith(pattern.slice(0, -1)) && path.length >= pattern.length
          : path === pattern;
      });
      if (known && isHeaderInUpperCase(path)) {
        const message = `\`${path}\` is never there: names of headers are in lower case`;
        this.#error(['requires', index], message, path.toLowerCase());
      }
      if (known) continue;
      const expected = `one of ${REQUIRABLE_ATTRIBUTES.join(', ')}`;
      this.#error(['requires', index], `\`${path}\` is no attribute to require`, expected);
    }
  }

  /** RFC 6749 section 3.3; any other is in no token, and could not stand in a challenge. */
  #checkScopes(scopes: readonly string[]): void {
    for (const [index, scope] of scopes.entries()) {
      if (/^[!#-[\]-~]+$/.test(scope)) continue;
      this.#error(['scopes', index], `\`${scope}\` is no scope of OAuth`, 'such as payments.read');
    }
  }

  #body(shape: Shape): BodyShape | undefined {
    const { body } = this.#operation;
    if (body === undefined) return undefined;
    if (shape.kind === 'l4') return this.#error(['body'], 'nobody looks into a connection');
    const compiled = compileBodyShape(body);
    if ('conform' in compiled) return compiled;
    return this.#error(['body', ...compiled.path], compiled.message, compiled.expected);
  }

  #add(shape: Shape, route: Route, { routes, connections }: Tables): boolean {
    // Nothing asks about MCP in this version: such an operation is there to be named.
    if (shape.kind === 'mcp') return true;
    if (shape.kind === 'l4') {
      if (connections.add(shape.sni, shape.port, route)) return true;
      this.#error(['l4'], 'another operation matches the same connections just as well');
      return false;
    }
    const { kind, method, path, segments } = shape;
    if (routes.add(method, segments, route)) return true;
    this.#error([kind], `another operation matches \`${method} ${path}\` just as well`);
    return false;
  }

  #error(field: Path, message: string, expected?: string): undefined {
    const path = ['spec', 'operations', this.#name, ...field];
    this.#diagnostics.error(this.#at(path), message, expected);
    return undefined;
  }
}

/** The one operation that is asked for, or undefined: then nothing can permit it. */
export function findOperation(service: Service, action: Action): RouteMatch<Route> | undefined {
  if (action.kind === 'request') return service.routes.find(action.method, action.path);
  const target = service.connections.find(action.sni, action.port);
  return target === undefined ? undefined : { target, captures: NO_CAPTURES };
}
