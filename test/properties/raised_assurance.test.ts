// C-001 C-005 C-084: more proof lifts only what asks for proof (docs/semantics.md, "What more proof
// can change"). The same request is decided at every assurance, on random bundles: as they are, and
// with everything taken out of their rules that asks for proof.

import assert from 'node:assert/strict';
import { checkAssuming, type Inquiry, type Verdict } from '../../engine/check.ts';
import { ASSURANCES } from '../../engine/evidence.ts';
import { type Reason, reasonClass } from '../../engine/reason.ts';
import type { Snapshot } from '../../engine/snapshot.ts';
import { decodeCheckRequest } from '../../envoy/check_request.ts';
import { inquiryOf } from '../../envoy/inquiry.ts';
import { type GeneratedBundle, generateBundle } from '../agreement/bundle_generator.ts';
import { load } from '../agreement/comparison.ts';
import { Random, seedOfRun } from '../agreement/random.ts';
import { aimed, type Draft, nearMiss, officialRequest } from '../agreement/request_generator.ts';
import { CHECKOUT, type Document, REPORTS } from '../engine/fixture.ts';
import { CheckRequest } from '../fuzz/official_messages.ts';
import { credentialBundle, loaded, OPERATIONS } from './bundles.ts';
import type { Shown } from './credentials.ts';
import { judged } from './judged.ts';
import { withoutDemands } from './without_demands.ts';

const BUNDLES = 60;
const REQUESTS = 50;
const CREDENTIAL_BUNDLES = 120;
const ALLOWED_SHARE_MIN = 0.2;

type Deny = Exclude<Reason, `authn.${string}`>;

/** Of class `authz` or `ctx`: it is not proof that is missing. */
function policyDeny({ decision: { reason } }: Verdict): Deny | undefined {
  return reason === undefined || reasonClass(reason) === 'authn' ? undefined : (reason as Deny);
}

const isAllowed = ({ decision }: Verdict) => decision.outcome === 'allow';

/** Where a service reads `Authorization` itself a token alone shows nobody. */
const isOfSomebody = ({ evidence }: Verdict) => evidence.result !== 'anonymous';

class Counts {
  cases = 0;
  /** At some assurance. */
  allowed = 0;
  policyDenies = 0;
  liftedByProof = 0;
  /** The denial named something else first. */
  liftedBehind = 0;

  /**
   * @param asking the same request in rising assurance, as the bundle is
   * @param plain and where no rule asks for proof
   */
  add(asking: readonly Verdict[], plain: readonly Verdict[]): void {
    this.cases++;
    if (plain.some(isAllowed)) this.allowed++;
    for (const [index, weaker] of plain.entries()) {
      for (const stronger of plain.slice(index + 1)) this.#unmoved(weaker, stronger);
    }
    for (const [index, weaker] of asking.entries()) {
      if (isAllowed(weaker) || !asking.slice(index + 1).some(isAllowed)) continue;
      const ofProof = policyDeny(weaker) === undefined;
      const { reason } = weaker.decision;
      // All that stood in the way was a demand for proof.
      assert.ok(ofProof || isAllowed(plain[index]!), `${reason} was lifted`);
      if (ofProof) this.liftedByProof++;
      else this.liftedBehind++;
    }
  }

  #unmoved(weaker: Verdict, stronger: Verdict): void {
    const reason = policyDeny(weaker);
    if (reason === undefined) {
      // And it takes nothing away either.
      if (isAllowed(weaker)) assert.ok(policyDeny(stronger) === undefined);
      return;
    }
    this.policyDenies++;
    assert.equal(isAllowed(stronger), false, `${reason} was lifted`);
    const after = policyDeny(stronger);
    if (after !== undefined) assert.equal(after, reason);
  }
}

describe('raising assurance and changing nothing else', function () {
  this.timeout(180_000);
  const seed = seedOfRun();

  const repeatable = (run: (random: Random) => void): void => {
    try {
      run(new Random(seed));
    } catch (error) {
      throw new Error(`REMIT_SEED=${seed}`, { cause: error });
    }
  };

  const told = ({ cases, allowed, policyDenies, liftedByProof, liftedBehind }: Counts): void => {
    const share = allowed / cases;
    const percent = (100 * share).toFixed(1);
    const lifted = `${liftedByProof} lifted by proof, ${liftedBehind} behind another reason`;
    console.log(
      `      ${cases} requests, ${percent} % allowed, ${policyDenies} denials; ${lifted}`,
    );
    assert.ok(share >= ALLOWED_SHARE_MIN, `only ${percent} % were ever allowed`);
  };

  it('never turns a policy deny into an allow where no rule asks for proof, at any assurance', () => {
    const counts = new Counts();
    repeatable((random) => {
      for (let i = 0; i < BUNDLES; i++) {
        const bundle = generateBundle(random);
        const asking = load(bundle.documents, bundle.settings).snapshot;
        const plain = load(withoutDemands(bundle.documents), bundle.settings).snapshot;
        for (const draft of drafts(random, bundle, plain)) {
          counts.add(atEveryAssurance(asking, draft), atEveryAssurance(plain, draft));
        }
      }
    });
    told(counts);
    assert.ok(counts.policyDenies > 3_000, 'few denials were by policy');
    assert.ok(counts.liftedByProof > 20, 'proof was hardly ever what was missing');
  });

  it('never does by real credentials of one caller: token, peer, certificate, bound token', () => {
    const counts = new Counts();
    repeatable((random) => {
      for (let i = 0; i < CREDENTIAL_BUNDLES; i++) {
        const { documents, snapshot } = credentialBundle(random, { asking: true });
        const plain = loaded(withoutDemands(documents as never) as Document[]);
        for (const ladder of LADDERS) {
          for (const http of OPERATIONS) {
            const climb = (of: Snapshot) =>
              ladder.map((shown) => judged(of, shown, http)).filter(isOfSomebody);
            counts.add(climb(snapshot), climb(plain));
          }
        }
      }
    });
    told(counts);
    assert.ok(counts.policyDenies > 3_000, 'few denials were by policy');
    assert.ok(counts.liftedByProof > 100, 'proof was hardly ever what was missing');
  });
});

/** Half of them differ in one thing from one that can be allowed, where there is one. */
function drafts(random: Random, bundle: GeneratedBundle, plain: Snapshot): Draft[] {
  const first = Array.from({ length: REQUESTS / 2 }, () => aimed(random, bundle));
  const allowed = first.filter((draft) => atEveryAssurance(plain, draft).some(isAllowed));
  const near = allowed.length > 0 ? allowed : first;
  return [...first, ...first.map(() => nearMiss(random, bundle, random.pick(near)))];
}

/** By a peer that is supposed to have proved itself so; a certificate also shows its age. */
function atEveryAssurance(snapshot: Snapshot, draft: Draft): Verdict[] {
  const inquiry = inquiryTo(snapshot, draft);
  if (inquiry === undefined) return [];
  return ASSURANCES.map((assurance) => {
    const assumed = { assurance, ageMs: 60_000, lifetimeMs: 1_800_000 };
    return checkAssuming(inquiry, assumed, snapshot, draft.now);
  });
}

function inquiryTo(snapshot: Snapshot, draft: Draft): Inquiry | undefined {
  const message = CheckRequest.fromObject(officialRequest(draft));
  const read = { ...snapshot.attributesRead, extensions: true };
  const view = decodeCheckRequest(Buffer.from(CheckRequest.encode(message).finish()), read);
  return 'reason' in view ? undefined : inquiryOf(view, snapshot.settings);
}

const svid = (id: string) => ({ kind: 'svid', subject: id }) as const;
const own = { kind: 'access', subject: 'checkout', scope: 'pay', team: 'red' } as const;
const alice = { ...own, subject: 'alice' } as const;
const certificate = { id: CHECKOUT };

/** Each names one caller, and says the same of him, more strongly from one to the next. */
const LADDERS: readonly (readonly Shown[])[] = [
  ...[CHECKOUT, REPORTS].map((id) => [
    { token: svid(id) },
    { peer: id },
    { certificate: { id } },
    { wit: id },
  ]),
  [{ token: alice }, { token: { ...alice, binding: 'dpop' } }],
  [
    { peer: CHECKOUT, token: own },
    { certificate, token: own },
    { certificate, token: { ...own, binding: 'certificate' } },
  ],
];
