// Which key and whose signature (C-010): the `kid` of the issuer's own set, an algorithm that
// issuer and key both name, and published vectors.

import assert from 'node:assert/strict';
import { createHmac, createPublicKey } from 'node:crypto';
import { isFailure } from '../../engine/failure.ts';
import { ALGORITHMS, type Algorithm } from '../../engine/identity/token/algorithm.ts';
import { parseCompactJws } from '../../engine/identity/token/compact_jws.ts';
import type { JwkSet } from '../../engine/identity/token/jwk_set.ts';
import { chooseKey, isSignedBy } from '../../engine/identity/token/signature.ts';
import {
  ACCESS_CLAIMS,
  encode,
  type Json,
  KEY,
  KEYS,
  keySetOf,
  makeKey,
  makeToken,
  OTHER_KEY,
  RSA_KEY,
  signature,
} from './fixture.ts';

const ALL: ReadonlySet<Algorithm> = new Set(ALGORITHMS);

/** True, or why the token is refused. */
function resultOf(text: string, keys: JwkSet, allowed = ALL): true | string {
  const jws = parseCompactJws(text, 'issuer');
  if (isFailure(jws)) return jws.detail;
  const key = chooseKey(jws, keys, allowed);
  if (isFailure(key)) return key.detail;
  return isSignedBy(jws, key) || 'a wrong signature';
}

describe('a signature (C-010)', () => {
  for (const algorithm of ALGORITHMS) {
    const key = makeKey(algorithm, 'k');
    const keys = keySetOf([key.jwk]);

    it(`by ${algorithm} is right, and by no other algorithm`, () => {
      const text = makeToken(ACCESS_CLAIMS, {}, key);
      assert.equal(resultOf(text, keys), true);
      assert.notEqual(resultOf(text, keys, new Set()), true);
      const others = ALGORITHMS.filter((it) => it !== algorithm);
      assert.notEqual(resultOf(text, keys, new Set(others)), true);
      for (const alg of others) {
        if (/^Ed/.test(alg) && /^Ed/.test(algorithm)) continue; // Two names of one.
        assert.notEqual(resultOf(makeToken(ACCESS_CLAIMS, { alg }, key), keys), true, alg);
      }
    });

    it(`by ${algorithm} is refused where the key is for another one`, () => {
      const alg = ALGORITHMS.find((it) => it !== algorithm && key.algorithm[0] === it[0]);
      const only = keySetOf([{ ...key.jwk, alg }]);
      assert.notEqual(resultOf(makeToken(ACCESS_CLAIMS, {}, key), only), true);
    });
  }

  it('of PS256 with a salt of another length is none', () => {
    const text = makeToken(ACCESS_CLAIMS, { alg: 'PS256' }, { ...RSA_KEY, algorithm: 'PS384' });
    assert.equal(resultOf(text, KEYS), 'a wrong signature');
  });

  it('of ES256 in DER is none', () => {
    const [header, payload] = makeToken(ACCESS_CLAIMS).split('.');
    const der = Buffer.from('3006020101020101', 'hex').toString('base64url');
    assert.equal(resultOf(`${header}.${payload}.${der}`, KEYS), 'a wrong signature');
  });

  for (const [name, bytes] of [
    ['of zeros', Buffer.alloc(64)],
    ['of ones', Buffer.alloc(64, 0xff)],
    ['too short', Buffer.alloc(63, 1)],
    ['too long', Buffer.alloc(65, 1)],
    ['of one byte', Buffer.alloc(1)],
  ] as const) {
    it(`${name} is none`, () => {
      const [header, payload] = makeToken(ACCESS_CLAIMS).split('.');
      const text = `${header}.${payload}.${bytes.toString('base64url')}`;
      assert.equal(resultOf(text, KEYS), 'a wrong signature');
    });
  }

  it('by a key of small order, which would be right for any text, is none', () => {
    const points = [
      `01${'00'.repeat(31)}`,
      `ec${'ff'.repeat(30)}7f`,
      '00'.repeat(32),
      '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
      'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
    ].map((hex) => Buffer.from(hex, 'hex'));
    for (const point of points) {
      const x = point.toString('base64url');
      const keys = keySetOf([{ kty: 'OKP', crv: 'Ed25519', x, kid: 'k' }]);
      for (const commitment of points) {
        const forged = Buffer.concat([commitment, Buffer.alloc(32)]).toString('base64url');
        const text = `${encode({ alg: 'EdDSA', kid: 'k' })}.${encode(ACCESS_CLAIMS)}.${forged}`;
        assert.equal(resultOf(text, keys), 'a wrong signature');
      }
    }
  });

  it('by HMAC with the public key as its secret is none, in any form of the key', () => {
    const key = createPublicKey({ key: RSA_KEY.jwk, format: 'jwk' } as never);
    for (const secret of [
      key.export({ format: 'pem', type: 'spki' }),
      key.export({ format: 'der', type: 'spki' }),
      RSA_KEY.jwk['n'] as string,
      JSON.stringify(RSA_KEY.jwk),
      '',
    ]) {
      const signed = `${encode({ alg: 'HS256', kid: RSA_KEY.kid })}.${encode(ACCESS_CLAIMS)}`;
      const mac = createHmac('sha256', secret).update(signed).digest('base64url');
      assert.match(String(resultOf(`${signed}.${mac}`, KEYS)), /`alg`/);
    }
  });
});

describe('the key of a token (C-010)', () => {
  const cases: readonly (readonly [name: string, header: Json, keys: JwkSet, result: RegExp])[] = [
    ['is the one it names', {}, KEYS, /^true$/],
    ['is not one that it does not name', { kid: OTHER_KEY.kid }, KEYS, /wrong signature/],
    ['is not one whose name starts the same', { kid: 'one2' }, KEYS, /no key of the issuer/],
    ['is not one in another case', { kid: 'ONE' }, KEYS, /no key of the issuer/],
    ['is not one that fits by its type only', { kid: 'x' }, keySetOf([KEY.jwk]), /no key/],
    ['is not one for another type', { kid: RSA_KEY.kid }, KEYS, /not for/],
    ['is the only one', { kid: undefined }, keySetOf([KEY.jwk]), /^true$/],
    ['is the only one that fits', { kid: undefined }, keySetOf([KEY.jwk, RSA_KEY.jwk]), /^true$/],
    ['is not one of two that fit', { kid: undefined }, KEYS, /no `kid`/],
    ['is none where there is none', { kid: undefined }, keySetOf([]), /no `kid`/],
    ['is not one without a name', {}, keySetOf([{ ...KEY.jwk, kid: undefined }]), /no key/],
    ['is not what every object has', { kid: 'constructor' }, KEYS, /no key/],
  ];

  for (const [name, header, keys, result] of cases) {
    it(name, () => assert.match(String(resultOf(makeToken(ACCESS_CLAIMS, header), keys)), result));
  }
});

describe('published vectors', () => {
  it('RFC 7515 appendix A.3: ES256', () => {
    const keys = keySetOf([
      {
        kty: 'EC',
        crv: 'P-256',
        x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
        y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
      },
    ]);
    const text =
      'eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLm' +
      'NvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmW' +
      'QxfKTUJqPP3-Kg6NU1Q';
    assert.equal(resultOf(text, keys), true);
  });

  it('RFC 8037 appendix A.4: EdDSA', () => {
    const x = '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo';
    const keys = keySetOf([{ kty: 'OKP', crv: 'Ed25519', x }]);
    const text =
      'eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvM' +
      'g3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg';
    assert.equal(resultOf(text, keys), true);
  });

  it('a signature of ours is not by another key', () => {
    const signed = makeToken(ACCESS_CLAIMS).split('.').slice(0, 2).join('.');
    const text = `${signed}.${signature(OTHER_KEY, signed)}`;
    assert.equal(resultOf(text, KEYS), 'a wrong signature');
  });
});
