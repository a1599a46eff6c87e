// The two services behind Envoy: HTTP/1 that echoes what it received, and gRPC (h2c) with one small
// unary method that does the same. Run by itself, it serves the folder that `--prepare` wrote.

import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import * as grpc from '@grpc/grpc-js';
import { type BalanceRequest, type BalanceResponse, LEDGER } from './ledger.ts';

/** What the HTTP upstream answers: the request as it arrived. */
export interface Echo {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly bodyBytes: number;
}

export interface Upstream {
  readonly port: number;
  /** How many requests got through to it. */
  readonly received: () => number;
  readonly stop: () => Promise<void>;
}

/** Starts the HTTP/1 upstream; port 0 lets the system choose. */
export async function startHttpUpstream(port: number): Promise<Upstream> {
  let received = 0;
  const server = createServer((request, response) => {
    received += 1;
    let bodyBytes = 0;
    request.on('data', (chunk: Buffer) => {
      bodyBytes += chunk.length;
    });
    request.on('end', () => {
      const { method = '', url: path = '' } = request;
      const echo: Echo = { method, path, headers: textHeaders(request.headers), bodyBytes };
      response.setHeader('content-type', 'application/json');
      response.end(`${JSON.stringify(echo)}\n`);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  // A TCP server's address is an AddressInfo.
  return { port: (server.address() as AddressInfo).port, received: () => received, stop };
}

/** Starts the gRPC upstream; port 0 lets the system choose. */
export async function startGrpcUpstream(port: number): Promise<Upstream> {
  let received = 0;
  const answer: grpc.handleUnaryCall<BalanceRequest, BalanceResponse> = (call, callback) => {
    received += 1;
    const { account } = call.request;
    callback(null, { account, cents: 120_050, metadata: textMetadata(call.metadata) });
  };
  const server = new grpc.Server();
  server.addService(LEDGER, { GetBalance: answer, CloseBooks: answer });
  const boundPort = await new Promise<number>((resolve, reject) => {
    const credentials = grpc.ServerCredentials.createInsecure();
    server.bindAsync(`127.0.0.1:${port}`, credentials, (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  const stop = async () => server.forceShutdown();
  return { port: boundPort, received: () => received, stop };
}

/** Repeated headers become one value, as most servers show them to their handlers. */
function textHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}

function textMetadata(metadata: grpc.Metadata): Record<string, string> {
  const text: Record<string, string> = {};
  for (const [name, value] of Object.entries(metadata.getMap())) {
    if (typeof value === 'string') text[name] = value;
  }
  return text;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      http: { type: 'string', default: '8080' },
      grpc: { type: 'string', default: '8081' },
    },
  });
  const http = await startHttpUpstream(Number(values.http));
  const ledger = await startGrpcUpstream(Number(values.grpc));
  process.stdout.write(`upstreams on 127.0.0.1: http ${http.port}, grpc ${ledger.port}\n`);
}

// Not awaited at the top level: mocha loads test files, and so this one, with require().
if (import.meta.main) void main();
