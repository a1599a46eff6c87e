// C-008: whatever random bundles and requests come, a decision on an operation is repeated from its
// own record, or says what the record does not hold. Nothing is repeated with another result.

import assert from 'node:assert/strict';
import { NO_FACTS } from '../../engine/facts.ts';
import { type Occasion, recordLines } from '../../engine/record.ts';
import { NotReplayable, replay } from '../../engine/replay.ts';
import { checkEnvoy } from '../../envoy/check.ts';
import { CheckRequest } from '../fuzz/official_messages.ts';
import { type GeneratedBundle, generateBundle } from './bundle_generator.ts';
import { bundleText, load, type Pair } from './comparison.ts';
import { Random, seedOfRun } from './random.ts';
import { aimed, type Draft, nearMiss, officialRequest } from './request_generator.ts';

const DECISIONS_MIN = 6_000;
const REPLAYED_SHARE_MIN = 0.5;
const AIMED = 60;
const NEAR_MISSES = 60;

/** A record, and whether it can be repeated; undefined where no operation was decided on. */
function repeated(bundle: GeneratedBundle, pair: Pair, draft: Draft): boolean | undefined {
  const { asker, now } = draft;
  const { snapshot } = pair;
  const bytes = Buffer.from(
    CheckRequest.encode(CheckRequest.fromObject(officialRequest(draft))).finish(),
  );
  const step = checkEnvoy(bytes, asker, snapshot, NO_FACTS, now);
  assert.equal(step.kind, 'answer');
  if (step.kind !== 'answer') return undefined;
  const { verdict, view } = step.answer;
  if (verdict.access === undefined) return undefined;
  const occasion: Occasion = {
    decisionId: '01936f2a-7c00-7000-8000-000000000001',
    now,
    durationUs: 1,
    revision: 0,
    method: view?.method ?? '',
    path: view?.path ?? '',
    host: view?.host ?? '',
    destination: view?.destinationPrincipal ?? '',
    requestId: '',
    traceId: '',
    sni: '',
    port: 0,
  };
  const line = recordLines(verdict, occasion, snapshot).decision;
  const again = replay(line, snapshot);
  if (again instanceof NotReplayable) {
    assert.match(again.why, /^it depended on what is not recorded: /, line);
    return false;
  }
  const { decision } = again.verdict;
  // Not only what a record compares: errors and shadow rules come out alike too.
  const told = ({ errors, shadow }: typeof decision) => JSON.stringify([errors, shadow]);
  if (!again.same || !again.samePolicy || told(decision) !== told(verdict.decision)) {
    assert.fail(`${bundleText(bundle.documents)}\n${line}\n${JSON.stringify(decision)}`);
  }
  return true;
}

describe('records of random decisions', function () {
  this.timeout(120_000);

  it('are decided again as they were, or say what they do not hold (C-008)', () => {
    const seed = seedOfRun();
    console.log(`      REMIT_SEED=${seed}`);
    const random = new Random(seed);
    let recorded = 0;
    let same = 0;
    while (recorded < DECISIONS_MIN) {
      const bundle = generateBundle(random);
      const pair = load(bundle.documents, bundle.settings);
      const drafts = Array.from({ length: AIMED }, () => aimed(random, bundle));
      for (let i = 0; i < NEAR_MISSES; i++) {
        drafts.push(nearMiss(random, bundle, random.pick(drafts)));
      }
      for (const draft of drafts) {
        const result = repeated(bundle, pair, draft);
        if (result !== undefined) recorded++;
        if (result === true) same++;
      }
    }
    console.log(`      ${same} of ${recorded} decided again`);
    assert.ok(same / recorded > REPLAYED_SHARE_MIN, `only ${same} of ${recorded}`);
  });
});
