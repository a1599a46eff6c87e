/**
 * CheckRequest and CheckResponse in protobuf's JSON form, for command line tools, corpus files and
 * reports; never on the way of a request. Strict both ways: what is not in the .proto is an error.
 */
import {
  create,
  createFileRegistry,
  type DescMessage,
  type FileRegistry,
  fromBinary,
  fromJson,
  type JsonValue,
  toBinary,
  toJson,
} from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { descriptorFiles } from './load.ts';

let registry: FileRegistry | undefined;

/** Reads a CheckRequest as JSON; snake_case and camelCase names are both accepted. */
export function checkRequestFromJson(value: unknown): Uint8Array {
  return fromJsonValue('envoy.service.auth.v3.CheckRequest', value);
}

/** Shows an encoded CheckRequest as JSON with camelCase names. */
export function checkRequestToJson(bytes: Uint8Array): unknown {
  return toJsonValue('envoy.service.auth.v3.CheckRequest', bytes);
}

/** Shows an encoded CheckResponse as JSON with camelCase names. */
export function checkResponseToJson(bytes: Uint8Array): unknown {
  return toJsonValue('envoy.service.auth.v3.CheckResponse', bytes);
}

function fromJsonValue(typeName: string, value: unknown): Uint8Array {
  const types = loadedRegistry();
  const schema = schemaOf(types, typeName);
  // fromJson checks every value it meets itself, so the type is a formality.
  return toBinary(schema, fromJson(schema, value as JsonValue, { registry: types }));
}

function toJsonValue(typeName: string, bytes: Uint8Array): unknown {
  const types = loadedRegistry();
  const schema = schemaOf(types, typeName);
  return toJson(schema, fromBinary(schema, bytes), { registry: types });
}

/** Built on first use only: a process that never shows JSON does not pay for it. */
function loadedRegistry(): FileRegistry {
  registry ??= createFileRegistry(
    create(FileDescriptorSetSchema, {
      file: descriptorFiles().map((file) => fromBinary(FileDescriptorProtoSchema, file)),
    }),
  );
  return registry;
}

function schemaOf(types: FileRegistry, typeName: string): DescMessage {
  const schema = types.getMessage(typeName);
  if (schema === undefined) throw new Error(`no message \`${typeName}\` in our .proto files`);
  return schema;
}
