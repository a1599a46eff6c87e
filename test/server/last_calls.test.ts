// The end of a connection: what its peer sent before it could know of the end is answered, as Envoy
// lets through under failure_mode_allow what is not (C-111).

import assert from 'node:assert/strict';
import { HealthImplementation } from 'grpc-health-check';
import { type Address, parseAddress } from '../../server/address.ts';
import { CheckServer } from '../../server/check_server.ts';
import { PlainPeer } from '../support/plain_peer.ts';
import { until } from '../support/wait.ts';

const REQUEST = Buffer.from('asked');
const NOTHING_REFUSED = 2 ** 31 - 1;
/** Below what a peer that does not acknowledge is waited for. */
const SOON_MS = 900;
const CONNECTIONS = 10;

describe('a connection that ends', () => {
  let server: CheckServer;
  let address: Address;
  const peers: PlainPeer[] = [];
  afterEach(async () => {
    for (const peer of peers.splice(0)) peer.destroy();
    await server.close(0);
  });

  async function start(connectionAgeMs = 60_000): Promise<void> {
    server = new CheckServer(
      parseAddress('127.0.0.1:0')!,
      {
        check: async (bytes) => bytes,
        refuse: () => assert.fail(),
        canAcceptWork: () => true,
        close: async () => undefined,
      },
      new HealthImplementation(),
      {
        deadlineMs: 100,
        deadlineMarginMs: 10,
        streamsMax: 1_000,
        connectionsMax: 100,
        silentMs: 10_000,
        unfinishedMs: 5_000,
        unfinishedBytes: 64 * 1024 * 1024,
        connectionAgeMs,
        connectionGraceMs: 10_000,
        handshakeMs: 1_000,
      },
      (error) => assert.fail(String(error)),
    );
    address = await server.listen(false);
  }

  async function open(): Promise<PlainPeer> {
    const peer = await PlainPeer.connect(address);
    peers.push(peer);
    return peer;
  }

  /** One that was answered already. */
  async function openAndAsk(): Promise<PlainPeer> {
    const peer = await open();
    peer.ask(REQUEST);
    await until(() => peer.answered === 1);
    return peer;
  }

  it('because the server stops answers what was sent before its peer heard of that', async () => {
    await start();
    const peer = await openAndAsk();
    const closed = server.close(10_000);
    // Nothing can have arrived in the same turn of the event loop.
    peer.ask(REQUEST);
    await closed;
    await until(() => peer.isClosed);
    assert.equal(peer.answered, 2);
    assert.equal(peer.resets, 0);
    assert.equal(peer.goaways[0], NOTHING_REFUSED);
    assert.equal(peer.goaways.at(-1), 3);
  });

  it('without an open stream ends at once', async () => {
    await start();
    const peer = await openAndAsk();
    const startedMs = performance.now();
    await server.close(10_000);
    assert.ok(performance.now() - startedMs < SOON_MS);
    await until(() => peer.isClosed);
  });

  it('because of its age answers what was sent before its peer heard of that', async () => {
    await start(30);
    for (let count = 0; count < CONNECTIONS; count++) {
      const peer = await open();
      // In each turn of the event loop, so that there is always one on its way.
      while (peer.goaways.length === 0) {
        peer.ask(REQUEST);
        await new Promise((resolve) => setImmediate(resolve));
      }
      await until(() => peer.isClosed);
      assert.deepEqual([...peer.open], [], `after ${peer.answered} answers`);
      assert.equal(peer.resets, 0);
      assert.equal(peer.goaways[0], NOTHING_REFUSED);
    }
  });

  it('whose peer hears nothing is cut off when the time to drain is over', async () => {
    await start();
    const peer = await openAndAsk();
    peer.pause();
    const startedMs = performance.now();
    await server.close(50);
    assert.ok(performance.now() - startedMs < SOON_MS);
  });
});
