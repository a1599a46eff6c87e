// Long work in steps, so that whoever does it can look up in between: 10,000 rules take some 300 ms
// to compile, and a thread that serves must not stop for that long. A step takes well under a
// millisecond wherever documents are of ordinary size.

export type Steps<R> = Generator<undefined, R, undefined>;

/** All at once, where nobody waits. */
export function runAll<R>(steps: Steps<R>): R {
  let step = steps.next();
  while (!step.done) step = steps.next();
  return step.value;
}
