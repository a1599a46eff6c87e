// What a reader of the records may rely on: whole lines, in order, whatever the disk does.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { LineSink } from '../../audit/line_sink.ts';
import { type Behaviour, NO_SPACE, UnreliableTarget } from './unreliable_target.ts';

const MiB = 1024 * 1024;

function makeSink(target: UnreliableTarget, bufferBytesMax = MiB, closeMsMax = 10_000) {
  const told: string[] = [];
  const onTrouble = (message: string): void => void told.push(message);
  return { told, sink: new LineSink(target, { bufferBytesMax, closeMsMax, onTrouble }) };
}

const numbered = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, index) => `{"line":${from + index}}`);

describe('a sink of lines', () => {
  interface Case {
    readonly name: string;
    /** What the target does, write by write; afterwards it works. */
    readonly script: readonly Behaviour[];
    readonly canTakeBack?: boolean;
  }
  const cases: Case[] = [
    { name: 'nothing goes wrong', script: [] },
    { name: 'a write stops in the middle of a line', script: [5] },
    { name: 'a write stops at the end of a line', script: [11] },
    { name: 'a write stops before its first byte', script: [0] },
    { name: 'writes stop again and again', script: [1, 2, 3, 12, 23, 24] },
    { name: 'the disk is full', script: [NO_SPACE] },
    { name: 'the disk takes a part and is full then', script: [17, NO_SPACE] },
    { name: 'a pipe takes a part', script: [5, 3], canTakeBack: false },
    { name: 'a pipe takes a part and fails then', script: [5, NO_SPACE], canTakeBack: false },
  ];
  for (const { name, script, canTakeBack = true } of cases) {
    it(`leaves every line whole, once and in order when ${name}`, async () => {
      const target = new UnreliableTarget(script);
      target.canTakeBack = canTakeBack;
      const { sink } = makeSink(target);
      const lines = numbered(5);
      for (const line of lines) sink.append(`${line}\n`, 1);
      await written(sink, 5);
      await sink.close();
      assert.deepEqual(target.lines, lines);
      assert.equal(sink.counters.dropped, 0);
      assert.equal(sink.counters.errors, script.filter((it) => it instanceof Error).length);
      assert.ok(target.closed);
    });
  }

  it('takes a cut line back from a full disk, so that the file ends with a whole one', async () => {
    const target = new UnreliableTarget([17], NO_SPACE);
    const { sink } = makeSink(target);
    sink.append(`${numbered(3).join('\n')}\n`, 3);
    while (sink.counters.errors === 0) await turn();
    assert.equal(target.content, '{"line":0}\n');
    await sink.close();
    assert.equal(target.content, '{"line":0}\n');
    assert.deepEqual(sink.counters, { written: 1, dropped: 2, errors: sink.counters.errors });
  });

  it('repeats no line when what was cut cannot even be taken back', async () => {
    const target = new UnreliableTarget([17]);
    target.takeBackError = new Error('EIO: i/o error, ftruncate');
    const { sink } = makeSink(target);
    sink.append(`${numbered(3).join('\n')}\n`, 3);
    await sink.close();
    assert.deepEqual(target.lines, numbered(3));
  });

  it('keeps the order of text, of bytes and of batches of several lines', async () => {
    const target = new UnreliableTarget();
    const { sink } = makeSink(target);
    const lines = numbered(60);
    for (let at = 0; at < lines.length; at += 3) {
      sink.append(`${lines[at]}\n`, 1);
      sink.append(Buffer.from(`${lines[at + 1]}\n${lines[at + 2]}\n`), 2);
    }
    await sink.close();
    assert.deepEqual(target.lines, lines);
    assert.equal(sink.counters.written, 60);
  });

  it('writes text as UTF-8', async () => {
    const target = new UnreliableTarget();
    const { sink } = makeSink(target);
    sink.append('{"who":"Zoë 😀"}\n', 1);
    await sink.close();
    assert.equal(Buffer.from(target.content, 'latin1').toString('utf8'), '{"who":"Zoë 😀"}\n');
  });

  it('goes on in order while one write is under way', async () => {
    const target = new UnreliableTarget(['hang']);
    const { sink } = makeSink(target);
    sink.append('{"line":0}\n', 1);
    while (target.writes === 0) await turn();
    for (const line of numbered(9, 1)) sink.append(`${line}\n`, 1);
    target.release();
    await sink.close();
    assert.deepEqual(target.lines, numbered(10));
  });

  it('leaves whole lines, once and in order, under any run of short writes', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(40), { maxLength: 8 }),
        fc.array(fc.string({ unit: 'binary-ascii', maxLength: 20 }), { minLength: 1 }),
        fc.boolean(),
        async (script, texts, canTakeBack) => {
          const target = new UnreliableTarget(script);
          target.canTakeBack = canTakeBack;
          const { sink } = makeSink(target);
          const lines = texts.map((text) => JSON.stringify(text));
          for (const line of lines) sink.append(`${line}\n`, 1);
          await sink.close();
          assert.deepEqual(target.lines, lines);
        },
      ),
    ));
});

async function written(sink: LineSink, lines: number): Promise<void> {
  while (sink.counters.written < lines) await turn();
}

function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}
