// The TLS port under those who do not speak TLS, or do not finish: they are closed, counted, and
// nobody else is disturbed.

import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { CheckClient } from '../support/check_client.ts';
import { useFolder } from '../support/folder.ts';
import { encodeCall } from '../support/mesh.ts';
import {
  ended,
  handshake,
  PEERS,
  peerOf,
  speak,
  startTlsServer,
  type TlsServer,
  tlsClient,
} from '../support/tls_stage.ts';
import { until } from '../support/wait.ts';

/** The start of a ClientHello, and nothing after it. */
const HALF_HELLO = Buffer.from('1603010200010001fc0303', 'hex');

describe('a TLS port', () => {
  const folder = useFolder();
  let server: TlsServer;
  let honest: CheckClient;
  before(async () => {
    server = await startTlsServer(folder, {
      config: 'limits: {handshakeMs: 1000, connectionsMax: 80}',
    });
    honest = tlsClient(server.address, peerOf(PEERS.gateway));
    assert.equal((await honest.check(encodeCall())).result, 'allow');
  });
  after(async () => {
    honest.close();
    await server.stop();
  });

  const count = (result: string) =>
    server.metric(`remit_tls_connections_total{result="${result}"}`);

  it('answers no plaintext client', async () => {
    const client = new CheckClient(server.address);
    await assert.rejects(client.check(encodeCall(), { timeoutMs: 500 }));
    client.close();
    assert.equal((await honest.check(encodeCall())).result, 'allow');
  });

  const garbage: { name: string; bytes: string | Buffer }[] = [
    { name: 'HTTP/1.1', bytes: 'GET / HTTP/1.1\r\n\r\n' },
    { name: 'HTTP/2 without TLS', bytes: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' },
    { name: 'zeros', bytes: Buffer.alloc(10_000) },
    { name: 'ones', bytes: Buffer.alloc(10_000, 0xff) },
    { name: 'a record that is too long', bytes: Buffer.from('160301ffff', 'hex') },
    {
      name: 'a hello of garbage',
      bytes: Buffer.concat([Buffer.from('1603010100010000fc0303', 'hex'), Buffer.alloc(250, 7)]),
    },
  ];
  for (const { name, bytes } of garbage) {
    it(`closes on ${name}, and counts it`, async () => {
      const before = await count('failed');
      await ended(await speak(server.port, bytes));
      await until(async () => (await count('failed')) > before);
      assert.equal((await honest.check(encodeCall())).result, 'allow');
    });
  }

  it('closes what does not finish in time, whether it says nothing or half', async () => {
    const before = await count('timeout');
    for (const bytes of ['', HALF_HELLO]) await ended(await speak(server.port, bytes));
    await until(async () => (await count('timeout')) === before + 2);
  });

  it('closes on bytes that follow a handshake and are no HTTP/2', async () => {
    const socket = await handshake(server.port, peerOf(PEERS.gateway));
    socket.write(Buffer.alloc(1_000, 7));
    await ended(socket);
    assert.equal((await honest.check(encodeCall())).result, 'allow');
  });

  it('lets newcomers in while more are half open than may be: the oldest give way', async () => {
    const before = await count('displaced');
    const open: Socket[] = [];
    const more = async () => {
      const socket = await speak(server.port, HALF_HELLO);
      socket.on('error', () => undefined);
      open.push(socket);
    };
    for (let at = 0; at < 60; at++) await more();
    // A quarter of the connections that may be: others have room however many are half open.
    await until(async () => (await count('displaced')) >= before + 40);
    assert.ok((await server.metric('remit_connections')) <= 80);
    for (let round = 0; round < 5; round++) {
      for (let at = 0; at < 10; at++) await more();
      const client = tlsClient(server.address, peerOf(PEERS.gateway));
      assert.equal((await client.check(encodeCall())).result, 'allow');
      assert.equal((await honest.check(encodeCall())).result, 'allow');
      client.close();
    }
    for (const socket of open) socket.destroy();
  });

  it('one identity, or all that are no enforcers, take a quarter of the connections', async () => {
    const open: Socket[] = [];
    const fill = async (id: (at: number) => string) => {
      const before = await count('too_many');
      for (let at = 0; at < 25; at++) {
        const socket = await handshake(server.port, peerOf(id(at)));
        socket.on('error', () => undefined);
        open.push(socket);
      }
      await until(async () => (await count('too_many')) >= before + 5);
    };
    await fill(() => PEERS.waypoint);
    await fill((at) => `${PEERS.unknown}${at}`);
    const client = tlsClient(server.address, peerOf(PEERS.gateway));
    assert.equal((await client.check(encodeCall())).result, 'allow');
    client.close();
    for (const socket of open) socket.destroy();
    await until(async () => (await server.metric('remit_connections')) <= 2);
    const again = tlsClient(server.address, peerOf(PEERS.waypoint));
    assert.equal((await again.check(encodeCall())).result, 'allow', 'when they have gone');
    again.close();
  });

  it('tells of refusals at a bounded rate', () => {
    const told = server.log.filter(({ msg }) => msg.includes('a TLS connection ended, displaced'));
    assert.ok(told.length >= 1 && told.length <= 3, `${told.length}`);
  });

  it('stops while handshakes are half open, without waiting for them', async () => {
    const other = await startTlsServer(folder, { config: 'limits: {handshakeMs: 60000}' });
    const socket = await speak(other.port, HALF_HELLO);
    socket.on('error', () => undefined);
    const started = Date.now();
    await other.stop();
    assert.ok(Date.now() - started < 5_000);
  });
});
