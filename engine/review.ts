// Reviews: `reviewBy` is the last day on which something holds without a new one (C-072).

const DAY_MS = 86_400_000;

/** Milliseconds since the epoch: the end of that day in UTC. */
export function dayEnd(date: string): number {
  return Date.parse(`${date}T00:00:00Z`) + DAY_MS;
}
