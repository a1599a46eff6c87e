// WIMSE's Workload Identity Tokens and their proofs (C-011): the draft's own example, and a refusal
// for each rule. Times are those of the example.

import assert from 'node:assert/strict';
import { isFailure } from '../../engine/failure.ts';
import { readSharedClaims } from '../../engine/identity/token/claims.ts';
import {
  type Possession,
  PossessionFailure,
  tokenHash,
} from '../../engine/identity/token/possession.ts';
import { isSignedBy } from '../../engine/identity/token/signature.ts';
import { verifyWit } from '../../engine/identity/token/wit.ts';
import { verifyWpt, type WptExpectation } from '../../engine/identity/token/wpt.ts';
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
  readOk,
  type TestKey,
} from './fixture.ts';

const ID = 'spiffe://prod.example/ns/shop/sa/checkout';
const CLIENT = makeKey('ES256', 'client');
const clientJwk: Json = { ...CLIENT.jwk, kid: undefined, alg: 'ES256' };

const WIT_CLAIMS: Json = {
  sub: ID,
  iat: NOW_S - 60,
  exp: NOW_S + 600,
  jti: 'w1',
  cnf: { jwk: clientJwk },
};

const KEYS = keySetOf([{ ...KEY.jwk, use: 'wit-svid' }], 'wit-svid');
const KEY_SETS = { of: (domain: string) => (domain === 'prod.example' ? KEYS : undefined) };

function makeWit(claims: Json = {}, header: Json = {}, key: TestKey = KEY): string {
  return makeToken({ ...WIT_CLAIMS, ...claims }, { typ: 'wit+jwt', ...header }, key);
}

const judgeWit = (text: string) => verifyWit(readOk(text), KEY_SETS);

describe('a Workload Identity Token (C-011)', () => {
  it('says who a workload is and which key it holds', () => {
    const token = judgeWit(makeWit());
    assert.ok(!isFailure(token));
    assert.equal(token.kind, 'wit');
    assert.equal(token.spiffe?.id, ID);
    assert.equal(token.issuer, 'prod.example');
    assert.deepEqual(token.audiences, []);
    assert.equal(token.confirmation?.jwk?.get('x'), clientJwk['x']);
    const [key] = keySetOf([CLIENT.jwk]).keys;
    assert.equal(token.confirmation?.jwkThumbprint, key?.thumbprint);
  });

  it('has no say in who vouches for it', () => {
    const token = judgeWit(makeWit({ iss: 'https://evil.example' }));
    assert.ok(!isFailure(token));
    assert.equal(token.issuer, 'prod.example');
  });

  const id = 'authn.invalid_identity';
  const rows: readonly (readonly [name: string, text: string, detail: RegExp, reason?: string])[] =
    [
      ['of another `typ`', makeWit({}, { typ: 'JWT' }), /`typ`/],
      ['without `kid`', makeWit({}, { kid: undefined }), /`kid`/],
      ['by an unknown key', makeWit({}, { kid: 'x' }), /no key/, 'authn.untrusted_issuer'],
      ['by another key', makeWit({}, { kid: KEY.kid }, OTHER_KEY), /wrong signature/],
      ['by EdDSA', makeWit({}, { kid: KEY.kid }, makeKey('EdDSA', 'ed')), /algorithm/],
      ['without a subject', makeWit({ sub: undefined }), /./, id],
      ['of a trust domain', makeWit({ sub: 'spiffe://prod.example' }), /trust domain/, id],
      ['of a WIMSE identifier', makeWit({ sub: 'wimse://prod.example/x' }), /scheme|starts/, id],
      [
        'of another domain',
        makeWit({ sub: 'spiffe://other/x' }),
        /vouches/,
        'authn.untrusted_issuer',
      ],
      ['that never expires', makeWit({ exp: undefined }), /`exp`/],
      ['with an audience', makeWit({ aud: 'remit' }), /audience/],
      ['with no audience, in words', makeWit({ aud: [] }), /audience/],
      ['without `cnf`', makeWit({ cnf: undefined }), /`cnf`/],
      ['bound otherwise', makeWit({ cnf: { jkt: tokenHash('x') } }), /no `jwk`/],
      [
        'whose key has no `alg`',
        makeWit({ cnf: { jwk: { ...clientJwk, alg: undefined } } }),
        /`alg`/,
      ],
      ['whose key is for HMAC', makeWit({ cnf: { jwk: { ...clientJwk, alg: 'HS256' } } }), /`alg`/],
      ['whose key is private', makeWit({ cnf: { jwk: { ...clientJwk, d: 'AAAA' } } }), /private/],
      ['whose key is symmetric', makeWit({ cnf: { jwk: { kty: 'oct', k: 'AAAA' } } }), /symmetric/],
    ];

  for (const [name, text, detail, reason] of rows) {
    it(`is refused: ${name}`, () => assertRefused(judgeWit(text), detail, reason));
  }

  it('is refused by the keys for JWT-SVIDs', () => {
    const jwtKeys = keySetOf([{ ...KEY.jwk, use: 'jwt-svid' }], 'wit-svid');
    const result = verifyWit(readOk(makeWit()), { of: () => jwtKeys });
    assertRefused(result, /no key/, 'authn.untrusted_issuer');
  });
});

const WIT = makeWit();
const TARGET = 'https://api.example/v1/refunds';

const EXPECTED: WptExpectation = {
  wit: WIT,
  confirmation: {
    x5tS256: undefined,
    jkt: undefined,
    jwk: new Map(Object.entries(clientJwk)) as never,
    jwkThumbprint: undefined,
  },
  uri: TARGET,
  accessToken: undefined,
  txnToken: undefined,
  aheadMsMax: 300_000,
  skewMs: 0,
};

const WPT_CLAIMS: Json = { aud: TARGET, exp: NOW_S + 60, jti: 'p1', wth: tokenHash(WIT) };

function makeWpt(claims: Json = {}, header: Json = {}, key = CLIENT): string {
  const own = { typ: 'wpt+jwt', kid: undefined };
  return makeToken({ ...WPT_CLAIMS, ...claims }, { ...own, ...header }, key);
}

const judge = (text: string, expected: Partial<WptExpectation> = {}, now = NOW) =>
  verifyWpt(text, { ...EXPECTED, ...expected }, now);

function judgeOk(text: string, expected: Partial<WptExpectation> = {}, now = NOW): Possession {
  const result = judge(text, expected, now);
  assert.ok(!(result instanceof PossessionFailure), JSON.stringify(result));
  return result;
}

describe('a Workload Proof Token (C-059)', () => {
  it('shows the key of a WIT', () => {
    const { thumbprint, refusedFrom, replayKey } = judgeOk(makeWpt());
    assert.equal(thumbprint, keySetOf([CLIENT.jwk]).keys[0]?.thumbprint);
    assert.equal(refusedFrom, NOW + 90_000);
    assert.notEqual(replayKey, judgeOk(makeWpt({ jti: 'p2' })).replayKey);
  });

  it('covers the tokens beside it, each exactly when it came', () => {
    const [ath, tth] = [tokenHash('at'), tokenHash('tt')];
    judgeOk(makeWpt({ ath, tth }), { accessToken: 'at', txnToken: 'tt' });
    const rows: readonly (readonly [Json, Partial<WptExpectation>, RegExp])[] = [
      [{}, { accessToken: 'at' }, /`ath`/],
      [{ ath: tth }, { accessToken: 'at' }, /`ath`/],
      [{ ath }, {}, /`ath`.*did not come/],
      [{}, { txnToken: 'tt' }, /`tth`/],
      [{ tth: ath }, { txnToken: 'tt' }, /`tth`/],
      [{ tth }, {}, /`tth`.*did not come/],
      [{ oth: { 'x-token': ath } }, {}, /`oth`/],
    ];
    for (const [claims, expected, detail] of rows) {
      assertRefused(judge(makeWpt(claims), expected), detail, 'authn.binding');
    }
    judgeOk(makeWpt({ oth: {} }));
  });

  const rows: readonly (readonly [name: string, text: string, detail: RegExp, reason?: string])[] =
    [
      ['by another key', makeWpt({}, {}, OTHER_KEY), /wrong signature/],
      ['by another algorithm', makeWpt({}, {}, makeKey('ES384', 'x')), /wrong signature/],
      ['of another `typ`', makeWpt({}, { typ: 'JWT' }), /`typ`/],
      ['without `typ`', makeWpt({}, { typ: undefined }), /`typ`/],
      ['of no claims', makeToken('x', { typ: 'wpt+jwt', kid: undefined }, CLIENT), /payload/],
      ['with a key of its own', makeWpt({}, { jwk: clientJwk }), /key of its own/],
      ['for another URI', makeWpt({ aud: `${TARGET}/1` }), /URI/, 'authn.binding'],
      ['for two URIs', makeWpt({ aud: [TARGET, 'https://evil.example/'] }), /URI/, 'authn.binding'],
      ['for none', makeWpt({ aud: undefined }), /`aud`/],
      ['for another WIT', makeWpt({ wth: tokenHash('x') }), /`wth`/, 'authn.binding'],
      ['for no WIT', makeWpt({ wth: undefined }), /`wth`/],
      ['that never expires', makeWpt({ exp: undefined }), /`exp`/],
      ['that has expired', makeWpt({ exp: NOW_S }), /moment/, 'authn.expired'],
      ['that lives for long', makeWpt({ exp: NOW_S + 301 }), /ahead/, 'authn.lifetime_exceeded'],
      ['from the future', makeWpt({ iat: NOW_S + 1 }), /moment/, 'authn.not_yet_valid'],
      ['without `jti`', makeWpt({ jti: undefined }), /`jti`/],
      ['with a text as `oth`', makeWpt({ oth: 'x' }), /`oth`/],
      ['that is nothing', '', /./],
    ];

  for (const [name, text, detail, reason] of rows) {
    it(`is refused: ${name}`, () => assertRefused(judge(text), detail, reason));
  }

  it('is refused for a WIT that names no key, or none with an algorithm', () => {
    assertRefused(judge(makeWpt(), { confirmation: undefined }), /no key/);
    const jwk = new Map(Object.entries({ ...clientJwk, alg: 'x' })) as never;
    const confirmation = { x5tS256: undefined, jkt: undefined, jwk, jwkThumbprint: undefined };
    assertRefused(judge(makeWpt(), { confirmation }), /`alg`/);
  });
});

describe('the example of draft-ietf-wimse-workload-creds and draft-ietf-wimse-wpt', () => {
  const wit =
    'eyJhbGciOiJFUzI1NiIsImtpZCI6Ikp1bmUgNSIsInR5cCI6IndpdCtqd3QifQ.eyJjbmYiOnsiandrIjp7ImFsZyI6Ik' +
    'VkRFNBIiwiY3J2IjoiRWQyNTUxOSIsImt0eSI6Ik9LUCIsIngiOiIxQ1hYdmZsTl9MVlZzSXNZWHNVdkIwM0ptbEdXZUNI' +
    'cVFWdW91Q0Y5MmJnIn19LCJleHAiOjE3NDU1MTI1MTAsImlhdCI6MTc0NTUwODkxMCwianRpIjoieC1fMUNUTDJjY2EzQ1' +
    'NFNGN3Yl9sIiwic3ViIjoid2ltc2U6Ly9leGFtcGxlLmNvbS9zcGVjaWZpYy13b3JrbG9hZCJ9.6KraSQUxWdl9dxFQ3Fj' +
    '6dPY0Vi88OkwFwZpAIOhLeq6AbXAnLLQgOp8U9UDGcBuYF3KiNv6oKQD1ZWAzrMZOJw';
  const wpt =
    'eyJhbGciOiJFZERTQSIsInR5cCI6IndwdCtqd3QifQ.eyJhdGgiOiJDTDR3amZwUm1OZi1iZFlJYllMblY5ZDVyTUFSR3' +
    'dLWUUxMHdVd3pDMGpJIiwiYXVkIjoiaHR0cHM6Ly93b3JrbG9hZC5leGFtcGxlLmNvbS9wYXRoIiwiZXhwIjoxNzQ1NTEw' +
    'MDE2LCJqdGkiOiJfX2J3YzRFU0MzYWNjMkxUQzEtX3giLCJ3dGgiOiJBYVlVZkMzNEQxZGkyRnhRTHBpSUpKN1NnOFZaNm' +
    '84T0Nkd1NmOUlUb0xnIn0.PI7d9AcYhLoEgPgbJvcM132lkBKnM1NXU-5hZUzVTIyj2dRJaTLFs6e5NYv5gg6AqcV7Nvk' +
    'YCwfgMgWasWQzCA';
  const authority = keySetOf(
    [
      {
        kty: 'EC',
        kid: 'June 5',
        crv: 'P-256',
        use: 'wit-svid',
        x: 'kXqnA2Op7hgd4zRMbw0iFcc_hDxUxhojxOFVGjE2gks',
        y: 'n__VndPMR021-59UAs0b9qDTFT-EZtT6xSNs_xFskLo',
      },
    ],
    'wit-svid',
  );
  const now = Date.parse('2025-04-24T15:53:00Z');

  it('is signed as it says, and names no SPIFFE ID', () => {
    const token = readOk(wit);
    const key = authority.ofKid('June 5');
    assert.ok(key !== undefined && isSignedBy(token.jws, key));
    assertRefused(verifyWit(token, { of: () => authority }), /starts/, 'authn.invalid_identity');
  });

  it('is proved by its proof, with the access token beside it', () => {
    const shared = readSharedClaims(readOk(wit).claims, [], 'example.com');
    assert.ok(!isFailure(shared));
    const expected: WptExpectation = {
      ...EXPECTED,
      wit,
      confirmation: shared.confirmation,
      uri: 'https://workload.example.com/path',
      accessToken: '16_mAd0GiwaZokU26_0902100',
    };
    judgeOk(wpt, expected, now);
    assertRefused(judge(wpt, { ...expected, accessToken: 'x' }, now), /`ath`/, 'authn.binding');
    const other = { ...expected, uri: 'https://other.example.com/path' };
    assertRefused(judge(wpt, other, now), /URI/, 'authn.binding');
  });
});
