// Decision ids: UUID version 7, so that records sort by time.

import assert from 'node:assert/strict';
import { decisionId } from '../../workers/decision_id.ts';

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const T = Date.parse('2026-12-01T18:00:00.123Z');

describe('a decision id', () => {
  it('is a UUID of version 7 and of the RFC 9562 variant', () => {
    for (let index = 0; index < 5_000; index++) assert.match(decisionId(T + index), UUID_V7);
  });

  it('begins with the milliseconds of its decision', () => {
    for (const now of [0, 1, T, 2 ** 48 - 1]) {
      const hex = decisionId(now).replaceAll('-', '').slice(0, 12);
      assert.equal(Number.parseInt(hex, 16), now);
    }
  });

  it('is never given twice, also within a millisecond', () => {
    const ids = new Set(Array.from({ length: 100_000 }, () => decisionId(T)));
    assert.equal(ids.size, 100_000);
  });

  it('sorts as text by the time of the decisions', () => {
    const ids = Array.from({ length: 1_000 }, (_, index) => decisionId(T + 7 * index));
    assert.deepEqual([...ids].sort(), ids);
  });

  it('has random bits everywhere behind the time', () => {
    const seen = Array.from({ length: 19 }, () => new Set<string>());
    for (let index = 0; index < 2_000; index++) {
      const tail = decisionId(T).replaceAll('-', '').slice(13);
      for (const [at, digit] of [...tail].entries()) seen[at]!.add(digit);
    }
    // The digit of the variant holds two random bits, all others four.
    assert.deepEqual(
      seen.map(({ size }) => size),
      seen.map((_, at) => (at === 3 ? 4 : 16)),
    );
  });
});
