// Watches the deadlines of requests that wait together, with one timer for all of them.

/** What setTimeout can hold. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** One request; undefined once it was answered. */
export interface Watched {
  readonly deadlineMs: number;
  readonly resolve: unknown;
}

/** Calls `expire` for each request that has no answer when its own deadline passes. */
export function watchDeadlines<W extends Watched>(
  batch: readonly W[],
  expire: (waiting: W) => void,
): () => void {
  let timer: NodeJS.Timeout | undefined;
  const sleepUntil = (deadlineMs: number): void => {
    timer = setTimeout(watch, Math.min(Math.max(0, deadlineMs - Date.now()), TIMER_MS_MAX));
  };
  const watch = (): void => {
    const now = Date.now();
    let next = Number.POSITIVE_INFINITY;
    for (const waiting of batch) {
      if (waiting.resolve === undefined) continue;
      if (waiting.deadlineMs <= now) expire(waiting);
      else next = Math.min(next, waiting.deadlineMs);
    }
    if (next < Number.POSITIVE_INFINITY) sleepUntil(next);
  };
  sleepUntil(Math.min(...batch.map(({ deadlineMs }) => deadlineMs)));
  return () => clearTimeout(timer);
}
