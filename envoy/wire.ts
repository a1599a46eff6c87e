// A strict reader of the protobuf wire format over protobufjs' Reader. Strict, because two parsers
// that read one message differently are a way around a decision: everything below is refused as
// malformed although some parsers let it pass: a known field of another wire type, a singular field
// twice, a length beyond its message, groups, varints beyond their length, text that is not UTF-8,
// also in fields that nobody reads.

import { isUtf8 } from 'node:buffer';
import protobuf from 'protobufjs';
import { Failure } from '../engine/failure.ts';
import { WIRE_DEPTH_MAX } from '../engine/limits.ts';
import type { FieldShape, Shape } from '../proto/shape.ts';

/**
 * Thrown inside this folder only, caught by `decodeCheckRequest`; a constant, so it costs nothing.
 */
export const MALFORMED = new Failure('ctx.malformed_request', 'not a CheckRequest');

/** Below this a loop over the bytes beats a call into native code (measured: about 40 bytes). */
const SHORT_TEXT_BYTES = 40;

export class WireReader {
  readonly buffer: Buffer;
  pos = 0;
  /** Made when the first varint of three bytes comes, which few messages have. */
  #reader: protobuf.Reader | undefined = undefined;

  constructor(buffer: Buffer) {
    this.buffer = buffer;
  }

  /** The next tag before `end`. */
  tag(end: number): number {
    const tag = this.#uint32(end);
    if (tag >>> 3 === 0) throw MALFORMED;
    return tag;
  }

  /** Reads a length and returns where what it measures ends, never beyond `end`. */
  lengthEnd(end: number): number {
    if (this.pos >= end) throw MALFORMED;
    const length = this.#uint32(end);
    const stop = this.pos + length;
    if (stop > end) throw MALFORMED;
    return stop;
  }

  /** A uint32 field. */
  uint32(end: number): number {
    if (this.pos >= end) throw MALFORMED;
    return this.#uint32(end);
  }

  /** A string field, checked and read. */
  text(end: number): string {
    const stop = this.lengthEnd(end);
    const start = this.pos;
    this.pos = stop;
    return this.slice(start, stop);
  }

  /** Text between two positions; refused when it is not UTF-8. */
  slice(start: number, stop: number): string {
    return this.checkText(start, stop)
      ? this.buffer.toString('latin1', start, stop)
      : this.buffer.toString('utf8', start, stop);
  }

  /** Refuses what is not UTF-8; true when it is all ASCII. */
  checkText(start: number, stop: number): boolean {
    const { buffer } = this;
    let at = start;
    const shortStop = Math.min(stop, start + SHORT_TEXT_BYTES);
    while (at < shortStop && buffer[at]! < 0x80) at++;
    if (at === stop) return true;
    if (!isUtf8(buffer.subarray(at, stop))) throw MALFORMED;
    return false;
  }

  /** Skips one field that nobody reads, checking it down to the last byte. */
  skip(field: FieldShape | undefined, wire: number, end: number, depth: number): void {
    if (field !== undefined && wire !== field.wire) {
      if (wire !== 2 || !field.packable) throw MALFORMED;
      this.#packed(field.wire, this.lengthEnd(end));
      return;
    }
    if (wire !== 2) {
      this.#scalar(wire, end);
      return;
    }
    const stop = this.lengthEnd(end);
    if (field?.kind === 'string') this.checkText(this.pos, stop);
    if (field?.shape !== undefined) this.check(field.shape, stop, depth + 1);
    this.pos = stop;
  }

  /** Checks a whole message that ends at `end`. */
  check(shape: Shape, end: number, depth: number): void {
    if (depth > WIRE_DEPTH_MAX) throw MALFORMED;
    let seen = 0;
    while (this.pos < end) {
      const tag = this.tag(end);
      const field = shape.fields[tag >>> 3];
      if (field !== undefined && !field.repeated) seen = once(seen, tag >>> 3);
      this.skip(field, tag & 7, end, depth);
    }
  }

  #scalar(wire: number, end: number): void {
    if (wire === 0) {
      const stop = Math.min(end, this.pos + 10);
      while (this.pos < stop && this.buffer[this.pos]! >= 0x80) this.pos++;
      if (this.pos >= stop) throw MALFORMED;
      this.pos++;
    } else if (wire === 1 || wire === 5) {
      this.pos += wire === 1 ? 8 : 4;
      if (this.pos > end) throw MALFORMED;
    } else throw MALFORMED;
  }

  #packed(wire: number, end: number): void {
    while (this.pos < end) this.#scalar(wire, end);
  }

  /** A varint of at most 32 bits: protobufjs drops the bits above, so they are refused here. */
  #uint32(end: number): number {
    const start = this.pos;
    const byte = this.buffer[start]!;
    if (byte < 0x80) {
      this.pos = start + 1;
      return byte;
    }
    const next = this.buffer[start + 1]!;
    if (next < 0x80 && start + 2 <= end) {
      this.pos = start + 2;
      return (next << 7) | (byte & 0x7f);
    }
    this.#reader ??= new protobuf.Reader(this.buffer);
    this.#reader.pos = start;
    let value: number;
    try {
      value = this.#reader.uint32();
    } catch {
      throw MALFORMED;
    }
    this.pos = this.#reader.pos;
    const bytes = this.pos - start;
    if (this.pos > end || bytes > 5 || (bytes === 5 && this.buffer[this.pos - 1]! > 0x0f)) {
      throw MALFORMED;
    }
    return value;
  }
}

/** Marks a singular field as seen; our field numbers are all below 32. */
export function once(seen: number, field: number): number {
  const bit = 1 << field;
  if (seen & bit) throw MALFORMED;
  return seen | bit;
}
