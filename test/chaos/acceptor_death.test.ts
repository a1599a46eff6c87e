// What becomes of a server whose acceptor dies (DESIGN section 4): an exception that nothing caught
// costs the connections of that acceptor and nothing else; an abort costs the process, and whoever
// supervises it starts it again.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { freePorts } from '../../demo/processes.ts';
import type { Address } from '../../server/address.ts';
import { parseAddress } from '../../server/address.ts';
import { CheckClient } from '../support/check_client.ts';
import { onExit } from '../support/exit.ts';
import { useFolder } from '../support/folder.ts';
import { encodeCall, writeBundle } from '../support/mesh.ts';
import { until } from '../support/wait.ts';

const BIN = join(import.meta.dirname, '..', '..', 'bin', 'remit.js');
const PRELOAD = join(import.meta.dirname, 'faults_preload.ts');
const READ = encodeCall();
const CLIENTS = 16;

/** As a kubelet or systemd does it: what ends is started again. */
class Supervisor {
  readonly #config: string;
  readonly #fault: string;
  #child: ReturnType<typeof spawn> | undefined;
  #stopping = false;
  log = '';
  starts = 0;
  readonly ends: string[] = [];

  constructor(config: string, fault: string) {
    this.#config = config;
    this.#fault = fault;
    onExit(() => this.#child?.kill('SIGKILL'));
  }

  start(): void {
    this.starts++;
    const env = {
      ...process.env,
      NODE_OPTIONS: `${process.env['NODE_OPTIONS'] ?? ''} --import=${PRELOAD}`,
      REMIT_TEST_FAULT: this.#fault,
    };
    const args = [BIN, 'serve', '--config', this.#config];
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
    this.#child = child;
    child.stderr.on('data', (chunk: Buffer) => {
      this.log += chunk.toString();
    });
    child.once('exit', (code, signal) => {
      this.ends.push(signal ?? `exit code ${code}`);
      if (!this.#stopping) this.start();
    });
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    const child = this.#child!;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  }
}

describe('a server', function () {
  this.timeout(30_000);
  const folder = useFolder();
  let address: Address;
  let fault: string;
  let supervisor: Supervisor;

  beforeEach(async () => {
    const [port, http] = await freePorts(2);
    address = parseAddress(`127.0.0.1:${port}`)!;
    fault = folder.at(`fault-${port}`);
    writeBundle(folder.at('policies'));
    const config = folder.at(`remit-${port}.yaml`);
    writeFileSync(
      config,
      `policies: ./policies
listen: {check: "127.0.0.1:${port}", http: "127.0.0.1:${http}"}
threads: {acceptors: 2, pool: 0}
records: {evidence: "file:/dev/null", decisions: "file:/dev/null"}
`,
    );
    supervisor = new Supervisor(config, fault);
    supervisor.start();
    await until(() => supervisor.log.includes('"msg":"serving"'));
  });
  afterEach(() => supervisor.stop());

  /** Opens a new connection; a server that is not there is tried again. */
  async function answersWithin(ms: number): Promise<boolean> {
    const deadline = Date.now() + ms;
    while (Date.now() < deadline) {
      const client = new CheckClient(address);
      const answered = await client.check(READ, { timeoutMs: 500 }).catch(() => undefined);
      client.close();
      if (answered?.result === 'allow') return true;
    }
    return false;
  }

  it('loses only the connections of an acceptor that throws, and goes on', async () => {
    const clients = Array.from({ length: CLIENTS }, () => new CheckClient(address));
    const failed = new Set<number>();
    const codes = new Set<unknown>();
    let stopping = false;
    const asking = clients.map(async (client, index) => {
      while (!stopping) {
        try {
          assert.equal((await client.check(READ, { timeoutMs: 2_000 })).result, 'allow');
        } catch (error) {
          if (error instanceof assert.AssertionError) throw error;
          failed.add(index);
          codes.add((error as { code?: unknown }).code);
        }
      }
    });
    try {
      writeFileSync(fault, 'throw acceptor-0');
      await until(() => supervisor.log.includes('an acceptor died'));
      assert.ok(await answersWithin(1_000), 'a new connection is answered within a second');
      await until(() => supervisor.log.includes('the acceptor is back'));
    } finally {
      stopping = true;
      await Promise.all(asking);
      for (const client of clients) client.close();
    }
    assert.ok(failed.size < CLIENTS, `${failed.size} of ${CLIENTS} connections broke`);
    assert.deepEqual(
      [...codes].filter((code) => code !== status.UNAVAILABLE),
      [],
    );
    assert.match(supervisor.log, /acceptor dies: Error: thrown on demand/);
    assert.equal(supervisor.starts, 1, 'the process lives');
    assert.ok(await answersWithin(1_000));
  });

  it('is there again after an abort, when its supervisor has started it again', async () => {
    assert.ok(await answersWithin(1_000));
    writeFileSync(fault, 'abort acceptor-1');
    await until(() => supervisor.starts === 2);
    assert.deepEqual(supervisor.ends, ['SIGABRT']);
    assert.ok(await answersWithin(10_000));
  });
});
