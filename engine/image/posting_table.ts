// Postings in shared memory: three small numbers → the rules that stand under them, in rising
// order. One look-up is one hash of integers, whatever the number of rules.

import { slotCount } from './string_table.ts';

export interface PostingTableParts {
  /** Per slot: the three numbers of the key, where its list starts, its length (0: empty). */
  readonly slots: Uint32Array;
  readonly lists: Uint32Array;
}

const WORDS = 5;
const NOTHING = new Uint32Array(0);

function hashOf(a: number, b: number, c: number): number {
  let hash = Math.imul(a, 0x9e3779b1) ^ Math.imul(b + 0x7f4a7c15, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 15) ^ Math.imul(c, 0xc2b2ae35), 0x27d4eb2f);
  return (hash ^ (hash >>> 13)) >>> 0;
}

export class PostingTableBuilder {
  readonly #lists = new Map<string, number[]>();

  /** Lists are to be filled in rising order; the same number twice stands once. */
  add(a: number, b: number, c: number, posting: number): void {
    const key = `${a},${b},${c}`;
    const list = this.#lists.get(key);
    if (list === undefined) this.#lists.set(key, [posting]);
    else if (list.at(-1) !== posting) list.push(posting);
  }

  parts(): PostingTableParts {
    const size = slotCount(this.#lists.size);
    const slots = new Uint32Array(size * WORDS);
    let total = 0;
    for (const list of this.#lists.values()) total += list.length;
    const lists = new Uint32Array(total);
    let at = 0;
    for (const [key, list] of this.#lists) {
      const [a, b, c] = key.split(',').map(Number) as [number, number, number]; // As put together.
      let slot = hashOf(a, b, c) & (size - 1);
      while (slots[slot * WORDS + 4] !== 0) slot = (slot + 1) & (size - 1);
      slots.set([a, b, c, at, list.length], slot * WORDS);
      lists.set(list, at);
      at += list.length;
    }
    return { slots, lists };
  }
}

export class PostingTable {
  readonly #slots: Uint32Array;
  readonly #lists: Uint32Array;
  readonly #mask: number;

  constructor({ slots, lists }: PostingTableParts) {
    this.#slots = slots;
    this.#lists = lists;
    this.#mask = slots.length / WORDS - 1;
  }

  /** The list of a key, not to be changed; empty when nothing stands there. */
  find(a: number, b: number, c: number): Uint32Array {
    for (let slot = hashOf(a, b, c) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const at = slot * WORDS;
      const length = this.#slots[at + 4]!;
      if (length === 0) return NOTHING;
      if (this.#slots[at] === a && this.#slots[at + 1] === b && this.#slots[at + 2] === c) {
        const start = this.#slots[at + 3]!;
        return this.#lists.subarray(start, start + length);
      }
    }
  }
}
