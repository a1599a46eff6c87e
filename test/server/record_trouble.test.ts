// Records that cannot be written change and delay no answer; what is lost is counted and told, and
// the other stream is whole (C-003, DESIGN 5.15).

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { useFolder } from '../support/folder.ts';
import { encodeCall, WAYS } from '../support/mesh.ts';
import { readLines } from '../support/record_files.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { until } from '../support/wait.ts';

const ROUNDS = 50;

describe('a server whose records cannot be written', () => {
  const folder = useFolder();

  async function start(evidence: string, decisions: string): Promise<TestServer> {
    const records = `records: {evidence: "file:${evidence}", decisions: "file:${decisions}", bufferMiB: 1}`;
    return startServer(folder, { config: `threads: {pool: 0}\n${records}` });
  }

  async function checkAll({ client }: TestServer): Promise<void> {
    for (let round = 0; round < ROUNDS; round++) {
      const answers = await Promise.all(WAYS.map(({ call }) => client.check(encodeCall(call))));
      assert.deepEqual(
        answers.map(({ result }) => result),
        WAYS.map(({ want }) => want),
      );
    }
  }

  const REQUESTS = ROUNDS * WAYS.length;

  const streams = [
    { broken: 'evidence', whole: 'decisions' },
    { broken: 'decisions', whole: 'evidence' },
  ];
  for (const { broken, whole } of streams) {
    it(`answers as ever and keeps the ${whole} whole while the disk of the ${broken} is full`, async function () {
      if (!existsSync('/dev/full')) return this.skip();
      const file = folder.at(`${whole}.ndjson`);
      const server = await start(
        broken === 'evidence' ? '/dev/full' : file,
        broken === 'decisions' ? '/dev/full' : file,
      );
      await checkAll(server);
      await until(
        async () =>
          (await server.metric(`remit_records_write_errors_total{stream="${broken}"}`)) > 0,
      );
      assert.equal((await server.get('/readyz')).status, 200);
      await server.stop();
      assert.equal(readLines(file).length, REQUESTS);
      const told = server.log.filter(({ stream }) => stream === broken).map(({ msg }) => msg);
      assert.match(told[0]!, /^cannot write: ENOSPC/);
      assert.equal(told.at(-1), `${REQUESTS} records could not be written before the end`);
      assert.deepEqual(
        server.log.filter(({ stream }) => stream === whole),
        [],
      );
    });
  }

  it('answers as ever while nobody reads the pipe of one stream, and drops when its buffer is full', async function () {
    const fifo = folder.at('fifo');
    try {
      execFileSync('mkfifo', [fifo]);
    } catch {
      // No mkfifo on this machine.
      return this.skip();
    }
    const file = folder.at('beside-the-pipe.ndjson');
    const server = await start(fifo, file);
    const dropped = () => server.metric('remit_records_dropped_total{stream="evidence"}');
    let asked = 0;
    while ((await dropped()) === 0) {
      await checkAll(server);
      asked += REQUESTS;
    }
    await server.stop();
    assert.equal(readLines(file).length, asked);
    const told = server.log.filter(({ stream }) => stream === 'evidence').map(({ msg }) => msg);
    assert.match(told[0]!, /^cannot write: EAGAIN/);
    assert.match(told.at(-1)!, /^\d+ records could not be written before the end$/);
  });
});
