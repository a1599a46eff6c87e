// C-002 C-003 C-050: what is said of every denial, on generated requests by every credential, good
// and bad, and over the whole table of reasons: one class, told alike in all places; 401 with a
// challenge always, and a challenge nowhere but where a token would change the answer.

import assert from 'node:assert/strict';
import { challengeOf } from '../../engine/challenge.ts';
import { type Verdict, verdictOf } from '../../engine/check.ts';
import { NO_FACTS } from '../../engine/facts.ts';
import { Failure } from '../../engine/failure.ts';
import { REASON_CODES } from '../../engine/reason.ts';
import { recordLines } from '../../engine/record.ts';
import type { Snapshot } from '../../engine/snapshot.ts';
import { checkEnvoy } from '../../envoy/check.ts';
import { encodeCheckResponse } from '../../envoy/check_response.ts';
import { generateBundle } from '../agreement/bundle_generator.ts';
import { load } from '../agreement/comparison.ts';
import { Random, seedOfRun } from '../agreement/random.ts';
import { aimed, nearMiss, officialRequest } from '../agreement/request_generator.ts';
import { NOW } from '../engine/fixture.ts';
import { metadataOf, statusOf } from '../envoy/answered.ts';
import { DECISION_ID, decode, encode, type Response } from '../envoy/fixture.ts';
import { credentialBundle, OPERATIONS } from './bundles.ts';
import { judged } from './judged.ts';
import { randomShown, spoilt } from './requests.ts';

const BUNDLES = 120;
const REQUESTS = 30;
const BUNDLES_WITHOUT_ISSUER = 20;
const REQUESTS_WITHOUT_ISSUER = 40;
const REQUESTS_MAX = 150;
const NEAR_MISSES = [1, 2, 3, 4];
const ALLOWED_SHARE_MIN = 0.2;

interface Class {
  readonly grpc: number;
  readonly http: readonly number[];
  readonly title: string;
}

const CLASSES: Readonly<Record<string, Class>> = {
  authn: { grpc: 16, http: [401, 403], title: 'Authentication failed' },
  authz: { grpc: 7, http: [403], title: 'Permission refused' },
  ctx: { grpc: 7, http: [400, 403], title: 'Request cannot be authorized' },
  sys: { grpc: 14, http: [503], title: 'Authorization unavailable' },
};

const OCCASION = {
  ...{ decisionId: DECISION_ID, now: NOW, durationUs: 1, revision: 1, method: 'GET', path: '/a' },
  ...{ host: '', destination: '', requestId: '', traceId: '', sni: '', port: 0 },
};

interface Records {
  readonly ofEvidence: string | null;
  readonly ofDecision: readonly string[];
}

function recordsOf(verdict: Verdict, snapshot: Snapshot): Records {
  const { evidence, decision } = recordLines(verdict, OCCASION, snapshot);
  return { ofEvidence: JSON.parse(evidence).reason, ofDecision: JSON.parse(decision).reasons };
}

/** Every place that says why says the same one word, or what belongs to its class alone. */
function assertOneClass(verdict: Verdict, snapshot: Snapshot, response: Response): void {
  const { reason } = verdict.decision;
  assert.ok(reason);
  const names = Object.keys(CLASSES).filter((it) => reason.startsWith(`${it}.`));
  assert.equal(names.length, 1);
  const { grpc, http, title } = CLASSES[names[0]!]!;
  const { ofEvidence, ofDecision } = recordsOf(verdict, snapshot);
  assert.deepEqual(ofDecision, [reason]);
  assert.ok(ofEvidence === null || ofEvidence === reason);
  assert.equal(metadataOf(response)['reason'], reason);
  assert.equal(response.status?.code, grpc);
  const status = statusOf(response);
  assert.ok(status !== undefined && http.includes(status), `${reason} ${status}`);
  const problem = JSON.parse(response.denied_response?.body ?? '');
  assert.deepEqual([problem.title, problem.status], [title, status]);
  const others = Object.values(CLASSES).filter((it) => it.title !== title);
  for (const other of others) assert.equal(problem.title === other.title, false);
}

/** RFC 9110 section 11.6.1, of the two schemes that Remit asks for. */
const PARAMETER = '[a-z_]+="[^"\\\\]*"';
const ONE = `(?:Bearer|DPoP)(?: ${PARAMETER}(?:, ${PARAMETER})*)?`;
const CHALLENGE = new RegExp(`^${ONE}(?:, ${ONE})?$`);

function challengesOf({ denied_response: denied, ok_response: ok }: Response): string[] {
  const headers = [...(denied?.headers ?? []), ...(ok?.headers ?? [])];
  return headers
    .filter(({ header }) => header.key.toLowerCase() === 'www-authenticate')
    .map(({ header }) => header.value);
}

/** What no token mends carries none: who it is does not matter, or somebody else has failed. */
const NEVER =
  /^(ctx|sys)\.|^authz\.(?!token_scope)|enforcer|conflict|wrong_principal|invalid_ident/;

class Counts {
  answers = 0;
  allowed = 0;
  readonly seen = new Map<string, number>();

  add(verdict: Verdict, snapshot: Snapshot): void {
    const challenge = challengeOf(verdict, snapshot.proof.issuers.tokens);
    const bytes = encodeCheckResponse(verdict, DECISION_ID, 'http', undefined, challenge);
    const response = decode(bytes);
    const challenges = challengesOf(response);
    this.answers++;
    if (verdict.decision.outcome === 'allow') {
      this.allowed++;
      assert.deepEqual(recordsOf(verdict, snapshot), { ofEvidence: null, ofDecision: [] });
      assert.deepEqual([challenges, response.denied_response], [[], undefined]);
      return;
    }
    assertOneClass(verdict, snapshot, response);
    this.#challenge(verdict, statusOf(response)!, challenges, snapshot);
  }

  #challenge(
    { decision, service }: Verdict,
    status: number,
    challenges: readonly string[],
    { proof }: Snapshot,
  ): void {
    const reason: string = decision.reason ?? '';
    const [text, ...more] = challenges;
    assert.deepEqual(more, []);
    if (status === 401) assert.ok(text, `${reason} is 401 without a challenge`);
    const kind = `${status} ${text === undefined ? 'bare' : text.includes('error=')}`;
    this.seen.set(kind, (this.seen.get(kind) ?? 0) + 1);
    if (text === undefined) return;
    assert.match(text, CHALLENGE);
    assert.ok(!NEVER.test(reason), `${reason} asks for ${text}`);
    const isScope = reason === 'authz.token_scope';
    assert.equal(status, isScope ? 403 : 401, reason);
    assert.equal(text.includes('error="insufficient_scope"'), isScope);
    // A service that takes no token in `Authorization` asks for none.
    assert.ok(service !== undefined && !service.passesAuthorization);
    assert.ok(service.accepts?.has('jwt') !== false || service.accepts.has('jwt-svid'));
    if (text.includes('DPoP'))
      assert.ok(service.origin !== '' && service.accepts?.has('jwt') !== false);
    const { jwt, svid } = proof.issuers.tokens.schemes;
    assert.ok(jwt.bearer || jwt.dpop || svid);
  }
}

describe('every answer to generated requests', function () {
  this.timeout(180_000);
  const seed = seedOfRun();

  const counting = (run: (random: Random, counts: Counts) => void): Counts => {
    const counts = new Counts();
    try {
      run(new Random(seed), counts);
    } catch (error) {
      throw new Error(`REMIT_SEED=${seed}`, { cause: error });
    }
    const { answers, allowed, seen } = counts;
    const percent = ((100 * allowed) / answers).toFixed(1);
    console.log(`      ${answers} answers, ${percent} % allowed; ${JSON.stringify([...seen])}`);
    assert.ok(allowed / answers >= ALLOWED_SHARE_MIN, `only ${percent} % allowed`);
    return counts;
  };

  it('has one class, 401 with a challenge always and a challenge nowhere else (C-002 C-050)', () => {
    const { answers, seen } = counting((random, counts) => {
      for (let i = 0; i < BUNDLES; i++) {
        const { snapshot } = credentialBundle(random, { against: true, passing: true });
        for (let j = 0; j < REQUESTS; j++) {
          const good = randomShown(random);
          const shown = random.chance(0.15) ? spoilt(random, good) : good;
          counts.add(judged(snapshot, shown, random.pick(OPERATIONS)), snapshot);
        }
      }
    });
    assert.ok(answers > 3_000);
    // 401 that names an error and one that names none, 403 for a scope, 403 without a challenge.
    for (const kind of ['401 true', '401 false', '403 true', '403 bare']) {
      assert.ok((seen.get(kind) ?? 0) > 5, `hardly ever ${kind}`);
    }
  });

  it('is never 401 where nobody issues tokens (C-050)', () => {
    const { seen } = counting((random, counts) => {
      for (let i = 0; i < BUNDLES_WITHOUT_ISSUER; i++) {
        const bundle = generateBundle(random);
        const { snapshot } = load(bundle.documents, bundle.settings);
        const drafts = Array.from({ length: REQUESTS_WITHOUT_ISSUER }, () => aimed(random, bundle));
        for (const draft of drafts) {
          const { asker, now } = draft;
          const bytes = encode(officialRequest(draft));
          const step = checkEnvoy(bytes, asker, snapshot, NO_FACTS, now);
          assert.ok(step.kind === 'answer');
          const { verdict } = step.answer;
          counts.add(verdict, snapshot);
          const isAllowed = verdict.decision.outcome === 'allow';
          // What is allowed is asked again, with one thing about it changed.
          if (!isAllowed || drafts.length > REQUESTS_MAX) continue;
          drafts.push(...NEAR_MISSES.map(() => nearMiss(random, bundle, draft)));
        }
      }
    });
    assert.deepEqual([...seen.keys()].sort(), ['400 bare', '403 bare']);
  });

  it('has one class for every reason of the table, whoever failed (C-002)', () => {
    const { snapshot } = credentialBundle(new Random(seed));
    for (const reason of REASON_CODES) {
      const verdict = verdictOf(new Failure(reason, 'x'));
      const response = decode(encodeCheckResponse(verdict, DECISION_ID, 'http'));
      assertOneClass(verdict, snapshot, response);
      assert.deepEqual(challengesOf(response), []);
      assert.notEqual(statusOf(response), 401);
    }
  });
});
