// Parts of record lines that come again and again: made once, and never said when they are no
// longer true.

import assert from 'node:assert/strict';
import { RecordParts } from '../../engine/record_text.ts';

describe('a part of a record line', () => {
  it('is made once for each pair of keys, while all that it says is the same', () => {
    const parts = new RecordParts();
    let made = 0;
    const get = (a: string, b: string, fact: unknown) => {
      return parts.get(a, b, [fact], () => `${a}${b}${String(fact)}${++made}`);
    };
    assert.deepEqual(
      [get('x', 'y', 1), get('x', 'z', 1), get('w', 'y', 1)],
      ['xy11', 'xz12', 'wy13'],
    );
    assert.deepEqual(
      [get('x', 'y', 1), get('x', 'z', 1), get('w', 'y', 1)],
      ['xy11', 'xz12', 'wy13'],
    );
    assert.deepEqual(
      [get('x', 'y', 2), get('x', 'y', 2), get('x', 'y', 1)],
      ['xy24', 'xy24', 'xy15'],
    );
    assert.equal(
      parts.get('x', 'y', [1, 2], () => 'more facts'),
      'more facts',
    );
  });

  it('is made anew when there were too many', () => {
    const parts = new RecordParts();
    let made = 0;
    const get = (b: string) => parts.get('a', b, [], () => `${++made}`);
    assert.equal(get('first'), '1');
    for (let index = 1; index < 2048; index++) get(`${index}`);
    assert.equal(get('first'), '1');
    get('one more');
    assert.equal(get('first'), '2050');
  });
});
