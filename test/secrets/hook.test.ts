// That the scan sees what it is there for: processes and threads that it was not told of, whatever
// they leak, and that it fails when it sees nothing.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { useFolder } from '../support/folder.ts';
import { CANARY, secret } from '../support/secret.ts';
import { COUNTS_FILE, LEAKS_FILE, type LeakLine, TEST_FILE } from './findings.ts';
import { reportOf } from './report.ts';
import { findLeaks } from './scanner.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const PRELOAD = pathToFileURL(join(import.meta.dirname, 'preload.js'));
const run = promisify(execFile);

describe('C-101: under the scan', function () {
  this.timeout(60_000);
  const folder = useFolder();
  /** What a program prints on standard error; it may fail. */
  async function scanned(...args: string[]): Promise<string> {
    const env = { ...process.env, REMIT_SCAN: folder.path, NODE_OPTIONS: `--import=${PRELOAD}` };
    return run(process.execPath, args, { cwd: ROOT, env }).then(
      ({ stderr }) => stderr,
      (error: { stderr: string }) => error.stderr,
    );
  }
  const told = (): LeakLine[] => {
    const lines = readFileSync(folder.at(LEAKS_FILE), 'utf8').trim().split('\n');
    return lines.map((line) => JSON.parse(line) as LeakLine);
  };
  afterEach(() => {
    for (const name of [COUNTS_FILE, LEAKS_FILE, TEST_FILE]) writeFileSync(folder.at(name), '');
  });

  it('records of an acceptor, log lines and metrics are seen, and who leaked', async () => {
    writeFileSync(folder.at(TEST_FILE), 'x.test.ts: a title');
    assert.equal(await scanned('test/secrets/leaking.ts'), '');
    const leaks = told();
    const seen = (output: string) => leaks.filter((it) => it.output === output);
    assert.deepEqual([...new Set(seen('record').map(({ kind }) => kind))], ['secret of a test']);
    assert.ok(
      seen('record').every(({ thread }) => thread > 0),
      'made in an acceptor',
    );
    assert.deepEqual(
      seen('log').map(({ kind, thread }) => [kind, thread]),
      [['signed token', 0]],
    );
    assert.deepEqual([...new Set(seen('metrics').map(({ kind }) => kind))], ['secret of a test']);
    assert.ok(leaks.every(({ test }) => test === 'x.test.ts: a title'));
    const { text, passed } = reportOf(folder.path, {
      record: 2,
      identities: 1,
      metrics: 1,
      log: 1,
    });
    assert.equal(passed, false);
    assert.match(text, /by `.*leaking\.ts` \(process \d+, thread \d\), .*: x\.test\.ts: a title/);
    assert.doesNotMatch(text, /too few/);
    assert.deepEqual(findLeaks(text + readFileSync(folder.at(LEAKS_FILE), 'utf8')), []);
  });

  it('what a command prints on standard error is seen, and its output is not', async () => {
    const stderr = await scanned('bin/remit.js', secret('command'));
    assert.match(stderr, new RegExp(CANARY));
    assert.deepEqual(
      told().map(({ output, kind }) => [output, kind]),
      [['standard error', 'secret of a test']],
    );
    await scanned('-e', `console.error(${JSON.stringify(secret('print'))})`);
    assert.equal(told().length, 1, 'others may print what they like');
  });

  it('nothing runs whose records could not be seen', async () => {
    mkdirSync(folder.at('engine'));
    const moved = folder.write('engine/record.ts', 'export const lines = [];\n');
    assert.match(await scanned(moved), /no `export function recordLines\(` in file:/);
  });
});

describe('C-101: the report of the scan', () => {
  const folder = useFolder();
  const counts = { record: 10, log: 2, metrics: 1 };
  const tell = (...lines: object[]) =>
    folder.write(COUNTS_FILE, lines.map((it) => `${JSON.stringify(it)}\n`).join(''));

  it('fails where nothing was seen', () => {
    const { text, passed } = reportOf(folder.path);
    assert.equal(passed, false);
    assert.match(text, /^scanned 0 record lines, 0 log lines, 0 pages of metrics,/);
    for (const what of ['record', 'log', 'metrics', 'process']) {
      assert.match(text, new RegExp(`too few to have been all: ${what},`));
    }
  });

  it('sums up what all processes saw, and passes with that', () => {
    tell({ pid: 1, counts }, { pid: 1, counts: { record: 5 } }, { pid: 2, counts });
    const { text, passed } = reportOf(folder.path, { record: 25, log: 4, metrics: 2, process: 2 });
    assert.match(text, /^scanned 25 record lines, 4 log lines, 2 pages .* of 2 processes\n/);
    assert.match(text, /\n0 secrets found\n$/);
    assert.equal(passed, true);
    assert.equal(reportOf(folder.path, { record: 26 }).passed, false);
    assert.equal(reportOf(folder.path, { process: 3 }).passed, false);
  });
});
