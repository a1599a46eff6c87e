/** The files are found wherever the loader runs, and what it gives out is whole. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, createFileRegistry, fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import type { ServiceDefinition } from '@grpc/proto-loader';
import {
  authorizationPackage,
  descriptorFiles,
  protoDirectoryFrom,
  protoRoot,
} from '../../proto/load.ts';

describe('protoDirectoryFrom', () => {
  let root: string;
  before(() => {
    root = mkdtempSync(join(tmpdir(), 'remit-proto-'));
    mkdirSync(join(root, 'dist', 'proto'), { recursive: true });
    mkdirSync(join(root, 'proto'));
    writeFileSync(join(root, 'package.json'), '{}');
  });
  after(() => rmSync(root, { recursive: true }));

  for (const from of ['proto', 'dist/proto']) {
    it(`finds <package root>/proto from ${from}`, () => {
      assert.equal(protoDirectoryFrom(join(root, from)), join(root, 'proto'));
    });
  }

  it('says when there is no package above', () => {
    assert.throws(() => protoDirectoryFrom('/'), /no package\.json in `\/`/);
  });
});

describe('protoRoot', () => {
  it('is resolved and spells names as the files do', () => {
    const type = protoRoot.lookupType('envoy.service.auth.v3.AttributeContext.HttpRequest');
    assert.equal(type.fields['raw_body']?.id, 12);
    assert.equal(type.fields['header_map']?.resolvedType?.name, 'HeaderMap');
  });
});

describe('authorizationPackage', () => {
  const definition = authorizationPackage();
  // A definition holds services, messages and enums; this name is a service's.
  const service = definition['envoy.service.auth.v3.Authorization'] as ServiceDefinition;
  const check = service['Check']!;

  it('has the method that Envoy calls', () => {
    assert.equal(check.path, '/envoy.service.auth.v3.Authorization/Check');
    assert.equal(check.requestStream || check.responseStream, false);
  });

  it('reads answers with defaults, names for enums and the member of the oneof', () => {
    const bytes = check.responseSerialize({
      status: { code: 7 },
      denied_response: { status: { code: 'Forbidden' } },
    });
    assert.deepEqual(check.responseDeserialize(bytes), {
      status: { code: 7, message: '', details: [] },
      denied_response: { status: { code: 'Forbidden' }, headers: [], body: '' },
      http_response: 'denied_response',
      dynamic_metadata: null,
    });
  });

  it('carries descriptors of every file, on all that reflection looks at', () => {
    const want = descriptorFiles().map((file) => Buffer.from(file));
    assert.deepEqual(check.requestType.fileDescriptorProtos, want);
    assert.deepEqual(check.responseType.fileDescriptorProtos, want);
    for (const [name, entry] of Object.entries(definition)) {
      if (entry === service) continue;
      assert.deepEqual(entry['fileDescriptorProtos' as keyof typeof entry], want, name);
    }
  });
});

describe('descriptorFiles', () => {
  const file = descriptorFiles().map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));

  it('are our files and those they import', () => {
    assert.deepEqual(file.map(({ name }) => name).sort(), [
      'envoy/config/core/v3/address.proto',
      'envoy/config/core/v3/base.proto',
      'envoy/service/auth/v3/attribute_context.proto',
      'envoy/service/auth/v3/external_auth.proto',
      'envoy/type/v3/http_status.proto',
      'google/protobuf/any.proto',
      'google/protobuf/struct.proto',
      'google/protobuf/timestamp.proto',
      'google/protobuf/wrappers.proto',
      'google/rpc/status.proto',
    ]);
  });

  it('come after what they import', () => {
    const seen = new Set<string>();
    for (const { name, dependency } of file) {
      for (const imported of dependency) assert.ok(seen.has(imported), `${name}: ${imported}`);
      seen.add(name);
    }
  });

  it('link', () => {
    const registry = createFileRegistry(create(FileDescriptorSetSchema, { file }));
    const method = registry.getService('envoy.service.auth.v3.Authorization')?.method['check'];
    assert.equal(method?.output.typeName, 'envoy.service.auth.v3.CheckResponse');
    const map = registry.getMessage('envoy.config.core.v3.Metadata')?.field['filterMetadata'];
    assert.equal(map?.fieldKind === 'map' && map.message?.typeName, 'google.protobuf.Struct');
    const value = registry.getMessage('google.protobuf.Value')?.fields.map(({ name }) => name);
    assert.ok(value?.includes('null_value'));
  });
});
