// JWT-SVIDs on jwt-svid.json: each case in full, key set, signature, claims, time and audience.

import assert from 'node:assert/strict';
import { isFailure } from '../../engine/failure.ts';
import { JwkSet, parseJwkSet } from '../../engine/identity/token/jwk_set.ts';
import { type KeySets, verifyJwtSvid } from '../../engine/identity/token/jwt_svid.ts';
import { readToken } from '../../engine/identity/token/unverified_token.ts';
import { audienceFault, timeFault } from '../../engine/token.ts';
import { withSharedCases } from '../shared_cases.ts';

interface Case {
  readonly id: string;
  readonly bundles: string;
  readonly audience: readonly string[];
  readonly token: string;
  readonly valid: boolean;
  readonly spiffeId?: string;
  readonly reason?: string;
}

interface Data {
  readonly now: string;
  readonly bundles: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly cases: readonly Case[];
}

/** Decided otherwise on purpose, with the reason; none so far. */
const DELIBERATE: Readonly<Record<string, string>> = {};

/** The words of the data that are not `authn.invalid_token` here. */
const REASONS: Readonly<Record<string, readonly string[]>> = {
  expired: ['authn.expired'],
  'not-yet-valid': ['authn.not_yet_valid'],
  audience: ['authn.audience'],
  'no-bundle': ['authn.untrusted_issuer'],
  // The data names the key first; here a header that no JWT-SVID has is told first.
  'unknown-kid': ['authn.untrusted_issuer', 'authn.invalid_token'],
  subject: ['authn.invalid_identity'],
  'malformed-claim': ['authn.invalid_token', 'authn.invalid_identity'],
};

function keySetsOf(bundles: Data['bundles'][string] | undefined): KeySets {
  const sets = new Map<string, JwkSet>();
  for (const [trustDomain, bundle] of Object.entries(bundles ?? {})) {
    const set = parseJwkSet(JSON.stringify(bundle), 'jwt-svid');
    assert.ok(set instanceof JwkSet, JSON.stringify(set));
    sets.set(trustDomain, set);
  }
  return { of: (trustDomain) => sets.get(trustDomain) };
}

/** The SPIFFE ID, or the reason why there is none. */
function resultOf(test: Case, { bundles, now }: Data): string {
  const read = readToken(test.token);
  if (isFailure(read)) return read.reason;
  const token = verifyJwtSvid(read, keySetsOf(bundles[test.bundles]));
  if (isFailure(token)) return token.reason;
  const fault =
    timeFault(token, Date.parse(now), 0) ?? audienceFault(token, new Set(test.audience));
  return fault ?? token.spiffe?.id ?? 'no SPIFFE ID';
}

function agrees({ valid, spiffeId, reason = '' }: Case, result: string): boolean {
  if (valid) return result === spiffeId;
  return (REASONS[reason] ?? ['authn.invalid_token']).includes(result);
}

describe('C-011: JWT-SVIDs on jwt-svid.json', () => {
  withSharedCases<Data>('jwt-svid.json', (data) => {
    for (const test of data.cases) {
      const why = DELIBERATE[test.id];
      it(why === undefined ? test.id : `differs on purpose: ${test.id}, ${why}`, () => {
        const result = resultOf(test, data);
        assert.equal(agrees(test, result), why === undefined, result);
      });
    }

    it('are all there', () => assert.equal(data.cases.length, 82));
  });
});
