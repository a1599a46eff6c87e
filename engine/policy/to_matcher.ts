// What a block of a rule, or an entry of a role, speaks of. All but the resource's id is decided by
// the operation alone.

import {
  ADMIN_RESOURCE_TYPE,
  type Operation,
  type Resource,
  STRONG_VERBS,
} from '../access_request.ts';
import { type Dimensions, ENVIRONMENT, RESOURCE, SERVICE, VERB } from './dimension.ts';
import { parseResourcePattern, type ResourcePattern } from './resource_pattern.ts';
import type { OperationRecord, ToRecord } from './rule_record.ts';
import { isTextPattern, parseTextPattern, type TextMatcher } from './text_pattern.ts';

interface OperationMatcher {
  /** Undefined is any service of the rule's namespace. */
  readonly service: string | undefined;
  readonly name: TextMatcher;
  readonly exact: boolean;
}

export class ToMatcher {
  readonly #record: ToRecord;
  readonly #namespace: string | undefined;
  readonly #operations: readonly OperationMatcher[] | undefined;
  readonly #resources: readonly ResourcePattern[] | undefined;
  readonly #environments: readonly TextMatcher[] | undefined;

  /**
   * @param namespace of the rule or the role, whose services are meant where none are named;
   *   undefined in a negated block, which excludes from whatever the rule reaches
   */
  constructor(record: ToRecord, namespace: string | undefined) {
    this.#record = record;
    this.#namespace = namespace;
    this.#operations = record.operations?.map(operationMatcher);
    this.#environments = record.environments?.map((it) => parseTextPattern(it) ?? (() => false));
    this.#resources = record.resources?.flatMap((text) => {
      const pattern = parseResourcePattern(text);
      return typeof pattern === 'string' ? [] : [pattern];
    });
  }

  get namesResources(): boolean {
    return this.#resources !== undefined;
  }

  get namesVerbs(): boolean {
    return this.#record.verbs !== undefined;
  }

  /** In which dimensions the operation is none of those meant, whatever its resource is. */
  failures(operation: Operation): Dimensions {
    const { verbs, dataClasses, tiers } = this.#record;
    let failed = this.#reachesService(operation) ? 0 : SERVICE;
    if (verbs !== undefined && !verbs.includes(operation.verb)) failed |= VERB;
    if (this.#operations?.some((it) => this.#isMeant(it, operation)) === false) failed |= VERB;
    if (this.#environments?.some((it) => it(operation.environment)) === false)
      failed |= ENVIRONMENT;
    if (dataClasses !== undefined && !dataClasses.includes(operation.dataClass)) failed |= RESOURCE;
    if (tiers !== undefined && !tiers.includes(operation.tier ?? -1)) failed |= RESOURCE;
    if (this.#resources?.every(({ type }) => type !== operation.resourceType)) failed |= RESOURCE;
    return failed;
  }

  /** Without a pattern in the name. */
  namesOperation(operation: Operation): boolean {
    return this.#operations?.some((it) => it.exact && this.#isMeant(it, operation)) ?? false;
  }

  /**
   * INVARIANT: a strong verb and a resource of type `admin` are permitted only by a rule that names
   * them or the operation. A forbid needs no such care: it may only match more.
   */
  unnamed(operation: Operation): Dimensions {
    if (this.namesOperation(operation)) return 0;
    const verb = STRONG_VERBS.has(operation.verb) && !this.namesVerbs ? VERB : 0;
    const admin = operation.resourceType === ADMIN_RESOURCE_TYPE && !this.namesResources;
    return verb | (admin ? RESOURCE : 0);
  }

  resourceMatches(resource: Resource): boolean {
    return this.#resources === undefined || this.#resources.some((it) => it.matches(resource));
  }

  #reachesService(operation: Operation): boolean {
    const { services } = this.#record;
    if (services?.includes(operation.service) === false) return false;
    if (this.#operations !== undefined) {
      return this.#operations.some((it) => this.#isOfService(it, operation));
    }
    return services !== undefined || this.#isOwn(operation);
  }

  /** INVARIANT: a bare name reaches another namespace only where `services` names what is there. */
  #isOfService({ service }: OperationMatcher, operation: Operation): boolean {
    if (service !== undefined) return service === operation.service;
    return this.#record.services !== undefined || this.#isOwn(operation);
  }

  #isOwn({ namespace }: Operation): boolean {
    return this.#namespace === undefined || namespace === this.#namespace;
  }

  #isMeant(matcher: OperationMatcher, operation: Operation): boolean {
    return this.#isOfService(matcher, operation) && matcher.name(operation.name);
  }
}

function operationMatcher({ service, name }: OperationRecord): OperationMatcher {
  const exact = !isTextPattern(name);
  return { service, name: parseTextPattern(name) ?? (() => false), exact };
}
