// A table of strings in shared memory: text → number, built once and read by every thread without a
// copy. Open addressing over 32-bit hashes; a slot holds the hash, so that a text is compared only
// with texts that are very likely equal to it.

export interface StringTableParts {
  /** Per slot: hash, and index + 1 of the text; 0 is an empty slot. */
  readonly slots: Uint32Array;
  /** Where each text starts in `bytes`; one more than there are texts. */
  readonly offsets: Uint32Array;
  /** UTF-8. */
  readonly bytes: Uint8Array;
}

/** FNV-1a over UTF-16 code units, with a final mix: texts often differ only at their end. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) >>> 0;
}

/** Numbers strings in the order in which they come. */
export class StringTableBuilder {
  readonly #numbers = new Map<string, number>();

  /** The number of a text, a new one where it has none. */
  add(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    const number = this.#numbers.size;
    this.#numbers.set(text, number);
    return number;
  }

  get size(): number {
    return this.#numbers.size;
  }

  parts(): StringTableParts {
    const texts = [...this.#numbers.keys()];
    const { offsets, bytes } = textColumn(texts);
    const size = slotCount(texts.length);
    const slots = new Uint32Array(2 * size);
    for (const [index, text] of texts.entries()) {
      const hash = hashOf(text);
      let slot = hash & (size - 1);
      while (slots[2 * slot + 1] !== 0) slot = (slot + 1) & (size - 1);
      slots[2 * slot] = hash;
      slots[2 * slot + 1] = index + 1;
    }
    return { slots, offsets, bytes };
  }
}

/** A power of two, at most half full: an attacker's probe for what is not there ends soon. */
export function slotCount(entries: number): number {
  let size = 4;
  while (size < 2 * entries) size *= 2;
  return size;
}

export class StringTable {
  readonly #slots: Uint32Array;
  readonly #mask: number;
  readonly #texts: TextColumn;

  constructor({ slots, offsets, bytes }: StringTableParts) {
    this.#slots = slots;
    this.#mask = slots.length / 2 - 1;
    this.#texts = new TextColumn(offsets, bytes);
  }

  /** The number of a text, or -1. */
  find(text: string): number {
    const hash = hashOf(text);
    for (let slot = hash & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const entry = this.#slots[2 * slot + 1]!;
      if (entry === 0) return -1;
      if (this.#slots[2 * slot] === hash && this.#texts.at(entry - 1) === text) return entry - 1;
    }
  }

  textOf(number: number): string {
    return this.#texts.at(number);
  }
}

/** Texts one behind the other, as UTF-8. */
export function textColumn(texts: readonly string[]): {
  readonly offsets: Uint32Array;
  readonly bytes: Uint8Array;
} {
  const offsets = new Uint32Array(texts.length + 1);
  let length = 0;
  for (const [index, text] of texts.entries()) {
    length += Buffer.byteLength(text);
    offsets[index + 1] = length;
  }
  const bytes = Buffer.allocUnsafe(length);
  for (const [index, text] of texts.entries()) bytes.write(text, offsets[index]!);
  return { offsets, bytes };
}

export class TextColumn {
  readonly #offsets: Uint32Array;
  readonly #bytes: Buffer;

  constructor(offsets: Uint32Array, bytes: Uint8Array) {
    this.#offsets = offsets;
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get length(): number {
    return this.#offsets.length - 1;
  }

  at(index: number): string {
    return this.#bytes.toString('utf8', this.#offsets[index]!, this.#offsets[index + 1]!);
  }
}
