// The check port as Envoy meets it: whatever bytes come, the RPC succeeds and the answer is inside
// (DESIGN 5.4).

import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { compressionAlgorithms, status } from '@grpc/grpc-js';
import fc from 'fast-check';
import { CheckClient } from '../support/check_client.ts';
import { useFolder } from '../support/folder.ts';
import { encodeCall, WAYS } from '../support/mesh.ts';
import { startServer, type TestServer } from '../support/server.ts';

const MiB = 1024 * 1024;

describe('the check port', () => {
  const folder = useFolder();
  let server: TestServer;
  let overSocket: CheckClient;
  before(async () => {
    const listen = `check: ["127.0.0.1:0", "unix:${folder.at('check.sock')}"]`;
    // A umask that would let everybody in, were it for the umask alone.
    const umask = process.umask(0);
    try {
      server = await startServer(folder, { listen });
    } finally {
      process.umask(umask);
    }
    overSocket = new CheckClient(server.running.check[1]!);
  });
  after(async () => {
    overSocket.close();
    await server.stop();
  });

  for (const { name, call, want } of WAYS) {
    it(`answers ${name} with ${want}, over TCP and over the socket`, async () => {
      for (const client of [server.client, overSocket]) {
        const answer = await client.check(encodeCall(call));
        assert.equal(answer.result, want);
        assert.equal(answer.allowed, want === 'allow');
      }
    });
  }

  it('is a socket for its owner only', () => {
    const { mode } = statSync(folder.at('check.sock'));
    assert.equal(mode & 0o777, 0o600);
  });

  describe('answers by a successful RPC with ctx.malformed_request and HTTP 400', () => {
    const garbage: { name: string; bytes: Buffer }[] = [
      { name: 'text', bytes: Buffer.from('GET / HTTP/1.1\r\n\r\n') },
      { name: 'zeros', bytes: Buffer.alloc(1000) },
      { name: 'ones', bytes: Buffer.alloc(1000, 0xff) },
      { name: 'a message that is cut off', bytes: encodeCall().subarray(0, -1) },
      {
        name: 'a message with a byte too many',
        bytes: Buffer.concat([encodeCall(), Buffer.of(8)]),
      },
      { name: 'a length beyond the end', bytes: Buffer.of(0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f) },
      { name: 'a varint without an end', bytes: Buffer.alloc(20, 0x80) },
    ];
    for (const { name, bytes } of garbage) {
      it(name, async () => {
        const answer = await server.client.check(bytes);
        assert.equal(answer.result, 'ctx.malformed_request');
        assert.equal(answer.allowed, false);
        assert.equal(answer.http, 400);
        assert.equal(answer.grpc, 7);
      });
    }
  });

  it('answers any bytes by a successful RPC that does not allow', () =>
    fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        const answer = await server.client.check(Buffer.from(bytes));
        assert.equal(answer.allowed, false);
        assert.notEqual(answer.result, '');
        assert.notEqual(answer.result, 'sys.internal');
      }),
    ));

  it('denies an empty message, which names no enforcer and no caller', async () => {
    const answer = await server.client.check(Buffer.alloc(0));
    assert.equal(answer.allowed, false);
    assert.notEqual(answer.result, 'sys.internal');
  });

  describe('on large messages', () => {
    function sized(size: number): Buffer {
      const padded = (filler: number): Buffer =>
        encodeCall({ headers: { 'x-filler': 'x'.repeat(filler) } });
      const message = padded(size - padded(size).length + size);
      assert.equal(message.length, size);
      return message;
    }

    it('decides one of 4 MiB like any other', async () => {
      assert.equal((await server.client.check(sized(4 * MiB))).result, 'allow');
    });

    for (const { name, bytes } of [
      { name: '4 MiB and a byte', bytes: () => sized(4 * MiB + 1) },
      { name: '6 MB', bytes: () => sized(6_000_000) },
      { name: '16 MiB of anything', bytes: () => Buffer.alloc(16 * MiB, 7) },
    ]) {
      it(`denies ${name} by a successful RPC: ctx.malformed_too_large, HTTP 400`, async () => {
        const answer = await server.client.check(bytes());
        assert.equal(answer.result, 'ctx.malformed_too_large');
        assert.equal(answer.allowed, false);
        assert.equal(answer.http, 400);
      });
    }

    it('refuses more than 16 MiB, which no configuration of Envoy sends, by an RPC error', async () => {
      await assert.rejects(server.client.send(Buffer.alloc(16 * MiB + 1)), {
        code: status.RESOURCE_EXHAUSTED,
      });
      assert.equal((await server.client.check(encodeCall())).result, 'allow');
    });

    it('refuses what grows beyond 16 MiB when it is decompressed, and lives on', async () => {
      const client = new CheckClient(server.address, {
        'grpc.default_compression_algorithm': compressionAlgorithms.gzip,
      });
      try {
        assert.equal((await client.check(encodeCall())).result, 'allow', 'gzip itself is fine');
        await assert.rejects(client.send(Buffer.alloc(60 * MiB)), {
          code: status.RESOURCE_EXHAUSTED,
        });
      } finally {
        client.close();
      }
      assert.equal((await server.client.check(encodeCall())).result, 'allow');
    });
  });

  it('answers 1,000 requests at once, each its own', async () => {
    const round = Array.from({ length: 1_000 }, (_, index) => WAYS[index % WAYS.length]!);
    const answers = await Promise.all(
      round.map(({ call }) => server.client.check(encodeCall(call), { timeoutMs: 30_000 })),
    );
    assert.deepEqual(
      answers.map(({ result }) => result),
      round.map(({ want }) => want),
    );
    assert.equal(new Set(answers.map(({ decisionId }) => decisionId)).size, 1_000);
  });
});

describe('a check port that others than this host could reach', () => {
  const folder = useFolder();
  let server: TestServer;
  before(async () => {
    // Bound to loopback all the same, but by an address that does not say so.
    server = await startServer(folder, { listen: 'check: "[::ffff:127.0.0.1]:0"' });
  });
  after(() => server.stop());

  it('has no local enforcer: every check is denied authn.untrusted_enforcer', async () => {
    for (const { call } of WAYS) {
      const answer = await server.client.check(encodeCall(call));
      assert.equal(answer.result, 'authn.untrusted_enforcer');
      assert.equal(answer.allowed, false);
    }
  });

  it('says so when it starts', () => {
    const line = server.log.find(({ msg }) => msg.includes('every check here is denied'));
    assert.match(String(line?.['address']), /^\[::ffff:127\.0\.0\.1\]:/);
  });
});
