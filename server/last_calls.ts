// The end of a connection in two steps (RFC 9113 section 6.8). A GOAWAY that names the last stream
// refuses what the peer sent before it could hear of it, and Envoy lets such requests through under
// `failure_mode_allow`. So the peer is first told to send no more, and heard out.

import { writeSync } from 'node:fs';
import type { ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/** GOAWAY with 2^31-1 as the last stream, which refuses nothing, and NO_ERROR. */
const GOAWAY = Buffer.from('0000080700000000007fffffff00000000', 'hex');
/** A peer acknowledges within a round trip; one that does not is not waited for. */
const HEARD_MS_MAX = 1_000;
/** Connections that came together do not go together. */
const AGE_JITTER = 0.1;

export interface AgeLimits {
  readonly connectionAgeMs: number;
  /** For what is under way then. */
  readonly connectionGraceMs: number;
}

/** What Node's types do not name. */
interface WithHandle {
  readonly _handle: { readonly fd: number; readonly writeQueueSize: number } | null;
}

/**
 * Ends it when all is answered that the peer sent before it could hear of the end; over TLS, when
 * all is answered that has arrived. Resolves when nothing new can come.
 *
 * @param socket beneath the session
 */
export async function endConnection(session: ServerHttp2Session, socket: Socket): Promise<void> {
  if (session.destroyed || session.closed) return;
  if (sayGoaway(socket)) await heard(session);
  if (!session.destroyed) session.close();
}

/** Ends it when it has its age; grpc-js would do that in one step. */
export function limitAge(session: ServerHttp2Session, socket: Socket, limits: AgeLimits): void {
  const { connectionAgeMs, connectionGraceMs } = limits;
  const end = async (): Promise<void> => {
    await endConnection(session, socket);
    if (session.destroyed) return;
    timer = setTimeout(() => session.destroy(), connectionGraceMs).unref();
  };
  const ageMs = connectionAgeMs * (1 + AGE_JITTER * (2 * Math.random() - 1));
  let timer = setTimeout(() => void end(), ageMs).unref();
  session.once('close', () => clearTimeout(timer));
}

/**
 * Around Node (24.21): after a GOAWAY of its own, whatever that says, nghttp2 ignores new streams,
 * and its "shutdown notice", which does not, is not offered. A write through the socket would be
 * answered to the session, which aborts the process. Sessions write whole frames, so where nothing
 * waits to be written this one gets in between.
 *
 * @returns whether the peer has been told
 */
function sayGoaway(socket: Socket): boolean {
  // INVARIANT: nothing is written around TLS, whose handle names the descriptor beneath it.
  if (socket instanceof TLSSocket) return false;
  const { _handle: handle } = socket as unknown as WithHandle;
  if (handle === null || handle.fd < 0 || handle.writeQueueSize > 0) return false;
  let written = 0;
  try {
    written = writeSync(handle.fd, GOAWAY);
  } catch {
    // The peer does not read, or is gone.
    return false;
  }
  // Half a frame: what follows it would not be understood.
  if (written !== GOAWAY.length) socket.destroy();
  return true;
}

/** Resolves when the peer has read what was written, and all that it wrote before has arrived. */
function heard(session: ServerHttp2Session): Promise<void> {
  return new Promise((resolve) => {
    if (session.destroyed) return resolve();
    const timer = setTimeout(resolve, HEARD_MS_MAX);
    // Called back also where the connection ends instead, and where too many pings wait.
    session.ping(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
