// Long work in steps, so that whoever does it can look up in between: a thread that serves must not
// stop for as long as a large image takes to hash. A step takes well under a millisecond.

export type Steps<R> = Generator<undefined, R, undefined>;

/** All at once, where nobody waits. */
export function runAll<R>(steps: Steps<R>): R {
  let step = steps.next();
  while (!step.done) step = steps.next();
  return step.value;
}
