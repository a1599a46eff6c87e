/** The official .proto files, as @grpc/grpc-js-xds ships them, loaded to compare ours with. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import '@grpc/proto-loader'; // It registers descriptor.proto, which the official files import.
import protobuf from 'protobufjs';

const require = createRequire(import.meta.url);

/** The official counterpart of our `protoRoot`, with all that its files import. */
export function loadOfficialRoot(): protobuf.Root {
  const packageFile = require.resolve('@grpc/grpc-js-xds/package.json');
  const sources = ['envoy-api', 'googleapis', 'xds', 'protoc-gen-validate'].map((name) =>
    join(dirname(packageFile), 'deps', name),
  );
  const root = new protobuf.Root();
  root.resolvePath = (_origin, target) => {
    const found = sources.map((source) => join(source, target)).find(existsSync);
    if (found === undefined) throw new Error(`no official file \`${target}\``);
    return found;
  };
  root.loadSync('envoy/service/auth/v3/external_auth.proto', { keepCase: true });
  root.resolveAll();
  return root;
}
