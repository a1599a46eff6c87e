/**
 * The one loader of our .proto files: reflected types for the codec, and the gRPC package for
 * reflection and clients. Field names stay as the files spell them, but for google.protobuf:
 * protobufjs has those files built in, in camelCase (`numberValue`, `listValue`; Any's `type_url`
 * is as it should be).
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { loadSync, type Options, type PackageDefinition } from '@grpc/proto-loader';
import protobuf from 'protobufjs';
import { encodedFiles } from './descriptor_set.ts';

const entryFile = 'envoy/service/auth/v3/external_auth.proto';
const workloadApiFile = 'spiffe/workload.proto';

const loaderOptions: Options = {
  keepCase: true,
  longs: String,
  enums: String,
  defaults: true,
  arrays: true,
  objects: true,
  oneofs: true,
};

/**
 * The folder with our .proto files, seen from a module of ours. They stay in `<package root>/proto`
 * while the compiled loader runs from `<package root>/dist/proto`.
 */
export function protoDirectoryFrom(moduleDirectory: string): string {
  let directory = moduleDirectory;
  while (!existsSync(join(directory, 'package.json'))) {
    const parent = dirname(directory);
    if (parent === directory) {
      throw new Error(`no package.json in \`${moduleDirectory}\` or above it`);
    }
    directory = parent;
  }
  return join(directory, 'proto');
}

const protoDirectory = protoDirectoryFrom(import.meta.dirname);

/** Every type that a CheckRequest or a CheckResponse can hold, and the service, all resolved. */
export const protoRoot: protobuf.Root = loadRoot();

function loadRoot(): protobuf.Root {
  const root = new protobuf.Root();
  // Imports are written relative to our folder. The google/protobuf files never get here:
  // protobufjs has them built in.
  root.resolvePath = (_origin, target) => join(protoDirectory, target);
  root.loadSync(entryFile, { keepCase: true });
  root.resolveAll();
  return root;
}

/** Our .proto files as encoded FileDescriptorProtos, imports first. */
export function descriptorFiles(): Uint8Array[] {
  return encodedFiles(protoRoot, protoDirectory);
}

/** The gRPC package of the Authorization service, for reflection, clients and test servers. */
export function authorizationPackage(): PackageDefinition {
  const definition = loadSync(entryFile, { ...loaderOptions, includeDirs: [protoDirectory] });
  return withDescriptors(definition, descriptorFiles());
}

/** The gRPC package of the SPIFFE Workload API, for our client and for test servers. */
export function workloadApiPackage(): PackageDefinition {
  return loadSync(workloadApiFile, { ...loaderOptions, includeDirs: [protoDirectory] });
}

/** Types and services of another package's one .proto file, for reflection. */
export function foreignPackage(path: string): PackageDefinition {
  const root = new protobuf.Root();
  root.loadSync(path, { keepCase: true });
  root.resolveAll();
  return withDescriptors(loadSync(path, loaderOptions), encodedFiles(root, dirname(path)));
}

/**
 * The loader's own file descriptors know no imports, and a map entry is called by its field's name
 * alone; clients of reflection (grpcurl among them) cannot link those.
 */
function withDescriptors(
  definition: PackageDefinition,
  encoded: readonly Uint8Array[],
): PackageDefinition {
  const files = encoded.map((file) => Buffer.from(file));
  for (const entry of Object.values(definition)) {
    if ('fileDescriptorProtos' in entry && Array.isArray(entry.fileDescriptorProtos)) {
      entry.fileDescriptorProtos = files;
      continue;
    }
    for (const method of Object.values(entry)) {
      method.requestType.fileDescriptorProtos = files;
      method.responseType.fileDescriptorProtos = files;
    }
  }
  return definition;
}
