/** What one side encodes, the other reads the same. */
import assert from 'node:assert/strict';
import {
  create,
  createFileRegistry,
  fromBinary as readBinary,
  toBinary as writeBinary,
} from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import fc from 'fast-check';
import type protobuf from 'protobufjs';
import { descriptorFiles, protoRoot } from '../../proto/load.ts';
import { arbitraryMessage } from './arbitrary_message.ts';
import { loadOfficialRoot } from './official.ts';

type Plain = Record<string, unknown>;

const depthMax = 7;
const runs = { numRuns: 300 };

function encode(type: protobuf.Type, plain: Plain): Uint8Array {
  return type.encode(type.fromObject(plain)).finish();
}

function decode(type: protobuf.Type, bytes: Uint8Array, defaults = false): Plain {
  return type.toObject(type.decode(bytes), {
    longs: String,
    bytes: String,
    oneofs: true,
    defaults,
  });
}

describe('random messages', () => {
  const official = loadOfficialRoot();
  for (const name of ['CheckRequest', 'CheckResponse']) {
    const ours = protoRoot.lookupType(`envoy.service.auth.v3.${name}`);
    const theirs = official.lookupType(`envoy.service.auth.v3.${name}`);

    it(`of ${name} survive ours → official → ours`, () => {
      // Generated from the official type: it drops what it does not know.
      const check = (plain: Plain) => {
        const sent = encode(ours, plain);
        const read = decode(theirs, sent);
        assert.deepEqual(read, decode(ours, sent));
        assert.deepEqual(decode(ours, theirs.encode(theirs.decode(sent)).finish()), read);
      };
      fc.assert(fc.property(arbitraryMessage(theirs, depthMax), check), runs);
    });

    it(`of ${name} survive official → ours → official`, () => {
      const check = (plain: Plain) => {
        const sent = encode(theirs, plain);
        const read = decode(ours, sent);
        assert.deepEqual(read, decode(theirs, sent));
        assert.deepEqual(decode(theirs, ours.encode(ours.decode(sent)).finish()), read);
      };
      fc.assert(fc.property(arbitraryMessage(theirs, depthMax), check), runs);
    });

    it(`of ${name}, with every field of ours, survive @bufbuild/protobuf`, () => {
      const file = descriptorFiles().map((bytes) => readBinary(FileDescriptorProtoSchema, bytes));
      const registry = createFileRegistry(create(FileDescriptorSetSchema, { file }));
      const schema = registry.getMessage(`envoy.service.auth.v3.${name}`)!;
      const check = (plain: Plain) => {
        const sent = encode(ours, plain);
        const message = readBinary(schema, sent);
        assert.equal(message.$unknown, undefined);
        // With defaults: protobufjs writes a zero that was given, the other side never does, and in
        // proto3 both mean the same.
        const written = writeBinary(schema, message);
        assert.deepEqual(decode(ours, written, true), decode(ours, sent, true));
      };
      fc.assert(fc.property(arbitraryMessage(ours, depthMax), check), runs);
    });
  }
});
