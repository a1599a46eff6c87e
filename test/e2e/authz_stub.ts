// An ext_authz server that answers every Check with the same bytes: for what Envoy makes of answers
// that Remit would never give.

import * as grpc from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';

const raw = (bytes: Buffer): Buffer => bytes;

const CHECK: grpc.ServiceDefinition = {
  Check: {
    path: '/envoy.service.auth.v3.Authorization/Check',
    requestStream: false,
    responseStream: false,
    requestSerialize: raw,
    requestDeserialize: raw,
    responseSerialize: raw,
    responseDeserialize: raw,
  },
};

export interface AuthzStub {
  readonly port: number;
  /** The CheckRequests that it got, undecoded. */
  readonly requests: readonly Buffer[];
  readonly stop: () => void;
}

/** Starts it on a free loopback port; it is healthy. */
export async function startAuthzStub(
  response: Buffer,
  credentials = grpc.ServerCredentials.createInsecure(),
): Promise<AuthzStub> {
  const server = new grpc.Server();
  const requests: Buffer[] = [];
  server.addService(CHECK, {
    Check: (call: grpc.ServerUnaryCall<Buffer, Buffer>, callback: grpc.sendUnaryData<Buffer>) => {
      requests.push(call.request);
      callback(null, response);
    },
  });
  new HealthImplementation({
    'envoy.service.auth.v3.Authorization': 'SERVING',
  }).addToServer(server);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', credentials, (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return { port, requests, stop: () => server.forceShutdown() };
}
