// `remit serve` as a process: what it needs to start, what it says, and how it ends.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { CheckClient } from '../support/check_client.ts';
import { useCommands } from '../support/commands.ts';
import { useFolder } from '../support/folder.ts';
import { encodeCall, WAYS, writeBundle } from '../support/mesh.ts';
import { type ServeProcess, startServe } from '../support/process.ts';
import { readLines } from '../support/record_files.ts';

const RECORDS = 'records: {evidence: "file:evidence.ndjson", decisions: "file:decisions.ndjson"}\n';
const NO_POOL = 'threads: {pool: 0}\n';
const ANY = 'listen: {check: "127.0.0.1:0", http: "127.0.0.1:0"}\n';

interface LogLine {
  readonly msg: string;
  readonly [key: string]: unknown;
}

const logOf = (stderr: string): LogLine[] =>
  stderr
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as LogLine);

async function askAll(serve: ServeProcess): Promise<string[]> {
  const client = new CheckClient(serve.check[0]!);
  try {
    const answers = WAYS.map(({ call }) => client.check(encodeCall(call), { timeoutMs: 30_000 }));
    return (await Promise.all(answers)).map(({ result }) => result);
  } finally {
    client.close();
  }
}

describe('remit serve', () => {
  const folder = useFolder();
  let taken: Server;
  let takenPort = 0;
  let liveSocket: Server;
  before(async () => {
    writeBundle(folder.at('policies'));
    mkdirSync(folder.at('empty'));
    mkdirSync(folder.at('directory'));
    folder.write('file', 'precious');
    taken = createServer().listen(0, '127.0.0.1');
    liveSocket = createServer().listen(folder.at('live.sock'));
    await Promise.all([once(taken, 'listening'), once(liveSocket, 'listening')]);
    const address = taken.address();
    assert.ok(typeof address === 'object' && address !== null);
    takenPort = address.port;
  });
  after(() => {
    taken.close();
    liveSocket.close();
  });

  const config = (text: string, policies = './policies'): string =>
    folder.write('remit.yaml', `policies: ${policies}\n${text}`);

  for (const { signal, pool } of [
    { signal: 'SIGTERM', pool: 2 },
    { signal: 'SIGINT', pool: 0 },
  ] as const) {
    it(`serves with ${pool} workers, logs JSON lines on standard error, and ends with 0 on ${signal}`, async () => {
      const serve = await startServe(config(`${ANY}${RECORDS}threads: {pool: ${pool}}\n`));
      assert.deepEqual(
        await askAll(serve),
        WAYS.map(({ want }) => want),
      );
      const { code, stdout, stderr } = await serve.stop(signal);
      assert.equal(code, 0);
      assert.equal(stdout, '');
      const log = logOf(stderr);
      assert.deepEqual(
        log.map(({ msg }) => msg),
        ['serving', 'stopping', 'stopped'],
      );
      assert.equal(log[0]!['rules'], 2);
      assert.equal(log[1]!['signal'], signal);
    });
  }

  it('writes records to standard output by default, apart from its log', async () => {
    const serve = await startServe(config(ANY + NO_POOL));
    await askAll(serve);
    const { stdout } = await serve.stop();
    const kinds = stdout
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { kind: string }).kind);
    assert.equal(kinds.length, 2 * WAYS.length);
    for (const kind of ['authn.evidence', 'authz.decision']) {
      assert.equal(kinds.filter((it) => it === kind).length, WAYS.length);
    }
  });

  it('answers, and lives on, when whoever read its standard output has gone', async () => {
    const serve = await startServe(config(ANY + NO_POOL));
    serve.closeStdout();
    for (let round = 0; round < 3; round++) {
      assert.deepEqual(
        await askAll(serve),
        WAYS.map(({ want }) => want),
      );
    }
    const { code, stderr } = await serve.stop();
    assert.equal(code, 0);
    assert.match(stderr, /cannot write: (write EPIPE|.*destroyed)/);
  });

  it('starts on an empty bundle, denies everything, and says so', async () => {
    const serve = await startServe(config(ANY + RECORDS + NO_POOL, './empty'));
    const results = await askAll(serve);
    const { stderr } = await serve.stop();
    assert.deepEqual(new Set(results), new Set(['authn.untrusted_enforcer']));
    const log = logOf(stderr).map(({ msg }) => msg);
    assert.ok(log.includes('the bundle has no Service: every request is denied'));
    assert.ok(log.includes('the bundle has no Enforcer: nobody may ask, every request is denied'));
  });

  it('says which keys have no effect yet', async () => {
    const listen = 'listen: {check: "127.0.0.1:0", http: "127.0.0.1:0", admin: "127.0.0.1:0"}\n';
    const serve = await startServe(
      config(`${listen}istio: {implicitAllow: true}\n${RECORDS}${NO_POOL}`),
    );
    const { stderr } = await serve.stop();
    const keys = logOf(stderr)
      .filter(({ msg }) => msg === 'this key has no effect in this version')
      .map(({ key }) => key);
    assert.deepEqual(keys, ['listen.admin', 'istio']);
  });

  it('takes the place of a socket that a killed process left', async () => {
    const path = folder.at('stale.sock');
    const text = `listen: {check: "unix:${path}", http: "127.0.0.1:0"}\n${RECORDS}${NO_POOL}`;
    const first = await startServe(config(text));
    await first.stop('SIGKILL');
    assert.ok(statSync(path).isSocket());
    const second = await startServe(config(text));
    assert.equal((await askAll(second))[0], 'allow');
    assert.equal((await second.stop()).code, 0);
  });

  it('ends the line that a killed process left cut off, and goes on behind it', async () => {
    const path = folder.write('cut.ndjson', '{"kind":"authz.dec');
    const records = 'records: {evidence: "file:evidence.ndjson", decisions: "file:cut.ndjson"}\n';
    const serve = await startServe(config(ANY + records + NO_POOL));
    await askAll(serve);
    await serve.stop();
    const [cut, ...whole] = readFileSync(path, 'utf8').split('\n');
    assert.equal(cut, '{"kind":"authz.dec');
    folder.write('whole.ndjson', whole.join('\n'));
    assert.equal(readLines(folder.at('whole.ndjson')).length, WAYS.length);
  });

  describe('tells in one line, with exit code 2, what it cannot start with:', () => {
    const commands = useCommands();
    const http = 'http: "127.0.0.1:0"';
    interface Case {
      readonly name: string;
      readonly text: () => string;
      readonly want: () => RegExp;
    }
    const cases: Case[] = [
      {
        name: 'a check port in use',
        text: () => `listen: {check: "127.0.0.1:${takenPort}", ${http}}`,
        want: () => new RegExp(`cannot listen on 127\\.0\\.0\\.1:${takenPort}: the port is in use`),
      },
      {
        name: 'an HTTP port in use',
        text: () => `listen: {check: "127.0.0.1:0", http: "127.0.0.1:${takenPort}"}`,
        want: () => new RegExp(`cannot listen on 127\\.0\\.0\\.1:${takenPort}: the port is in use`),
      },
      {
        name: 'the second of two listeners in use',
        text: () => `listen: {check: ["127.0.0.1:0", "127.0.0.1:${takenPort}"], ${http}}`,
        want: () => new RegExp(`cannot listen on 127\\.0\\.0\\.1:${takenPort}: the port is in use`),
      },
      {
        name: 'a socket path where a file is',
        text: () => `listen: {check: "unix:${folder.at('file')}", ${http}}`,
        want: () => /cannot listen on unix:\S+\/file: something else is there, and it is no socket/,
      },
      {
        name: 'a socket that a live process listens on',
        text: () => `listen: {check: "unix:${folder.at('live.sock')}", ${http}}`,
        want: () => /cannot listen on unix:\S+\/live\.sock: another process listens there/,
      },
      {
        name: 'a socket in a folder that is not there',
        text: () => `listen: {check: "unix:${folder.at('none/check.sock')}", ${http}}`,
        want: () => /cannot listen on unix:\S+\/none\/check\.sock: no folder \S+\/none/,
      },
      {
        name: 'a record file in a folder that is not there',
        text: () => `${ANY}records: {evidence: "file:none/evidence", decisions: "file:d"}`,
        want: () => /cannot open the evidence records: ENOENT/,
      },
      {
        name: 'a record file that is a folder',
        text: () => `${ANY}records: {evidence: "file:e", decisions: "file:directory"}`,
        want: () => /cannot open the decisions records: EISDIR/,
      },
    ];
    for (const { name, text, want } of cases) {
      it(name, async () => {
        const path = config(`${text()}\n${NO_POOL}`);
        const { code, stdout, stderr } = await commands.run(['serve', '--config', path]);
        assert.equal(code, 2, stderr);
        assert.equal(stdout, '');
        assert.match(stderr, new RegExp(`^remit serve: ${want().source}[^\\n]*\\n$`));
      });
    }
  });
});
