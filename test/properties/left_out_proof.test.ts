// C-001 C-005 C-011 C-035: whoever leaves a valid proof out is not allowed more, but for what
// docs/authentication.md lists ("What one proof more can take away"): nothing else happens on
// random bundles, whatever comes together in a request. listed_exceptions.test.ts has the sentence
// of each.

import assert from 'node:assert/strict';
import { reasonClass } from '../../engine/reason.ts';
import type { Snapshot } from '../../engine/snapshot.ts';
import { Random, seedOfRun } from '../agreement/random.ts';
import { credentialBundle, OPERATIONS } from './bundles.ts';
import { PROOFS, type Shown, without } from './credentials.ts';
import { judged } from './judged.ts';
import {
  EXCEPTIONS,
  type Exception,
  exceptionOf,
  isOfOneCaller,
  isValidAlone,
  type Pair,
} from './left_out.ts';
import { randomShown } from './requests.ts';

const BUNDLES = 150;
const REQUESTS = 30;
const ALLOWED_SHARE_MIN = 0.2;

class Counts {
  requests = 0;
  allowed = 0;
  /** Denials of requests out of which a proof was left. */
  denials = 0;
  /** Of them by policy, for the same caller, where no rule asks for proof. */
  sameCaller = 0;
  readonly exceptions = new Map<string, number>();

  request(snapshot: Snapshot, asking: boolean, shown: Shown, http: string): void {
    const before = judged(snapshot, shown, http);
    this.requests++;
    if (before.decision.outcome === 'allow') {
      this.allowed++;
      return;
    }
    for (const proof of PROOFS) {
      if (shown[proof] === undefined) continue;
      const after = judged(snapshot, without(shown, proof), http);
      this.#leftOut({ snapshot, asking, shown, http, proof, before, after });
    }
  }

  #leftOut(pair: Pair): void {
    const { before, after } = pair;
    this.denials++;
    const { reason } = before.decision;
    if (reason === undefined) throw new Error('a denial has a reason');
    const byPolicy = reasonClass(reason) !== 'authn';
    const isScope = reason === 'authz.token_scope';
    const isAllowed = after.decision.outcome === 'allow';
    if (byPolicy && !isScope && !pair.asking && isOfOneCaller(pair)) {
      this.sameCaller++;
      assert.equal(isAllowed, false, `${reason} is gone without ${pair.proof}`);
    }
    if (!isAllowed || !isValidAlone(pair)) return;
    const exception = exceptionOf(pair);
    const told = JSON.stringify(pair.shown);
    assert.ok(exception, `${reason} is gone without ${pair.proof}: ${pair.http} ${told}`);
    this.exceptions.set(exception, (this.exceptions.get(exception) ?? 0) + 1);
  }
}

describe('leaving a valid proof out', function () {
  this.timeout(180_000);

  it('never turns a deny into an allow, but where that proof contradicts, names or narrows', () => {
    const seed = seedOfRun();
    const random = new Random(seed);
    const counts = new Counts();
    try {
      for (let i = 0; i < BUNDLES; i++) {
        const asking = random.chance(0.3);
        const { snapshot } = credentialBundle(random, { asking });
        for (let j = 0; j < REQUESTS; j++) {
          counts.request(snapshot, asking, randomShown(random), random.pick(OPERATIONS));
        }
      }
    } catch (error) {
      throw new Error(`REMIT_SEED=${seed}`, { cause: error });
    }
    const { requests, allowed, denials, sameCaller, exceptions } = counts;
    const percent = ((100 * allowed) / requests).toFixed(1);
    console.log(`      ${requests} requests, ${percent} % allowed, ${denials} proofs left out`);
    console.log(`      ${sameCaller} of one caller; ${JSON.stringify([...exceptions])}`);
    assert.ok(allowed / requests >= ALLOWED_SHARE_MIN, `only ${percent} % allowed`);
    assert.ok(denials > 3_000, 'few proofs were left out');
    assert.ok(sameCaller > 500, 'few were of the same caller');
    const seen = (it: Exception) => exceptions.get(it) ?? 0;
    const [conflict, other, acting, scope, refused] = EXCEPTIONS;
    for (const it of [conflict, other, refused]) assert.ok(seen(it) > 0, `never: ${it}`);
    assert.ok(seen(acting) + seen(scope) > 0, 'no token ever narrowed');
  });
});
