// Whoever takes the records stops reading, or the disk is full, while thousands ask: a process of
// its own keeps its memory and its answers (C-003). What is lost is told elsewhere: test/audit.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { readAnswer } from '../fuzz/answer.ts';
import { BUNDLE, TRUST_DOMAIN } from '../fuzz/seeds.ts';
import { CheckClient } from '../support/check_client.ts';
import { useFolder } from '../support/folder.ts';
import { type ServeProcess, startServe } from '../support/process.ts';
import { ALLOWED } from './besieged.ts';

const ROUNDS = 50;
const AT_ONCE = 50;
/** The records of 5,000 answers are some MiB, more than the buffers of 1 MiB take. */
const GROWTH_MIB_MAX = 96;

const cases = [
  { name: 'the pipe of the records is not read', target: 'stdout' },
  { name: 'the disk of the records is full', target: 'file:/dev/full' },
];

describe('a server that gets rid of no record', function () {
  this.timeout(30_000);
  const folder = useFolder();
  let server: ServeProcess;
  let client: CheckClient;

  afterEach(async () => {
    client?.close();
    await server?.stop();
  });

  const rssMiB = (): number => {
    const status = readFileSync(`/proc/${server.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)![1]) / 1024;
  };

  async function askAll(): Promise<void> {
    for (let round = 0; round < ROUNDS; round++) {
      const sent = Array.from({ length: AT_ONCE }, () => client.send(ALLOWED));
      for (const answer of await Promise.all(sent)) {
        assert.equal(readAnswer(answer).outcome, 'allow');
      }
    }
  }

  for (const { name, target } of cases) {
    it(`answers and keeps its memory while ${name}`, async function () {
      if (target !== 'stdout' && !existsSync('/dev/full')) return this.skip();
      folder.write('bundle.yaml', BUNDLE);
      const config = `policies: ./bundle.yaml
trustDomain: ${TRUST_DOMAIN}
listen: {check: "127.0.0.1:0", http: "127.0.0.1:0"}
records: {evidence: "${target}", decisions: "${target}", bufferMiB: 1}
limits: {deadlineMs: 10000}
log: {level: info}
`;
      const file = folder.write('remit.yaml', config);
      server = await startServe(file, { readStdout: false });
      client = new CheckClient(server.check[0]!);
      await askAll();
      const halfMiB = rssMiB();
      await askAll();
      assert.ok(rssMiB() - halfMiB < GROWTH_MIB_MAX, `${halfMiB} and then ${rssMiB()} MiB`);
    });
  }
});
