// Calls of other methods than Check, health and reflection, which grpc-js answers; under the same
// limits, because anybody may send them.

import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { status } from '@grpc/grpc-js';
import { type GrpcStatus, sendStatus } from './grpc_status.ts';
import type { UnfinishedCalls, WatchedCall } from './unfinished_calls.ts';

/** Of a piece of a message, besides the memory that it lies in: attackers send a byte at a time. */
const PIECE_BYTES = 256;
/** These stay open for as long as the client likes. */
const STREAMING = new Set([
  '/grpc.health.v1.Health/Watch',
  '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
  '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo',
]);

const COMPRESSED: GrpcStatus = {
  code: status.UNIMPLEMENTED,
  details: 'compressed messages are taken by Check only',
};

export type HandleStream = (
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  ...more: unknown[]
) => void;

/** @param handle grpc-js's own way */
export function watchOthers(handle: HandleStream, unfinished: UnfinishedCalls): HandleStream {
  return (stream, headers, ...more) => {
    const encoding = headers['grpc-encoding'];
    if (encoding !== undefined && encoding !== 'identity') {
      stream.on('error', () => undefined);
      sendStatus(stream, COMPRESSED);
    } else handle(stream, headers, ...more);
    unfinished.begin(new OtherCall(stream, STREAMING.has(headers[':path'] ?? ''), unfinished));
  };
}

/** They are answered at once, so it is the client that they wait for. */
class OtherCall implements WatchedCall {
  readonly stream: ServerHttp2Stream;
  readonly mayStay: boolean;
  readonly waitsFor = 'client';
  readonly expiresAtMs = undefined;
  heldBytes = 0;

  constructor(stream: ServerHttp2Stream, mayStay: boolean, unfinished: UnfinishedCalls) {
    this.stream = stream;
    this.mayStay = mayStay;
    let memory: ArrayBufferLike | undefined;
    // grpc-js reads when it wants to: a listener more does not make an explicit pause end.
    stream.on('data', ({ buffer }: Buffer) => {
      // A piece keeps all the memory that it was read into, which the next may lie in too.
      this.heldBytes += PIECE_BYTES + (buffer === memory ? 0 : buffer.byteLength);
      memory = buffer;
      unfinished.grew(this);
    });
  }

  /** Nothing depends on when they are answered. */
  expire(): void {}
}
