// V8's flags belong to the process: what a thread does with them happens to all the others.

import assert from 'node:assert/strict';
import { Worker } from 'node:worker_threads';

const COMPACT = `
  import(${JSON.stringify(new URL('../../workers/compact_heap.ts', import.meta.url).href)})
    .then(({ compactHeap }) => { for (let i = 0; i < 100; i += 1) compactHeap(); });
`;

describe('compacting the heap', () => {
  it('works in threads that do so at the same time', async () => {
    const codes = await Promise.all(
      Array.from({ length: 4 }, () => exitCode(new Worker(COMPACT, { eval: true }))),
    );
    assert.deepEqual(codes, [0, 0, 0, 0]);
  });
});

function exitCode(worker: Worker): Promise<number> {
  return new Promise((resolve) => {
    worker.on('error', () => undefined).on('exit', resolve);
  });
}
