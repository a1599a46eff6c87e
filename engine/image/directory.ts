// What stands where: names with a prefix of their kind → a number, in shared memory.

import type { StringTable } from './string_table.ts';

const NONE = 0xffff_ffff;

export class Directory {
  readonly #tokens: StringTable;
  readonly #values: Uint32Array;

  /** @param values by token; see `directoryValues` */
  constructor(tokens: StringTable, values: Uint32Array) {
    this.#tokens = tokens;
    this.#values = values;
  }

  find(name: string): number | undefined {
    const token = this.#tokens.find(name);
    const value = token === -1 ? NONE : (this.#values[token] ?? NONE);
    return value === NONE ? undefined : value;
  }
}

/** @param entries by token */
export function directoryValues(size: number, entries: ReadonlyMap<number, number>): Uint32Array {
  const values = new Uint32Array(size).fill(NONE);
  for (const [token, value] of entries) values[token] = value;
  return values;
}
