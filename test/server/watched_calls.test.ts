// A call that comes at once and whose answer is read at once costs a place in a reused array, and
// is never held.

import assert from 'node:assert/strict';
import { createServer, type Http2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { MiB } from '../../engine/limits.ts';
import { answerCheck } from '../../server/check_call.ts';
import { Inflater } from '../../server/inflater.ts';
import { UnfinishedCalls } from '../../server/unfinished_calls.ts';
import { CheckClient } from '../support/check_client.ts';
import { until } from '../support/wait.ts';

describe('an honest call', () => {
  let server: Http2Server;
  let client: CheckClient;
  let unfinished: UnfinishedCalls;
  let heldMost = 0;

  before(async () => {
    unfinished = new UnfinishedCalls({ unfinishedMs: 60_000, unfinishedBytes: 64 * MiB });
    const ports = {
      answer: (bytes: Buffer) => bytes,
      late: () => assert.fail(),
      deadlineMarginMs: 0,
      unfinished,
      inflater: new Inflater(),
    };
    server = createServer();
    server.on('stream', (stream, headers) => answerCheck(stream, headers, ports));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    client = new CheckClient({ kind: 'tcp', host: '127.0.0.1', port });
  });

  after(() => {
    client.close();
    server.close();
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
});
