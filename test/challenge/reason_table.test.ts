// C-002 C-050: over the whole table of reasons, and whatever else a verdict may say: 401 always
// carries a challenge, a challenge stands nowhere else but on 403 for a scope, and each denial has
// exactly one class (DESIGN 5.6, RFC 9110 section 15.5.2).

import assert from 'node:assert/strict';
import { type Challenge, challengeOf, httpStatus } from '../../engine/challenge.ts';
import type { Verdict } from '../../engine/check.ts';
import { denied } from '../../engine/decision.ts';
import { EVIDENCE_RESULTS, METHODS, NOT_EVALUATED, type ShownBy } from '../../engine/evidence.ts';
import {
  type ChallengeKind,
  REASON_CODES,
  REASONS,
  type Reason,
  reasonClass,
} from '../../engine/reason.ts';
import { encodeCheckResponse } from '../../envoy/check_response.ts';
import { DECISION_ID, decode, type Response } from '../envoy/fixture.ts';
import { bearer, issuer, mesh, verdictOn } from './fixture.ts';

/** Every reason that is not here carries none. */
const KINDS: Readonly<Partial<Record<Reason, ChallengeKind>>> = {
  'authn.missing': 'token',
  'authn.untrusted_issuer': 'token',
  'authn.invalid_token': 'token',
  'authn.expired': 'token',
  'authn.not_yet_valid': 'token',
  'authn.audience': 'token',
  'authn.binding': 'token',
  'authn.replay': 'token',
  'authn.nonce': 'token',
  'authn.lifetime_exceeded': 'token',
  'authn.assurance': 'step_up',
  'authz.token_scope': 'scope',
};
const NEVER: readonly Reason[] = [
  'authn.untrusted_enforcer',
  'authn.enforcer_scope',
  'authn.identity_conflict',
  'authn.wrong_principal_kind',
  'authn.orphaned',
  'authn.revoked',
  'authn.invalid_identity',
];
const SHOWN_BY: readonly ShownBy[] = ['nothing', 'bearer', 'dpop', 'dpop_proof', 'other'];

const SNAPSHOTS = [
  mesh({ read: { scopes: ['pay.read', 'pay'], requestable: true } }),
  mesh({ read: { scopes: ['pay.read'] }, origin: 'https://pay.example' }, [
    issuer({ bound: true }),
  ]),
  mesh({ authorization: 'passThrough' }),
  mesh({ accepts: ['x509-svid', 'wit', 'api-key'] }),
  mesh({ accepts: ['jwt-svid'] }),
  mesh({}, []),
  mesh({ resourceMetadata: 'https://pay.example/.well-known/oauth-protected-resource' }),
];

/** All that a challenge can depend on. */
function* verdicts(reason: Reason): Generator<readonly [Verdict, Challenge | undefined]> {
  for (const snapshot of SNAPSHOTS) {
    const { issuers } = snapshot.proof;
    const judged = verdictOn(snapshot, bearer());
    const access = verdictOn(SNAPSHOTS[0]!, bearer()).access;
    for (const service of [judged.service, undefined]) {
      for (const known of [access, undefined]) {
        for (const result of EVIDENCE_RESULTS) {
          for (const method of METHODS) {
            for (const shownBy of SHOWN_BY) {
              const evidence = { ...NOT_EVALUATED, result, method, shownBy };
              const decision = denied(reason, 0);
              const verdict = { ...judged, access: known, service, evidence, decision };
              yield [verdict, challengeOf(verdict, issuers.tokens)];
            }
          }
        }
      }
    }
  }
}

function headerOf({ denied_response: response }: Response): string | undefined {
  const found = response?.headers?.filter(({ header }) => header.key === 'www-authenticate') ?? [];
  assert.ok(found.length <= 1);
  return found[0]?.header.value;
}

const HTTP = { BadRequest: 400, Unauthorized: 401, Forbidden: 403, ServiceUnavailable: 503 };

describe('C-002: the challenge of a reason', () => {
  it('is a column of the table', () => {
    const want = Object.fromEntries(REASON_CODES.map((it) => [it, KINDS[it] ?? 'none']));
    const table = REASON_CODES.map((it) => [it, REASONS[it].challenge]);
    assert.deepEqual(Object.fromEntries(table), want);
    for (const reason of NEVER) assert.equal(REASONS[reason].challenge, 'none');
  });

  for (const reason of REASON_CODES) {
    it(`stands on 401 and nowhere else, but for a scope: ${reason}`, () => {
      const texts = new Set<string | undefined>();
      for (const [verdict, challenge] of verdicts(reason)) {
        const status = httpStatus(reason, challenge);
        texts.add(challenge?.text);
        assert.equal(challenge?.text === '', false);
        if (status === 401) assert.ok(challenge !== undefined && reasonClass(reason) === 'authn');
        if (challenge === undefined) continue;
        assert.equal(status, reason === 'authz.token_scope' ? 403 : 401);
        assert.ok(verdict.service !== undefined && !verdict.service.passesAuthorization);
        if (status === 403) assert.match(challenge.text, /error="insufficient_scope"/);
      }
      assert.ok(texts.has(undefined), 'no reason has one always');
      assert.equal(texts.size > 1, reason in KINDS);
    });
  }

  it('is in the response with its status, for both kinds of client', () => {
    for (const reason of REASON_CODES) {
      const seen = new Set<string | undefined>();
      for (const [verdict, challenge] of verdicts(reason)) {
        if (seen.has(challenge?.text)) continue;
        seen.add(challenge?.text);
        for (const client of ['http', 'grpc'] as const) {
          const bytes = encodeCheckResponse(verdict, DECISION_ID, client, undefined, challenge);
          const response = decode(bytes);
          const code = HTTP[response.denied_response?.status?.code as keyof typeof HTTP];
          assert.equal(code, httpStatus(reason, challenge));
          assert.equal(headerOf(response), challenge?.text);
          const { body } = response.denied_response!;
          if (client === 'http') assert.equal(JSON.parse(body!).status, code);
          else assert.equal(body, undefined);
        }
      }
    }
  });

  it('cannot be put on a reason that may carry none', () => {
    const challenge: Challenge = { status: 401, text: 'Bearer' };
    const [[verdict] = []] = verdicts('authz.no_match');
    assert.throws(() => encodeCheckResponse(verdict!, DECISION_ID, 'http', undefined, challenge));
  });
});
