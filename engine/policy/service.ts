// Services: what is protected (DESIGN section 6). Compiling turns each Service into two tables, of
// requests and of connections, whose targets know how to name the resource and the tenant.

import type { AccessRequest, Action, Operation, Principal, Resource } from '../access_request.ts';
import type { Located } from '../bundle/bundle.ts';
import { documentId } from '../bundle/bundle.ts';
import type { OperationDocument, ServiceDocument } from '../bundle/kinds.ts';
import type { Path } from '../bundle/yaml_document.ts';
import type { Diagnostics, Position } from '../diagnostic.ts';
import { ConnectionTable } from './connection_table.ts';
import { parseShape, type Shape, ShapeError } from './operation_shape.ts';
import { captureNames } from './path_template.ts';
import { parseResourceTemplate, parseTextTemplate, type TextTemplate } from './resource_pattern.ts';
import { type RouteMatch, RouteTable } from './route_table.ts';
import { RuleIndex } from './rule_index.ts';

/** What a route leads to: the operation, how to fill its texts in, and the rules that reach it. */
export interface Route {
  readonly operation: Operation;
  readonly resourceId: TextTemplate;
  readonly tenant: TextTemplate;
  readonly rules: RuleIndex;
}

export interface Service {
  readonly id: string;
  readonly name: string;
  readonly namespace: string;
  readonly environment: string;
  readonly destinations: readonly string[];
  readonly hosts: readonly string[];
  /** The service reads `Authorization` itself; what stands there is not evidence for us. */
  readonly passesAuthorization: boolean;
  /** What requests may be; a connection is none of them, and a request none of `connections`. */
  readonly routes: RouteTable<Route>;
  readonly connections: ConnectionTable<Route>;
  readonly operations: readonly Route[];
  readonly at: (path: Path) => Position;
}

/** The tables that the operations of one service go into. */
type Tables = Pick<Service, 'routes' | 'connections'>;

const NO_CAPTURES: readonly string[] = Object.freeze([]);

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
  return {
    id: documentId(document),
    name: metadata.name,
    namespace: metadata.namespace,
    environment: spec.environment ?? '',
    destinations: spec.destinations ?? [],
    hosts: (spec.hosts ?? []).map((host) => host.toLowerCase()),
    passesAuthorization: spec.authorization === 'passThrough',
    routes,
    connections,
    operations,
    at,
  };
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
    if (operation.taskFree && !['public', 'internal'].includes(operation.dataClass)) {
      return this.#error(['taskFree'], 'a taskFree operation carries no class above internal');
    }
    const captures = shape.kind === 'l4' ? [] : captureNames(shape.segments);
    const { name, namespace } = this.#document.metadata;
    const resource = parseResourceTemplate(operation.resource ?? `service/${name}`, captures);
    if (typeof resource === 'string') return this.#error(['resource'], resource);
    const tenant = parseTextTemplate(operation.tenant ?? '', captures);
    if (typeof tenant === 'string') return this.#error(['tenant'], tenant);
    const route: Route = {
      operation: {
        id: `${namespace}/${name}/${this.#name}`,
        name: this.#name,
        service: `${namespace}/${name}`,
        namespace,
        verb: shape.verb,
        dataClass: operation.dataClass,
        environment: this.#document.spec.environment ?? '',
        resourceType: resource.type,
        taskFree: operation.taskFree,
      },
      resourceId: resource.id,
      tenant,
      rules: new RuleIndex(),
    };
    return this.#add(shape, route, tables) ? route : undefined;
  }

  #add(shape: Shape, route: Route, { routes, connections }: Tables): boolean {
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

  #error(field: readonly string[], message: string, expected?: string): undefined {
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

/** Fills the route's texts in: from here on only the AccessRequest counts. */
export function accessRequest(
  route: Route,
  captures: readonly string[],
  principal: Principal,
  now: number,
): AccessRequest {
  const resource: Resource = {
    type: route.operation.resourceType,
    id: route.resourceId(captures),
    tenant: route.tenant(captures),
  };
  return { principal, operation: route.operation, resource, now };
}
