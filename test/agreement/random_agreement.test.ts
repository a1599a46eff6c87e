// The compiled engine and the naive evaluator answer alike on random bundles and random requests:
// the index, the split of a rule at load and every shortcut change nothing (C-020 C-021 C-022 C-024
// C-028 C-088). A failure prints the seed and the smallest bundle that shows it.

import assert from 'node:assert/strict';
import type { NaiveReason, NaiveResult } from '../naive/request.ts';
import { type GeneratedBundle, generateBundle } from './bundle_generator.ts';
import { agree, bundleText, decideBoth, load, type Pair, reduce } from './comparison.ts';
import { expectedFeatures, featuresOf } from './features.ts';
import { Random, seedOfRun } from './random.ts';
import { aimed, type Draft, nearMiss, officialRequest } from './request_generator.ts';

/** `REMIT_DECISIONS` is what a longer run is asked for. */
const DECISIONS_MIN = Number(process.env['REMIT_DECISIONS'] ?? 30_000);
/** A run of so many has to show everything; what is rare may be missing in a shorter one. */
const COMPLETE_FROM = 100_000;
const RARE_MAX = 12;
const MINUTES_MAX = 20;
const AIMED = 70;
const NEAR_MISSES = 180;
const ALLOWED_SHARE_MIN = 0.25;

/** Every reason that a CheckRequest which decodes can have where no Issuer verifies tokens. */
const REASONS: readonly NaiveReason[] = [
  'authn.untrusted_enforcer',
  'authn.enforcer_scope',
  'authn.untrusted_issuer',
  'authn.missing',
  'authn.invalid_identity',
  'authn.wrong_principal_kind',
  'authn.audience',
  'authn.assurance',
  'ctx.duplicate_header',
  'ctx.ambiguous_path',
  'ctx.destination_conflict',
  'ctx.unmapped_operation',
  'ctx.insufficient',
  'ctx.body_unreadable',
  'authz.no_policy',
  'authz.unknown_identity',
  'authz.review_overdue',
  'authz.ceiling',
  'authz.shared_identity',
  'authz.forbidden',
  'authz.task_required',
  'authz.coarse_only',
  'authz.boundary',
  'authz.environment',
  'authz.time_window',
  'authz.runtime',
  'authz.verb',
  'authz.resource',
  'authz.role',
  'authz.approval_required',
  'authz.condition',
  'authz.no_match',
];

/** Those of the rules themselves. */
const BY_RULES = REASONS.slice(REASONS.indexOf('authz.forbidden'));

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
    const refused: Draft[] = [];
    const decide = (draft: Draft): void => {
      const { reason } = this.decide(bundle, pair, draft);
      if (reason === undefined) allowed.push(draft);
      else if (BY_RULES.includes(reason)) refused.push(draft);
    };
    for (let i = 0; i < AIMED; i++) decide(aimed(this.#random, bundle));
    // Requests that differ in one thing from one that the rules decided, and from each other.
    for (let i = 0; i < NEAR_MISSES; i++) {
      const from = this.#random.chance(0.4) && refused.length > 0 ? refused : allowed;
      if (from.length > 0) decide(nearMiss(this.#random, bundle, this.#random.pick(from)));
    }
  }

  decide(bundle: GeneratedBundle, pair: Pair, draft: Draft): NaiveResult {
    const request = officialRequest(draft);
    const both = decideBoth(pair, request, draft.asker, draft.now);
    if (!agree(both)) {
      const smallest = reduce(bundle.documents, (documents) => {
        const smaller = load(documents, bundle.settings);
        return !agree(decideBoth(smaller, request, draft.asker, draft.now));
      });
      const last = decideBoth(load(smallest, bundle.settings), request, draft.asker, draft.now);
      const shown = { settings: bundle.settings, draft, ...last };
      assert.fail(`they differ\n${bundleText(smallest)}\n${JSON.stringify(shown, undefined, 1)}`);
    }
    this.#count(both.naive, pair, draft);
    return both.naive;
  }

  #count(result: NaiveResult, pair: Pair, draft: Draft): void {
    this.decisions++;
    const bump = (counts: Map<string, number>, key: string) =>
      counts.set(key, (counts.get(key) ?? 0) + 1);
    bump(this.reasons, result.reason ?? 'allow');
    for (const feature of featuresOf(result, pair.naive, draft)) bump(this.features, feature);
  }
}

describe('the engine and the naive evaluator', function () {
  this.timeout(MINUTES_MAX * 60_000);

  it('agree on random bundles and requests, allowed and denied for every reason', () => {
    const seed = seedOfRun();
    console.log(`      REMIT_SEED=${seed}`);
    const run = new Run(new Random(seed));
    const start = performance.now();
    try {
      while (run.decisions < DECISIONS_MIN) run.bundle();
    } catch (error) {
      throw new Error(`REMIT_SEED=${seed}`, { cause: error });
    }
    const share = (run.reasons.get('allow') ?? 0) / run.decisions;
    const perSecond = Math.round((run.decisions * 1000) / (performance.now() - start));
    const percent = (share * 100).toFixed(1);
    console.log(`      ${run.decisions} decisions, ${percent} % allowed, ${perSecond} a second`);
    assert.ok(share >= ALLOWED_SHARE_MIN, `only ${share} allowed`);
    const known: readonly string[] = [...REASONS, 'allow'];
    const unknown = [...run.reasons.keys()].filter((it) => !known.includes(it));
    assert.deepEqual(unknown, [], 'reasons that are not of this version');
    const unseen = [
      ...REASONS.filter((reason) => !run.reasons.has(reason)),
      ...expectedFeatures().filter((feature) => !run.features.has(feature)),
    ];
    const few = run.decisions < COMPLETE_FROM ? RARE_MAX : 0;
    assert.ok(unseen.length <= few, `no request showed ${unseen.join(', ')}`);
  });
});
