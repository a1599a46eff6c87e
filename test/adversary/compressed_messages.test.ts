// 15 KB of gzip become 15 MB in the server, before anybody is known to be an Enforcer; Envoy never
// compresses a check.

import assert from 'node:assert/strict';
import { connect } from 'node:http2';
import { gzipSync } from 'node:zlib';
import { MiB } from '../../engine/limits.ts';
import { CHECK_SERVICE } from '../../server/check_server.ts';
import { Folder } from '../support/folder.ts';
import { startServer, type TestServer } from '../support/server.ts';

const BOMBS = 60;

function framed(message: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head[0] = 1;
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

describe('compressed messages', function () {
  this.timeout(30_000);
  let folder: Folder;
  let server: TestServer;

  before(async () => {
    folder = new Folder();
    folder.create();
    server = await startServer(folder);
  });

  after(async () => {
    await server.stop();
    folder.remove();
  });

  it('do not make a small client fill the memory', async () => {
    const { address } = server;
    assert.ok(address.kind === 'tcp');
    const session = connect(`http://127.0.0.1:${address.port}`);
    const bomb = framed(gzipSync(Buffer.alloc(15 * MiB)));
    const before = process.memoryUsage().rss;
    let most = before;
    const watch = setInterval(() => {
      most = Math.max(most, process.memoryUsage().rss);
    }, 5);
    await Promise.all(
      Array.from({ length: BOMBS }, () => {
        const stream = session.request({
          ':method': 'POST',
          ':path': `/${CHECK_SERVICE}/Check`,
          'content-type': 'application/grpc',
          'grpc-encoding': 'gzip',
          te: 'trailers',
        });
        stream.resume();
        stream.end(bomb);
        return new Promise((resolve) => stream.on('close', resolve).on('error', () => undefined));
      }),
    );
    clearInterval(watch);
    session.destroy();
    const grown = Math.round((most - before) / MiB);
    assert.ok(grown < 150, `${BOMBS} messages of ${bomb.length} bytes took ${grown} MiB`);
  });
});
