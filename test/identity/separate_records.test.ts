// C-064: the credential of an identity, what it is entitled to, its place in the inventory and its
// review stand in records of their own. Each is changed by itself, in any order, and what the
// others say stays as it was: to revoke a credential takes no entitlement, and the other way about.

import assert from 'node:assert/strict';
import { type Document, verdictOn } from '../engine/fixture.ts';
import {
  accessToken,
  bearer,
  FILES,
  ISSUER_KEY,
  issuer,
  jwk,
  mesh,
  NOW,
  OTHER_KEY,
  rule,
} from './token_fixture.ts';

/** Of each record whether it says that the identity may. */
interface Records {
  readonly credential: boolean;
  readonly inventory: boolean;
  readonly review: boolean;
  readonly entitlement: boolean;
}
type Name = keyof Records;

/** In the order in which they are asked for; the first that says no gives the reason. */
const REASONS: Readonly<Record<Name, string>> = {
  credential: 'authn.invalid_token',
  inventory: 'authz.unknown_identity',
  review: 'authz.review_overdue',
  entitlement: 'authz.no_match',
};
const NAMES = Object.keys(REASONS) as Name[];
const ALL: Records = { credential: true, inventory: true, review: true, entitlement: true };

/** Every set of records that say yes. */
const SETS = Array.from({ length: 2 ** NAMES.length }, (_, set) => {
  const says = NAMES.map((name, bit) => [name, (set & (1 << bit)) !== 0]);
  return Object.fromEntries(says) as unknown as Records;
});

const keys = (key: typeof ISSUER_KEY) =>
  new Map([
    ...FILES,
    ['keys.json', JSON.stringify({ keys: [jwk(key.publicKey, { kid: 'k', alg: 'ES256' })] })],
  ]);

function meshOf({ credential, inventory, review, entitlement }: Records) {
  const identity: Document = {
    kind: 'Identity',
    metadata: { name: 'app', reviewBy: review ? '2026-12-31' : '2026-11-21' },
    spec: {
      issuer: 'ci',
      subject: 'repo:acme/app',
      expiresAt: new Date(inventory ? NOW + 1000 : NOW).toISOString(),
    },
  };
  const principal = entitlement ? 'ci#repo:acme/app' : 'ci#somebody-else';
  const rules = [rule('app', { from: { principals: [principal] } })];
  // The issuer has taken its key back: what it signed proves nothing any longer.
  const files = keys(credential ? ISSUER_KEY : OTHER_KEY);
  return mesh([issuer(), identity], rules, {}, { overdueReviews: 'deny' }, files);
}

const TOKEN = accessToken();

describe('C-064: credential, inventory, review and entitlement', () => {
  for (const records of SETS) {
    const against = NAMES.filter((name) => !records[name]);
    const want = against.length === 0 ? 'allow' : REASONS[against[0]!];
    it(`deny each by itself, with its own reason: not ${against.join(', ') || 'any'}`, () => {
      const { decision, evidence } = verdictOn(meshOf(records), bearer(TOKEN));
      assert.equal(decision.reason ?? 'allow', want);
      assert.equal(evidence.result, records.credential ? 'verified' : 'failed', 'the credential’s');
    });
  }

  it('are told apart by two digests: no credential is part of what is permitted', () => {
    const { proof, policy } = meshOf(ALL);
    for (const name of NAMES) {
      const changed = meshOf({ ...ALL, [name]: false });
      const isEntitlement = name === 'entitlement';
      assert.equal(changed.policy.digest === policy.digest, !isEntitlement, name);
      assert.equal(changed.proof.digest === proof.digest, isEntitlement, name);
    }
  });

  it('let a key be exchanged: the entitlement is that of the identity, not of its credential', () => {
    const rotated = meshOf({ ...ALL, credential: false });
    const renewed = accessToken({ key: OTHER_KEY.privateKey });
    const [before, after] = [
      verdictOn(meshOf(ALL), bearer(TOKEN)),
      verdictOn(rotated, bearer(renewed)),
    ];
    assert.equal(after.decision.outcome, 'allow');
    assert.deepEqual(after.decision.rules, before.decision.rules);
    assert.equal(after.principal?.id, before.principal?.id);
    assert.notEqual(after.evidence.credential, before.evidence.credential);
  });
});
