// A slow, full or dead disk: it costs records, counted and told, and never an answer (C-003,
// C-111).

import assert from 'node:assert/strict';
import { LineSink, type SinkOptions } from '../../audit/line_sink.ts';
import { until } from '../support/wait.ts';
import { NO_SPACE, UnreliableTarget } from './unreliable_target.ts';

const LINE = `{"line":"${'x'.repeat(88)}"}\n`;

function makeSink(target: UnreliableTarget, options: Partial<SinkOptions> = {}) {
  const told: string[] = [];
  const onTrouble = (message: string): void => void told.push(message);
  const all = { bufferBytesMax: 1024, closeMsMax: 10_000, onTrouble, ...options };
  return { told, sink: new LineSink(target, all) };
}

describe('a sink in trouble', () => {
  it('drops the newest when its buffer is full, counts them and says so once', async () => {
    const target = new UnreliableTarget([], 'hang');
    const { sink, told } = makeSink(target);
    const room = Math.floor(1024 / LINE.length);
    for (let line = 0; line < 3 * room; line++) sink.append(LINE, 1);
    assert.equal(sink.counters.dropped, 2 * room);
    assert.deepEqual(told, ['the buffer is full: records are dropped']);
    target.release();
    await until(() => sink.counters.written > 0);
    await sink.close();
    assert.equal(target.content, LINE.repeat(room), 'the oldest are kept');
    assert.equal(sink.counters.written, room);
  });

  it('counts every line of a batch that it drops', async () => {
    const { sink } = makeSink(new UnreliableTarget(), { bufferBytesMax: 10 });
    sink.append(LINE.repeat(7), 7);
    sink.append(Buffer.from(LINE.repeat(2)), 2);
    await sink.close();
    assert.deepEqual(sink.counters, { written: 0, dropped: 9, errors: 0 });
  });

  it('returns from `append` at once while nothing can be written', async () => {
    const target = new UnreliableTarget([], 'hang');
    const { sink } = makeSink(target);
    // `append` is synchronous: what it returns, no disk can have delayed.
    for (let line = 0; line < 10_000; line++) {
      assert.equal(sink.append(LINE, 1), undefined);
    }
    target.release();
    await sink.close();
    assert.equal(sink.counters.written + sink.counters.dropped, 10_000);
  });

  it('writes on after an error, and says once that it failed and once that it works', async () => {
    const target = new UnreliableTarget([NO_SPACE, NO_SPACE, NO_SPACE]);
    const { sink, told } = makeSink(target);
    sink.append(LINE, 1);
    await until(() => sink.counters.written === 1);
    sink.append(LINE, 1);
    await until(() => sink.counters.written === 2);
    await sink.close();
    assert.deepEqual(told, [
      `cannot write: ${NO_SPACE.message}`,
      'writing again; 0 records dropped so far',
    ]);
    assert.deepEqual(sink.counters, { written: 2, dropped: 0, errors: 3 });
  });

  it('tells how many were dropped when it works again, and tells the next trouble anew', async () => {
    const target = new UnreliableTarget(['hang']);
    const { sink, told } = makeSink(target);
    for (let line = 0; line < 20; line++) sink.append(LINE, 1);
    const dropped = sink.counters.dropped;
    await until(() => target.writes > 0);
    target.release();
    await until(() => told.length === 2);
    assert.equal(told[1], `writing again; ${dropped} records dropped so far`);
    sink.append('x'.repeat(2000), 1);
    assert.equal(told.length, 3);
    await sink.close();
  });

  it('leaves the other sink whole when one fails for good (C-003)', async () => {
    const evidence = new UnreliableTarget([], NO_SPACE);
    const decisions = new UnreliableTarget();
    const failing = makeSink(evidence);
    const working = makeSink(decisions, { bufferBytesMax: 1024 * 1024 });
    for (let line = 0; line < 100; line++) {
      failing.sink.append(LINE, 1);
      working.sink.append(LINE, 1);
    }
    await Promise.all([failing.sink.close(), working.sink.close()]);
    assert.equal(decisions.content, LINE.repeat(100));
    assert.deepEqual(working.sink.counters, { written: 100, dropped: 0, errors: 0 });
    assert.deepEqual(working.told, []);
    assert.equal(failing.sink.counters.dropped, 100);
    assert.equal(evidence.content, '');
  });

  describe('at the end', () => {
    it('gives up on a target that hangs, and counts what was lost, under way or waiting', async () => {
      const target = new UnreliableTarget([], 'hang');
      const { sink, told } = makeSink(target, { closeMsMax: 50 });
      sink.append(LINE, 1);
      await until(() => target.writes === 1);
      sink.append(LINE.repeat(3), 3);
      await sink.close();
      assert.equal(sink.counters.dropped, 4);
      assert.equal(told.at(-1), '4 records could not be written before the end');
    });

    it('tries once more on a target that fails, and counts and tells what was lost', async () => {
      const target = new UnreliableTarget([], NO_SPACE);
      const { sink, told } = makeSink(target);
      sink.append(LINE.repeat(3), 3);
      await sink.close();
      assert.equal(sink.counters.dropped, 3);
      assert.equal(told.at(-1), '3 records could not be written before the end');
      assert.ok(target.closed);
    });

    it('counts as lost what still comes afterwards', async () => {
      const target = new UnreliableTarget();
      const { sink } = makeSink(target);
      await sink.close();
      sink.append(LINE.repeat(2), 2);
      assert.deepEqual(sink.counters, { written: 0, dropped: 2, errors: 0 });
      assert.equal(target.content, '');
    });

    it('says nothing when nothing was lost', async () => {
      const { sink, told } = makeSink(new UnreliableTarget());
      sink.append(LINE, 1);
      await sink.close();
      assert.deepEqual(told, []);
    });
  });
});
