// Threads that die while key sets are on their way to them: those that take their place verify with
// what is in force, and changes go on.

import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Address, addressText } from '../../server/address.ts';
import { CheckClient } from '../support/check_client.ts';
import { onExit } from '../support/exit.ts';
import { useFolder } from '../support/folder.ts';
import { encodeCall } from '../support/mesh.ts';
import { metricValue } from '../support/server.ts';
import { until } from '../support/wait.ts';

const SERVE = join(import.meta.dirname, 'serve_process.ts');
const PRELOAD = join(import.meta.dirname, '..', 'chaos', 'faults_preload.ts');
const DEATHS = 4;

describe('a server whose acceptors die while its keys change', function () {
  this.timeout(60_000);
  const folder = useFolder();
  let child: ChildProcess;
  let stderr = '';
  let at: { readonly check: Address; readonly http: Address };

  before(async () => {
    folder.write(
      'remit.yaml',
      `policies: ./policies
listen: {check: "127.0.0.1:0", http: "127.0.0.1:0"}
threads: {acceptors: 2, pool: 2}
records: {evidence: "file:/dev/null", decisions: "file:/dev/null"}
`,
    );
    const env = {
      ...process.env,
      NODE_OPTIONS: `${process.env['NODE_OPTIONS'] ?? ''} --import=${PRELOAD}`,
      REMIT_TEST_FAULT: folder.at('fault'),
    };
    child = fork(SERVE, [folder.path], { env, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    onExit(() => child.kill('SIGKILL'));
    child.stderr!.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    const [message] = await once(child, 'message');
    at = message;
  });
  after(async () => {
    if (child.exitCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });

  const versions = async (): Promise<number[]> => {
    const text = await (await fetch(`http://${addressText(at.http)}/metrics`)).text();
    return ['control', 'acceptor-0', 'acceptor-1'].map((thread) =>
      metricValue(text, `remit_key_sets_version{thread="${thread}"}`),
    );
  };
  const count = (what: string): number => stderr.split(what).length - 1;

  it('has the same keys on every thread in the end, and answers', async () => {
    await until(async () => (await versions())[0]! > 3);
    for (let death = 1; death <= DEATHS; death++) {
      writeFileSync(folder.at('fault'), `throw acceptor-${death % 2}`);
      await until(() => count('the acceptor is back') === death);
      const [before] = await versions();
      await until(async () => (await versions())[0]! > before! + 1);
    }
    child.send('enough');
    let all: number[] = [];
    let last: number[];
    do {
      last = all;
      await new Promise((resolve) => setTimeout(resolve, 600));
      all = await versions();
    } while (new Set([...all, ...last]).size !== 1);
    for (let i = 0; i < 8; i++) {
      const client = new CheckClient(at.check);
      const answers = await Promise.all(
        Array.from({ length: 40 }, () => client.check(encodeCall(), { timeoutMs: 5_000 })),
      );
      client.close();
      assert.deepEqual(new Set(answers.map(({ result }) => result)), new Set(['allow']));
    }
    assert.equal(count('an acceptor died'), count('the acceptor is back'));
    const exited = once(child, 'exit');
    child.send('end');
    assert.deepEqual(await exited, [0, null]);
  });
});
