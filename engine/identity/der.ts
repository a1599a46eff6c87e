// DER (X.690 sections 8 and 10), read in one way only. What BER leaves open, several lengths of one
// length, texts in pieces, truth as any byte, is refused before anybody gives a certificate a
// meaning, so that no two readers of it can come to different ones.

import { Failure } from '../failure.ts';
import { DER_DEPTH_MAX, DER_ELEMENTS_MAX } from '../limits.ts';

export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  objectIdentifier: 0x06,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

const CONSTRUCTED = 0x20;
/** A tag number of more than one byte: no field of a certificate has one. */
const LONG_TAG = 0x1f;

/** Thrown within this folder only, caught where a certificate is read; a constant, no stack. */
export const NOT_DER = new Failure('authn.invalid_identity', 'not a certificate in DER');

export interface Element {
  readonly tag: number;
  /** Of its tag, of its content, and behind it. */
  readonly start: number;
  readonly content: number;
  readonly end: number;
}

/** The elements of one level, in order. */
export class DerReader {
  readonly #bytes: Buffer;
  readonly #end: number;
  #at: number;

  constructor(bytes: Buffer, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  get done(): boolean {
    return this.#at === this.#end;
  }

  next(): Element {
    const start = this.#at;
    if (this.#end - start < 2) throw NOT_DER;
    const tag = this.#bytes[start]!;
    if ((tag & LONG_TAG) === LONG_TAG) throw NOT_DER;
    const { content, length } = this.#length(start + 1);
    const end = content + length;
    if (end > this.#end) throw NOT_DER;
    this.#at = end;
    return { tag, start, content, end };
  }

  /** The next element, which has to have this tag. */
  expect(tag: number): Element {
    const element = this.next();
    if (element.tag !== tag) throw NOT_DER;
    return element;
  }

  /** The next element if it has this tag; else it stays the next. */
  optional(tag: number): Element | undefined {
    return !this.done && this.#bytes[this.#at] === tag ? this.next() : undefined;
  }

  inside({ content, end }: Element): DerReader {
    return new DerReader(this.#bytes, content, end);
  }

  /** For the end of a sequence whose fields are all read. */
  finish(): void {
    if (!this.done) throw NOT_DER;
  }

  #length(at: number): { content: number; length: number } {
    const bytes = this.#bytes;
    const first = bytes[at]!;
    if (first < 0x80) return { content: at + 1, length: first };
    // Two bytes of length are 64 KiB, beyond every limit here.
    const size = first & 0x7f;
    if (size === 0 || size > 2 || at + 1 + size > this.#end) throw NOT_DER;
    const length = size === 1 ? bytes[at + 1]! : bytes[at + 1]! * 256 + bytes[at + 2]!;
    if (length < (size === 1 ? 0x80 : 0x100)) throw NOT_DER;
    return { content: at + 1 + size, length };
  }
}

/** Throws `NOT_DER` unless the whole is one element of canonical DER, down to the last byte. */
export function checkDer(bytes: Buffer): void {
  const reader = new DerReader(bytes);
  checkLevel(bytes, reader, 0, { left: DER_ELEMENTS_MAX });
}

function checkLevel(
  bytes: Buffer,
  reader: DerReader,
  depth: number,
  count: { left: number },
): void {
  if (depth > DER_DEPTH_MAX) throw NOT_DER;
  if (depth === 0 && reader.done) throw NOT_DER;
  while (!reader.done) {
    if (count.left-- === 0) throw NOT_DER;
    const element = reader.next();
    const { tag } = element;
    if (tag & CONSTRUCTED) {
      // Of the universal types only sequence and set have parts; a text in pieces is BER.
      if (tag < 0x40 && tag !== TAG.sequence && tag !== TAG.set) throw NOT_DER;
      checkLevel(bytes, reader.inside(element), depth + 1, count);
    } else checkPrimitive(bytes, element);
    if (depth === 0) reader.finish();
  }
}

function checkPrimitive(bytes: Buffer, { tag, content, end }: Element): void {
  const length = end - content;
  const first = bytes[content];
  switch (tag) {
    case TAG.boolean:
      if (length !== 1 || (first !== 0 && first !== 0xff)) throw NOT_DER;
      return;
    case TAG.integer:
      if (length === 0) throw NOT_DER;
      if (length > 1 && isPadding(first!, bytes[content + 1]!)) throw NOT_DER;
      return;
    case TAG.bitString:
      checkBits(bytes, content, end);
      return;
    case TAG.null:
      if (length !== 0) throw NOT_DER;
      return;
    case TAG.objectIdentifier:
      checkIdentifier(bytes, content, end);
      return;
    case 0:
    case TAG.sequence & ~CONSTRUCTED:
    case TAG.set & ~CONSTRUCTED:
      throw NOT_DER;
  }
}

/** Nine equal bits at the front say what eight say. */
function isPadding(first: number, second: number): boolean {
  return (first === 0 && second < 0x80) || (first === 0xff && second >= 0x80);
}

function checkBits(bytes: Buffer, content: number, end: number): void {
  const unused = bytes[content];
  if (content === end || unused === undefined || unused > 7) throw NOT_DER;
  if (unused === 0) return;
  if (content + 1 === end || (bytes[end - 1]! & ((1 << unused) - 1)) !== 0) throw NOT_DER;
}

function checkIdentifier(bytes: Buffer, content: number, end: number): void {
  if (content === end || bytes[end - 1]! >= 0x80) throw NOT_DER;
  for (let at = content, first = true; at < end; at++) {
    if (first && bytes[at] === 0x80) throw NOT_DER;
    first = bytes[at]! < 0x80;
  }
}
