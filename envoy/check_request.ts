// Decodes envoy.service.auth.v3.CheckRequest on demand: what the snapshot reads becomes strings,
// everything else is only checked. The numbers are those of attribute_context.proto.

import { Failure, type Fallible } from '../engine/failure.ts';
import type { JwtPayloads } from '../engine/identity/credentials.ts';
import { CERTIFICATE_TEXT_MAX, MESSAGE_BYTES_MAX } from '../engine/limits.ts';
import type { AttributesRead } from '../engine/settings.ts';
import { shapeOf } from '../proto/shape.ts';
import { readIp, readPort } from './address.ts';
import { HeaderReader } from './header_reader.ts';
import { headerSelection } from './header_selection.ts';
import { NO_PAYLOADS, readJwtPayloads } from './jwt_metadata.ts';
import { MALFORMED, once, WireReader } from './wire.ts';

const CHECK_REQUEST = shapeOf('envoy.service.auth.v3.CheckRequest');
const ATTRIBUTES = shapeOf('envoy.service.auth.v3.AttributeContext');
const PEER = shapeOf('envoy.service.auth.v3.AttributeContext.Peer');
const REQUEST = shapeOf('envoy.service.auth.v3.AttributeContext.Request');
const TLS_SESSION = shapeOf('envoy.service.auth.v3.AttributeContext.TLSSession');
const HTTP_REQUEST = shapeOf('envoy.service.auth.v3.AttributeContext.HttpRequest');

const TOO_LARGE = new Failure('ctx.malformed_too_large', `more than ${MESSAGE_BYTES_MAX} bytes`);
const SERVICE_EXTENSION = 'remit.service';
const EXTENSION_PREFIX = 'remit.';
// One for all requests without them, so that what is not read costs nothing.
const NO_BODY = new Uint8Array();
const NO_EXTENSIONS: ReadonlyMap<string, string> = new Map();

/** What one CheckRequest says; a field that was not sent, or is not read, is empty. */
export class CheckRequestView {
  sourcePrincipal = '';
  /** The IP address that the caller has for the enforcer. */
  sourceAddress = '';
  hasCertificate = false;
  /** URL-encoded PEM, as it came; beyond its bound only so much that it shows. */
  sourceCertificate = '';
  destinationPrincipal = '';
  /** `context_extensions["remit.service"]` */
  serviceExtension = '';
  /** tls_session.sni: what the TLS client asked for, of HTTP requests too. */
  sni = '';
  /** Of the destination's address; 0 when it has none. */
  port = 0;
  hasServiceExtension = false;
  /** False from Envoy's network filter, which sends no `request.http`. */
  hasHttp = false;
  method = '';
  /** Raw, with its query. */
  path = '';
  host = '';
  /** `body` or `raw_body`, whichever came; a part of the message's own bytes. */
  body: Uint8Array = NO_BODY;
  /** What `jwt_authn` says of tokens that it verified. */
  jwtPayloads: JwtPayloads = NO_PAYLOADS;
  readonly headers = new HeaderReader();
  #extensions: Map<string, string> | undefined = undefined;

  /** `context_extensions` by whole name, those that begin with `remit.`. */
  get extensions(): ReadonlyMap<string, string> {
    return this.#extensions ?? NO_EXTENSIONS;
  }

  /** False when the name is there with another value. */
  addExtension(name: string, value: string): boolean {
    this.#extensions ??= new Map();
    const before = this.#extensions.get(name);
    this.#extensions.set(name, value);
    return before === undefined || before === value;
  }
}

export function decodeCheckRequest(
  bytes: Buffer,
  read: AttributesRead,
): Fallible<CheckRequestView> {
  if (bytes.length > MESSAGE_BYTES_MAX) return TOO_LARGE;
  const view = new CheckRequestView();
  view.headers.selection = headerSelection(read);
  const reader = new WireReader(bytes);
  const end = bytes.length;
  let seen = 0;
  try {
    while (reader.pos < end) {
      const tag = reader.tag(end);
      if (tag === field(1)) {
        seen = once(seen, 1);
        readAttributes(reader, reader.lengthEnd(end), view, read);
      } else reader.skip(CHECK_REQUEST.fields[tag >>> 3], tag & 7, end, 0);
    }
  } catch (error) {
    if (error === MALFORMED) return MALFORMED;
    throw error;
  }
  // A check about nothing at all is none.
  return seen === 0 ? MALFORMED : view;
}

/** The tag of a length-delimited field. */
function field(number: number): number {
  return (number << 3) | 2;
}

function readAttributes(
  reader: WireReader,
  end: number,
  view: CheckRequestView,
  read: AttributesRead,
): void {
  let seen = 0;
  while (reader.pos < end) {
    const tag = reader.tag(end);
    const number = tag >>> 3;
    const shape = ATTRIBUTES.fields[number];
    if (shape !== undefined && !shape.repeated) seen = once(seen, number);
    if (tag === field(1)) readSource(reader, reader.lengthEnd(end), view, read);
    else if (tag === field(2)) readDestination(reader, reader.lengthEnd(end), view, read);
    else if (tag === field(4)) readRequest(reader, reader.lengthEnd(end), view, read);
    else if (tag === field(10)) readExtension(reader, reader.lengthEnd(end), view, read);
    else if (tag === field(11) && read.metadata) {
      view.jwtPayloads = readJwtPayloads(reader, reader.lengthEnd(end));
    } else if (tag === field(12) && read.sni) view.sni = readSni(reader, reader.lengthEnd(end));
    else reader.skip(shape, tag & 7, end, 1);
  }
}

/** Principal, certificate and address of the peer that calls; the rest is only checked. */
function readSource(
  reader: WireReader,
  end: number,
  view: CheckRequestView,
  read: AttributesRead,
): void {
  let seen = 0;
  while (reader.pos < end) {
    const tag = reader.tag(end);
    const shape = PEER.fields[tag >>> 3];
    if (shape !== undefined && !shape.repeated) seen = once(seen, tag >>> 3);
    if (tag === field(4)) view.sourcePrincipal = reader.text(end);
    else if (tag === field(1) && read.sourceAddress) {
      view.sourceAddress = readIp(reader, reader.lengthEnd(end));
    } else if (tag === field(5)) readCertificate(reader, end, view, read.certificate);
    else reader.skip(shape, tag & 7, end, 2);
  }
}

/** Principal of the peer that is called; what else is said of it comes from the same enforcer. */
function readDestination(
  reader: WireReader,
  end: number,
  view: CheckRequestView,
  read: AttributesRead,
): void {
  let seen = 0;
  while (reader.pos < end) {
    const tag = reader.tag(end);
    const shape = PEER.fields[tag >>> 3];
    if (shape !== undefined && !shape.repeated) seen = once(seen, tag >>> 3);
    if (tag === field(4)) view.destinationPrincipal = reader.text(end);
    else if (tag === field(1) && read.port) view.port = readPort(reader, reader.lengthEnd(end));
    else reader.skip(shape, tag & 7, end, 2);
  }
}

function readCertificate(
  reader: WireReader,
  end: number,
  view: CheckRequestView,
  wanted: boolean,
): void {
  const stop = reader.lengthEnd(end);
  const start = reader.pos;
  view.hasCertificate = stop > start;
  reader.checkText(start, stop);
  // PEM is ASCII: whatever else is there stays different text, and is refused where it is read.
  const cut = Math.min(stop, start + CERTIFICATE_TEXT_MAX + 1);
  if (wanted) view.sourceCertificate = reader.buffer.toString('latin1', start, cut);
  reader.pos = stop;
}

function readSni(reader: WireReader, end: number): string {
  let sni = '';
  let seen = 0;
  while (reader.pos < end) {
    const tag = reader.tag(end);
    const shape = TLS_SESSION.fields[tag >>> 3];
    if (shape !== undefined && !shape.repeated) seen = once(seen, tag >>> 3);
    if (tag === field(1)) sni = reader.text(end);
    else reader.skip(shape, tag & 7, end, 2);
  }
  return sni;
}

function readExtension(
  reader: WireReader,
  end: number,
  view: CheckRequestView,
  read: AttributesRead,
): void {
  let key = '';
  let value = '';
  let seen = 0;
  while (reader.pos < end) {
    const tag = reader.tag(end);
    if (tag === field(1) || tag === field(2)) seen = once(seen, tag >>> 3);
    if (tag === field(1)) key = reader.text(end);
    else if (tag === field(2)) value = reader.text(end);
    else reader.skip(undefined, checkedEntryWire(tag), end, 2);
  }
  // The same key twice would let the order decide what is meant.
  if (read.extensions && key.startsWith(EXTENSION_PREFIX) && !view.addExtension(key, value)) {
    throw MALFORMED;
  }
  if (key !== SERVICE_EXTENSION) return;
  // This one is always read, and there may be an empty one.
  if (view.hasServiceExtension && view.serviceExtension !== value) throw MALFORMED;
  view.hasServiceExtension = true;
  view.serviceExtension = value;
}

/** Fields 1 and 2 of a map entry are text; as anything else they are malformed. */
export function checkedEntryWire(tag: number): number {
  if (tag >>> 3 < 3) throw MALFORMED;
  return tag & 7;
}

function readRequest(
  reader: WireReader,
  end: number,
  view: CheckRequestView,
  read: AttributesRead,
): void {
  let seen = 0;
  while (reader.pos < end) {
    const tag = reader.tag(end);
    const shape = REQUEST.fields[tag >>> 3];
    if (shape !== undefined && !shape.repeated) seen = once(seen, tag >>> 3);
    if (tag === field(2)) {
      view.hasHttp = true;
      readHttp(reader, reader.lengthEnd(end), view, read);
    } else reader.skip(shape, tag & 7, end, 2);
  }
}

function readHttp(
  reader: WireReader,
  end: number,
  view: CheckRequestView,
  read: AttributesRead,
): void {
  let seen = 0;
  while (reader.pos < end) {
    const tag = reader.tag(end);
    const shape = HTTP_REQUEST.fields[tag >>> 3];
    if (shape !== undefined && !shape.repeated) seen = once(seen, tag >>> 3);
    if (tag === field(2)) view.method = reader.text(end);
    else if (tag === field(3)) view.headers.readJoined(reader, reader.lengthEnd(end));
    else if (tag === field(4)) view.path = reader.text(end);
    else if (tag === field(5) && read.host) view.host = reader.text(end);
    else if (tag === field(13)) view.headers.readMap(reader, reader.lengthEnd(end));
    else if ((tag === field(11) || tag === field(12)) && read.body)
      readBody(reader, tag, end, view);
    else reader.skip(shape, tag & 7, end, 3);
  }
}

/** Envoy sends text, or bytes with `pack_as_bytes`; of both nobody knows which is the body. */
function readBody(reader: WireReader, tag: number, end: number, view: CheckRequestView): void {
  const stop = reader.lengthEnd(end);
  const start = reader.pos;
  reader.pos = stop;
  if (stop === start) return;
  if (view.body.length > 0) throw MALFORMED;
  if (tag === field(11)) reader.checkText(start, stop);
  view.body = reader.buffer.subarray(start, stop);
}
