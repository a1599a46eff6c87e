// One verdict on generated credentials. What verifying showed is kept over all requests: the key of
// a proof names its text, the Issuers and what is expected of it, and the time stands still.

import assert from 'node:assert/strict';
import { check, type Verdict } from '../../engine/check.ts';
import { NO_FACTS, type ProofResult } from '../../engine/facts.ts';
import { verifyProof } from '../../engine/identity/proof.ts';
import type { Snapshot } from '../../engine/snapshot.ts';
import { inquiryOf, NOW } from '../engine/fixture.ts';
import { askOf, type Shown } from './credentials.ts';

const verified = new Map<string, ProofResult>();
const FACTS = { ...NO_FACTS, verified };

export function judged(snapshot: Snapshot, shown: Shown, http: string): Verdict {
  const inquiry = inquiryOf(askOf(shown, http));
  for (let pass = 0; pass < 3; pass++) {
    const step = check(inquiry, { kind: 'local' }, snapshot, FACTS, NOW);
    if (step.kind === 'answer') return step.answer;
    assert.ok(step.kind === 'need');
    for (const proof of step.proofs) {
      const { result } = verifyProof(proof, snapshot.proof, FACTS.keys, NOW);
      verified.set(proof.key, result);
    }
  }
  assert.fail('a pass asked for more proofs than there are');
}
