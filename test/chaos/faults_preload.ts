// Loaded into every thread of a `remit serve` under test (NODE_OPTIONS=--import): an acceptor does
// what the file in REMIT_TEST_FAULT says, once. The product has no such door.

import { readFileSync, rmSync } from 'node:fs';
import { isMainThread, workerData } from 'node:worker_threads';

const LOOK_MS = 20;
const file = process.env['REMIT_TEST_FAULT'];
const data: unknown = workerData;
const isAcceptor = !isMainThread && typeof data === 'object' && data !== null && 'counters' in data;

/** `throw acceptor-0`, `abort acceptor-0`; undefined while nobody wants anything. */
function command(path: string): readonly string[] {
  try {
    return readFileSync(path, 'utf8').trim().split(' ');
  } catch {
    return [];
  }
}

if (file !== undefined && isAcceptor) {
  setInterval(() => {
    const [fault, name] = command(file);
    // The plan that server/acceptors.ts hands to the thread.
    if (name !== (data as unknown as { name: string }).name) return;
    rmSync(file);
    // As V8 does where an acceptor's heap is exhausted; a worker may not call process.abort().
    if (fault === 'abort') process.kill(process.pid, 'SIGABRT');
    else throw new Error('thrown on demand');
  }, LOOK_MS).unref();
}
