// Request headers, of which only a few are read: `HttpRequest.headers`, where Envoy joins repeated
// ones with commas, and `HttpRequest.header_map` (encode_raw_headers), where they stay apart. Names
// compare without case (RFC 9110 section 5.1).

import { CREDENTIAL_HEADER_TEXT_MAX } from '../engine/limits.ts';
import { shapeOf } from '../proto/shape.ts';
import type { Chosen, HeaderSelection } from './header_selection.ts';
import { underscored } from './reserved_headers.ts';
import { MALFORMED, once, type WireReader } from './wire.ts';

const HEADER_MAP = shapeOf('envoy.config.core.v3.HeaderMap');
const HEADER_VALUE = shapeOf('envoy.config.core.v3.HeaderValue');

const READ = [
  'authorization',
  'host',
  ':authority',
  'content-type',
  'x-request-id',
  'traceparent',
] as const;
type ReadHeader = (typeof READ)[number];
/** By length, so that most headers are told apart without looking at a byte of them. */
const BY_LENGTH: ReadonlyArray<ReadonlyArray<{ name: ReadHeader; bytes: Buffer }>> = Array.from(
  { length: 14 },
  (_, length) =>
    READ.filter((name) => name.length === length).map((name) => ({
      name,
      bytes: Buffer.from(name),
    })),
);

const NOTHING: ReadonlyMap<string, string> = new Map();

const KEY = (1 << 3) | 2;
const VALUE = (2 << 3) | 2;
const RAW_VALUE = (3 << 3) | 2;

export class HeaderReader {
  /** An `authorization` header is there, whatever its value. */
  authorization = false;
  contentType = '';
  requestId = '';
  /** Empty when it came more often than once: then nobody knows which is meant. */
  traceparent = '';
  /** Reserved headers written with underscores, each once. */
  underscored: string[] | undefined;
  /** The name of a header that may stand once and came more often; of proof, where it is read. */
  duplicate = '';
  /** What is read beyond all these; set before the first header. */
  selection: HeaderSelection | undefined = undefined;
  #selected: Map<string, string> | undefined = undefined;
  #proof: Map<string, string> | undefined = undefined;
  #host: string | undefined;
  #authority: string | undefined;
  #traceparents = 0;

  /** Headers of `selection` that came and that rules read, by name in lower case. */
  get selected(): ReadonlyMap<string, string> {
    return this.#selected ?? NOTHING;
  }

  /**
   * Those in which proof came, a letter for each byte. Of one that may repeat the values are joined
   * with a comma, as Envoy joins any that repeats in `headers`: whoever reads one that may not has
   * to refuse a comma. Beyond the bound only so much that it shows.
   */
  get proof(): ReadonlyMap<string, string> {
    return this.#proof ?? NOTHING;
  }

  /** One entry of the map `headers`. */
  readJoined(reader: WireReader, end: number): void {
    this.#entry(reader, end, false);
  }

  readMap(reader: WireReader, end: number): void {
    while (reader.pos < end) {
      const tag = reader.tag(end);
      if (tag === KEY) this.#entry(reader, reader.lengthEnd(end), true);
      else reader.skip(HEADER_MAP.fields[tag >>> 3], tag & 7, end, 4);
    }
  }

  #entry(reader: WireReader, end: number, raw: boolean): void {
    let keyStart = 0;
    let keyEnd = 0;
    let valueStart = 0;
    let valueEnd = 0;
    let seen = 0;
    while (reader.pos < end) {
      const tag = reader.tag(end);
      if (tag === KEY || tag === VALUE || (raw && tag === RAW_VALUE)) {
        seen = once(seen, tag >>> 3);
        const stop = reader.lengthEnd(end);
        if (tag !== RAW_VALUE) reader.checkText(reader.pos, stop);
        if (tag === KEY) {
          keyStart = reader.pos;
          keyEnd = stop;
        } else if (stop > reader.pos) {
          // Text and bytes, and which of them is the value? Envoy sends one.
          if (valueEnd > valueStart) throw MALFORMED;
          valueStart = reader.pos;
          valueEnd = stop;
        }
        reader.pos = stop;
      } else {
        const known = tag >>> 3 <= (raw ? 3 : 2);
        if (known) throw MALFORMED;
        reader.skip(raw ? HEADER_VALUE.fields[tag >>> 3] : undefined, tag & 7, end, 5);
      }
    }
    const chosen = this.selection?.find(reader.buffer, keyStart, keyEnd);
    if (chosen?.isRead) {
      this.#select(chosen.name, reader.buffer.toString('utf8', valueStart, valueEnd));
    }
    if (chosen?.isProof) this.#present(chosen, reader.buffer, valueStart, valueEnd);
    const name = readName(reader.buffer, keyStart, keyEnd);
    if (name === undefined) {
      this.#noteUnderscored(underscored(reader.buffer, keyStart, keyEnd));
      return;
    }
    // Raw values are bytes: latin1 keeps each of them apart, and nothing here reads more than
    // ASCII.
    this.#take(name, reader.buffer.toString('latin1', valueStart, valueEnd));
  }

  #select(name: string, value: string): void {
    this.#selected ??= new Map();
    const before = this.#selected.get(name);
    this.#selected.set(name, before === undefined ? value : `${before},${value}`);
  }

  #present({ name, mayRepeat }: Chosen, buffer: Buffer, start: number, end: number): void {
    this.#proof ??= new Map();
    const before = this.#proof.get(name);
    if (before !== undefined && !mayRepeat) this.duplicate = name;
    if (before !== undefined && before.length > CREDENTIAL_HEADER_TEXT_MAX) return;
    const cut = Math.min(end, start + CREDENTIAL_HEADER_TEXT_MAX + 1);
    const value = buffer.toString('latin1', start, cut);
    this.#proof.set(name, before === undefined ? value : `${before},${value}`);
  }

  #noteUnderscored(name: string | undefined): void {
    if (name === undefined) return;
    this.underscored ??= [];
    if (!this.underscored.includes(name)) this.underscored.push(name);
  }

  #take(name: ReadHeader, value: string): void {
    switch (name) {
      case 'authorization':
        if (this.authorization) this.duplicate = 'authorization';
        this.authorization = true;
        break;
      case 'host':
        if (this.#host !== undefined) this.duplicate = 'host';
        this.#host = value;
        break;
      case ':authority':
        if (this.#authority !== undefined) this.duplicate = 'host';
        this.#authority = value;
        break;
      case 'content-type':
        this.contentType = value;
        break;
      case 'x-request-id':
        this.requestId = value;
        break;
      case 'traceparent':
        this.traceparent = this.#traceparents++ === 0 ? value : '';
        break;
    }
    // The same host under both its names is one host.
    if (
      this.#host !== undefined &&
      this.#authority !== undefined &&
      this.#host !== this.#authority
    ) {
      this.duplicate = 'host';
    }
  }
}

function readName(buffer: Buffer, start: number, end: number): ReadHeader | undefined {
  const candidates = BY_LENGTH[end - start];
  if (candidates === undefined) return undefined;
  for (const { name, bytes } of candidates) {
    let index = 0;
    while (index < bytes.length && sameLetter(buffer[start + index]!, bytes[index]!)) index++;
    if (index === bytes.length) return name;
  }
  return undefined;
}

/** @param lower a lower-case letter, or a byte that has no case */
function sameLetter(byte: number, lower: number): boolean {
  return byte === lower || (lower >= 0x61 && byte === lower - 0x20);
}
