// One gRPC call written frame by frame over HTTP/2, to send what no gRPC library would.

import { connect } from 'node:http2';
import { connect as connectSocket } from 'node:net';

const GRPC_HEADER_BYTES = 5;

/** A message that claims to be compressed, whatever it is. */
export function compressedFrame(body: Buffer): Buffer {
  const header = Buffer.alloc(GRPC_HEADER_BYTES);
  header[0] = 1;
  header.writeUInt32BE(body.length, 1);
  return Buffer.concat([header, body]);
}

/** The grpc-status of the answer; -1 when the stream or the connection ended without one. */
export function callRaw(socket: string, frame: Buffer): Promise<number> {
  return new Promise((resolve) => {
    const session = connect('http://localhost', {
      createConnection: () => connectSocket(socket),
    });
    const stream = session.request({
      ':method': 'POST',
      ':path': '/envoy.service.auth.v3.Authorization/Check',
      'content-type': 'application/grpc',
      'grpc-encoding': 'gzip',
      te: 'trailers',
    });
    let status = -1;
    const read = (headers: Record<string, unknown>): void => {
      if (headers['grpc-status'] !== undefined) status = Number(headers['grpc-status']);
    };
    stream.on('response', read);
    stream.on('trailers', read);
    // A refusal may come before everything is sent; what matters is the status.
    stream.on('error', () => {});
    session.on('error', () => resolve(status));
    stream.on('close', () => {
      session.close();
      resolve(status);
    });
    stream.resume();
    stream.end(frame);
  });
}
