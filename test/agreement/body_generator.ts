// Random bodies of requests: JSON as the generated services declare it, JSON that does not conform,
// and everything that makes a body unreadable.

import type { Random } from './random.ts';

/** A body and the headers that speak of it. */
export interface DraftBody {
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
}

export const NO_BODY: DraftBody = { text: '', headers: {} };

const JSON_TYPES = ['application/json', 'application/json; charset=utf-8'];

function conforming(random: Random): Record<string, unknown> {
  const lines = Array.from({ length: random.below(3) }, () => ({
    sku: random.pick(['a-1', 'b-2', 'banned']),
  }));
  return {
    amount: random.pick([1, 100, 499, 500, 501, 5000, -5]),
    currency: random.pick(['EUR', 'USD', 'GBP']),
    ...(random.chance(0.6) ? { note: random.pick(['ok', 'bad', 'much longer than ten']) } : {}),
    lines,
    meta: random.pick([{ kind: 'x' }, { kind: 'y', depth: 2 }, 'text', 7, [1, 2], true]),
  };
}

export function jsonBody(random: Random): DraftBody {
  return bodyOf(random, JSON.stringify(conforming(random)));
}

function bodyOf(random: Random, text: string): DraftBody {
  const headers: Record<string, string> = { 'content-type': random.pick(JSON_TYPES) };
  if (random.chance(0.3)) headers['content-length'] = String(Buffer.byteLength(text));
  return { text, headers };
}

/** A body in which something is wrong, or none. */
export function oddBody(random: Random): DraftBody {
  const body = jsonBody(random);
  const { text, headers } = body;
  const json = conforming(random);
  const changed = (more: Record<string, unknown>) =>
    bodyOf(random, JSON.stringify({ ...json, ...more }));
  const { amount: _amount, ...incomplete } = json;
  return random.pick([
    () => NO_BODY,
    () => bodyOf(random, text.slice(0, -1)),
    () => bodyOf(random, 'not json'),
    () => bodyOf(random, '[1, 2]'),
    () => bodyOf(random, '"text"'),
    () => bodyOf(random, JSON.stringify(incomplete)),
    () => changed({ amount: '100' }),
    () => changed({ amount: 12.5 }),
    () => changed({ currency: 3 }),
    () => changed({ lines: [{ sku: 1 }] }),
    () => changed({ lines: 'none' }),
    () => ({ text, headers: { ...headers, 'x-envoy-auth-partial-body': 'true' } }),
    () => ({ text, headers: { ...headers, 'x-envoy-auth-partial-body': 'false' } }),
    () => ({ text, headers: { ...headers, 'content-length': String(text.length + 10) } }),
    () => ({ text, headers: { ...headers, 'content-type': 'text/plain' } }),
    () => ({ text, headers: { ...headers, 'content-encoding': 'gzip' } }),
  ])();
}
