// Connections that ask nothing are closed and make room for those that do (C-111).

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { PREFACE, settings } from '../hostile/frames.ts';
import { CheckClient } from '../support/check_client.ts';
import { useFolder } from '../support/folder.ts';
import { encodeCall, WAYS } from '../support/mesh.ts';
import { RECORD_FILES, startServer, type TestServer } from '../support/server.ts';
import { until } from '../support/wait.ts';

const SILENT_MS = 400;
const CONNECTIONS_MAX = 3;
const [WAY] = WAYS as [(typeof WAYS)[number]];
const MESSAGE = encodeCall(WAY.call);

describe('a connection', () => {
  const folder = useFolder();
  let server: TestServer;
  const clients: CheckClient[] = [];
  const sockets: Socket[] = [];

  beforeEach(async () => {
    const limits = `limits: {silentMs: ${SILENT_MS}, connectionsMax: ${CONNECTIONS_MAX}}`;
    server = await startServer(folder, {
      config: `threads: {pool: 0}\n${RECORD_FILES}\n${limits}`,
    });
  });

  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    for (const socket of sockets.splice(0)) socket.destroy();
    await server.stop();
  });

  async function open(first = Buffer.alloc(0)): Promise<Socket> {
    const { address } = server;
    assert.ok(address.kind === 'tcp');
    const socket = connect(address.port, '127.0.0.1').on('error', () => undefined);
    sockets.push(socket);
    await once(socket, 'connect');
    socket.resume();
    socket.write(first);
    return socket;
  }

  async function ask(): Promise<CheckClient> {
    const client = new CheckClient(server.address);
    clients.push(client);
    assert.equal((await client.check(MESSAGE)).result, WAY.want);
    return client;
  }

  const cases = [
    { name: 'says nothing', first: Buffer.alloc(0) },
    { name: 'begins HTTP/2 and asks nothing', first: Buffer.concat([PREFACE, settings()]) },
  ];
  for (const { name, first } of cases) {
    it(`that ${name} is closed`, async () => {
      const startedMs = performance.now();
      const socket = await open(first);
      await until(() => socket.destroyed);
      assert.ok(performance.now() - startedMs > SILENT_MS / 2);
    });
  }

  it('that has asked may be silent as long as there is room', async () => {
    const client = await ask();
    const { connections } = await openNow();
    await sleep(SILENT_MS * 2);
    assert.equal((await openNow()).connections, connections);
    assert.equal((await client.check(MESSAGE)).result, WAY.want);
  });

  it('that asked nothing makes room for one that comes', async () => {
    const silent = [await open(), await open(), await open()];
    await ask();
    assert.deepEqual(
      silent.map(({ destroyed }) => destroyed),
      [true, false, false],
    );
  });

  it('that was silent for long makes room, one that asks does not', async () => {
    const [, busy] = [await ask(), await ask(), await ask()];
    const endMs = performance.now() + SILENT_MS * 2;
    while (performance.now() < endMs) {
      await busy!.check(MESSAGE);
      await sleep(20);
    }
    await ask();
    assert.equal((await busy!.check(MESSAGE)).result, WAY.want);
  });

  it('is refused where all others ask', async () => {
    await Promise.all([ask(), ask(), ask()]);
    const socket = await open();
    await until(() => socket.destroyed);
    assert.equal((await openNow()).connections, CONNECTIONS_MAX);
  });

  async function openNow(): Promise<{ connections: number }> {
    // Figures are copied a few times a second.
    await sleep(300);
    return { connections: await server.metric('remit_connections') };
  }
});
