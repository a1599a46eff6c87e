// Signatures on jose.json, which are Wycheproof's: a compact JWS, a key set as an issuer publishes
// it, and the algorithms that the issuer uses.

import assert from 'node:assert/strict';
import { isFailure } from '../../engine/failure.ts';
import { ALGORITHMS, type Algorithm } from '../../engine/identity/token/algorithm.ts';
import { parseCompactJws } from '../../engine/identity/token/compact_jws.ts';
import { JwkSet, parseJwkSet } from '../../engine/identity/token/jwk_set.ts';
import { chooseKey, isSignedBy } from '../../engine/identity/token/signature.ts';
import { withSharedCases } from '../shared_cases.ts';

interface Case {
  readonly id: string;
  readonly jws: string;
  readonly valid: boolean;
  readonly policyRefuses?: string;
}

interface Group {
  readonly jwks: unknown;
  readonly allowedAlgs?: readonly string[];
  readonly cases: readonly Case[];
}

const NO_PAYLOAD = 'a token without a payload says nothing, and is no token';

/** Decided otherwise on purpose, with the reason. */
const DELIBERATE: Readonly<Record<string, string>> = {
  'wycheproof.sig/259': NO_PAYLOAD,
  'wycheproof.sig/264': NO_PAYLOAD,
  'wycheproof.sig/268': NO_PAYLOAD,
  'wycheproof.sig/272': NO_PAYLOAD,
  'wycheproof.sig/320': NO_PAYLOAD,
  'wycheproof.sig/325': NO_PAYLOAD,
};

/** Whether it is accepted, or why not. */
function resultOf({ jws }: Case, { jwks, allowedAlgs }: Group): true | string {
  const parsed = parseCompactJws(jws, 'issuer');
  if (isFailure(parsed)) return parsed.detail;
  const keys = parseJwkSet(JSON.stringify(jwks), 'sig');
  if (!(keys instanceof JwkSet)) return keys.message;
  // HS256 among them allows nothing.
  const allowed = allowedAlgs as readonly Algorithm[] | undefined;
  const key = chooseKey(parsed, keys, new Set(allowed ?? ALGORITHMS));
  if (isFailure(key)) return `${key.detail} ${JSON.stringify(keys.findings)}`;
  return isSignedBy(parsed, key) || 'a wrong signature';
}

describe('C-011: signatures on jose.json', () => {
  withSharedCases<{ readonly groups: readonly Group[] }>('jose.json', ({ groups }) => {
    const rows = groups.flatMap((group) => group.cases.map((test) => ({ group, test })));

    for (const { group, test } of rows) {
      const why = DELIBERATE[test.id];
      it(why === undefined ? test.id : `differs on purpose: ${test.id}, ${why}`, () => {
        const wanted = test.valid && test.policyRefuses === undefined;
        const result = resultOf(test, group);
        assert.equal((result === true) === wanted, why === undefined, String(result));
      });
    }

    it('are all there', () => assert.equal(rows.length, 474));

    it('differ on purpose only where they are listed', () => {
      const ids = new Set(rows.map(({ test }) => test.id));
      assert.deepEqual(
        Object.keys(DELIBERATE).filter((id) => !ids.has(id)),
        [],
      );
    });
  });
});
