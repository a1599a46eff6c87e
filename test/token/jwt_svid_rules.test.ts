// JWT-SVIDs beyond the shared cases (C-011): the headers, names and keys that only an own token can
// show, and what a verified one says.

import assert from 'node:assert/strict';
import { isFailure } from '../../engine/failure.ts';
import type { JwkSet } from '../../engine/identity/token/jwk_set.ts';
import { type KeySets, verifyJwtSvid } from '../../engine/identity/token/jwt_svid.ts';
import { TokenFailure } from '../../engine/token.ts';
import {
  assertRefused,
  type Json,
  KEY,
  keySetOf,
  makeKey,
  makeToken,
  NOW,
  NOW_S,
  OTHER_KEY,
  RSA_KEY,
  readOk,
} from './fixture.ts';

const ID = 'spiffe://prod.example/ns/shop/sa/checkout';
const CLAIMS: Json = { sub: ID, aud: ['remit'], exp: NOW_S + 300, iat: NOW_S };

const svidKey = (jwk: Json): Json => ({ ...jwk, use: 'jwt-svid' });
const PROD = keySetOf([svidKey(KEY.jwk)], 'jwt-svid');
const OTHER = keySetOf([svidKey({ ...OTHER_KEY.jwk, kid: KEY.kid })], 'jwt-svid');
const SETS = new Map<string, JwkSet>([
  ['prod.example', PROD],
  ['other.example', OTHER],
]);
const KEY_SETS: KeySets = { of: (domain) => SETS.get(domain) };

const make = (claims: Json = {}, header: Json = {}, key = KEY) =>
  makeToken({ ...CLAIMS, ...claims }, header, key);
const judge = (text: string, keySets = KEY_SETS) => verifyJwtSvid(readOk(text), keySets);

describe('a JWT-SVID (C-011)', () => {
  it('says which workload it is, by the trust domain that vouches for it', () => {
    const token = judge(make({ iss: 'https://spire.example', scope: 'a' }, { typ: 'JWT' }));
    assert.ok(!isFailure(token));
    assert.equal(token.kind, 'jwt_svid');
    assert.equal(token.spiffe?.id, ID);
    assert.equal(token.subject, ID);
    assert.equal(token.issuer, 'prod.example');
    assert.equal(token.expiresAt, NOW + 300_000);
  });

  it('names by default actors of its own trust domain', () => {
    const token = judge(make({ iss: 'https://evil.example', act: { sub: 'a' } }));
    assert.ok(!isFailure(token));
    assert.deepEqual(token.actors, [{ issuer: 'prod.example', subject: 'a' }]);
  });

  const id = 'authn.invalid_identity';
  const untrusted = 'authn.untrusted_issuer';
  const rows: readonly (readonly [name: string, text: string, detail: RegExp, reason?: string])[] =
    [
      ['of a trust domain', make({ sub: 'spiffe://prod.example' }), /names no workload/, id],
      ['with an upper-case scheme', make({ sub: 'SPIFFE://prod.example/x' }), /starts with/, id],
      ['with a fragment', make({ sub: `${ID}#x` }), /characters/, id],
      ['with dot segments', make({ sub: 'spiffe://prod.example/a/../b' }), /segments/, id],
      ['of an unknown domain', make({ sub: 'spiffe://x/y' }), /nobody vouches/, untrusted],
      ['of another domain, with our key', make({ sub: 'spiffe://other.example/x' }), /signature/],
      ['with a header more', make({}, { cty: 'x' }), /header/],
      ['with a digest of a certificate', make({}, { 'x5t#S256': 'x' }), /header/],
      ['with a `typ` in lower case', make({}, { typ: 'jwt' }), /`typ`/],
      ['with a long `typ`', make({}, { typ: 'application/jwt' }), /`typ`/],
      ['without `kid`', make({}, { kid: undefined }), /`kid`/],
      ['with a `kid` in another case', make({}, { kid: 'ONE' }), /no key/, untrusted],
      ['by EdDSA', make({}, {}, makeKey('EdDSA', KEY.kid)), /algorithm/],
      ['by RSA, where the key is EC', make({}, { kid: KEY.kid }, RSA_KEY), /not for/],
      ['for nobody', make({ aud: undefined }), /nobody/, 'authn.audience'],
      ['that never expires', make({ exp: undefined }), /`exp`/],
      ['of a security event', make({ events: {} }), /event/],
    ];

  for (const [name, text, detail, reason] of rows) {
    it(`is refused: ${name}`, () => assertRefused(judge(text), detail, reason));
  }

  it('is refused by an OAuth key, by none, and by one for X.509', () => {
    for (const keys of [
      keySetOf([KEY.jwk], 'jwt-svid'),
      keySetOf([], 'jwt-svid'),
      keySetOf([{ ...KEY.jwk, use: 'x509-svid' }], 'jwt-svid'),
    ]) {
      const result = judge(make(), { of: () => keys });
      assertRefused(result, /no key/, 'authn.untrusted_issuer');
      assert.ok(result instanceof TokenFailure && result.keyMissing);
      assert.equal(result.claimedSubject, ID);
    }
  });
});
