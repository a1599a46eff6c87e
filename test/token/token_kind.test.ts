// Which validator judges a token: its `typ` says so, and what is no credential is refused by its
// name (C-010). No token is tried by one validator after the other.

import assert from 'node:assert/strict';
import { TokenFailure } from '../../engine/token.ts';
import {
  ACCESS_CLAIMS,
  assertRefused,
  GOOD_CLAIMS,
  ISSUER,
  makeToken,
  readOk,
  verify,
  verifyOk,
} from './fixture.ts';

const AT = { typ: 'at+jwt' };

describe('the kind of a token (C-010)', () => {
  const kinds: Readonly<Record<string, string>> = {
    'at+jwt': 'access_token',
    'AT+JWT': 'access_token',
    'application/at+jwt': 'access_token',
    JWT: 'jwt',
    jwt: 'jwt',
    JOSE: 'jwt',
    'wit+jwt': 'wit',
    'txntoken+jwt': 'txn_token',
  };

  for (const [typ, kind] of Object.entries(kinds)) {
    it(`is told by its \`typ\`: ${typ}`, () => {
      assert.equal(readOk(makeToken(GOOD_CLAIMS, { typ })).kind, kind);
    });
  }

  it('is a JWT-SVID where it is a plain JWT of a SPIFFE ID', () => {
    const claims = { ...GOOD_CLAIMS, sub: 'spiffe://prod.example/x' };
    assert.equal(readOk(makeToken(claims)).kind, 'jwt_svid');
    assert.equal(readOk(makeToken(claims, { typ: 'JWT' })).kind, 'jwt_svid');
    assert.equal(readOk(makeToken(claims, AT)).kind, 'access_token');
    assertRefused(verify(makeToken(claims)), /`typ`/);
  });

  for (const typ of [
    'oauth-id-jag+jwt',
    'secevent+jwt',
    'logout+jwt',
    'dpop+jwt',
    'wpt+jwt',
    'statuslist+jwt',
    'application/logout+jwt',
    'wit+jwt',
    'txntoken+jwt',
    'JOSE',
    'at',
    'jwt/at+jwt',
    'application/x/at+jwt',
    ' at+jwt',
    'client-authentication+jwt',
  ]) {
    it(`is not that of an access token: ${typ}`, () => {
      const result = verify(makeToken(ACCESS_CLAIMS, { typ }));
      assertRefused(result, /./);
      assert.ok(result instanceof TokenFailure);
      assert.equal(result.claimedIssuer, ISSUER);
    });
  }

  it('is one that the Issuer allows', () => {
    const none = { types: new Set([]) };
    for (const header of [AT, { typ: 'JWT' }, {}]) {
      assertRefused(verify(makeToken(ACCESS_CLAIMS, header), none), /`typ`/);
    }
    const onlyAccess = { types: new Set(['at+jwt'] as const) };
    assertRefused(verify(makeToken(ACCESS_CLAIMS), onlyAccess), /`typ`/);
    assertRefused(verify(makeToken(ACCESS_CLAIMS, { typ: 'JWT' }), onlyAccess), /`typ`/);
    verifyOk(makeToken(ACCESS_CLAIMS, AT), onlyAccess);
    assertRefused(verify(makeToken(GOOD_CLAIMS), { types: new Set(['JWT'] as const) }), /`typ`/);
  });

  it('is no logout and no security event that calls itself a JWT', () => {
    const events = { 'http://schemas.openid.net/event/backchannel-logout': {} };
    assertRefused(verify(makeToken({ ...GOOD_CLAIMS, events })), /security event/);
  });
});
