// A SPIFFE Workload API in a process of its own: real gRPC on a socket, which says what it is told
// to, be that right or not. `{method: saying}` a line in, `{}` a line out when it is said; ends
// when its input does. As an agent has to, it refuses calls without the metadata key.

import { createInterface } from 'node:readline';
import {
  Metadata,
  Server,
  ServerCredentials,
  type ServerWritableStream,
  status,
} from '@grpc/grpc-js';

/** What a method answers: bytes of a message, or how the stream ends; undefined: nothing at all. */
export interface Saying {
  readonly base64?: string;
  readonly status?: status;
}

type Call = ServerWritableStream<Buffer, Buffer>;

const [, , address] = process.argv;
const same = (bytes: Buffer): Buffer => bytes;
const sayings = new Map<string, Saying>();
const open = new Map<string, Set<Call>>();

function say(call: Call, { base64, status: code }: Saying): void {
  if (base64 !== undefined) call.write(Buffer.from(base64, 'base64'));
  if (code === status.OK) call.end();
  else if (code !== undefined) call.emit('error', { code, details: 'as the test wants it' });
}

function methodNamed(name: string) {
  return {
    path: `/SpiffeWorkloadAPI/${name}`,
    requestStream: false,
    responseStream: true,
    requestSerialize: same,
    requestDeserialize: same,
    responseSerialize: same,
    responseDeserialize: same,
  };
}

function answer(name: string): (call: Call) => void {
  open.set(name, new Set());
  return (call) => {
    const calls = open.get(name)!;
    if (call.metadata.get('workload.spiffe.io').join() !== 'true') {
      call.emit('error', { code: status.INVALID_ARGUMENT, metadata: new Metadata() });
      return;
    }
    calls.add(call);
    call.on('close', () => calls.delete(call));
    call.on('cancelled', () => calls.delete(call));
    say(call, sayings.get(name) ?? {});
  };
}

const NAMES = ['FetchX509SVID', 'FetchX509Bundles', 'FetchJWTBundles'];
const server = new Server({ 'grpc.max_send_message_length': -1 });
server.addService(
  Object.fromEntries(NAMES.map((name) => [name, methodNamed(name)])),
  Object.fromEntries(NAMES.map((name) => [name, answer(name)])),
);
server.bindAsync(address!, ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  process.stdout.write(`${JSON.stringify({ port })}\n`);
});

for await (const line of createInterface({ input: process.stdin })) {
  const told = JSON.parse(line) as Record<string, Saying>;
  for (const [name, saying] of Object.entries(told)) {
    // How a stream ends is said once; whoever asks again gets what was there before.
    if (saying.status !== status.OK) sayings.set(name, saying);
    for (const call of open.get(name) ?? []) say(call, saying);
  }
  process.stdout.write('{}\n');
}
server.forceShutdown();
