// Transaction Tokens (C-011): context, verified like any other token, of one trust domain.

import assert from 'node:assert/strict';
import { isFailure } from '../../engine/failure.ts';
import { verifyAccessToken } from '../../engine/identity/token/access_token.ts';
import { SPIFFE_ALGORITHMS } from '../../engine/identity/token/algorithm.ts';
import { type TxnTokenIssuer, verifyTxnToken } from '../../engine/identity/token/txn_token.ts';
import { assertRefused, CI, type Json, KEYS, makeToken, NOW, NOW_S, readOk } from './fixture.ts';

const CLAIMS: Json = {
  iat: NOW_S - 5,
  exp: NOW_S + 60,
  aud: 'prod.example',
  txn: '97053963-771d-49cc-a4e3-20aad399c312',
  sub: 'alice@acme.example',
  scope: 'refund.create',
  req_wl: 'spiffe://prod.example/ns/shop/sa/checkout',
  tctx: { amount: 500 },
  rctx: { req_ip: '192.0.2.1' },
};

const ISSUER: TxnTokenIssuer = {
  trustDomain: 'prod.example',
  issuer: 'https://tts.prod.example',
  algorithms: SPIFFE_ALGORITHMS,
};

const make = (claims: Json = {}, header: Json = {}) =>
  makeToken({ ...CLAIMS, ...claims }, { typ: 'txntoken+jwt', ...header });
const judge = (text: string, issuer = ISSUER) => verifyTxnToken(readOk(text), issuer, KEYS);

describe('a Transaction Token (C-011)', () => {
  it('says what a call belongs to', () => {
    for (const iss of [undefined, ISSUER.issuer]) {
      const token = judge(make({ iss }));
      assert.ok(!isFailure(token));
      assert.equal(token.kind, 'txn_token');
      assert.equal(token.issuer, 'prod.example');
      assert.equal(token.spiffe, undefined);
      assert.equal(token.expiresAt, NOW + 60_000);
      assert.deepEqual([...token.scopes], ['refund.create']);
      assert.equal(token.claims.get('req_wl'), CLAIMS['req_wl']);
    }
  });

  it('is no access token', () => {
    assertRefused(verifyAccessToken(readOk(make({ iss: CI.issuer })), CI, KEYS), /`typ`/);
  });

  const audience = 'authn.audience';
  const untrusted = 'authn.untrusted_issuer';
  const rows: readonly (readonly [name: string, text: string, detail: RegExp, reason?: string])[] =
    [
      ['of another `typ`', make({}, { typ: 'JWT' }), /`typ`/],
      ['for another domain', make({ aud: 'other.example' }), /another trust domain/, audience],
      ['for two domains', make({ aud: ['prod.example', 'other'] }), /another/, audience],
      ['of another issuer', make({ iss: 'https://evil.example' }), /another issuer/, untrusted],
      ['by the key of another', make({}, { kid: 'two' }), /wrong signature/],
      ['by an unknown key', make({}, { kid: 'x' }), /no key/, untrusted],
      ['with a number as scope', make({ scope: 1 }), /`scope`/],
      ['with an empty scope', make({ scope: '' }), /`scope`/],
      ['with a number as `txn`', make({ txn: 1 }), /`txn`/],
      ['with a list as `req_wl`', make({ req_wl: ['a'] }), /`req_wl`/],
      ['with a text as `tctx`', make({ tctx: 'x' }), /`tctx`/],
      ['with a list as `rctx`', make({ rctx: [] }), /`rctx`/],
      ...['iat', 'exp', 'aud', 'txn', 'sub', 'scope', 'req_wl'].map(
        (claim) =>
          [
            `without \`${claim}\``,
            make({ [claim]: undefined }),
            new RegExp(`\`${claim}\``),
          ] as const,
      ),
    ];

  for (const [name, text, detail, reason] of rows) {
    it(`is refused: ${name}`, () => assertRefused(judge(text), detail, reason));
  }

  it('has no issuer where none is configured', () => {
    const silent = { ...ISSUER, issuer: undefined };
    assert.ok(!isFailure(judge(make(), silent)));
    assertRefused(judge(make({ iss: ISSUER.issuer }), silent), /another issuer/, untrusted);
  });
});
