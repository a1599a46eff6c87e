// Port and IP of an envoy.config.core.v3.Address. Both messages are a choice of one field: parsers
// that meet two of them keep the last or the first, so two are refused.

import { shapeOf } from '../proto/shape.ts';
import { MALFORMED, once, type WireReader } from './wire.ts';

const ADDRESS = shapeOf('envoy.config.core.v3.Address');
const SOCKET_ADDRESS = shapeOf('envoy.config.core.v3.SocketAddress');

const SOCKET_ADDRESS_TAG = (1 << 3) | 2;
const IP_TAG = (2 << 3) | 2;
const PORT_VALUE_TAG = 3 << 3;
/** Address: socket_address, pipe, envoy_internal_address. SocketAddress: port_value, named_port. */
const ADDRESS_FIELDS = (1 << 1) | (1 << 2) | (1 << 3);
const PORT_FIELDS = (1 << 3) | (1 << 4);

/** 0 when the address is no socket address, or its port has a name and no number. */
export function readPort(reader: WireReader, end: number): number {
  return readAddress(reader, end, 0, portOf);
}

/** As text; empty when the address is no socket address. Not checked to be an IP address. */
export function readIp(reader: WireReader, end: number): string {
  return readAddress(reader, end, '', ipOf);
}

function readAddress<T>(
  reader: WireReader,
  end: number,
  none: T,
  read: (reader: WireReader, end: number) => T,
): T {
  let found = none;
  let seen = 0;
  while (reader.pos < end) {
    const tag = reader.tag(end);
    const shape = ADDRESS.fields[tag >>> 3];
    if (shape !== undefined) seen = onlyOne(once(seen, tag >>> 3), ADDRESS_FIELDS);
    if (tag === SOCKET_ADDRESS_TAG) found = read(reader, reader.lengthEnd(end));
    else reader.skip(shape, tag & 7, end, 3);
  }
  return found;
}

function portOf(reader: WireReader, end: number): number {
  let port = 0;
  let seen = 0;
  while (reader.pos < end) {
    const tag = reader.tag(end);
    const shape = SOCKET_ADDRESS.fields[tag >>> 3];
    if (shape !== undefined) seen = onlyOne(once(seen, tag >>> 3), PORT_FIELDS);
    if (tag === PORT_VALUE_TAG) port = reader.uint32(end);
    else reader.skip(shape, tag & 7, end, 4);
  }
  return port;
}

function ipOf(reader: WireReader, end: number): string {
  let ip = '';
  let seen = 0;
  while (reader.pos < end) {
    const tag = reader.tag(end);
    const shape = SOCKET_ADDRESS.fields[tag >>> 3];
    if (shape !== undefined) seen = onlyOne(once(seen, tag >>> 3), PORT_FIELDS);
    if (tag === IP_TAG) ip = reader.text(end);
    else reader.skip(shape, tag & 7, end, 4);
  }
  return ip;
}

function onlyOne(seen: number, choice: number): number {
  const chosen = seen & choice;
  if ((chosen & (chosen - 1)) !== 0) throw MALFORMED;
  return seen;
}
