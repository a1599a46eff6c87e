// Roles: named sets of service × operation × resource (DESIGN section 6). A rule that names a role
// stays within what the role covers.

import {
  ADMIN_RESOURCE_TYPE,
  type Operation,
  type Resource,
  STRONG_VERBS,
} from '../access_request.ts';
import type { RoleRecord } from './rule_record.ts';
import { ToMatcher } from './to_matcher.ts';

export class Role {
  readonly id: string;
  /** Milliseconds since the epoch; from then on it covers nothing. */
  readonly reviewUntil: number;
  readonly #entries: readonly ToMatcher[];
  /** Those that reach an operation, by operation: there are as many as a snapshot has. */
  readonly #reaching = new WeakMap<Operation, readonly ToMatcher[]>();

  constructor({ id, namespace, covers, reviewUntil }: RoleRecord) {
    this.id = id;
    this.reviewUntil = reviewUntil ?? Number.POSITIVE_INFINITY;
    this.#entries = covers.map((entry) => new ToMatcher(entry, namespace));
  }

  /** Some resource of the operation. */
  coversOperation(operation: Operation): boolean {
    return this.#entriesOf(operation).length > 0;
  }

  covers(operation: Operation, resource: Resource, now: number): boolean {
    if (now >= this.reviewUntil) return false;
    return this.#entriesOf(operation).some((entry) => entry.resourceMatches(resource));
  }

  #entriesOf(operation: Operation): readonly ToMatcher[] {
    let entries = this.#reaching.get(operation);
    if (entries === undefined) {
      entries = this.#entries.filter((entry) => reaches(entry, operation));
      this.#reaching.set(operation, entries);
    }
    return entries;
  }
}

/** INVARIANT: what is strong is in a role only by the operation's own name, never by a wildcard. */
function reaches(entry: ToMatcher, operation: Operation): boolean {
  if (entry.failures(operation) !== 0) return false;
  const strong = STRONG_VERBS.has(operation.verb) || operation.resourceType === ADMIN_RESOURCE_TYPE;
  return !strong || entry.namesOperation(operation);
}
