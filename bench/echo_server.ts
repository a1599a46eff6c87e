// The yardstick: a bare grpc-js server that answers each Check with the bytes it was sent, or
// always with the same ones, through identity (de)serialisers. What it reaches is what the
// transport alone lets pass. It takes its work as JSON.

import { readFileSync } from 'node:fs';
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from '@grpc/grpc-js';
import type { TlsFiles } from './mutual_tls.ts';

export interface EchoWork {
  readonly address: string;
  /** What it always answers, in hexadecimal digits. */
  readonly constant?: string | undefined;
  /** Then only those whom its authority vouches for may ask. */
  readonly tls?: TlsFiles | undefined;
}

const identity = (bytes: Buffer): Buffer => bytes;

// The argument comes from echo.ts.
const { address, constant, tls } = JSON.parse(process.argv[2] ?? '{}') as EchoWork;
const answer = constant === undefined ? undefined : Buffer.from(constant, 'hex');

const server = new Server();
server.addService(
  {
    Check: {
      path: '/envoy.service.auth.v3.Authorization/Check',
      requestStream: false,
      responseStream: false,
      requestSerialize: identity,
      requestDeserialize: identity,
      responseSerialize: identity,
      responseDeserialize: identity,
    },
  },
  {
    Check: (call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>) =>
      callback(null, answer ?? call.request),
  },
);

function credentialsOf({ cert, key, authority }: TlsFiles): ServerCredentials {
  const pair = { cert_chain: readFileSync(cert), private_key: readFileSync(key) };
  return ServerCredentials.createSsl(readFileSync(authority), [pair], true);
}

const credentials = tls === undefined ? ServerCredentials.createInsecure() : credentialsOf(tls);
server.bindAsync(address, credentials, (error) => {
  if (error === null) return;
  process.stderr.write(`cannot listen on ${address}: ${error.message}\n`);
  process.exitCode = 2;
});
process.once('SIGTERM', () => process.exit(0));
