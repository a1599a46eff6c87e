// HTTP/2 as bytes (RFC 9113), for what no HTTP/2 library would send.

import { CHECK_SERVICE } from '../../server/check_server.ts';

export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

export const TYPE = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const END_STREAM = 1;
export const END_HEADERS = 4;

const NOTHING = Buffer.alloc(0);

export function frame(
  type: keyof typeof TYPE,
  flags: number,
  streamId: number,
  payload: Buffer = NOTHING,
): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = TYPE[type];
  head[4] = flags;
  head.writeUInt32BE(streamId, 5);
  return Buffer.concat([head, payload]);
}

export function settings(...pairs: readonly (readonly [id: number, value: number])[]): Buffer {
  const payload = Buffer.alloc(pairs.length * 6);
  for (const [index, [id, value]] of pairs.entries()) {
    payload.writeUInt16BE(id, index * 6);
    payload.writeUInt32BE(value, index * 6 + 2);
  }
  return frame('settings', 0, 0, payload);
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** Literals that nobody indexes (RFC 7541 6.2.2), of less than 127 bytes each. */
export function headerBlock(fields: Readonly<Record<string, string>>): Buffer {
  const text = (value: string): Buffer =>
    Buffer.concat([Buffer.from([value.length]), Buffer.from(value, 'latin1')]);
  return Buffer.concat(
    Object.entries(fields).flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]),
  );
}

export const CHECK_HEADERS = headerBlock({
  ':method': 'POST',
  ':scheme': 'http',
  ':path': `/${CHECK_SERVICE}/Check`,
  ':authority': 'localhost',
  'content-type': 'application/grpc',
  te: 'trailers',
});

/** The head of a gRPC message of this length; what follows it is up to the caller. */
export function messageHead(bytes: number): Buffer {
  return Buffer.concat([Buffer.from([0]), uint32(bytes)]);
}

/** A whole Check as the frames of one stream. */
export function checkFrames(streamId: number, message: Buffer): Buffer {
  const body = Buffer.concat([messageHead(message.length), message]);
  return Buffer.concat([
    frame('headers', END_HEADERS, streamId, CHECK_HEADERS),
    frame('data', END_STREAM, streamId, body),
  ]);
}
