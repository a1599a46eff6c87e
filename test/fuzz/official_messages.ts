// The two messages of the Check call as the official .proto files have them.

// It brings google/protobuf/descriptor.proto along, which the official files import.
import '@grpc/proto-loader';
import protobuf from 'protobufjs';
import { loadOfficialRoot } from '../proto/official.ts';

// By itself protobufjs stops at 100 messages in one another. Remit reads metadata to 320 and
// refuses what is deeper, and so does the oracle before it decodes.
protobuf.Reader.recursionLimit = 400;

const root = loadOfficialRoot();
// Newer than the files: test/proto/wire_compatibility.test.ts lists it, and a field that a
// descriptor has may not come as another type.
root
  .lookupType('envoy.config.core.v3.SocketAddress')
  .add(new protobuf.Field('network_namespace_filepath', 7, 'string'));
root.resolveAll();

export const CheckRequest: protobuf.Type = root.lookupType('envoy.service.auth.v3.CheckRequest');
export const CheckResponse: protobuf.Type = root.lookupType('envoy.service.auth.v3.CheckResponse');
