// C-010: who asks is told by the connection and never by its address, which another peer has a
// moment later: it is nobody whom it was before.

import assert from 'node:assert/strict';
import { connect as connectHttp2 } from 'node:http2';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { readResponse } from '../support/check_response.ts';
import { useFolder } from '../support/folder.ts';
import { encodeCall } from '../support/mesh.ts';
import {
  type Identity,
  PEERS,
  peerOf,
  startTlsServer,
  type TlsServer,
} from '../support/tls_stage.ts';

const FRAME_BYTES = 5;

/** A TLS connection from a given port, or from any (0). */
function connected(port: number, localPort: number, identity: Identity) {
  const tcp: Socket = connectTcp({ port, host: '127.0.0.1', localPort });
  return new Promise<{ tcp: Socket; tls: TLSSocket; from: number }>((resolve, reject) => {
    const options = { socket: tcp, ...identity, ALPNProtocols: ['h2'], rejectUnauthorized: false };
    const tls = connectTls(options, () => resolve({ tcp, tls, from: tcp.localPort ?? 0 }));
    tls.on('error', reject);
  });
}

/** One Check over it, byte by byte as gRPC has it. */
function askOver(socket: TLSSocket): Promise<string> {
  const message = encodeCall();
  const head = Buffer.alloc(FRAME_BYTES);
  head.writeUInt32BE(message.length, 1);
  return new Promise((resolve, reject) => {
    const session = connectHttp2('https://localhost', { createConnection: () => socket });
    session.on('error', reject);
    const stream = session.request({
      ...{ ':method': 'POST', ':path': '/envoy.service.auth.v3.Authorization/Check' },
      ...{ 'content-type': 'application/grpc', te: 'trailers' },
    });
    const parts: Buffer[] = [];
    stream.on('data', (part: Buffer) => parts.push(part));
    stream.on('error', reject);
    stream.on('end', () => {
      resolve(readResponse(Buffer.concat(parts).subarray(FRAME_BYTES)).result);
    });
    stream.end(Buffer.concat([head, message]));
  });
}

/** Reset, so that the address is free at once. */
function reset(tcp: Socket): Promise<void> {
  return new Promise((resolve) => {
    tcp.once('close', () => resolve());
    tcp.on('error', () => undefined);
    tcp.resetAndDestroy();
  });
}

describe('a connection from an address that another peer had', () => {
  const folder = useFolder();
  let server: TlsServer;
  before(async () => {
    server = await startTlsServer(folder);
  });
  after(() => server.stop());

  it('is judged by its own certificate, allowed or not', async () => {
    const first = await connected(server.port, 0, peerOf(PEERS.unknown));
    assert.equal(await askOver(first.tls), 'authn.untrusted_enforcer');
    const { from } = first;
    for (const [peer, want] of [
      [PEERS.gateway, 'allow'],
      [PEERS.unknown, 'authn.untrusted_enforcer'],
    ] as const) {
      await reset(first.tcp);
      const next = await connected(server.port, from, peerOf(peer));
      assert.equal(next.from, from);
      assert.equal(await askOver(next.tls), want);
      Object.assign(first, next);
    }
    await reset(first.tcp);
  });
});
