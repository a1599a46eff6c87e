// What a Check has to be in HTTP/2 and gRPC, and what becomes of everything else: never an answer
// that was not decided, and never the end of the server (C-111).

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type ClientHttp2Session, connect, type OutgoingHttpHeaders } from 'node:http2';
import { deflateSync, gzipSync } from 'node:zlib';
import { status } from '@grpc/grpc-js';
import { MiB } from '../../engine/limits.ts';
import { CHECK_SERVICE } from '../../server/check_server.ts';
import { frameMessage } from '../../server/message_reader.ts';
import { readResponse } from '../support/check_response.ts';
import { useFolder } from '../support/folder.ts';
import { encodeCall, WAYS } from '../support/mesh.ts';
import { startServer, type TestServer } from '../support/server.ts';

const [WAY] = WAYS as [(typeof WAYS)[number]];
const MESSAGE = encodeCall(WAY.call);
const HEADERS: OutgoingHttpHeaders = {
  ':method': 'POST',
  ':path': `/${CHECK_SERVICE}/Check`,
  'content-type': 'application/grpc',
  te: 'trailers',
};

function compressed(bytes: Buffer): Buffer {
  const framed = frameMessage(bytes);
  framed[0] = 1;
  return framed;
}

interface Answer {
  readonly http: number;
  readonly grpc: number | undefined;
  readonly body: Buffer;
}

describe('a Check on its stream', () => {
  const folder = useFolder();
  let server: TestServer;
  let session: ClientHttp2Session;

  before(async () => {
    server = await startServer(folder);
    const { address } = server;
    assert.ok(address.kind === 'tcp');
    session = connect(`http://127.0.0.1:${address.port}`);
  });
  after(async () => {
    session.destroy();
    await server.stop();
  });

  function ask(headers: OutgoingHttpHeaders, ...pieces: Buffer[]): Promise<Answer> {
    const stream = session.request({ ...HEADERS, ...headers }, { endStream: false });
    const body: Buffer[] = [];
    let http = 0;
    let grpc: number | undefined;
    const read = (given: Record<string, unknown>): void => {
      if (given['grpc-status'] !== undefined) grpc = Number(given['grpc-status']);
    };
    stream.on('response', (given) => {
      http = Number(given[':status']);
      read(given);
    });
    stream.on('trailers', read);
    stream.on('data', (piece: Buffer) => body.push(piece));
    for (const piece of pieces) stream.write(piece);
    stream.end();
    return new Promise((resolve, reject) => {
      stream.on('error', reject);
      stream.on('close', () => resolve({ http, grpc, body: Buffer.concat(body) }));
    });
  }

  function assertDecided({ http, grpc, body }: Answer): void {
    assert.deepEqual([http, grpc], [200, status.OK]);
    assert.equal(body.readUInt32BE(1), body.length - 5);
    assert.equal(readResponse(body.subarray(5)).result, WAY.want);
  }

  it('is answered in one piece, and byte by byte', async () => {
    const framed = frameMessage(MESSAGE);
    assertDecided(await ask({}, framed));
    assertDecided(await ask({}, ...Array.from(framed, (byte) => Buffer.of(byte))));
  });

  for (const type of ['application/grpc+proto', 'application/grpc;charset=utf-8']) {
    it(`is answered as ${type}`, async () => {
      assertDecided(await ask({ 'content-type': type }, frameMessage(MESSAGE)));
    });
  }

  for (const timeout of ['1S', '99999999H', '100m', 'soon', '', '-1S', '1', '123456789S']) {
    it(`is answered with the grpc-timeout \`${timeout}\`, were it one or not`, async () => {
      assertDecided(await ask({ 'grpc-timeout': timeout }, frameMessage(MESSAGE)));
    });
  }

  for (const [encoding, bytes] of [
    ['gzip', gzipSync(MESSAGE)],
    ['deflate', deflateSync(MESSAGE)],
  ] as const) {
    it(`is answered when it is compressed by ${encoding}`, async () => {
      assertDecided(await ask({ 'grpc-encoding': encoding }, compressed(bytes)));
    });
  }

  it('need not be compressed where it says how it would be', async () => {
    assertDecided(await ask({ 'grpc-encoding': 'br' }, frameMessage(MESSAGE)));
  });

  const REFUSED: { name: string; headers?: OutgoingHttpHeaders; sent: Buffer; want: status }[] = [
    { name: 'nothing', sent: Buffer.alloc(0), want: status.UNIMPLEMENTED },
    {
      name: 'two messages',
      sent: Buffer.concat([frameMessage(MESSAGE), frameMessage(MESSAGE)]),
      want: status.UNIMPLEMENTED,
    },
    {
      name: 'a message that is cut off',
      sent: frameMessage(MESSAGE).subarray(0, -1),
      want: status.INTERNAL,
    },
    {
      name: 'compressed without saying how',
      sent: compressed(gzipSync(MESSAGE)),
      want: status.INTERNAL,
    },
    {
      name: 'compressed in a way that is none',
      headers: { 'grpc-encoding': 'identity' },
      sent: compressed(MESSAGE),
      want: status.INTERNAL,
    },
    {
      name: 'compressed in an unknown way',
      headers: { 'grpc-encoding': 'br' },
      sent: compressed(gzipSync(MESSAGE)),
      want: status.UNIMPLEMENTED,
    },
    {
      name: 'compressed in another way than it says',
      headers: { 'grpc-encoding': 'deflate' },
      sent: compressed(gzipSync(MESSAGE)),
      want: status.INTERNAL,
    },
    {
      name: 'compressed and larger than a message may be',
      headers: { 'grpc-encoding': 'gzip' },
      sent: compressed(Buffer.alloc(4 * MiB + 1)),
      want: status.RESOURCE_EXHAUSTED,
    },
    {
      name: 'compressed, of another method',
      headers: { 'grpc-encoding': 'gzip', ':path': '/grpc.health.v1.Health/Check' },
      sent: compressed(gzipSync(Buffer.alloc(0))),
      want: status.UNIMPLEMENTED,
    },
  ];
  for (const { name, headers = {}, sent, want } of REFUSED) {
    it(`is refused without a decision: ${name}`, async () => {
      const { http, grpc, body } = await ask(headers, sent);
      assert.deepEqual([http, grpc, body.length], [200, want, 0]);
    });
  }

  const NO_GRPC: { name: string; headers: OutgoingHttpHeaders; want: number }[] = [
    { name: 'another content type', headers: { 'content-type': 'text/plain' }, want: 415 },
    { name: 'no content type', headers: { 'content-type': undefined }, want: 415 },
    { name: 'GET', headers: { ':method': 'GET' }, want: 405 },
    { name: 'HEAD', headers: { ':method': 'HEAD' }, want: 405 },
  ];
  for (const { name, headers, want } of NO_GRPC) {
    it(`is no gRPC with ${name}`, async () => {
      const { http, grpc, body } = await ask(headers, frameMessage(MESSAGE));
      assert.deepEqual([http, grpc, body.length], [want, undefined, 0]);
    });
  }

  it('may be reset at any moment, and others are answered', async () => {
    for (let count = 0; count < 300; count++) {
      const stream = session.request({
        ...HEADERS,
        ...(count % 3 === 0 && { ':method': 'GET' }),
        ...(count % 3 === 1 && { 'grpc-encoding': 'gzip' }),
      });
      stream.on('error', () => undefined);
      if (count % 2 === 0) stream.end(frameMessage(MESSAGE));
      if (count % 5 === 0) await new Promise(setImmediate);
      stream.close(8);
    }
    assertDecided(await ask({}, frameMessage(MESSAGE)));
  });

  it('that was reset while it is inflated is not decided', async () => {
    const decided = async (): Promise<string[]> =>
      (await server.get('/metrics')).text.split('\n').filter((line) => /^remit_authz/.test(line));
    const before = await decided();
    // Longer than the reset needs to arrive; what is decided would be counted at once.
    const large = compressed(gzipSync(Buffer.alloc(15 * MiB)));
    for (let count = 0; count < 4; count++) {
      const stream = session.request({ ...HEADERS, 'grpc-encoding': 'gzip' });
      stream.on('error', () => undefined);
      stream.end(large);
      await once(stream, 'finish');
      stream.close(8);
    }
    await ask({ 'grpc-encoding': 'gzip' }, compressed(Buffer.alloc(10)));
    assert.deepEqual(await decided(), before);
  });
});
