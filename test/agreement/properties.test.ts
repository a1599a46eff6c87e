// Properties of every decision, on random bundles and requests: proof and permission are both
// needed and neither makes up for the other.

import assert from 'node:assert/strict';
import { grpcCode, REASON_CODES, REASONS, reasonClass } from '../../engine/reason.ts';
import type { NaiveAsker } from '../naive/request.ts';
import { readId } from '../naive/spiffe.ts';
import { type GeneratedBundle, generateBundle } from './bundle_generator.ts';
import { decideBoth, type EngineResult, evaluateNaively, load, type Pair } from './comparison.ts';
import { Random, seedOfRun } from './random.ts';
import { aimed, type Draft, nearMiss, officialRequest } from './request_generator.ts';
import { type Doc, KINDS, NAMESPACES, VERBS } from './vocabulary.ts';

const BUNDLES = 40;
const REQUESTS = 40;
const CLASSES = ['authn', 'authz', 'ctx', 'sys'];

function engineDecides(pair: Pair, draft: Draft, asker: NaiveAsker = draft.asker): EngineResult {
  return decideBoth(pair, officialRequest(draft), asker, draft.now).engine;
}

function withPolicies(
  bundle: GeneratedBundle,
  change: (documents: readonly Doc[]) => readonly Doc[],
): Pair {
  return load(change(bundle.documents), bundle.settings);
}

const withoutPolicies = (documents: readonly Doc[]) =>
  documents.filter(({ kind }) => kind !== 'Policy' && kind !== 'Exception');

/** A policy in each namespace that permits everybody everything that can be named at all. */
function permitAll(documents: readonly Doc[]): readonly Doc[] {
  const resources = ['item', 'doc', 'admin', 'queue', 'service'].map((type) => `${type}/**`);
  const everybody = [{ kinds: KINDS }, { anonymous: true }];
  const rules = everybody.map((from, index) => {
    const to = { verbs: VERBS, resources };
    return { id: `all${index}`, effect: 'permit', from, to, crossTenant: true };
  });
  return [...documents, ...policyEverywhere('all', documents, rules)];
}

/** In every namespace that has a service. */
function policyEverywhere(name: string, documents: readonly Doc[], rules: unknown): Doc[] {
  const namespaces = documents
    .filter(({ kind }) => kind === 'Service')
    .map(({ metadata }) => (metadata as { namespace: string }).namespace);
  return NAMESPACES.filter((it) => namespaces.includes(it)).map((namespace) => ({
    kind: 'Policy',
    metadata: { name, namespace },
    spec: { rules },
  }));
}

describe('every decision', function () {
  this.timeout(180_000);
  const seed = seedOfRun();
  const random = new Random(seed);
  const bundles = Array.from({ length: BUNDLES }, () => generateBundle(random));

  /** Random requests for each bundle, half of them near misses of one another. */
  const each = (test: (bundle: GeneratedBundle, drafts: readonly Draft[]) => void): void => {
    for (const bundle of bundles) {
      const drafts = Array.from({ length: REQUESTS / 2 }, () => aimed(random, bundle));
      const misses = drafts.map((draft) => nearMiss(random, bundle, draft));
      try {
        test(bundle, [...drafts, ...misses]);
      } catch (error) {
        throw new Error(`REMIT_SEED=${seed}`, { cause: error });
      }
    }
  };

  it('has exactly one class of reason, or none when it allows (C-002)', () => {
    for (const reason of REASON_CODES) {
      assert.equal(CLASSES.filter((it) => reason.startsWith(`${it}.`)).length, 1, reason);
      assert.ok(CLASSES.includes(reasonClass(reason)));
      assert.equal(REASONS[reason].http === 503, reasonClass(reason) === 'sys', reason);
      assert.equal(grpcCode(reason) === 16, reasonClass(reason) === 'authn', reason);
      assert.equal(grpcCode(reason) === 14, reasonClass(reason) === 'sys', reason);
    }
    each((bundle, drafts) => {
      const pair = load(bundle.documents, bundle.settings);
      for (const draft of drafts) {
        const { outcome, reason, rules } = engineDecides(pair, draft);
        assert.equal(outcome === 'allow', reason === undefined);
        if (outcome === 'allow') assert.ok(rules.length > 0, 'an allow names what permitted it');
      }
    });
  });

  it('denies without a policy, whoever proves whatever (C-006 C-089)', () => {
    each((bundle, drafts) => {
      const pair = withPolicies(bundle, withoutPolicies);
      for (const draft of drafts) {
        const { outcome, reason } = engineDecides(pair, draft, { kind: 'everything' });
        assert.equal(outcome, 'deny');
        const ofIdentity = ['unknown_identity', 'review_overdue', 'ceiling', 'shared_identity'];
        const known = ['no_match', 'no_policy', ...ofIdentity].map((it) => `authz.${it}`);
        if (reason?.startsWith('authz.')) assert.ok(known.includes(reason), reason);
      }
    });
  });

  it('stays a deny when proof failed, whatever is permitted (C-001 C-005)', () => {
    each((bundle, drafts) => {
      // Without a rule only proof can be the reason.
      const pair = withPolicies(bundle, withoutPolicies);
      const wide = withPolicies(bundle, permitAll);
      for (const draft of drafts) {
        const { reason } = engineDecides(pair, draft);
        if (!reason?.startsWith('authn.')) continue;
        assert.equal(engineDecides(wide, draft).reason, reason);
      }
    });
  });

  it('stays a deny when permission is missing, however well proved (C-001 C-005)', () => {
    let proved = 0;
    each((bundle, drafts) => {
      const sources = new Set(
        drafts.map(({ source }) => source).filter((it) => readId(it) !== undefined),
      );
      for (const source of [...sources].slice(0, 3)) {
        const from = { kinds: KINDS, not: { principals: [source] } };
        const everybodyElse = { id: 'else', effect: 'permit', from, to: {}, crossTenant: true };
        const pair = withPolicies(bundle, (documents) => {
          const rest = withoutPolicies(documents);
          return [...rest, ...policyEverywhere('else', rest, [everybodyElse])];
        });
        for (const draft of drafts.filter((it) => it.source === source)) {
          const { outcome, principal } = engineDecides(pair, draft, { kind: 'everything' });
          assert.equal(outcome, 'deny');
          if (principal === source) proved++;
        }
      }
    });
    assert.ok(proved > 0);
  });

  it('never turns into an allow by adding a forbid, nor into a deny by adding a permit', () => {
    each((bundle, drafts) => {
      const pair = load(bundle.documents, bundle.settings);
      const wide = withPolicies(bundle, permitAll);
      const forbid = { id: 'no', effect: 'forbid', from: {}, to: {} };
      const closed = withPolicies(bundle, (documents) => [
        ...documents,
        ...policyEverywhere('none', documents, [forbid]),
      ]);
      for (const draft of drafts) {
        const { outcome } = engineDecides(pair, draft);
        if (outcome === 'allow') assert.equal(engineDecides(wide, draft).outcome, 'allow');
        assert.equal(engineDecides(closed, draft).outcome, 'deny');
      }
    });
  });

  it('takes the environment from the bundle, never from a header of the caller (C-024)', () => {
    each((bundle, drafts) => {
      const pair = load(bundle.documents, bundle.settings);
      for (const draft of drafts) {
        const claimed = { 'x-env': 'dev', environment: 'prod', 'x-remit-principal': 'x' };
        const lying = { ...draft, headers: { ...draft.headers, ...claimed } };
        assert.deepEqual(engineDecides(pair, lying), engineDecides(pair, draft));
      }
    });
  });

  it('does not depend on the order of documents and rules', () => {
    each((bundle, drafts) => {
      const pair = load(bundle.documents, bundle.settings);
      const turned = withPolicies(bundle, (documents) =>
        documents.toReversed().map((document) => {
          const { rules } = document.spec;
          if (!Array.isArray(rules)) return document;
          return { ...document, spec: { ...document.spec, rules: rules.toReversed() } };
        }),
      );
      for (const draft of drafts) {
        assert.deepEqual(engineDecides(turned, draft), engineDecides(pair, draft));
      }
    });
  });

  it('holds until `validUntil`, and not a moment beyond what it depends on', () => {
    let changed = 0;
    each((bundle, drafts) => {
      const pair = load(bundle.documents, bundle.settings);
      for (const draft of drafts) {
        const { asker, now } = draft;
        const request = officialRequest(draft);
        const { engine, naive } = decideBoth(pair, request, asker, now);
        const { validUntil } = engine;
        assert.ok(now < validUntil && validUntil <= now + 300_000, `${now} < ${validUntil}`);
        const bound = naive.bounds[0]!;
        assert.ok(validUntil <= bound, `it holds until ${validUntil}, not after ${bound}`);
        if (bound < now + 300_000) changed++;
        const between = now + 1 + random.below(validUntil - now - 1);
        for (const time of [between, validUntil - 1]) {
          if (time <= now || time >= validUntil) continue;
          const later = evaluateNaively(pair, request, asker, time);
          const { outcome, reason, rules } = later;
          const { outcome: first, reason: why, rules: which } = naive;
          assert.deepEqual([outcome, reason, rules], [first, why, which], `at ${time}`);
        }
      }
    });
    assert.ok(changed > 0, 'nothing ever changed within five minutes');
  });
});
