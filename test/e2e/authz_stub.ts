// An ext_authz server that answers every Check with the same bytes: for what Envoy makes of answers
// that Remit would never give.

import * as grpc from '@grpc/grpc-js';

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
  readonly stop: () => void;
}

/** Starts it on a free loopback port. */
export async function startAuthzStub(response: Buffer): Promise<AuthzStub> {
  const server = new grpc.Server();
  server.addService(CHECK, {
    Check: (_call: unknown, callback: grpc.sendUnaryData<Buffer>) => callback(null, response),
  });
  const port = await new Promise<number>((resolve, reject) => {
    const credentials = grpc.ServerCredentials.createInsecure();
    server.bindAsync('127.0.0.1:0', credentials, (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return { port, stop: () => server.forceShutdown() };
}
