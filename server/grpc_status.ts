// How a gRPC call ends that has no answer, over HTTP/2 (gRPC's PROTOCOL-HTTP2.md, "Responses").

import { constants, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { status } from '@grpc/grpc-js';

/** `details` are sent as they are, so they are printable ASCII without a percent sign. */
export interface GrpcStatus {
  readonly code: status;
  readonly details: string;
}

/** Of every answer: an HTTP status says nothing about the call. */
export const RESPONSE_HEADERS: OutgoingHttpHeaders = {
  ':status': constants.HTTP_STATUS_OK,
  'content-type': 'application/grpc+proto',
  'grpc-accept-encoding': 'identity,deflate,gzip',
};

export const OK_TRAILERS: OutgoingHttpHeaders = { 'grpc-status': status.OK };

/** Headers and trailers in one. Nothing happens where an answer is on its way, or nobody waits. */
export function sendStatus(stream: ServerHttp2Stream, { code, details }: GrpcStatus): void {
  if (stream.destroyed || stream.closed || stream.headersSent) return;
  const headers = { ...RESPONSE_HEADERS, 'grpc-status': code, 'grpc-message': details };
  stream.respond(headers, { endStream: true });
}
