// Record files as they lie on a disk.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { LineSink, openFileTarget } from '../../audit/line_sink.ts';
import { useFolder } from '../support/folder.ts';
import { until } from '../support/wait.ts';

const MiB = 1024 * 1024;

async function openSink(path: string, closeMsMax = 10_000) {
  const told: string[] = [];
  const onTrouble = (message: string): void => void told.push(message);
  const target = await openFileTarget(path);
  const sink = new LineSink(target, { bufferBytesMax: 4 * MiB, closeMsMax, onTrouble });
  return { sink, told };
}

describe('a record file', () => {
  const folder = useFolder();

  it('is made for its owner only', async () => {
    const before = process.umask(0);
    try {
      const { sink } = await openSink(folder.at('mode'));
      await sink.close();
    } finally {
      process.umask(before);
    }
    assert.equal(statSync(folder.at('mode')).mode & 0o777, 0o600);
  });

  const starts: { name: string; text: string; want: string }[] = [
    { name: 'a new file', text: '', want: 'new\n' },
    { name: 'a file of whole lines', text: 'old\n', want: 'old\nnew\n' },
    { name: 'a file whose last line a crash cut off', text: 'old\n{"li', want: 'old\n{"li\nnew\n' },
    { name: 'a file with nothing but a cut line', text: '{', want: '{\nnew\n' },
  ];
  for (const [index, { name, text, want }] of starts.entries()) {
    it(`appends whole lines to ${name}`, async () => {
      const path = folder.write(`start-${index}`, text);
      const { sink } = await openSink(path);
      sink.append('new\n', 1);
      await sink.close();
      assert.equal(readFileSync(path, 'utf8'), want);
    });
  }

  it('holds 10,000 lines in order, of text and bytes, across many writes', async () => {
    const path = folder.at('many');
    const { sink } = await openSink(path);
    const lines = Array.from({ length: 10_000 }, (_, index) => `{"line":${index},"é":"${index}"}`);
    for (const [index, line] of lines.entries()) {
      sink.append(index % 2 === 0 ? `${line}\n` : Buffer.from(`${line}\n`), 1);
      if (index % 1000 === 0) await until(() => sink.counters.written > index / 2 - 2);
    }
    await sink.close();
    assert.deepEqual(readFileSync(path, 'utf8').split('\n').slice(0, -1), lines);
    assert.equal(sink.counters.written, lines.length);
  });

  it('takes back exactly the last bytes', async () => {
    const path = folder.at('taken');
    const target = await openFileTarget(path);
    await target.write(Buffer.from('whole\ncut'));
    assert.equal(await target.takeBack(3), true);
    assert.equal(readFileSync(path, 'utf8'), 'whole\n');
    await target.write(Buffer.from('next\n'));
    await target.close();
    assert.equal(readFileSync(path, 'utf8'), 'whole\nnext\n');
  });

  it('takes nothing back beyond its beginning', async () => {
    const target = await openFileTarget(folder.write('short', 'abc\n'));
    assert.equal(await target.takeBack(5), false);
    await target.close();
    assert.equal(readFileSync(folder.at('short'), 'utf8'), 'abc\n');
  });

  it('that cannot be written to, /dev/full, drops everything, tells it, and can be closed', async function () {
    if (!existsSync('/dev/full')) return this.skip();
    const { sink, told } = await openSink('/dev/full');
    sink.append('lost\n', 1);
    await until(() => sink.counters.errors > 0);
    assert.match(told[0]!, /^cannot write: ENOSPC/);
    await sink.close();
    assert.equal(sink.counters.dropped, 1);
  });

  it('that is a pipe nobody reads keeps no thread: the file beside it is written', async function () {
    const fifo = folder.at('fifo');
    try {
      execFileSync('mkfifo', [fifo]);
    } catch {
      // No mkfifo on this machine.
      return this.skip();
    }
    // More pipes than Node has threads for file work.
    const stalled = await Promise.all(Array.from({ length: 5 }, () => openSink(fifo, 50)));
    for (const { sink } of stalled) sink.append(`${'x'.repeat(200 * 1024)}\n`, 1);
    await until(() => stalled.every(({ sink }) => sink.counters.errors > 0));
    const { sink } = await openSink(folder.at('beside'));
    sink.append('whole\n', 1);
    await sink.close();
    assert.equal(readFileSync(folder.at('beside'), 'utf8'), 'whole\n');
    await Promise.all(stalled.map((it) => it.sink.close()));
    for (const it of stalled) assert.equal(it.sink.counters.dropped, 1);
  });

  it('in a folder that does not exist, or with the name of a folder, is refused', async () => {
    await assert.rejects(openFileTarget(folder.at('none/records')), { code: 'ENOENT' });
    mkdirSync(folder.at('directory'));
    await assert.rejects(openFileTarget(folder.at('directory')), { code: 'EISDIR' });
  });
});
