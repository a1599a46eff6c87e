// C-010: keys that come from outside and are not at hand deny what they would verify, as a fault of
// ours and not of the caller; and nothing else is denied for it.

import assert from 'node:assert/strict';
import { answerTo, CHECKOUT, type Document, identity } from '../engine/fixture.ts';
import { accessToken, bearer, issuer, jws, mesh, OTHER_KEY, rule, S } from './token_fixture.ts';

const WORKLOADS: Document = {
  kind: 'Issuer',
  metadata: { name: 'workloads' },
  spec: {
    jwtSvid: { trustDomain: 'prod.example', audiences: ['remit'], workloadApi: true },
  },
};
const elsewhere = issuer({ jwks: { url: 'https://ci.example/keys' } });
const MESH = mesh(
  [WORKLOADS, elsewhere, identity(CHECKOUT)],
  [rule('peer', { from: { principals: [CHECKOUT] } })],
);
const svid = (sub: string) =>
  jws(
    { alg: 'ES256', kid: 'k', typ: 'JWT' },
    { sub, aud: 'remit', exp: S + 60 },
    OTHER_KEY.privateKey,
  );

describe('C-010: while keys are not at hand', () => {
  it('tokens that they would verify are denied for want of them', () => {
    assert.equal(answerTo(MESH, bearer(accessToken())), 'sys.keys_unavailable');
    assert.equal(answerTo(MESH, bearer(svid(CHECKOUT))), 'sys.keys_unavailable');
  });

  it('a token of a trust domain that nobody vouches for is what it was', () => {
    const foreign = svid('spiffe://other.example/ns/a/sa/b');
    assert.equal(answerTo(MESH, bearer(foreign)), 'authn.untrusted_issuer');
  });

  it('a peer without one is allowed', () => {
    assert.equal(answerTo(MESH, { caller: CHECKOUT }), 'allow');
  });
});
