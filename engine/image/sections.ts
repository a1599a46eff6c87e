// Named sections in one buffer: arrays of bytes and of 32-bit numbers that any thread reads where
// they are. The first section is a directory, in JSON.

type Section = Uint8Array | Uint32Array;

interface Entry {
  readonly name: string;
  readonly words: boolean;
  readonly start: number;
  /** In elements. */
  readonly length: number;
}

const ALIGNMENT = 8;
/** Number of bytes of the directory, before it. */
const HEAD_BYTES = 8;

function aligned(offset: number): number {
  return Math.ceil(offset / ALIGNMENT) * ALIGNMENT;
}

/** Writes the sections, in shared memory. */
export function writeSections(sections: ReadonlyMap<string, Section>): SharedArrayBuffer {
  const entries: Entry[] = [];
  let end = 0;
  for (const [name, section] of sections) {
    const words = section instanceof Uint32Array;
    entries.push({ name, words, start: end, length: section.length });
    end = aligned(end + section.byteLength);
  }
  const directory = Buffer.from(JSON.stringify(entries));
  const base = aligned(HEAD_BYTES + directory.length);
  const buffer = new SharedArrayBuffer(base + end);
  const bytes = new Uint8Array(buffer);
  new DataView(buffer).setUint32(0, directory.length, true);
  bytes.set(directory, HEAD_BYTES);
  for (const { name, start } of entries) {
    const section = sections.get(name)!;
    bytes.set(new Uint8Array(section.buffer, section.byteOffset, section.byteLength), base + start);
  }
  return buffer;
}

/** The sections of a buffer that `writeSections` made; nothing is copied. */
export class Sections {
  readonly #buffer: SharedArrayBuffer;
  readonly #entries: ReadonlyMap<string, Entry>;
  readonly #base: number;

  constructor(buffer: SharedArrayBuffer) {
    this.#buffer = buffer;
    const length = new DataView(buffer).getUint32(0, true);
    // A copy: a decoder takes no shared memory. Our own bytes, checked by their digest.
    const text = Buffer.from(new Uint8Array(buffer, HEAD_BYTES, length)).toString();
    const entries = JSON.parse(text) as readonly Entry[];
    this.#entries = new Map(entries.map((entry) => [entry.name, entry]));
    this.#base = aligned(HEAD_BYTES + length);
  }

  bytes(name: string): Uint8Array {
    const { start, length } = this.#entry(name);
    return new Uint8Array(this.#buffer, this.#base + start, length);
  }

  words(name: string): Uint32Array {
    const { start, length } = this.#entry(name);
    return new Uint32Array(this.#buffer, this.#base + start, length);
  }

  #entry(name: string): Entry {
    const entry = this.#entries.get(name);
    if (entry === undefined) throw new Error(`the image has no section \`${name}\``);
    return entry;
  }
}
