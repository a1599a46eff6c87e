// The yardstick: a bare grpc-js server that answers each Check with the bytes it was sent, or
// always with the same ones, through identity (de)serialisers. What it reaches is what the
// transport alone lets pass.

import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from '@grpc/grpc-js';

const identity = (bytes: Buffer): Buffer => bytes;

const [address = '', constant] = process.argv.slice(2);
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

server.bindAsync(address, ServerCredentials.createInsecure(), (error) => {
  if (error === null) return;
  process.stderr.write(`cannot listen on ${address}: ${error.message}\n`);
  process.exitCode = 2;
});
process.once('SIGTERM', () => process.exit(0));
