// The trace context of an encoded CheckRequest without decoding it: only headers are looked at, and
// only so many, because whoever traces stands on the thread that everybody's requests come in on,
// and what is large or hostile is decoded elsewhere.

import { KiB, MESSAGE_BYTES_MAX } from '../engine/limits.ts';
import { HeaderReader } from './header_reader.ts';
import { parseTraceparent, type TraceContext } from './trace_context.ts';
import { MALFORMED, WireReader } from './wire.ts';

/** Envoy's own default for all headers of a request is 60 KiB. */
const HEADER_BYTES_MAX = 64 * KiB;
/** Beside headers: Envoy sends some 20, a few more for each context extension. */
const FIELDS_MAX = 256;

const tag = (field: number): number => (field << 3) | 2;
const ATTRIBUTES = tag(1);
const REQUEST = tag(4);
const HTTP = tag(2);
const HEADERS = tag(3);
const HEADER_MAP = tag(13);

/** Undefined also where the message breaks off, or has more than is looked at. */
export function scanTraceContext(bytes: Buffer): TraceContext | undefined {
  if (bytes.length > MESSAGE_BYTES_MAX) return undefined;
  const scan = new Scan(bytes);
  try {
    scan.fields(bytes.length, ATTRIBUTES, (attributes) =>
      scan.fields(attributes, REQUEST, (request) =>
        scan.fields(request, HTTP, (http) => scan.headers(http)),
      ),
    );
  } catch (error) {
    if (error === MALFORMED) return undefined;
    throw error;
  }
  return parseTraceparent(scan.found.traceparent);
}

class Scan {
  readonly found = new HeaderReader();
  readonly #reader: WireReader;
  #fieldsLeft = FIELDS_MAX;
  #bytesLeft = HEADER_BYTES_MAX;

  constructor(bytes: Buffer) {
    this.#reader = new WireReader(bytes);
  }

  /** Hands the end of each field with this tag on, and passes over the others unread. */
  fields(end: number, wanted: number, into: (end: number) => void): void {
    const reader = this.#reader;
    while (reader.pos < end) {
      const found = reader.tag(end);
      if (found === wanted) into(reader.lengthEnd(end));
      else this.#skip(found, end);
    }
  }

  headers(end: number): void {
    const reader = this.#reader;
    while (reader.pos < end) {
      const found = reader.tag(end);
      if (found !== HEADERS && found !== HEADER_MAP) {
        this.#skip(found, end);
        continue;
      }
      const stop = reader.lengthEnd(end);
      this.#bytesLeft -= stop - reader.pos;
      if (this.#bytesLeft < 0) throw MALFORMED;
      if (found === HEADERS) this.found.readJoined(reader, stop);
      else this.found.readMap(reader, stop);
    }
  }

  #skip(found: number, end: number): void {
    if (this.#fieldsLeft-- === 0) throw MALFORMED;
    this.#reader.skip(undefined, found & 7, end, 0);
  }
}
