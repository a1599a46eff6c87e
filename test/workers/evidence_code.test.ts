// What is counted of authentication crosses threads as one number: result, method, what was as good
// as absent, and what the cache did.

import assert from 'node:assert/strict';
import type { Verdict } from '../../engine/check.ts';
import {
  EVIDENCE_RESULTS,
  type Evidence,
  IGNORABLE,
  METHODS,
  NOT_EVALUATED,
} from '../../engine/evidence.ts';
import { EVIDENCE_CODES, EVIDENCE_COUNTED, evidenceCode } from '../../workers/checker.ts';

function counted(evidence: Partial<Evidence>, misses: number) {
  // Nothing else of a verdict is counted here.
  const verdict = { evidence: { ...NOT_EVALUATED, ...evidence } } as Verdict;
  return EVIDENCE_COUNTED[evidenceCode(verdict, misses)]!;
}

describe('what authentication showed, as a number', () => {
  it('is told apart by method, result, and what was ignored', () => {
    assert.equal(EVIDENCE_COUNTED.length, EVIDENCE_CODES);
    for (const result of EVIDENCE_RESULTS) {
      for (const method of METHODS) {
        for (const [ignored, names] of [
          [0, []],
          [1, ['principal']],
          [2, ['certificate']],
          [2 ** IGNORABLE.length - 1, IGNORABLE],
        ] as const) {
          const found = counted({ result, method, ignored }, 1);
          assert.deepEqual(found, { result, method, ignored: [...names], cache: 'miss' });
        }
      }
    }
  });

  for (const [method, misses, want] of [
    ['x509_svid', 0, 'hit'],
    ['x509_svid', 1, 'miss'],
    ['jwt', 0, 'hit'],
    ['jwt', 2, 'miss'],
    ['jwt_svid', 0, 'hit'],
    ['wit', 0, 'hit'],
    ['peer_principal', 0, 'none'],
    ['peer_principal', 1, 'miss'],
    ['api_key', 0, 'none'],
    ['none', 0, 'none'],
  ] as const) {
    it(`says of the cache: ${method}, ${misses} verified now, ${want} (C-110)`, () => {
      assert.equal(counted({ method }, misses).cache, want);
    });
  }
});
