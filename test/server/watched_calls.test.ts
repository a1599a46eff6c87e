// A call that comes at once and whose answer is read at once costs a place in a reused array, and
// is never held; and what we read of grpc-js's private fields is there.

import assert from 'node:assert/strict';
import {
  Server,
  ServerCredentials,
  type ServerInterceptingCallInterface,
  type ServiceDefinition,
} from '@grpc/grpc-js';
import { MiB } from '../../engine/limits.ts';
import { answerChecks } from '../../server/check_call.ts';
import { CHECK_SERVICE } from '../../server/check_server.ts';
import { piecesOf, streamOf, UnfinishedCalls } from '../../server/unfinished_calls.ts';
import { CheckClient } from '../support/check_client.ts';
import { until } from '../support/wait.ts';

const PATH = `/${CHECK_SERVICE}/Check`;
const raw = (bytes: Buffer): Buffer => bytes;
const CHECK: ServiceDefinition = {
  Check: {
    path: PATH,
    requestStream: false,
    responseStream: false,
    requestSerialize: raw,
    requestDeserialize: raw,
    responseSerialize: raw,
    responseDeserialize: raw,
  },
};

describe('an honest call', () => {
  let server: Server;
  let client: CheckClient;
  let unfinished: UnfinishedCalls;
  let heldMost = 0;
  let last: ServerInterceptingCallInterface | undefined;

  before(async () => {
    unfinished = new UnfinishedCalls({ unfinishedMs: 60_000, unfinishedBytes: 64 * MiB });
    const answer = (bytes: Buffer, call: ServerInterceptingCallInterface): Buffer => {
      last = call;
      return bytes;
    };
    server = new Server({ interceptors: [answerChecks(PATH, answer, unfinished)] });
    server.addService(CHECK, { Check: () => undefined });
    const port = await new Promise<number>((resolve, reject) => {
      const done = (error: Error | null, bound: number): void =>
        error === null ? resolve(bound) : reject(error);
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), done);
    });
    client = new CheckClient({ kind: 'tcp', host: '127.0.0.1', port });
  });

  after(() => {
    client.close();
    server.forceShutdown();
  });

  // Of more at once some are held, for the turns that their answers take to leave.
  for (const atOnce of [1, 20]) {
    it(`is not held, with ${atOnce} at once`, async () => {
      let isWatching = true;
      const watch = (): void => {
        heldMost = Math.max(heldMost, unfinished.size);
        if (isWatching) setImmediate(watch);
      };
      watch();
      for (let round = 0; round < 10; round++) {
        await Promise.all(Array.from({ length: atOnce }, () => client.send(Buffer.alloc(600))));
      }
      isWatching = false;
      assert.equal(heldMost, 0);
      assert.equal(unfinished.bytes, 0);
    });
  }

  it('is not refused for how many there are, nor held when it is over', async () => {
    // Each is charged 16 KiB.
    const calls = Array.from({ length: 1_000 }, () => client.send(Buffer.alloc(600)));
    assert.equal((await Promise.all(calls)).length, 1_000);
    await until(() => unfinished.size === 0);
    assert.equal(unfinished.bytes, 0);
  });

  it('has an HTTP/2 stream and a decoder below, which grpc-js does not name', () => {
    assert.equal(typeof streamOf(last!)?.close, 'function');
    assert.ok(Buffer.isBuffer(piecesOf(last!)[0]));
  });
});
