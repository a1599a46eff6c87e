// Services: what is protected (DESIGN section 6). Compiling turns each Service into a route table
// whose targets know how to name the resource and the tenant of a request.

import type { AccessRequest, Operation, Principal, Resource, Verb } from '../access_request.ts';
import type { Located } from '../bundle/bundle.ts';
import { documentId } from '../bundle/bundle.ts';
import type { OperationDocument, ServiceDocument } from '../bundle/kinds.ts';
import type { Path } from '../bundle/yaml_document.ts';
import type { Diagnostics, Position } from '../diagnostic.ts';
import { captureNames, parsePathTemplate, TemplateError } from './path_template.ts';
import { parseResourceTemplate, parseTextTemplate, type TextTemplate } from './resource_pattern.ts';
import { RouteTable } from './route_table.ts';
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
  readonly routes: RouteTable<Route>;
  readonly operations: readonly Route[];
  readonly at: (path: Path) => Position;
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

export function compileService(
  { document, at }: Located<ServiceDocument>,
  diagnostics: Diagnostics,
): Service {
  const { spec, metadata } = document;
  const routes = new RouteTable<Route>();
  const operations: Route[] = [];
  for (const [name, operation] of Object.entries(spec.operations)) {
    const context = new OperationContext(document, name, operation, at, diagnostics);
    const route = context.compile(routes);
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

  compile(routes: RouteTable<Route>): Route | undefined {
    const operation = this.#operation;
    const shape = this.#shape();
    if (shape === undefined) return undefined;
    const { method, path, field } = shape;
    const segments = parsePathTemplate(path);
    if (segments instanceof TemplateError) {
      return this.#error(field, segments.message, segments.expected);
    }
    const verb = operation.verb ?? (field === 'grpc' ? 'invoke' : METHOD_VERBS.get(method));
    if (verb === undefined)
      return this.#error(field, `method \`${method}\` implies no verb`, 'verb');
    if (operation.taskFree && !['public', 'internal'].includes(operation.dataClass)) {
      return this.#error('taskFree', 'a taskFree operation carries no class above internal');
    }
    const captures = captureNames(segments);
    const { name, namespace } = this.#document.metadata;
    const resource = parseResourceTemplate(operation.resource ?? `service/${name}`, captures);
    if (typeof resource === 'string') return this.#error('resource', resource);
    const tenant = parseTextTemplate(operation.tenant ?? '', captures);
    if (typeof tenant === 'string') return this.#error('tenant', tenant);
    const route: Route = {
      operation: {
        id: `${namespace}/${name}/${this.#name}`,
        name: this.#name,
        service: `${namespace}/${name}`,
        namespace,
        verb,
        dataClass: operation.dataClass,
        environment: this.#document.spec.environment ?? '',
        resourceType: resource.type,
        taskFree: operation.taskFree,
      },
      resourceId: resource.id,
      tenant,
      rules: new RuleIndex(),
    };
    if (routes.add(method, segments, route)) return route;
    return this.#error(field, `another operation matches \`${method} ${path}\` just as well`);
  }

  #shape(): { method: string; path: string; field: 'http' | 'grpc' } | undefined {
    const { http, grpc } = this.#operation;
    if ((http === undefined) === (grpc === undefined)) {
      return this.#error(undefined, `operation \`${this.#name}\``, 'exactly one of http and grpc');
    }
    if (grpc !== undefined) {
      if (GRPC_PATH.test(grpc)) return { method: 'POST', path: grpc, field: 'grpc' };
      return this.#error('grpc', `\`${grpc}\` is no gRPC method`, '/package.Service/Method');
    }
    const match = /^([A-Z]+) +(\/.*)$/.exec(http ?? '');
    if (match === null) {
      return this.#error('http', `\`${http}\` is no method and path`, '`GET /v1/items/{item}`');
    }
    if (match[1] === 'HEAD') {
      return this.#error('http', 'HEAD is read as GET', 'an operation for GET');
    }
    return { method: match[1]!, path: match[2]!, field: 'http' };
  }

  #error(field: string | undefined, message: string, expected?: string): undefined {
    const path = ['spec', 'operations', this.#name];
    this.#diagnostics.error(
      this.#at(field === undefined ? path : [...path, field]),
      message,
      expected,
    );
    return undefined;
  }
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
