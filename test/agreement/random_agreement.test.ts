// The compiled engine and the naive evaluator answer alike on random bundles and random requests:
// the index, the split of a rule at load and every shortcut change nothing (C-020 C-021 C-022 C-024
// C-028 C-088). A failure prints the seed and the smallest bundle that shows it.

import assert from 'node:assert/strict';
import type { NaiveResult } from '../naive/request.ts';
import { type GeneratedBundle, generateBundle } from './bundle_generator.ts';
import { agree, bundleText, decideBoth, load, type Pair, reduce } from './comparison.ts';
import { NOW } from './policy_generator.ts';
import { Random, seedOfRun } from './random.ts';
import { aimed, type Draft, nearMiss, officialRequest } from './request_generator.ts';

const BUNDLES = 200;
const AIMED = 40;
const NEAR_MISSES = 70;
const DECISIONS_MIN = 20_000;
const ALLOWED_SHARE_MIN = 0.2;

/** Every reason that a CheckRequest which decodes can have in this version. */
const REASONS = [
  'authn.untrusted_enforcer',
  'authn.enforcer_scope',
  'authn.untrusted_issuer',
  'authn.missing',
  'authn.invalid_identity',
  'ctx.duplicate_header',
  'ctx.ambiguous_path',
  'ctx.destination_conflict',
  'authz.no_policy',
  'ctx.unmapped_operation',
  'authn.assurance',
  'authz.unknown_identity',
  'authz.forbidden',
  'authz.boundary',
  'authz.task_required',
  'authz.no_match',
];

class Run {
  readonly reasons = new Map<string, number>();
  readonly features = new Map<string, number>();
  decisions = 0;
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  bundle(): void {
    const bundle = generateBundle(this.#random);
    const pair = load(bundle.documents, bundle.settings);
    const allowed: Draft[] = [];
    for (let i = 0; i < AIMED; i++) {
      const draft = aimed(this.#random, bundle);
      if (this.decide(bundle, pair, draft).outcome === 'allow') allowed.push(draft);
    }
    // Requests that differ in one thing from one that is allowed, and from each other.
    for (let i = 0; i < NEAR_MISSES && allowed.length > 0; i++) {
      const draft = nearMiss(this.#random, bundle, this.#random.pick(allowed));
      if (this.decide(bundle, pair, draft).outcome === 'allow') allowed.push(draft);
    }
  }

  decide(bundle: GeneratedBundle, pair: Pair, draft: Draft): NaiveResult {
    const request = officialRequest(draft);
    const both = decideBoth(pair, request, draft.asker, NOW);
    if (!agree(both)) {
      const smallest = reduce(bundle.documents, (documents) => {
        const smaller = load(documents, bundle.settings);
        return !agree(decideBoth(smaller, request, draft.asker, NOW));
      });
      const last = decideBoth(load(smallest, bundle.settings), request, draft.asker, NOW);
      const shown = { settings: bundle.settings, draft, ...last };
      assert.fail(`they differ\n${bundleText(smallest)}\n${JSON.stringify(shown, undefined, 1)}`);
    }
    this.#count(both.naive, draft);
    return both.naive;
  }

  #count({ reason, shadow, ruleCount }: NaiveResult, draft: Draft): void {
    this.decisions++;
    const bump = (counts: Map<string, number>, key: string) =>
      counts.set(key, (counts.get(key) ?? 0) + 1);
    bump(this.reasons, reason ?? 'allow');
    for (const { outcome } of shadow) bump(this.features, `shadow ${outcome}`);
    if (ruleCount > 16) bump(this.features, 'more rules than named');
    if (!draft.http) bump(this.features, `connection ${reason ?? 'allowed'}`);
    if (reason !== undefined || !draft.http) return;
    if (draft.source === '') bump(this.features, 'anonymous allowed');
    if (draft.method === 'HEAD') bump(this.features, 'HEAD allowed');
    if (draft.destination === '') bump(this.features, 'no destination, allowed');
    if (draft.path.startsWith('/demo.')) bump(this.features, 'gRPC allowed');
  }
}

const FEATURES = [
  'shadow allow',
  'shadow deny',
  'more rules than named',
  'anonymous allowed',
  'HEAD allowed',
  'no destination, allowed',
  'gRPC allowed',
  'connection allowed',
  'connection ctx.unmapped_operation',
  'connection authz.forbidden',
  'connection authz.no_match',
];

describe('the engine and the naive evaluator', function () {
  this.timeout(60_000);

  it('agree on random bundles and requests, allowed and denied for every reason', () => {
    const seed = seedOfRun();
    console.log(`      REMIT_SEED=${seed}`);
    const run = new Run(new Random(seed));
    try {
      for (let i = 0; i < BUNDLES || run.decisions < DECISIONS_MIN; i++) run.bundle();
    } catch (error) {
      throw new Error(`REMIT_SEED=${seed}`, { cause: error });
    }
    const share = (run.reasons.get('allow') ?? 0) / run.decisions;
    console.log(`      ${run.decisions} decisions, ${(share * 100).toFixed(1)} % allowed`);
    assert.ok(share >= ALLOWED_SHARE_MIN, `only ${share} allowed`);
    const missing = REASONS.filter((reason) => !run.reasons.has(reason));
    assert.deepEqual(missing, [], 'reasons that never occurred');
    const unknown = [...run.reasons.keys()].filter((it) => it !== 'allow' && !REASONS.includes(it));
    assert.deepEqual(unknown, [], 'reasons that are not of this version');
    assert.deepEqual(
      FEATURES.filter((feature) => !run.features.has(feature)),
      [],
      'what no request showed',
    );
  });
});
