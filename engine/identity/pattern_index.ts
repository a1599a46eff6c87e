// Values by SPIFFE pattern: exact beats wildcards, a literal segment beats a wildcard. A lookup is
// one Map access for an exact entry and one more for each distinct shape of pattern.

import type { SpiffeId } from '../spiffe_id.ts';
import { compareSpecificity, type SpiffePattern } from '../spiffe_pattern.ts';

/** All patterns of one mask: at most one of them matches an id. */
interface Shape<V> {
  readonly pattern: SpiffePattern;
  readonly byKey: Map<string, V>;
}

export class PatternIndex<V> {
  readonly #shapes: Shape<V>[] = [];

  /** The value that stands under the same text already; then nothing is added. */
  add(pattern: SpiffePattern, value: V): V | undefined {
    let shape = this.#shapes.find((other) => other.pattern.mask === pattern.mask);
    if (shape === undefined) {
      shape = { pattern, byKey: new Map() };
      this.#shapes.push(shape);
      this.#shapes.sort((a, b) => compareSpecificity(a.pattern, b.pattern));
    }
    const first = shape.byKey.get(pattern.text);
    if (first === undefined) shape.byKey.set(pattern.text, value);
    return first;
  }

  /** Of the most specific pattern that matches. */
  find(id: SpiffeId): V | undefined {
    for (const { pattern, byKey } of this.#shapes) {
      const key = pattern.maskedKey(id);
      const value = key === undefined ? undefined : byKey.get(key);
      if (value !== undefined) return value;
    }
    return undefined;
  }
}
