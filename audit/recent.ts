// A bounded table of what was used most recently: beyond its bound the entry that was used least
// recently is forgotten, and counted.

export class Recent<K, V> {
  readonly #entries = new Map<K, V>();
  readonly #max: number;
  readonly #onForgotten: ((value: V) => void) | undefined;
  forgotten = 0;

  constructor(max: number, onForgotten?: (value: V) => void) {
    this.#max = max;
    this.#onForgotten = onForgotten;
  }

  /** Does not count as use. */
  get(key: K): V | undefined {
    return this.#entries.get(key);
  }

  /** Adds or uses it. */
  set(key: K, value: V): void {
    // A Map keeps the order in which keys were set.
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size > this.#max) this.#forgetOldest();
  }

  /**
   * A thirty-second of them at once: what was deleted in front stays in a Map for a while, and is
   * walked over again each time that somebody looks for the first.
   */
  #forgetOldest(): void {
    let left = this.#entries.size - this.#max + (this.#max >> 5);
    for (const [key, value] of this.#entries) {
      if (left-- <= 0) return;
      this.#entries.delete(key);
      this.forgotten++;
      this.#onForgotten?.(value);
    }
  }

  delete(key: K): void {
    this.#entries.delete(key);
  }

  values(): Iterable<V> {
    return this.#entries.values();
  }

  get size(): number {
    return this.#entries.size;
  }
}
