// `/identities` on the HTTP port: who came with which credentials, for whoever is on this host, and
// what `remit identities --url` makes of it (C-069).

import assert from 'node:assert/strict';
import { request } from 'node:http';
import { inventoryReport } from '../../audit/inventory_report.ts';
import { addressText } from '../../server/address.ts';
import { useCommands } from '../support/commands.ts';
import { useFolder } from '../support/folder.ts';
import { encodeCall, IDS, writeBundle } from '../support/mesh.ts';
import { RECORD_FILES, startServer, type TestServer } from '../support/server.ts';
import { until } from '../support/wait.ts';

const REQUESTS = 20;

describe('the page of identities', () => {
  const folder = useFolder();
  const commands = useCommands();
  let server: TestServer;
  before(async () => {
    writeBundle(folder.at('policies'));
    server = await startServer(folder, { config: `threads: {pool: 1}\n${RECORD_FILES}` });
    for (let count = 0; count < REQUESTS; count++) await server.client.check(encodeCall());
    await server.client.check(encodeCall({ from: IDS.reporting }));
    await server.client.check(encodeCall({ from: IDS.stranger }));
    await until(async () => (await read()).identities.length === 2);
  });
  after(() => server.stop());

  const read = async () =>
    inventoryReport.parse(JSON.parse((await server.get('/identities')).text));

  it('says who was proved, how often, and what each was permitted', async () => {
    await until(async () => (await read()).identities[0]?.count === REQUESTS);
    const { identities, operations, since } = await read();
    assert.ok(since !== null && Date.parse(since) <= Date.now());
    assert.deepEqual(
      identities.map(({ subject, issuer, count }) => [subject, issuer, count]),
      [
        [IDS.checkout, '', REQUESTS],
        [IDS.reporting, '', 1],
      ],
    );
    const used = operations.map(({ principal, operation }) => [principal, operation]);
    assert.deepEqual(used, [[IDS.checkout, 'pay/payments/account.read']]);
  });

  it('is what the command reads', async () => {
    const url = `http://${addressText(server.running.http)}`;
    const args = ['identities', '--url', url, '--policies', 'policies', '--format', 'json'];
    const { code, stdout, stderr } = await commands.run(args, folder.path);
    assert.deepEqual([code, stderr], [0, '']);
    const { identities } = JSON.parse(stdout) as {
      identities: { identity: string; bins: string[] }[];
    };
    assert.deepEqual(
      identities.map(({ identity, bins }) => [identity, bins.join()]),
      [
        [IDS.reporting, 'authenticated'],
        [IDS.checkout, 'authenticated'],
      ],
    );
  });

  for (const [host, status] of [
    ['localhost:9190', 200],
    ['[::1]:9190', 200],
    ['evil.example', 403],
    ['127.0.0.1.evil.example', 403],
  ] as const) {
    it(`is for this host, by its own name: ${host} ${status}`, async () => {
      const answer = await new Promise<number | undefined>((resolve, reject) => {
        const url = `http://${addressText(server.running.http)}/identities`;
        const call = request(url, { headers: { host } }, (response) => {
          response.resume();
          resolve(response.statusCode);
        });
        call.on('error', reject).end();
      });
      assert.equal(answer, status);
    });
  }

  it('answers HEAD without a body', async () => {
    assert.deepEqual(await server.get('/identities', 'HEAD'), { status: 200, text: '' });
  });
});
