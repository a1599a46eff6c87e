/** Our .proto files say on the wire what the official ones say, no less and no more. */
import assert from 'node:assert/strict';
import {
  file_google_protobuf_any,
  file_google_protobuf_struct,
  file_google_protobuf_timestamp,
  file_google_protobuf_wrappers,
} from '@bufbuild/protobuf/wkt';
import protobuf from 'protobufjs';
import { protoRoot } from '../../proto/load.ts';
import { declared, factsOf, factsOfService, reachable } from './facts.ts';
import { loadOfficialRoot } from './official.ts';

const serviceName = 'envoy.service.auth.v3.Authorization';

/** Newer in Envoy 1.40 than in @grpc/grpc-js-xds 1.14.1. `+` is ours only, `-` official only. */
const expectedDifferences = [
  '+ .envoy.config.core.v3.SocketAddress string network_namespace_filepath = 7',
  '+ .envoy.service.auth.v3.CheckResponse .envoy.service.auth.v3.DeniedHttpResponse ' +
    'error_response = 5 in oneof http_response',
];

function differences(ours: string[], official: string[]): string[] {
  const inOurs = new Set(ours);
  const inOfficial = new Set(official);
  return [
    ...ours.filter((fact) => !inOfficial.has(fact)).map((fact) => `+ ${fact}`),
    ...official.filter((fact) => !inOurs.has(fact)).map((fact) => `- ${fact}`),
  ].sort();
}

describe('our .proto files beside the official ones', () => {
  const official = loadOfficialRoot();
  const isBundled = (name: string) => name.startsWith('.google.protobuf.');

  it('have the same method', () => {
    assert.deepEqual(
      factsOfService(protoRoot.lookupService(serviceName)),
      factsOfService(official.lookupService(serviceName)),
    );
  });

  it('differ in fields and enum values only where the list says so', () => {
    const reach = reachable(official.lookupService(serviceName));
    assert.ok(reach.size > 20, `the official files reach ${reach.size} types`);
    const theirs = [...reach.values()].filter((type) => !isBundled(type.fullName));
    // All that ours declare, so that a type nobody can reach is a difference too.
    const ours = [...declared(protoRoot).values()].filter((type) => !isBundled(type.fullName));
    assert.deepEqual(differences(factsOf(ours), factsOf(theirs)), expectedDifferences);
  });

  it('use nothing from google.protobuf that the official files do not use', () => {
    const used = (root: protobuf.Root) =>
      [...reachable(root.lookupService(serviceName)).keys()].filter(isBundled).sort();
    assert.deepEqual(used(protoRoot), used(official));
  });

  it('use google.protobuf types that agree with those of @bufbuild/protobuf', () => {
    const files = [
      file_google_protobuf_any,
      file_google_protobuf_struct,
      file_google_protobuf_timestamp,
      file_google_protobuf_wrappers,
    ];
    const theirs = files.flatMap((file) =>
      file.messages.flatMap(({ typeName, fields }) =>
        fields.map((field) => `${typeName} ${field.jsonName} = ${field.number} ${field.fieldKind}`),
      ),
    );
    const ours = files.flatMap((file) =>
      file.messages.flatMap(({ typeName }) =>
        protoRoot.lookupType(typeName).fieldsArray.map((field) => {
          const name = protobuf.util.camelCase(field.name);
          return `${typeName} ${name} = ${field.id} ${fieldKind(field)}`;
        }),
      ),
    );
    assert.deepEqual(differences(ours, theirs), []);
  });
});

describe('the comparison', () => {
  const parse = (source: string) => [
    ...declared(protobuf.parse(`syntax = "proto3"; ${source}`).root.resolveAll()).values(),
  ];
  const base = 'message M { string a = 1; oneof o { int32 b = 2; } map<string, int32> c = 3; }';
  const changes: { name: string; from: string; to: string; want: number }[] = [
    { name: 'a number', from: 'a = 1', to: 'a = 4', want: 2 },
    { name: 'a name', from: 'string a', to: 'string z', want: 2 },
    { name: 'a type', from: 'string a', to: 'bytes a', want: 2 },
    { name: 'a label', from: 'string a', to: 'repeated string a', want: 2 },
    { name: 'a presence', from: 'string a', to: 'optional string a', want: 2 },
    { name: 'a oneof', from: 'oneof o', to: 'oneof p', want: 2 },
    { name: 'a map key', from: 'map<string,', to: 'map<int32,', want: 2 },
    { name: 'a map value', from: 'int32>', to: 'string>', want: 2 },
    { name: 'a lost field', from: 'string a = 1;', to: '', want: 1 },
    { name: 'an enum value', from: 'string a', to: 'enum E { X = 0; } string a', want: 1 },
    { name: 'an empty type', from: 'message M', to: 'message N {} message M', want: 1 },
  ];
  for (const { name, from, to, want } of changes) {
    it(`sees ${name}`, () => {
      assert.ok(base.includes(from));
      const changed = differences(factsOf(parse(base.replace(from, to))), factsOf(parse(base)));
      assert.equal(changed.length, want, changed.join('\n'));
    });
  }
});

function fieldKind(field: protobuf.Field): string {
  if (field.map) return 'map';
  if (field.repeated) return 'list';
  if (field.resolvedType instanceof protobuf.Type) return 'message';
  return field.resolvedType === null ? 'scalar' : 'enum';
}
