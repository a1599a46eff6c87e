// The end of a server, and the next one on the same address.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { type ClientHttp2Stream, connect } from 'node:http2';
import type { Address } from '../../server/address.ts';
import { CheckClient } from '../support/check_client.ts';
import { readResponse } from '../support/check_response.ts';
import { useFolder } from '../support/folder.ts';
import { BUNDLE, encodeCall, POLICY_WITHOUT_PERMIT } from '../support/mesh.ts';
import { readLines } from '../support/record_files.ts';
import { startServer } from '../support/server.ts';
import { until } from '../support/wait.ts';

describe('a server that is told to stop', () => {
  const folder = useFolder();

  it('says that it is not ready, answers what it accepted, keeps the records, and is gone', async () => {
    const server = await startServer(folder);
    const half = await startHalfACheck(server.address);
    await server.client.check(encodeCall());
    const stopped = server.running.stop();
    await until(async () => (await server.get('/readyz')).status === 503);
    assert.equal((await server.get('/livez')).status, 200);

    const answer = readResponse(await half.finish());
    assert.equal(answer.result, 'allow');
    await stopped;
    const ids = readLines(folder.at('decisions.ndjson')).map(({ id }) => id);
    assert.equal(ids.length, 2);
    assert.equal(ids[1], answer.decisionId);
    await assert.rejects(server.get('/livez'));
    await assert.rejects(server.client.send(encodeCall(), { timeoutMs: 1_000 }));
    await server.stop();
  });

  it('stops once, however often it is told to', async () => {
    const server = await startServer(folder);
    await Promise.all([server.running.stop(), server.running.stop()]);
    await server.stop();
  });

  it('cuts off a client that never ends its request, when its time to drain is over', async () => {
    const config =
      'limits: {drainMs: 20}\nthreads: {pool: 0}\nrecords: {evidence: "file:e", decisions: "file:d"}';
    const server = await startServer(folder, { config });
    const half = await startHalfACheck(server.address);
    await server.client.check(encodeCall());
    await server.stop();
    await assert.rejects(half.finish());
  });

  it('leaves no socket behind', async () => {
    const path = folder.at('check.sock');
    const server = await startServer(folder, { listen: `check: "unix:${path}"` });
    await server.client.check(encodeCall());
    await server.stop();
    assert.equal(existsSync(path), false);
  });

  it('and started on another bundle decides by that: allow, then deny, for the same client (C-020)', async () => {
    const listen = `check: "unix:${folder.at('swap.sock')}"`;
    const first = await startServer(folder, { listen });
    const client = new CheckClient(first.address);
    try {
      assert.equal((await client.check(encodeCall())).result, 'allow');
      await first.stop();
      const bundle = { ...BUNDLE, 'policy.yaml': POLICY_WITHOUT_PERMIT };
      const second = await startServer(folder, { listen, bundle });
      try {
        await until(() =>
          client.send(encodeCall()).then(
            () => true,
            () => false,
          ),
        );
        assert.equal((await client.check(encodeCall())).result, 'authz.no_match');
      } finally {
        await second.stop();
      }
    } finally {
      client.close();
    }
  });
});

/** A Check that the server has begun to read, and whose message ends only when it is finished. */
async function startHalfACheck(address: Address): Promise<{ finish(): Promise<Buffer> }> {
  assert.ok(address.kind === 'tcp');
  const session = connect(`http://${address.host}:${address.port}`);
  session.on('error', () => undefined);
  const stream: ClientHttp2Stream = session.request({
    ':method': 'POST',
    ':path': '/envoy.service.auth.v3.Authorization/Check',
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  const answer = new Promise<Buffer>((resolve, reject) => {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', reject);
    stream.on('close', () => {
      const bytes = Buffer.concat(chunks);
      if (bytes.length === 0) reject(new Error('no answer'));
      else resolve(bytes.subarray(5));
    });
  });
  answer.catch(() => undefined);
  const message = encodeCall();
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  await new Promise((resolve) =>
    stream.write(Buffer.concat([head, message.subarray(0, 10)]), resolve),
  );
  // Answered behind what was sent before.
  await new Promise((resolve) => session.ping(resolve));
  return {
    finish: async () => {
      if (!stream.destroyed) stream.end(message.subarray(10));
      return answer.finally(() => session.close());
    },
  };
}
