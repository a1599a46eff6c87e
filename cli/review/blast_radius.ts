// How far one identity reaches: operations, resources, verbs, environments and data classes, as
// numbers that can be compared from one review to the next.

import type { Operation } from '../../engine/access_request.ts';
import type { Grant } from './grants.ts';

export class BlastRadius {
  #operations = 0;
  #strong = 0;
  readonly #services = new Set<string>();
  readonly #resources = new Set<string>();
  readonly #verbs = new Map<string, number>();
  readonly #environments = new Map<string, number>();
  readonly #dataClasses = new Map<string, number>();

  add(operation: Operation, grants: readonly Grant[]): void {
    if (grants.length === 0) return;
    this.#operations++;
    if (!['read', 'connect'].includes(operation.verb)) this.#strong++;
    this.#services.add(operation.service);
    for (const { resources } of grants) for (const it of resources) this.#resources.add(it);
    count(this.#verbs, operation.verb);
    count(this.#environments, operation.environment || 'none');
    count(this.#dataClasses, operation.dataClass);
  }

  get fields() {
    return {
      services: this.#services.size,
      operations: this.#operations,
      changing: this.#strong,
      resources: this.#resources.size,
      verbs: Object.fromEntries(this.#verbs),
      environments: Object.fromEntries(this.#environments),
      dataClasses: Object.fromEntries(this.#dataClasses),
    };
  }
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
