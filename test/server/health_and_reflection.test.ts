// What a kubelet, grpcurl and ghz ask the check port.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import {
  type ClientDuplexStream,
  credentials,
  type GrpcObject,
  loadPackageDefinition,
  type ServiceClientConstructor,
  status,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { protoPath as healthProto } from 'grpc-health-check';
import { addressText } from '../../server/address.ts';
import { useFolder } from '../support/folder.ts';
import { startServer, type TestServer } from '../support/server.ts';

const CHECK_SERVICE = 'envoy.service.auth.v3.Authorization';
const require = createRequire(import.meta.url);
const reflectionProtos = join(
  dirname(require.resolve('@grpc/reflection/package.json')),
  'build/proto/grpc/reflection',
);

function clientOf(proto: string, service: string, server: TestServer) {
  const loaded = loadPackageDefinition(loadSync(proto, { keepCase: true, enums: String }));
  const Service = service
    .split('.')
    .reduce((at, step) => at[step] as GrpcObject, loaded) as unknown as ServiceClientConstructor;
  return new Service(addressText(server.address), credentials.createInsecure());
}

describe('the check port', () => {
  const folder = useFolder();
  let server: TestServer;
  before(async () => {
    server = await startServer(folder);
  });
  after(() => server.stop());

  function health(service: string): Promise<string> {
    const client = clientOf(healthProto, 'grpc.health.v1.Health', server);
    return new Promise<string>((resolve, reject) => {
      client['Check']!({ service }, (error: Error | null, response: { status: string }) =>
        error === null ? resolve(response.status) : reject(error),
      );
    }).finally(() => client.close());
  }

  for (const service of ['', CHECK_SERVICE]) {
    it(`is healthy as \`${service}\``, async () => {
      assert.equal(await health(service), 'SERVING');
    });
  }

  it('knows no health of other services', () =>
    assert.rejects(health('remit'), { code: status.NOT_FOUND }));

  for (const version of ['v1', 'v1alpha']) {
    interface Response {
      readonly list_services_response?: { readonly service: readonly { readonly name: string }[] };
      readonly file_descriptor_response?: { readonly file_descriptor_proto: readonly Buffer[] };
    }

    function reflect(request: object): Promise<Response> {
      const proto = join(reflectionProtos, version, 'reflection.proto');
      const client = clientOf(proto, `grpc.reflection.${version}.ServerReflection`, server);
      const stream: ClientDuplexStream<object, Response> = client['ServerReflectionInfo']!();
      return new Promise<Response>((resolve, reject) => {
        stream.on('data', resolve).on('error', reject);
        stream.write(request);
        stream.end();
      }).finally(() => client.close());
    }

    it(`lists its services by reflection ${version}`, async () => {
      const { list_services_response: list } = await reflect({ list_services: '*' });
      const names = list?.service.map(({ name }) => name) ?? [];
      for (const name of [CHECK_SERVICE, 'grpc.health.v1.Health']) {
        assert.ok(names.includes(name), `${name} is among ${names}`);
      }
    });

    it(`describes the check by reflection ${version}`, async () => {
      const { file_descriptor_response: files } = await reflect({
        file_containing_symbol: CHECK_SERVICE,
      });
      const described = Buffer.concat([...(files?.file_descriptor_proto ?? [])]).toString('latin1');
      assert.ok(described.includes('envoy/service/auth/v3/external_auth.proto'));
      assert.ok(described.includes('CheckRequest'));
    });
  }
});
