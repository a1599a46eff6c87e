/** The shape table against what the codec really writes. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import protobuf from 'protobufjs';
import { protoRoot } from '../../proto/load.ts';
import { type Shape, shapeOf, shapesOf } from '../../proto/shape.ts';
import { arbitraryMessage } from './arbitrary_message.ts';
import { reachable } from './facts.ts';

const types = [
  ...reachable(protoRoot.lookupService('envoy.service.auth.v3.Authorization')).values(),
].filter((type) => type instanceof protobuf.Type);

/** A value that is written, for it is not the default. */
function sampleOf(field: protobuf.Field): unknown {
  if (field.resolvedType instanceof protobuf.Type) return {};
  if (field.resolvedType instanceof protobuf.Enum) return 1;
  if (field.type === 'string') return 'x';
  return field.type === 'bytes' ? Buffer.of(1) : 1;
}

/** Walks a message as the hot path does: known fields only, right wire types, exact ends. */
function walk(reader: protobuf.Reader, end: number, shape: Shape): void {
  while (reader.pos < end) {
    const tag = reader.uint32();
    const field = shape.fields[tag >>> 3];
    assert.ok(field, `${shape.name} has field ${tag >>> 3}`);
    assert.equal(tag & 7, field.wire, `${shape.name} field ${tag >>> 3}`);
    if (field.shape === undefined) {
      reader.skipType(tag & 7);
    } else {
      const length = reader.uint32();
      walk(reader, reader.pos + length, field.shape);
    }
  }
  assert.equal(reader.pos, end, shape.name);
}

describe('shapeOf', () => {
  for (const type of types) {
    const shape = shapeOf(type.fullName.slice(1));

    it(`knows the fields of ${shape.name} and no others`, () => {
      const numbers = shape.fields.flatMap((field, number) => (field ? [number] : []));
      assert.deepEqual(
        numbers,
        type.fieldsArray.map((field) => field.id).sort((a, b) => a - b),
      );
    });

    for (const field of type.fieldsArray) {
      it(`agrees with what is written for ${shape.name}.${field.name}`, () => {
        const one = sampleOf(field);
        const value = field.map ? { k: one } : field.repeated ? [one] : one;
        const bytes = type.encode(type.fromObject({ [field.name]: value })).finish();
        const tag = protobuf.Reader.create(bytes).uint32();
        const known = shape.fields[tag >>> 3];
        assert.ok(known);
        assert.equal(tag >>> 3, field.id);
        assert.equal(known.wire, tag & 7);
        assert.equal(known.repeated, field.repeated || field.map);
        assert.equal(known.kind === 'message', known.shape !== undefined);
        walk(protobuf.Reader.create(bytes), bytes.length, shape);
      });
    }
  }

  it('covers the whole closure of CheckRequest', () => {
    const seen = new Set<Shape>();
    const visit = (shape: Shape): void => {
      if (seen.has(shape)) return;
      seen.add(shape);
      for (const field of shape.fields) if (field?.shape) visit(field.shape);
    };
    visit(shapeOf('envoy.service.auth.v3.CheckRequest'));
    const names = [...seen].map(({ name }) => name).filter((name) => !name.endsWith('[]'));
    const service = 'envoy.service.auth.v3';
    const context = `${service}.AttributeContext`;
    assert.deepEqual(names.sort(), [
      'envoy.config.core.v3.Address',
      'envoy.config.core.v3.EnvoyInternalAddress',
      'envoy.config.core.v3.HeaderMap',
      'envoy.config.core.v3.HeaderValue',
      'envoy.config.core.v3.Metadata',
      'envoy.config.core.v3.Pipe',
      'envoy.config.core.v3.SocketAddress',
      context,
      `${context}.HttpRequest`,
      `${context}.Peer`,
      `${context}.Request`,
      `${context}.TLSSession`,
      `${service}.CheckRequest`,
      'google.protobuf.Any',
      'google.protobuf.ListValue',
      'google.protobuf.Struct',
      'google.protobuf.Timestamp',
      'google.protobuf.Value',
    ]);
  });

  it('leads from Struct back to Struct', () => {
    const struct = shapeOf('google.protobuf.Struct');
    const entry = struct.fields[1]?.shape;
    assert.equal(entry?.name, 'google.protobuf.Struct.fields[]');
    assert.equal(entry?.fields[2]?.shape?.fields[5]?.shape, struct);
  });

  it('refuses a name it does not know', () => {
    assert.throws(() => shapeOf('envoy.service.auth.v3.Nothing'), /no message `envoy.*Nothing`/);
  });

  for (const name of ['CheckRequest', 'CheckResponse']) {
    const fullName = `envoy.service.auth.v3.${name}`;
    it(`describes every random ${name}`, () => {
      const type = protoRoot.lookupType(fullName);
      const check = (plain: Record<string, unknown>) => {
        const bytes = type.encode(type.fromObject(plain)).finish();
        walk(protobuf.Reader.create(bytes), bytes.length, shapeOf(fullName));
      };
      fc.assert(fc.property(arbitraryMessage(type, 7), check), { numRuns: 200 });
    });
  }
});

describe('shapesOf', () => {
  const source = `syntax = "proto3"; package p;
    enum E { ZERO = 0; }
    message M {
      repeated int32 packed = 1; repeated fixed64 loose = 2 [packed = false]; repeated E e = 3;
      float f = 4; repeated string s = 5; repeated M m = 6; map<int32, E> map = 7; bytes b = 8;
    }`;
  const { root } = protobuf.parse(source);
  root.resolveAll();
  const shape = shapesOf(root).get('p.M');
  const cases = [
    { number: 1, wire: 0, kind: 'scalar', repeated: true, packable: true },
    { number: 2, wire: 1, kind: 'scalar', repeated: true, packable: true },
    { number: 3, wire: 0, kind: 'scalar', repeated: true, packable: true },
    { number: 4, wire: 5, kind: 'scalar', repeated: false, packable: false },
    { number: 5, wire: 2, kind: 'string', repeated: true, packable: false },
    { number: 6, wire: 2, kind: 'message', repeated: true, packable: false },
    { number: 7, wire: 2, kind: 'message', repeated: true, packable: false },
    { number: 8, wire: 2, kind: 'bytes', repeated: false, packable: false },
  ];
  for (const { number, ...want } of cases) {
    it(`describes field ${number}: ${JSON.stringify(want)}`, () => {
      assert.ok(shape);
      const { shape: inner, ...got } = shape.fields[number]!;
      assert.deepEqual(got, want);
      assert.equal(inner !== undefined, want.kind === 'message');
    });
  }

  it('refuses field numbers that would make the table sparse', () => {
    const far = protobuf.parse('syntax = "proto3"; message M { bool b = 256; }').root;
    assert.throws(() => shapesOf(far), /field number 256 in `\.M`/);
  });
});
