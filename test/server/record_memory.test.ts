// Records cross to the control thread whole, in order and each once, whatever the two threads do
// when; what does not fit is counted (C-003, DESIGN 5.15).

import assert from 'node:assert/strict';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { KiB } from '../../engine/limits.ts';
import {
  type RecordMemory,
  RecordReader,
  RecordWriter,
  recordMemory,
} from '../../server/record_memory.ts';
import { until } from '../support/wait.ts';

const BLOCK = 256 * KiB;

class Stage {
  readonly memory: RecordMemory;
  readonly reader: RecordReader;
  writer: RecordWriter;
  dropped = 0;
  text = '';
  count = 0;

  constructor(blocks: number) {
    this.memory = recordMemory(blocks * BLOCK);
    this.reader = new RecordReader(this.memory);
    this.writer = this.another();
  }

  another(): RecordWriter {
    return new RecordWriter(this.memory, (count) => {
      this.dropped += count;
    });
  }

  read(): boolean {
    return this.reader.read((lines, count) => {
      const text = Buffer.from(lines).toString();
      assert.ok(text.endsWith('\n'));
      this.text += text;
      this.count += count;
    });
  }
}

const line = (index: number, length: number): string =>
  `${index} ${'é'.repeat(length)}\n`.padStart(4, '0');

/**
 * Runs `task`, and `other` in the middle of it: before its atomic operation of this number.
 *
 * @returns how many operations it took
 */
function interrupted(place: number, other: () => void, task: () => void): number {
  const { load } = Atomics;
  let count = 0;
  Atomics.load = ((array: Int32Array, index: number) => {
    if (count++ === place) {
      const before = count;
      other();
      count = before;
    }
    return load(array, index);
  }) as typeof load;
  try {
    task();
  } finally {
    Atomics.load = load;
  }
  return count;
}

describe('records on their way', () => {
  it('arrive whole and in order, or are counted as dropped', () => {
    const steps = fc.array(
      fc.oneof(
        { weight: 8, arbitrary: fc.nat(20_000).map((length) => ({ kind: 'line', length })) },
        { weight: 2, arbitrary: fc.nat(60).map((length) => ({ kind: 'batch', length })) },
        { weight: 3, arbitrary: fc.constant({ kind: 'read', length: 0 }) },
        { weight: 1, arbitrary: fc.constant({ kind: 'replace', length: 0 }) },
      ),
      { maxLength: 120 },
    );
    fc.assert(
      fc.property(steps, (all) => {
        const stage = new Stage(2);
        const sent: string[] = [];
        for (const [index, { kind, length }] of all.entries()) {
          if (kind === 'line') {
            sent.push(line(index, length));
            stage.writer.append(line(index, length), 1);
          } else if (kind === 'batch') {
            const lines = Array.from({ length }, (_, at) => line(index * 1_000 + at, 5_000));
            sent.push(...lines);
            stage.writer.append(Buffer.from(lines.join('')), length);
          } else if (kind === 'read') stage.read();
          else stage.writer = stage.another();
        }
        stage.read();
        assert.equal(stage.count + stage.dropped, sent.length);
        const arrived = stage.text.split('\n').slice(0, -1);
        assert.equal(arrived.length, stage.count);
        const order = sent.map((text) => text.slice(0, -1));
        let from = 0;
        for (const text of arrived) {
          from = order.indexOf(text, from) + 1;
          assert.ok(from > 0, 'out of order, or not as it was sent');
        }
      }),
      { numRuns: 60 },
    );
  });

  it('are dropped while nobody reads, and fit again afterwards', () => {
    const stage = new Stage(2);
    for (let index = 0; index < 100; index++) stage.writer.append(line(index, 5_000), 1);
    assert.ok(stage.dropped > 0);
    stage.read();
    assert.equal(stage.count + stage.dropped, 100);
    const { dropped } = stage;
    stage.writer.append(line(0, 5_000), 1);
    assert.equal(stage.dropped, dropped);
    assert.ok(stage.read());
    assert.ok(!stage.read());
  });

  it('take the same memory again as long as they are read in time', () => {
    const stage = new Stage(64);
    for (let index = 0; index < 1_000; index++) {
      stage.writer.append(line(index, 5_000), 1);
      if (index % 20 === 0) stage.read();
    }
    const touched = Buffer.from(stage.memory.blocks).lastIndexOf('\n') / BLOCK;
    assert.ok(touched < 3, `${touched} blocks`);
  });

  it('are kept when the thread that wrote them is gone', () => {
    const stage = new Stage(4);
    stage.writer.append('before\n', 1);
    stage.writer = stage.another();
    stage.writer.append('after\n', 1);
    stage.read();
    assert.equal(stage.text, 'before\nafter\n');
  });

  // Every place where the threads can meet, one after the other: the writer gets the processor in
  // the middle of a reading, and fills as many blocks as there are.
  for (const blocks of [1, 2, 3]) {
    it(`arrive in order when ${blocks} blocks are filled in the middle of a reading`, () => {
      let places = 1;
      for (let place = 0; place < places; place++) {
        const stage = new Stage(4);
        let sent = 0;
        const send = (count: number): void => {
          // A block takes two of them, as room is made for three bytes a unit.
          for (let end = sent + count; sent < end; sent++)
            stage.writer.append(line(sent, 43_000), 1);
        };
        send(1);
        stage.read();
        send(1);
        places = interrupted(
          place,
          () => send(2 * blocks),
          () => stage.read(),
        );
        stage.read();
        stage.read();
        const arrived = stage.text
          .split('\n')
          .slice(0, -1)
          .map((text) => Number.parseInt(text, 10));
        assert.deepEqual(
          arrived,
          [...arrived].sort((a, b) => a - b),
          `place ${place}`,
        );
        assert.equal(stage.count + stage.dropped, sent);
        assert.equal(arrived.length, stage.count);
      }
      assert.ok(places > 8);
    });
  }

  it('cross between two threads that never wait for each other', async () => {
    const stage = new Stage(4);
    const program = `
      const { workerData, parentPort } = require('node:worker_threads');
      import(workerData.module).then(({ RecordWriter }) => {
        let dropped = 0;
        const writer = new RecordWriter(workerData.memory, (count) => { dropped += count; });
        for (let index = 0; index < 200_000; index++) writer.append(index + ' ' + 'x'.repeat(index % 3_000) + '\\n', 1);
        parentPort.postMessage(dropped);
      });`;
    const module = new URL('../../server/record_memory.ts', import.meta.url).href;
    const workerData = { memory: stage.memory, module };
    const worker = new Worker(program, { eval: true, workerData });
    let dropped: number | undefined;
    worker.on('message', (count) => {
      dropped = count;
    });
    let last = -1;
    let count = 0;
    const read = (): void => {
      stage.reader.read((lines, more) => {
        count += more;
        for (const text of Buffer.from(lines).toString().split('\n').slice(0, -1)) {
          const [index = '', rest = ''] = text.split(' ');
          assert.ok(Number(index) > last);
          last = Number(index);
          assert.equal(rest.length, last % 3_000);
        }
      });
    };
    await until(() => {
      read();
      return dropped !== undefined;
    });
    read();
    await worker.terminate();
    assert.equal(count + dropped!, 200_000);
    assert.ok(count > 1_000);
  });
});
