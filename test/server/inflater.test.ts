// Compressed messages wait for their turn, and a message that waits is not the queue's to keep.

import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { status } from '@grpc/grpc-js';
import { MiB } from '../../engine/limits.ts';
import { Inflater } from '../../server/inflater.ts';

const LARGE = gzipSync(Buffer.alloc(8 * MiB));
const SMALL = gzipSync(Buffer.from('small'));

describe('compressed messages', () => {
  it('are asked for when their turn has come, and no earlier', async () => {
    const inflater = new Inflater();
    const taken: string[] = [];
    const inflate = (name: string, message: Buffer | undefined) =>
      inflater.inflate(SMALL.length, 'gzip', () => {
        taken.push(name);
        return message;
      });
    const first = [inflate('a', LARGE), inflate('b', LARGE)];
    await new Promise(setImmediate);
    const later = [inflate('gone', undefined), inflate('c', SMALL), inflate('d', LARGE)];
    await new Promise(setImmediate);
    assert.deepEqual(taken, ['a']);
    for (const message of await Promise.all(first)) {
      assert.equal((message as Buffer).length, 8 * MiB);
    }
    const [gone, small, large] = await Promise.all(later);
    assert.equal((gone as { code: status }).code, status.INTERNAL);
    assert.equal(String(small), 'small');
    assert.equal((large as Buffer).length, 8 * MiB);
    assert.deepEqual(taken, ['a', 'b', 'gone', 'c', 'd']);
  });

  it('are refused beyond what may wait, and taken again afterwards', async () => {
    const inflater = new Inflater();
    const inflate = () => inflater.inflate(SMALL.length, 'gzip', () => SMALL);
    const all = await Promise.all(Array.from({ length: 300 }, inflate));
    const refused = all.filter((message) => !Buffer.isBuffer(message));
    assert.equal(refused.length, 300 - 1 - 256);
    assert.equal(String(await inflate()), 'small');
  });
});
