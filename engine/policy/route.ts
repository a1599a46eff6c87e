// What a route leads to: the operation, how to fill its texts in, what it demands of a request, and
// the rules that reach it.

import type { Operation, Resource } from '../access_request.ts';
import type { BodyShape } from '../body/body_shape.ts';
import type { TextTemplate } from './resource_pattern.ts';
import { RouteRules } from './route_rules.ts';
import type { RuleStore } from './rule_store.ts';

interface RouteParts {
  readonly name: string;
  readonly operation: Operation;
  readonly resourceId: TextTemplate;
  readonly tenant: TextTemplate;
  readonly declaresTenant: boolean;
  readonly captureNames: readonly string[];
  readonly requires: readonly string[];
  readonly body: BodyShape | undefined;
}

/** Environments that enforcers assert, remembered by one route. */
const ENVIRONMENTS_MAX = 16;

export class Route {
  readonly name: string;
  readonly operation: Operation;
  readonly declaresTenant: boolean;
  readonly captureNames: readonly string[];
  readonly requires: readonly string[];
  readonly body: BodyShape | undefined;
  readonly #parts: RouteParts;
  #rules: RouteRules | undefined;
  #inEnvironment: Map<string, Route> | undefined;

  constructor(parts: RouteParts) {
    this.name = parts.name;
    this.operation = parts.operation;
    this.declaresTenant = parts.declaresTenant;
    this.captureNames = parts.captureNames;
    this.requires = parts.requires;
    this.body = parts.body;
    this.#parts = parts;
  }

  rules(store: RuleStore): RouteRules {
    this.#rules ??= new RouteRules(store, this.operation);
    return this.#rules;
  }

  /** The resource that the captures name. */
  resource(captures: readonly string[], assertedTenant: string): Resource {
    const { operation, resourceId, tenant } = this.#parts;
    return {
      type: operation.resourceType,
      id: resourceId(captures),
      tenant: this.declaresTenant ? tenant(captures) : assertedTenant,
    };
  }

  /** The same operation where its enforcer says in which environment it is. */
  in(environment: string): Route {
    this.#inEnvironment ??= new Map();
    const known = this.#inEnvironment.get(environment);
    if (known !== undefined) return known;
    const operation = { ...this.operation, environment };
    const route = new Route({ ...this.#parts, operation });
    if (this.#inEnvironment.size === ENVIRONMENTS_MAX) this.#inEnvironment.clear();
    this.#inEnvironment.set(environment, route);
    return route;
  }
}
