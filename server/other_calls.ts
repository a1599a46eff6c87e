// Calls of other methods than Check, health and reflection, which grpc-js answers; under the same
// limits, because anybody may send them.

import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { constants } from 'node:http2';
import { type Server, status } from '@grpc/grpc-js';
import { type GrpcStatus, sendStatus } from './grpc_status.ts';
import type { UnfinishedCalls, WatchedCall } from './unfinished_calls.ts';

/** Of a piece of a message, besides the memory that it lies in: attackers send a byte at a time. */
const PIECE_BYTES = 256;
/**
 * Of each byte: reflection answers every five of them with some 400 bytes of objects, which wait
 * for as long as the client does not read.
 */
const ANSWERED_BYTES = 80;
/** These stay open for as long as the client likes. */
const STREAMING = new Set([
  '/grpc.health.v1.Health/Watch',
  '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
  '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo',
]);

const REFLECTION = '/grpc.reflection.';

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
    // Reset before it was begun: grpc-js would throw where it refuses one.
    if (stream.closed) {
      stream.on('error', () => undefined);
      return;
    }
    const encoding = headers['grpc-encoding'];
    if (encoding !== undefined && encoding !== 'identity') {
      stream.on('error', () => undefined);
      sendStatus(stream, COMPRESSED);
    } else handle(stream, headers, ...more);
    unfinished.begin(new OtherCall(stream, STREAMING.has(headers[':path'] ?? ''), unfinished));
  };
}

/**
 * Adds reflection to the server when the first call of it comes: it needs all of protobufjs, which
 * nothing else does, and is hardly ever asked for.
 */
export function reflectOnDemand(server: Server, handle: HandleStream): HandleStream {
  let adding: Promise<void> | undefined;
  let isAdded = false;
  const add = async (): Promise<void> => {
    try {
      const { addReflection } = await import('./reflection.ts');
      addReflection(server);
      isAdded = true;
    } catch {
      // Out of file descriptors, for example; the next call tries again.
      adding = undefined;
    }
  };
  return (stream, headers, ...more) => {
    if (isAdded || !headers[':path']?.startsWith(REFLECTION)) {
      handle(stream, headers, ...more);
      return;
    }
    stream.on('error', () => undefined);
    adding ??= add();
    void adding.then(() => {
      if (isAdded) handle(stream, headers, ...more);
      else stream.close(constants.NGHTTP2_CANCEL);
    });
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
    stream.on('data', ({ buffer, length }: Buffer) => {
      this.heldBytes += PIECE_BYTES + ANSWERED_BYTES * length;
      // A piece keeps all the memory that it was read into, which the next may lie in too.
      if (buffer !== memory) this.heldBytes += buffer.byteLength;
      memory = buffer;
      unfinished.grew(this);
    });
  }

  refuse(why: GrpcStatus): void {
    sendStatus(this.stream, why);
  }

  /** Nothing depends on when they are answered. */
  expire(): void {}
}
