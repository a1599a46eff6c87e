// Clients that ask and read nothing, not even that they are told to go: their calls and their
// connections end all the same (C-111).

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { MiB } from '../../engine/limits.ts';
import { checkFrames, frame, PREFACE, settings, uint32 } from '../hostile/frames.ts';
import { CheckClient } from '../support/check_client.ts';
import { useFolder } from '../support/folder.ts';
import { encodeCall, WAYS } from '../support/mesh.ts';
import { RECORD_FILES, startServer, type TestServer } from '../support/server.ts';
import { until } from '../support/wait.ts';

const INITIAL_WINDOW_SIZE = 4;
const OPEN_WINDOW = 2 ** 31 - 1;
const ASKED_AT_ONCE = 200;
/** More than the sockets of both sides take: answers are some 200 bytes. */
const ASKED_MAX = 100_000;
const CONNECTIONS_MAX = 3;
const [WAY] = WAYS as [(typeof WAYS)[number]];
const MESSAGE = encodeCall(WAY.call);

describe('a client that reads nothing', function () {
  this.timeout(60_000);
  const folder = useFolder();
  let server: TestServer;
  let clients: (Socket | CheckClient)[] = [];

  async function start(limits: string): Promise<void> {
    const config = `threads: {pool: 0}\n${RECORD_FILES}\nlimits: {${limits}}`;
    server = await startServer(folder, { config });
  }

  afterEach(async () => {
    for (const client of clients.splice(0)) {
      if (client instanceof CheckClient) client.close();
      else client.destroy();
    }
    clients = [];
    await server.stop();
  });

  /** Asks until the server can write nothing more. */
  async function stall(): Promise<Socket> {
    const { address } = server;
    assert.ok(address.kind === 'tcp');
    const socket = connect(address.port, '127.0.0.1').on('error', () => undefined);
    clients.push(socket);
    await once(socket, 'connect');
    socket.pause();
    // No acknowledgement of the settings either: they are not read.
    const open = frame('windowUpdate', 0, 0, uint32(OPEN_WINDOW - MiB));
    socket.write(Buffer.concat([PREFACE, settings([INITIAL_WINDOW_SIZE, OPEN_WINDOW]), open]));
    for (let asked = 0; asked < ASKED_MAX; asked += ASKED_AT_ONCE) {
      const checks = Array.from({ length: ASKED_AT_ONCE }, (_, index) =>
        checkFrames(2 * (asked + index) + 1, MESSAGE),
      );
      // A server that can write no more reads no more.
      const isTaken = socket.write(Buffer.concat(checks));
      if (!isTaken && !(await drained(socket))) return socket;
    }
    throw new Error('the server went on reading');
  }

  async function drained(socket: Socket): Promise<boolean> {
    const controller = new AbortController();
    const late = sleep(500, false, { signal: controller.signal }).catch(() => false);
    const drain = once(socket, 'drain', { signal: controller.signal }).then(
      () => true,
      () => false,
    );
    const isDrained = await Promise.race([drain, late]);
    controller.abort();
    return isDrained;
  }

  async function isAnswered(): Promise<boolean> {
    const client = new CheckClient(server.address);
    try {
      assert.equal((await client.check(MESSAGE)).result, WAY.want);
      clients.push(client);
      return true;
    } catch {
      client.close();
      return false;
    }
  }

  const connections = (): Promise<number> => server.metric('remit_connections');

  it('loses its connection, not only its calls', async () => {
    await start('unfinishedMs: 500, silentMs: 1000');
    await stall();
    assert.equal(await connections(), 1);
    // The calls are reset, then the session ends, then its socket.
    await until(async () => (await connections()) === 0);
  });

  it('makes room for those who do', async () => {
    await start(`unfinishedMs: 500, silentMs: 600000, connectionsMax: ${CONNECTIONS_MAX}`);
    for (let count = 0; count < CONNECTIONS_MAX; count++) await stall();
    // When their sessions have ended their sockets have not; the next look at those is far away.
    for (let count = 0; count < CONNECTIONS_MAX; count++) await until(isAnswered);
    await sleep(300);
    assert.equal(await connections(), CONNECTIONS_MAX);
  });
});
