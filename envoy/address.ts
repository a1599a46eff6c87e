// The port of an envoy.config.core.v3.Address. Both messages are a choice of one field: parsers
// that meet two of them keep the last or the first, so two are refused.

import { shapeOf } from '../proto/shape.ts';
import { MALFORMED, once, type WireReader } from './wire.ts';

const ADDRESS = shapeOf('envoy.config.core.v3.Address');
const SOCKET_ADDRESS = shapeOf('envoy.config.core.v3.SocketAddress');

const SOCKET_ADDRESS_TAG = (1 << 3) | 2;
const PORT_VALUE_TAG = 3 << 3;
/** Address: socket_address, pipe, envoy_internal_address. SocketAddress: port_value, named_port. */
const ADDRESS_FIELDS = (1 << 1) | (1 << 2) | (1 << 3);
const PORT_FIELDS = (1 << 3) | (1 << 4);

/** 0 when the address is no socket address, or its port has a name and no number. */
export function readPort(reader: WireReader, end: number): number {
  let port = 0;
  let seen = 0;
  while (reader.pos < end) {
    const tag = reader.tag(end);
    const shape = ADDRESS.fields[tag >>> 3];
    if (shape !== undefined) seen = onlyOne(once(seen, tag >>> 3), ADDRESS_FIELDS);
    if (tag === SOCKET_ADDRESS_TAG) port = readSocketAddress(reader, reader.lengthEnd(end));
    else reader.skip(shape, tag & 7, end, 3);
  }
  return port;
}

function readSocketAddress(reader: WireReader, end: number): number {
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

function onlyOne(seen: number, choice: number): number {
  const chosen = seen & choice;
  if ((chosen & (chosen - 1)) !== 0) throw MALFORMED;
  return seen;
}
