// The workloads' side: HTTP and gRPC requests over mTLS, sent exactly as written (no normalisation
// of the path), to a server whose SPIFFE ID is checked as a workload checks it.

import type { IncomingHttpHeaders } from 'node:http';
import { Agent, request } from 'node:https';
import type { PeerCertificate } from 'node:tls';
import * as grpc from '@grpc/grpc-js';
import { type BalanceResponse, LEDGER } from './ledger.ts';
import type { Svid } from './pki.ts';

const TIMEOUT_MS = 15_000;

/** A server reached through Envoy. */
export interface Target {
  readonly port: number;
  readonly trustedCaPem: string;
  readonly spiffeId: string;
}

export interface HttpCall {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string | Buffer;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** One TLS connection of one caller, for several requests. */
export class Connection {
  readonly #agent: Agent;
  readonly #port: number;

  constructor(target: Target, caller: Svid | undefined) {
    this.#port = target.port;
    this.#agent = new Agent({
      keepAlive: true,
      maxSockets: 1,
      ca: target.trustedCaPem,
      ...(caller && { cert: caller.certificatePem, key: caller.keyPem }),
      checkServerIdentity: (_host, certificate) => wrongServer(certificate, target.spiffeId),
    });
  }

  send(call: HttpCall): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      const outgoing = request(
        {
          host: '127.0.0.1',
          port: this.#port,
          agent: this.#agent,
          method: call.method,
          path: call.path,
          timeout: TIMEOUT_MS,
          headers: { ...call.headers, ...lengthOf(call.body) },
        },
        (incoming) => {
          const chunks: Buffer[] = [];
          incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
          incoming.on('error', reject);
          incoming.on('end', () => {
            const body = Buffer.concat(chunks).toString();
            resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body });
          });
        },
      );
      outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer in ${TIMEOUT_MS} ms`)));
      outgoing.on('error', reject);
      outgoing.end(call.body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** Sends one request on a connection of its own. */
export async function sendHttp(
  target: Target,
  caller: Svid | undefined,
  call: HttpCall,
): Promise<HttpAnswer> {
  const connection = new Connection(target, caller);
  try {
    return await connection.send(call);
  } finally {
    connection.close();
  }
}

export interface GrpcCall {
  readonly method: 'GetBalance' | 'CloseBooks';
  readonly account: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface GrpcAnswer {
  readonly code: grpc.status;
  readonly details: string;
  /** Of the call's end: headers of a refusal are in here. */
  readonly metadata: grpc.Metadata;
  readonly response?: BalanceResponse;
}

/** Sends one unary call on a connection of its own. */
export async function sendGrpc(
  target: Target,
  caller: Svid | undefined,
  call: GrpcCall,
): Promise<GrpcAnswer> {
  const method = LEDGER[call.method];
  if (!method) throw new Error(`ledger.proto has no method \`${call.method}\``);
  const credentials = grpc.credentials.createSsl(
    Buffer.from(target.trustedCaPem),
    caller ? Buffer.from(caller.keyPem) : null,
    caller ? Buffer.from(caller.certificatePem) : null,
    { checkServerIdentity: (_host, certificate) => wrongServer(certificate, target.spiffeId) },
  );
  const client = new grpc.Client(`127.0.0.1:${target.port}`, credentials, {
    // An IP address is no valid TLS server name (RFC 6066).
    'grpc.ssl_target_name_override': 'localhost',
  });
  const metadata = new grpc.Metadata();
  for (const [name, value] of Object.entries(call.metadata ?? {})) metadata.set(name, value);
  try {
    return await new Promise((resolve) => {
      client.makeUnaryRequest(
        method.path,
        method.requestSerialize,
        // The method's own deserialiser builds its response.
        method.responseDeserialize as (bytes: Buffer) => BalanceResponse,
        { account: call.account },
        metadata,
        { deadline: Date.now() + TIMEOUT_MS },
        (error, response) => {
          if (error)
            resolve({ code: error.code, details: error.details, metadata: error.metadata });
          else
            resolve({ code: grpc.status.OK, details: '', metadata, ...(response && { response }) });
        },
      );
    });
  } finally {
    client.close();
  }
}

/** The check of a server's X509-SVID: its one SPIFFE ID, never a host name. */
function wrongServer(certificate: PeerCertificate, spiffeId: string): Error | undefined {
  const names = (certificate.subjectaltname ?? '').split(', ');
  const uris = names.filter((name) => name.startsWith('URI:'));
  if (uris.length === 1 && uris[0] === `URI:${spiffeId}`) return undefined;
  return new Error(`the server is not ${spiffeId} but \`${uris.join(' ')}\``);
}

function lengthOf(body: string | Buffer | undefined): Record<string, number> {
  return body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
}
