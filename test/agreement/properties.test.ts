// Properties of every decision, on random bundles and requests: proof and permission are both
// needed and neither makes up for the other.

import assert from 'node:assert/strict';
import { type AccessRequest, ANONYMOUS, type Principal } from '../../engine/access_request.ts';
import { ASSURANCES } from '../../engine/evidence.ts';
import { decide } from '../../engine/policy/decide.ts';
import { grpcCode, REASON_CODES, REASONS, reasonClass } from '../../engine/reason.ts';
import { parseSpiffeId, SpiffeId } from '../../engine/spiffe_id.ts';
import type { NaiveAsker, NaiveResult } from '../naive/request.ts';
import { type Doc, type GeneratedBundle, generateBundle, spiffeId } from './bundle_generator.ts';
import { decideBoth, load, type Pair } from './comparison.ts';
import { NOW } from './policy_generator.ts';
import { Random, seedOfRun } from './random.ts';
import { aimed, type Draft, nearMiss, officialRequest } from './request_generator.ts';

const BUNDLES = 40;
const REQUESTS = 40;
const CLASSES = ['authn', 'authz', 'ctx', 'sys'];

function engineDecides(pair: Pair, draft: Draft, asker: NaiveAsker = draft.asker): NaiveResult {
  return decideBoth(pair, officialRequest(draft), asker, NOW).engine;
}

function withPolicies(
  bundle: GeneratedBundle,
  change: (documents: readonly Doc[]) => readonly Doc[],
): Pair {
  return load(change(bundle.documents), bundle.settings);
}

const withoutPolicies = (documents: readonly Doc[]) =>
  documents.filter((document) => document['kind'] !== 'Policy');

/** A policy in each namespace that permits everybody everything that can be named at all. */
function permitAll(documents: readonly Doc[]): readonly Doc[] {
  const VERBS = ['read', 'write', 'invoke', 'delegate', 'rotate', 'admin', 'escalate', 'connect'];
  const resources = ['item', 'doc', 'admin', 'queue', 'service'].map((type) => `${type}/**`);
  const everybody = [
    { kinds: ['workload', 'agent', 'ci', 'gateway', 'human'] },
    { anonymous: true },
  ];
  const rules = everybody.map((from, index) => {
    const to = { verbs: VERBS, resources };
    return { id: `all${index}`, effect: 'permit', from, to, crossTenant: true };
  });
  const added = ['pay', 'shop'].map((namespace) => ({
    kind: 'Policy',
    metadata: { name: 'all', namespace },
    spec: { rules },
  }));
  return [...documents, ...added];
}

describe('every decision', function () {
  this.timeout(60_000);
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
        const known = ['authz.no_match', 'authz.no_policy', 'authz.unknown_identity'];
        if (reason?.startsWith('authz.')) assert.ok(known.includes(reason), reason);
      }
    });
  });

  it('stays a deny when proof failed, whatever is permitted (C-001 C-005)', () => {
    each((bundle, drafts) => {
      const pair = load(bundle.documents, bundle.settings);
      const wide = withPolicies(bundle, permitAll);
      for (const draft of drafts) {
        const { reason } = engineDecides(pair, draft);
        if (!reason?.startsWith('authn.')) continue;
        assert.equal(engineDecides(wide, draft).reason, reason);
      }
    });
  });

  it('stays a deny when permission is missing, however strong the proof (C-001 C-005)', () => {
    let raised = 0;
    each((bundle) => {
      const { snapshot } = load(bundle.documents, bundle.settings);
      for (const { operations } of snapshot.policy.services) {
        for (const { operation, rules } of operations) {
          const id = parseSpiffeId(spiffeId(random));
          assert.ok(id instanceof SpiffeId);
          const found = snapshot.proof.inventory.find(id);
          const principal: Principal = random.chance(0.1) ? ANONYMOUS : found;
          const resource = { type: operation.resourceType, id: 'main', tenant: principal.tenant };
          const outcomes = ASSURANCES.map((assurance) => {
            const stronger: Principal = { ...principal, assurance };
            const request: AccessRequest = { principal: stronger, operation, resource, now: NOW };
            return JSON.stringify(decide(request, rules));
          });
          assert.equal(new Set(outcomes).size, 1, 'assurance alone changed a decision');
          raised++;
        }
      }
    });
    assert.ok(raised > 0);
  });

  it('never turns into an allow by adding a forbid, nor into a deny by adding a permit', () => {
    each((bundle, drafts) => {
      const pair = load(bundle.documents, bundle.settings);
      const wide = withPolicies(bundle, permitAll);
      const forbid = { id: 'no', effect: 'forbid', from: {}, to: {} };
      const closed = withPolicies(bundle, (documents) => [
        ...documents,
        ...['pay', 'shop'].map((namespace) => ({
          kind: 'Policy',
          metadata: { name: 'none', namespace },
          spec: { rules: [forbid] },
        })),
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
});
