// DPoP proofs (C-059): the sender of a bound token holds its key, for this method, this URI and
// this token, now. A token stolen from another client, or a proof made for another request, is
// worth nothing.

import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { readClientJwk } from '../../engine/identity/token/client_key.ts';
import { type DpopExpectation, verifyDpop } from '../../engine/identity/token/dpop.ts';
import {
  type Possession,
  PossessionFailure,
  tokenHash,
} from '../../engine/identity/token/possession.ts';
import { CLIENT_KEYS_KEPT_MAX } from '../../engine/limits.ts';
import {
  assertRefused,
  encode,
  type Json,
  keySetOf,
  makeKey,
  makeToken,
  NOW,
  NOW_S,
  type TestKey,
} from './fixture.ts';

const CLIENT = makeKey('ES256', 'client');
const THIEF = makeKey('ES256', 'thief');
const TOKEN = 'Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU';
const publicJwk = ({ jwk }: TestKey): Json => ({ ...jwk, kid: undefined });
const thumbprintOf = ({ jwk }: TestKey): string => keySetOf([jwk]).keys[0]!.thumbprint;

const EXPECTED: DpopExpectation = {
  method: 'POST',
  uri: 'https://api.kiosk.example/v1/refunds',
  accessToken: TOKEN,
  jkt: thumbprintOf(CLIENT),
  nonces: undefined,
  ageMsMax: 60_000,
  skewMs: 10_000,
};

const CLAIMS: Json = {
  jti: 'p1',
  htm: 'POST',
  htu: 'https://api.kiosk.example/v1/refunds',
  iat: NOW_S,
  ath: tokenHash(TOKEN),
};

function proof(claims: Json = {}, header: Json = {}, key = CLIENT): string {
  const own = { typ: 'dpop+jwt', kid: undefined, jwk: publicJwk(key) };
  return makeToken({ ...CLAIMS, ...claims }, { ...own, ...header }, key);
}

function judge(text: string, expected: Partial<DpopExpectation> = {}, now = NOW) {
  return verifyDpop(text, { ...EXPECTED, ...expected }, now);
}

function judgeOk(text: string, expected: Partial<DpopExpectation> = {}, now = NOW): Possession {
  const result = judge(text, expected, now);
  assert.ok(!(result instanceof PossessionFailure), JSON.stringify(result));
  return result;
}

describe('a DPoP proof (C-059)', () => {
  it('shows the key, and says by what and until when its use is remembered', () => {
    const result = judgeOk(proof());
    assert.equal(result.thumbprint, EXPECTED.jkt);
    assert.equal(result.refusedFrom, NOW + 90_000);
    assert.equal(result.replayKey, judgeOk(proof({ iat: NOW_S - 1 })).replayKey);
    assert.notEqual(result.replayKey, judgeOk(proof({ jti: 'p2' })).replayKey);
  });

  it('has the `ath` of RFC 9449 section 7.1, and is the one printed there', () => {
    assert.equal(tokenHash(TOKEN), 'fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo');
    const text =
      'eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjN' +
      'oUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VE' +
      'RWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwi' +
      'aHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjY' +
      'xOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP' +
      '86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA';
    const expected = {
      method: 'GET',
      uri: 'https://resource.example.org/protectedresource',
      jkt: '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I',
    };
    judgeOk(text, expected, 1_562_262_618_000);
  });

  for (const [htu, uri] of [
    ['https://api.kiosk.example/v1/refunds?x=1', EXPECTED.uri],
    ['https://api.kiosk.example/v1/refunds#x', EXPECTED.uri],
    [EXPECTED.uri, `${EXPECTED.uri}?page=2`],
    ['HTTPS://API.kiosk.EXAMPLE:443/v1/refunds', EXPECTED.uri],
    ['https://api.kiosk.example/v1/%72efunds', EXPECTED.uri],
    ['https://api.kiosk.example', 'https://api.kiosk.example/'],
    ['https://api.kiosk.example/a%2fb', 'https://api.kiosk.example/a%2Fb'],
    ['https://[2001:DB8::1]:8443/x', 'https://[2001:db8::1]:8443/x'],
  ] as const) {
    it(`is for the same URI: ${htu} for ${uri}`, () => {
      judgeOk(proof({ htu }), { uri });
    });
  }

  const rows: readonly (readonly [name: string, text: string, detail: RegExp, reason?: string])[] =
    [
      ['by another key', proof({}, {}, THIEF), /another key/, 'authn.binding'],
      ['with the key of another', proof({}, { jwk: publicJwk(CLIENT) }, THIEF), /wrong signature/],
      ['for another method', proof({ htm: 'GET' }), /method/, 'authn.binding'],
      ['for a method in another case', proof({ htm: 'post' }), /method/, 'authn.binding'],
      ['for another path', proof({ htu: `${EXPECTED.uri}/1` }), /URI/, 'authn.binding'],
      [
        'for another host',
        proof({ htu: 'https://evil.example/v1/refunds' }),
        /URI/,
        'authn.binding',
      ],
      [
        'for another scheme',
        proof({ htu: 'http://api.kiosk.example/v1/refunds' }),
        /URI/,
        'authn.binding',
      ],
      [
        'for another port',
        proof({ htu: 'https://api.kiosk.example:8443/v1/refunds' }),
        /URI/,
        'authn.binding',
      ],
      [
        'for a path in another case',
        proof({ htu: 'https://api.kiosk.example/V1/refunds' }),
        /URI/,
        'authn.binding',
      ],
      [
        'for dot segments',
        proof({ htu: 'https://api.kiosk.example/v1/x/../refunds' }),
        /URI/,
        'authn.binding',
      ],
      [
        'for backslashes',
        proof({ htu: 'https:\\\\api.kiosk.example\\v1\\refunds' }),
        /URI/,
        'authn.binding',
      ],
      [
        'for a host with a user',
        proof({ htu: 'https://api.kiosk.example@evil.example/v1/refunds' }),
        /URI/,
        'authn.binding',
      ],
      [
        'for a letter that only becomes one',
        proof({ htu: EXPECTED.uri.replace(/k/, '\u212a') }),
        /URI/,
        'authn.binding',
      ],
      ['for a path alone', proof({ htu: '/v1/refunds' }), /URI/, 'authn.binding'],
      ['for another token', proof({ ath: tokenHash('x') }), /`ath`/, 'authn.binding'],
      ['for no token', proof({ ath: undefined }), /`ath`/],
      ['with a number for a token', proof({ ath: 1 }), /`ath`/],
      ['without `jti`', proof({ jti: undefined }), /`jti`/],
      ['with an empty `jti`', proof({ jti: '' }), /`jti`/],
      ['with a `jti` of 3 KiB', proof({ jti: 'x'.repeat(3072) }), /`jti`/],
      ['without `htm`', proof({ htm: undefined }), /`htm`/],
      ['without `htu`', proof({ htu: undefined }), /`htu`/],
      ['with a list as `htu`', proof({ htu: [EXPECTED.uri] }), /`htu`/],
      ['without `iat`', proof({ iat: undefined }), /`iat`/],
      ['too old', proof({ iat: NOW_S - 70 }), /moment/, 'authn.expired'],
      ['from the future', proof({ iat: NOW_S + 11 }), /moment/, 'authn.not_yet_valid'],
      ['that has expired by its own word', proof({ exp: NOW_S - 10 }), /moment/, 'authn.expired'],
      ['that begins later', proof({ nbf: NOW_S + 11 }), /moment/, 'authn.not_yet_valid'],
      ['without `typ`', proof({}, { typ: undefined }), /`typ`/],
      ['of another `typ`', proof({}, { typ: 'JWT' }), /`typ`/],
      ['that is an access token', proof({}, { typ: 'at+jwt' }), /`typ`/],
      ['without a key', proof({}, { jwk: undefined }), /no key/],
      ['with a text as key', proof({}, { jwk: 'x' }), /`jwk`/],
      ['with a private key', proof({}, { jwk: { ...publicJwk(CLIENT), d: 'AAAA' } }), /private/],
      ['with a symmetric key', proof({}, { jwk: { kty: 'oct', k: 'AAAA' } }), /symmetric/],
      ['by HMAC', proof({}, { alg: 'HS256' }), /`alg`/],
      ['by nothing', proof({}, { alg: 'none' }), /`alg`/],
      ['with a key for another algorithm', proof({}, { alg: 'ES384' }), /not for/],
      ['with `crit`', proof({}, { crit: ['x'], x: 1 }), /`crit`/],
      ['with a key by URL beside it', proof({}, { jku: 'https://evil.example' }), /`jku`/],
      ['that came twice', `${proof()},${proof()}`, /./],
      ['that is nothing', '', /./],
    ];

  for (const [name, text, detail, reason] of rows) {
    it(`is refused: ${name}`, () => assertRefused(judge(text), detail, reason));
  }

  it('holds from its time on, within the skew, until it is too old', () => {
    const text = proof();
    for (const at of [NOW - 10_000, NOW, NOW + 69_999]) judgeOk(text, {}, at);
    assertRefused(judge(text, {}, NOW - 10_001), /moment/, 'authn.not_yet_valid');
    assertRefused(judge(text, {}, NOW + 70_000), /moment/, 'authn.expired');
  });

  it('holds no longer than its use is remembered, whatever the skew', () => {
    const text = proof();
    const { refusedFrom } = judgeOk(text);
    assertRefused(judge(text, { skewMs: 1e9 }, refusedFrom), /moment/, 'authn.expired');
  });

  it('has the nonce that was asked for', () => {
    const nonces = ['n-1', 'n-0'];
    for (const nonce of nonces) judgeOk(proof({ nonce }), { nonces });
    for (const nonce of [undefined, 'n-2', '', 1, nonces, 'n-1,n-0']) {
      assertRefused(judge(proof({ nonce }), { nonces }), /nonce/, 'authn.nonce');
    }
    assertRefused(judge(proof(), { nonces: [] }), /nonce/, 'authn.nonce');
    judgeOk(proof({ nonce: 'of somebody else' }));
  });

  it('is told a nonce only when all else is right', () => {
    const nonces = ['n-1'];
    assertRefused(judge(proof({ htm: 'GET' }), { nonces }), /method/, 'authn.binding');
    assertRefused(judge(proof({}, {}, THIEF), { nonces }), /key/, 'authn.binding');
    const forged = `${proof().slice(0, -8)}AAAAAAAA`;
    assertRefused(judge(forged, { nonces }), /signature/, 'authn.invalid_token');
  });

  it('is refused for a key that only costs', () => {
    const n = Buffer.alloc(1024, 0xff).toString('base64url');
    const text = proof({}, { alg: 'RS256', jwk: { kty: 'RSA', n, e: 'AQAB' } });
    assertRefused(judge(text), /2048 to 4096/);
  });

  it('is refused for what is no JSON, and for a key on no curve', () => {
    const header = { typ: 'dpop+jwt', kid: undefined, jwk: publicJwk(CLIENT) };
    assertRefused(judge(makeToken('x', header, CLIENT)), /payload/);
    const jwk = { ...publicJwk(CLIENT), y: THIEF.jwk['y'] };
    const { kty, crv, x, y } = jwk as Readonly<Record<string, unknown>>;
    const digest = createHash('sha256').update(JSON.stringify({ crv, kty, x, y }));
    const jkt = digest.digest('base64url');
    assertRefused(judge(proof({}, { jwk }), { jkt }), /on no curve/);
  });

  it('may come by more keys than are kept ready', () => {
    const keys = Array.from({ length: 3 }, (_, index) => makeKey('ES256', `k${index}`));
    const many = Array.from({ length: CLIENT_KEYS_KEPT_MAX }, () => {
      const { publicKey } = generateKeyPairSync('ed25519');
      return new Map(Object.entries(publicKey.export({ format: 'jwk' })));
    });
    for (const key of keys) judgeOk(proof({}, {}, key), { jkt: thumbprintOf(key) });
    for (const jwk of many) assert.ok('key' in readClientJwk(jwk as never));
    for (const key of keys) {
      judgeOk(proof({}, {}, key), { jkt: thumbprintOf(key) });
      const other = judge(proof({}, { jwk: publicJwk(key) }, THIEF), { jkt: thumbprintOf(key) });
      assertRefused(other, /wrong signature/);
    }
  });

  it('is refused where nobody configured what its URI is', () => {
    for (const uri of ['', '/v1/refunds', 'api.kiosk.example/v1/refunds']) {
      assertRefused(judge(proof({ htu: uri || 'x' }), { uri }), /URI/, 'authn.binding');
    }
  });

  it('is not what it was before any of its bytes was changed', () => {
    const text = proof();
    const signed = `${encode({ typ: 'dpop+jwt', alg: 'ES256', jwk: publicJwk(CLIENT) })}`;
    assertRefused(judge(text.replace(/^[^.]+/, signed)), /wrong signature/);
  });
});
