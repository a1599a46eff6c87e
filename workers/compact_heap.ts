// Building a snapshot leaves several times its size behind. A thread that has just built its first
// one gives that back before it serves: V8 would keep it until the heap has doubled, for each
// thread. Nobody waits for it then; later builds are collected in V8's own time.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

type Collect = (options: { readonly type: 'major'; readonly flavor: 'last-resort' }) => void;

/**
 * Stops the thread for some 50 ms. The flag is the whole process's and stays on: a thread that took
 * it back would take it from another one, between that one's line and its context.
 */
export function compactHeap(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as Collect;
  // The last resort also returns memory that is only kept for later.
  collect({ type: 'major', flavor: 'last-resort' });
}
