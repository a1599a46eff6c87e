// `metadata_context` (core.v3.Metadata), of which only one namespace is read: what Envoy's
// `jwt_authn` filter says of tokens that it verified, by the key that the filter is configured with
// (`payload_in_metadata`; Istio's is `payload`). Everything else is only checked.
//
// INVARIANT: no client writes into metadata, but the claims are of a token that somebody made: a
// value that two parsers of protobuf could read differently is malformed, and all is bounded.

import type { BodyValue } from '../engine/body/body.ts';
import { Failure } from '../engine/failure.ts';
import type { JwtPayloads } from '../engine/identity/credentials.ts';
import {
  BODY_DEPTH_MAX,
  BODY_ELEMENTS_MAX,
  BODY_KEYS_MAX,
  METADATA_BYTES_MAX,
} from '../engine/limits.ts';
import { type Shape, shapeOf } from '../proto/shape.ts';
import { MALFORMED, once, type WireReader } from './wire.ts';

const NAMESPACE = 'envoy.filters.http.jwt_authn';

const METADATA = shapeOf('envoy.config.core.v3.Metadata');
const STRUCT = shapeOf('google.protobuf.Struct');
const VALUE = shapeOf('google.protobuf.Value');
const LIST = shapeOf('google.protobuf.ListValue');
const METADATA_ENTRY = entryShape(METADATA);
const STRUCT_ENTRY = entryShape(STRUCT);

/** Of the metadata inside of the attributes of a CheckRequest, as `WireReader.check` counts. */
const METADATA_DEPTH = 2;

// One for all requests without them, so that what is not read costs nothing.
export const NO_PAYLOADS: JwtPayloads = new Map();

const BEYOND = new Failure('authn.invalid_identity', 'jwt_authn metadata beyond its bounds');

/** Reads the message up to `end`. */
export function readJwtPayloads(reader: WireReader, end: number): JwtPayloads {
  let found: JwtPayloads | undefined;
  while (reader.pos < end) {
    const tag = reader.tag(end);
    if (tag !== TEXT_OR_MESSAGE_1) {
      reader.skip(METADATA.fields[tag >>> 3], tag & 7, end, METADATA_DEPTH);
      continue;
    }
    const payloads = readNamespace(reader, reader.lengthEnd(end));
    if (payloads !== undefined && found !== undefined) throw MALFORMED;
    found ??= payloads;
  }
  return found ?? NO_PAYLOADS;
}

/** One entry of `filter_metadata`; undefined for any other namespace. */
function readNamespace(reader: WireReader, end: number): JwtPayloads | undefined {
  const depth = METADATA_DEPTH + 1;
  let key = '';
  let start = 0;
  let stop = 0;
  let seen = 0;
  while (reader.pos < end) {
    const tag = reader.tag(end);
    if (tag === TEXT_OR_MESSAGE_1) {
      seen = once(seen, 1);
      key = reader.text(end);
    } else if (tag === MESSAGE_2) {
      // The key may stand behind it, so it is looked at when all of the entry is known.
      seen = once(seen, 2);
      stop = reader.lengthEnd(end);
      start = reader.pos;
      reader.pos = stop;
    } else reader.skip(METADATA_ENTRY.fields[tag >>> 3], tag & 7, end, depth);
  }
  reader.pos = start;
  const payloads = key === NAMESPACE ? readStruct(reader, stop, depth + 1) : undefined;
  if (payloads === undefined) reader.check(STRUCT, stop, depth + 1);
  reader.pos = end;
  return payloads;
}

function readStruct(reader: WireReader, stop: number, depth: number): JwtPayloads {
  if (stop - reader.pos > METADATA_BYTES_MAX) {
    reader.check(STRUCT, stop, depth);
    return BEYOND;
  }
  const values = new ValueReader(reader);
  const payloads = values.struct(stop, depth, 0);
  return values.isBeyond ? BEYOND : payloads;
}

const TEXT_OR_MESSAGE_1 = (1 << 3) | 2;
const MESSAGE_2 = (2 << 3) | 2;
const NULL = (1 << 3) | 0;
const NUMBER = (2 << 3) | 1;
const STRING = (3 << 3) | 2;
const BOOL = (4 << 3) | 0;
const STRUCT_VALUE = (5 << 3) | 2;
const LIST_VALUE = (6 << 3) | 2;

/** Once it is beyond a bound it only checks the rest, and makes no more values. */
class ValueReader {
  isBeyond = false;
  readonly #reader: WireReader;
  #keysLeft = BODY_KEYS_MAX;
  #elementsLeft = BODY_ELEMENTS_MAX;

  constructor(reader: WireReader) {
    this.#reader = reader;
  }

  /**
   * @param depth of messages, as `WireReader.check` counts
   * @param level of objects and arrays above it
   */
  struct(end: number, depth: number, level: number): ReadonlyMap<string, BodyValue> {
    const reader = this.#reader;
    const members = new Map<string, BodyValue>();
    while (reader.pos < end) {
      const tag = reader.tag(end);
      if (tag === TEXT_OR_MESSAGE_1) {
        this.#member(members, reader.lengthEnd(end), depth + 1, level);
      } else reader.skip(STRUCT.fields[tag >>> 3], tag & 7, end, depth);
    }
    return members;
  }

  #member(members: Map<string, BodyValue>, end: number, depth: number, level: number): void {
    const reader = this.#reader;
    let key = '';
    let value: BodyValue | undefined;
    let seen = 0;
    while (reader.pos < end) {
      const tag = reader.tag(end);
      if (tag === TEXT_OR_MESSAGE_1) {
        seen = once(seen, 1);
        key = reader.text(end);
      } else if (tag === MESSAGE_2) {
        seen = once(seen, 2);
        value = this.#value(reader.lengthEnd(end), depth + 1, level);
      } else reader.skip(STRUCT_ENTRY.fields[tag >>> 3], tag & 7, end, depth);
    }
    // A parser of protobuf takes the last one; a parser of JSON may take the first.
    if (value === undefined || members.has(key)) throw MALFORMED;
    if (this.#keysLeft-- > 0) members.set(key, value);
    else this.isBeyond = true;
  }

  #list(end: number, depth: number, level: number): readonly BodyValue[] {
    const reader = this.#reader;
    const elements: BodyValue[] = [];
    while (reader.pos < end) {
      const tag = reader.tag(end);
      if (tag === TEXT_OR_MESSAGE_1) {
        const value = this.#value(reader.lengthEnd(end), depth + 1, level);
        if (this.#elementsLeft-- > 0) elements.push(value);
        else this.isBeyond = true;
      } else reader.skip(LIST.fields[tag >>> 3], tag & 7, end, depth);
    }
    return elements;
  }

  #value(end: number, depth: number, level: number): BodyValue {
    const reader = this.#reader;
    if (this.isBeyond) {
      reader.check(VALUE, end, depth);
      return null;
    }
    let value: BodyValue | undefined;
    while (reader.pos < end) {
      const tag = reader.tag(end);
      const kind = tag >>> 3;
      const known = VALUE.fields[kind] !== undefined;
      // One of them, and exactly one: nothing at all is no value of JSON.
      if (known && value !== undefined) throw MALFORMED;
      if (known) value = this.#kind(tag, end, depth, level);
      else reader.skip(undefined, tag & 7, end, depth);
    }
    if (value === undefined) throw MALFORMED;
    return value;
  }

  #kind(tag: number, end: number, depth: number, level: number): BodyValue {
    const reader = this.#reader;
    switch (tag) {
      case NULL:
        if (reader.uint32(end) !== 0) throw MALFORMED;
        return null;
      case NUMBER:
        return this.#number(end);
      case STRING:
        return reader.text(end);
      case BOOL: {
        const bit = reader.uint32(end);
        if (bit > 1) throw MALFORMED;
        return bit === 1;
      }
      case STRUCT_VALUE:
      case LIST_VALUE: {
        const stop = reader.lengthEnd(end);
        if (level < BODY_DEPTH_MAX) {
          return tag === LIST_VALUE
            ? this.#list(stop, depth + 1, level + 1)
            : this.struct(stop, depth + 1, level + 1);
        }
        this.isBeyond = true;
        reader.check(tag === LIST_VALUE ? LIST : STRUCT, stop, depth + 1);
        return null;
      }
      default:
        throw MALFORMED;
    }
  }

  /** A double; whole ones are exact up to 2^53 - 1 and become integers, as claims have them. */
  #number(end: number): number | bigint {
    const reader = this.#reader;
    const start = reader.pos;
    if (start + 8 > end) throw MALFORMED;
    reader.pos = start + 8;
    const value = reader.buffer.readDoubleLE(start);
    if (!Number.isFinite(value)) throw MALFORMED;
    return Number.isSafeInteger(value) ? BigInt(value) : value;
  }
}

function entryShape({ fields, name }: Shape): Shape {
  const shape = fields[1]?.shape;
  if (shape === undefined) throw new Error(`\`${name}\` has no map as its first field`);
  return shape;
}
