// Calls that wait for their client end by themselves, and those of honest clients do not (C-111).

import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import { MiB } from '../../engine/limits.ts';
import { CHECK_SERVICE } from '../../server/check_server.ts';
import type { GrpcStatus } from '../../server/grpc_status.ts';
import { UnfinishedCalls } from '../../server/unfinished_calls.ts';
import { messageHead } from '../hostile/frames.ts';
import { readResponse } from '../support/check_response.ts';
import { useFolder } from '../support/folder.ts';
import { encodeCall, WAYS } from '../support/mesh.ts';
import { RECORD_FILES, startServer, type TestServer } from '../support/server.ts';
import { until } from '../support/wait.ts';

const UNFINISHED_MS = 300;
const CHECK = `/${CHECK_SERVICE}/Check`;
const HEALTH = '/grpc.health.v1.Health/Check';
const REFLECTION = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
const [WAY] = WAYS as [(typeof WAYS)[number]];

interface Begun {
  readonly stream: ClientHttp2Stream;
  readonly said: number[];
}

/** A server with these limits, and one connection to it. */
function useStage(limits: string) {
  const folder = useFolder();
  let server: TestServer;
  let session: ClientHttp2Session;
  before(async () => {
    server = await startServer(folder, {
      config: `threads: {pool: 0}\n${RECORD_FILES}\nlimits: {${limits}}`,
    });
  });
  after(() => server.stop());
  beforeEach(() => {
    const { address } = server;
    assert.ok(address.kind === 'tcp');
    session = connect(`http://127.0.0.1:${address.port}`);
  });
  afterEach(() => session.destroy());
  return {
    get client() {
      return server.client;
    },
    begin(path: string, first: Buffer, headers: OutgoingHttpHeaders = {}): Begun {
      const stream = session.request({
        ':method': 'POST',
        ':path': path,
        'content-type': 'application/grpc',
        te: 'trailers',
        ...headers,
      });
      const said: number[] = [];
      stream.on('error', () => undefined);
      stream.on('response', (headers) => said.push(Number(headers['grpc-status'])));
      stream.resume();
      stream.write(first);
      return { stream, said };
    },
  };
}

describe('a call that takes its time', () => {
  const stage = useStage(`unfinishedMs: ${UNFINISHED_MS}`);

  for (const path of [CHECK, HEALTH]) {
    it(`is refused when its message takes too long: ${path}`, async () => {
      const { stream, said } = stage.begin(path, messageHead(100));
      const drip = setInterval(() => stream.write(Buffer.alloc(1)), 50);
      const startedMs = performance.now();
      await until(() => stream.closed);
      clearInterval(drip);
      assert.ok(performance.now() - startedMs >= UNFINISHED_MS);
      // The reset may overtake the status that says why.
      assert.ok(
        said.every((code) => code === status.DEADLINE_EXCEEDED),
        String(said),
      );
    });
  }

  it('is denied before its caller gives up, as Envoy may let through what is not answered', async () => {
    const { stream, said } = stage.begin(CHECK, messageHead(100), { 'grpc-timeout': '150m' });
    const answer: Buffer[] = [];
    const trailers: unknown[] = [];
    stream.on('data', (chunk: Buffer) => answer.push(chunk));
    stream.on('trailers', (headers) => trailers.push(headers['grpc-status']));
    const startedMs = performance.now();
    await until(() => trailers.length > 0);
    assert.ok(performance.now() - startedMs < UNFINISHED_MS);
    assert.deepEqual(trailers, ['0']);
    const { result, http } = readResponse(Buffer.concat(answer).subarray(5));
    assert.deepEqual({ result, http }, { result: 'sys.deadline', http: 503 });
    // What still comes is thrown away, and the call ends like any other that takes too long.
    stream.write(Buffer.alloc(100));
    await until(() => stream.closed);
    assert.deepEqual(said, [Number.NaN]);
  });

  it('may take its time, as long as that is less', async () => {
    const message = encodeCall(WAY.call);
    const { stream } = stage.begin(CHECK, messageHead(message.length));
    const answer: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => answer.push(chunk));
    stream.write(message.subarray(0, 50));
    await sleep(UNFINISHED_MS / 3);
    stream.end(message.subarray(50));
    await until(() => stream.closed);
    assert.ok(Buffer.concat(answer).length > 0);
  });
});

describe('calls that hold too much together', () => {
  const stage = useStage('unfinishedMs: 60000, unfinishedMiB: 32');

  it('make room, the oldest first', async () => {
    const held = Array.from({ length: 4 }, () => stage.begin(CHECK, messageHead(15 * MiB)));
    for (const { stream } of held) {
      stream.write(Buffer.alloc(10 * MiB));
      await sleep(60);
    }
    await until(() => held[0]!.stream.closed);
    // The reset may overtake the status that says why.
    assert.ok(held[0]!.said.every((code) => code === status.RESOURCE_EXHAUSTED));
    assert.ok(!held.at(-1)!.stream.closed);
    assert.deepEqual(held.at(-1)!.said, []);
  });

  it('are charged for answers that wait: small questions have large ones', async () => {
    const listServices = Buffer.concat([messageHead(2), Buffer.from([0x3a, 0])]);
    const { stream } = stage.begin(REFLECTION, listServices);
    stream.pause();
    // They pass the window only as they are read; 32 MiB of them would have been allowed.
    stream.write(Buffer.concat(Array.from({ length: 100_000 }, () => listServices)));
    await until(() => stream.closed);
    assert.equal((await stage.client.check(encodeCall(WAY.call))).result, WAY.want);
  });

  it('do not keep others from being answered', async () => {
    for (let count = 0; count < 100; count++) stage.begin(CHECK, messageHead(15 * MiB));
    assert.equal((await stage.client.check(encodeCall(WAY.call))).result, WAY.want);
  });
});

describe('a call that holds more than all may, and less than twice that', () => {
  it('is spared for a moment, and refused then, though nothing more comes of it', async () => {
    const MAX = MiB;
    const unfinished = new UnfinishedCalls({ unfinishedMs: 60_000, unfinishedBytes: MAX });
    const told: GrpcStatus[] = [];
    const stream = Object.assign(new EventEmitter(), { destroyed: false, close: () => undefined });
    unfinished.begin({
      stream: stream as unknown as ServerHttp2Stream,
      ...{ waitsFor: 'client', mayStay: true, heldBytes: 1.5 * MAX, expiresAtMs: undefined },
      refuse: (why) => told.push(why),
      expire: () => assert.fail('nothing depends on when it is answered'),
    });
    await until(() => unfinished.size === 1);
    assert.ok(unfinished.bytes > MAX);
    assert.equal(told.length, 0);
    await until(() => told.length === 1);
    assert.equal(told[0]!.code, status.RESOURCE_EXHAUSTED);
    assert.equal(unfinished.bytes, 0);
    stream.emit('close');
    assert.equal(unfinished.size, 0);
  });
});
