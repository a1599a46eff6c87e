// Key sets (C-010): what an issuer publishes is checked when it is loaded, key by key, and what is
// wrong is told in words.

import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { JwkSet, KeySetFault, parseJwkSet } from '../../engine/identity/token/jwk_set.ts';
import { KEY_SET_KEYS_MAX, MiB } from '../../engine/limits.ts';
import { type Json, KEY, keySetOf, makeKey, OTHER_KEY, RSA_KEY } from './fixture.ts';

const { jwk: EC } = KEY;
const { jwk: RSA } = RSA_KEY;
const { jwk: ED } = makeKey('EdDSA', 'ed');

/** `e` and `n` as numbers, for keys that nobody would make. */
function rsaJwk(n: Buffer, e: Buffer): Json {
  return { kty: 'RSA', kid: 'rsa', n: n.toString('base64url'), e: e.toString('base64url') };
}

const MODULUS = Buffer.from(RSA['n'] as string, 'base64url');
const EXPONENT = Buffer.from([1, 0, 1]);

function modulusOf(bits: number): Buffer {
  const bytes = Buffer.alloc(bits / 8, 0xff);
  bytes[0] = 0x80;
  return bytes;
}

const even = Buffer.from(MODULUS);
even[even.length - 1]! &= 0xfe;

describe('a key is not taken that (C-010)', () => {
  const cases: readonly (readonly [name: string, jwk: Json, message: RegExp])[] = [
    ['is RSA of 1024 bits', rsaJwk(modulusOf(1024), EXPONENT), /1024 bits/],
    ['is RSA of 2040 bits', rsaJwk(modulusOf(2040), EXPONENT), /2040 bits/],
    ['is RSA of 16384 bits', rsaJwk(modulusOf(16_384), EXPONENT), /16384 bits/],
    ['has the exponent 1', rsaJwk(MODULUS, Buffer.from([1])), /exponent/],
    ['has the exponent 3', rsaJwk(MODULUS, Buffer.from([3])), /exponent/],
    ['has the exponent 65536', rsaJwk(MODULUS, Buffer.from([1, 0, 0])), /exponent/],
    ['has an exponent of 33 bits', rsaJwk(MODULUS, Buffer.from([1, 0, 0, 0, 1])), /exponent/],
    ['has an exponent of 256 bytes', rsaJwk(MODULUS, MODULUS), /exponent/],
    ['has an even modulus', rsaJwk(even, EXPONENT), /even/],
    [
      'has a zero before its modulus',
      rsaJwk(Buffer.concat([Buffer.alloc(1), MODULUS]), EXPONENT),
      /`n`/,
    ],
    ['has a modulus of nothing', { ...RSA, n: '' }, /`n`/],
    ['has a modulus with padding', { ...RSA, n: `${RSA['n']}==` }, /`n`/],
    ['has a number as its modulus', { ...RSA, n: 5 }, /`n`/],
    ['has no exponent', { ...RSA, e: undefined }, /`e`/],
    ['is on no curve', { ...EC, y: OTHER_KEY.jwk['y'] }, /on no curve/],
    ['has a coordinate too short', { ...EC, x: 'AAAA' }, /`x`/],
    ['is P-256 and says P-384', { ...EC, crv: 'P-384' }, /`x`/],
    ['is EC and says RSA', { ...EC, kty: 'RSA' }, /`n`/],
    ['has no `kty`', { ...EC, kty: undefined }, /`kty`/],
    ['has a type that is not known', { ...EC, kty: 'AKP' }, /not known/],
    ['has a curve that is not known', { ...EC, crv: 'secp256k1' }, /not known/],
    ['is Ed448', { ...ED, crv: 'Ed448' }, /not known/],
    ['is X25519', { ...ED, crv: 'X25519' }, /not known/],
    ['is Ed25519 of 31 bytes', { ...ED, x: 'A'.repeat(42) }, /32 bytes/],
    ['has an algorithm of another type', { ...EC, alg: 'RS256' }, /does not fit/],
    ['has an algorithm of another curve', { ...EC, alg: 'ES384' }, /does not fit/],
    ['has an algorithm that is not known', { ...EC, alg: 'ES521' }, /`alg`/],
    ['has a number as algorithm', { ...EC, alg: 7 }, /`alg` is no text/],
    ['is on a curve of no name', { ...EC, crv: undefined }, /not known/],
    ['is for HMAC', { ...EC, alg: 'HS256' }, /`alg`/],
    ['is for encryption by its `alg`', { ...RSA, alg: 'RSA-OAEP' }, /`alg`/],
    ['is for encryption', { ...EC, use: 'enc' }, /`use`/],
    ['is of a SPIFFE bundle', { ...EC, use: 'jwt-svid' }, /`use`/],
    ['signs and does not verify', { ...EC, key_ops: ['sign'] }, /`key_ops`/],
    ['has a text as `key_ops`', { ...EC, key_ops: 'verify' }, /`key_ops`/],
    ['has an empty `kid`', { ...EC, kid: '' }, /`kid`/],
    ['has a number as `kid`', { ...EC, kid: 7 }, /`kid`/],
  ];

  for (const [name, jwk, message] of cases) {
    it(name, () => {
      const set = keySetOf([jwk, OTHER_KEY.jwk]);
      assert.equal(set.keys.length, 1, 'the key beside it stays');
      assert.equal(set.findings.length, 1);
      assert.match(set.findings[0]!.message, message);
    });
  }

  it('could be of the kind that ROCA breaks, and a sound one is not', () => {
    // Each prime of that library is k * M + 65537^a mod M, so any such number has the fingerprint.
    const primes = [3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73];
    const more = [79, 83, 89, 97, 101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163];
    const product = [...primes, ...more, 167].reduce((all, it) => all * BigInt(it), 2n);
    const modulus = ((1n << 2047n) / product) * product + product + 65_537n ** 5n;
    const hex = modulus.toString(16);
    const set = keySetOf([rsaJwk(Buffer.from(hex, 'hex'), EXPONENT)]);
    assert.match(set.findings[0]?.message ?? '', /ROCA/);
    for (let count = 0; count < 3; count++) assert.equal(keySetOf([RSA]).findings.length, 0);
  });
});

describe('a key set (C-010)', () => {
  it('is read: types, algorithms, thumbprints', () => {
    const set = keySetOf([EC, RSA, ED, { ...EC, kid: 'only', alg: 'ES256', use: 'sig' }]);
    assert.deepEqual(set.findings, []);
    assert.deepEqual([...set.ofKid('one')!.algorithms], ['ES256']);
    assert.equal(set.ofKid('rsa')!.algorithms.size, 6);
    assert.deepEqual([...set.ofKid('ed')!.algorithms], ['EdDSA', 'Ed25519']);
    assert.equal(set.ofKid('ONE'), undefined);
    assert.equal(set.ofKid('only')!.thumbprint, set.ofKid('one')!.thumbprint);
  });

  it('is read where keys say what they are for, and verifying is among it', () => {
    const verifying = { ...EC, key_ops: ['verify'] };
    const both = { ...RSA, key_ops: ['sign', 'verify'], use: 'sig' };
    const set = keySetOf([verifying, both]);
    assert.deepEqual(set.findings, []);
    assert.equal(set.keys.length, 2);
  });

  it('has the thumbprints of RFC 7638 section 3.1 and RFC 8037 appendix A.3', () => {
    const n =
      '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJ' +
      'ECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW' +
      '2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQ' +
      'Fh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw';
    const x = '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo';
    const { keys } = keySetOf([
      { kty: 'RSA', n, e: 'AQAB', alg: 'RS256', kid: '2011-04-29' },
      { kty: 'OKP', crv: 'Ed25519', x },
    ]);
    assert.deepEqual(
      keys.map(({ thumbprint }) => thumbprint),
      [
        'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs',
        'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k',
      ],
    );
    assert.equal(
      keys[0]!.keyThumbprint,
      `sha256:${Buffer.from(keys[0]!.thumbprint, 'base64url').toString('hex')}`,
    );
  });

  it('takes neither of two keys with one `kid`, and others', () => {
    const set = keySetOf([EC, { ...OTHER_KEY.jwk, kid: 'one' }, RSA]);
    assert.equal(set.ofKid('one'), undefined);
    assert.equal(set.keys.length, 1);
    assert.equal(set.findings.length, 2);
    assert.match(
      set.findings[0]!.message,
      /^key "one": another key of the set has the same `kid`$/,
    );
  });

  it('does not count a key for encryption as one with the same `kid`', () => {
    assert.equal(keySetOf([EC, { ...RSA, kid: 'one', use: 'enc' }]).keys.length, 1);
  });

  it('without keys is valid, and nobody is trusted', () => {
    assert.deepEqual(keySetOf([]).keys, []);
  });

  const privateJwk = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
    format: 'jwk',
  });
  const texts: readonly (readonly [name: string, text: string, message: RegExp])[] = [
    ['no JSON', 'x', /no JSON/],
    ['HTML', '<!DOCTYPE html><html></html>', /no JSON/],
    ['a list', '[]', /no JSON object/],
    ['no keys', '{}', /`keys`/],
    ['keys that are no list', '{"keys":{}}', /`keys`/],
    ['a key that is no object', '{"keys":[1]}', /no JSON object/],
    ['a list twice', '{"keys":[],"keys":[]}', /duplicate_key/],
    ['a member of a key twice', '{"keys":[{"kty":"EC","kty":"RSA"}]}', /duplicate_key/],
    ['a private key', JSON.stringify({ keys: [EC, privateJwk] }), /private key/],
    ['a private RSA key', JSON.stringify({ keys: [{ ...RSA, d: 'AQAB' }] }), /private key/],
    ['a private prime', JSON.stringify({ keys: [{ ...RSA, p: 'AQAB' }] }), /private key/],
    [
      'a private key for encryption',
      JSON.stringify({ keys: [EC, { ...RSA, use: 'enc', d: 'AQAB' }] }),
      /private key/,
    ],
    ['a symmetric key', '{"keys":[{"kty":"oct","k":"AAAA","alg":"HS256"}]}', /symmetric/],
    ['a symmetric key among others', JSON.stringify({ keys: [EC, { kty: 'oct' }] }), /symmetric/],
    ['257 keys', JSON.stringify({ keys: new Array(KEY_SET_KEYS_MAX + 1).fill(EC) }), /256 keys/],
    ['too much text', ' '.repeat(MiB + 1), /longer/],
  ];

  for (const [name, text, message] of texts) {
    it(`is none: ${name}`, () => {
      const set = parseJwkSet(text, 'sig');
      assert.ok(set instanceof KeySetFault);
      assert.match(set.message, message);
      assert.ok(!set.message.includes(privateJwk.d ?? ''), 'no secret in a message');
    });
  }

  it('of 10,000 keys is refused at once', () => {
    const keys = Array.from({ length: 10_000 }, (_, index) => ({ ...EC, kid: `k${index}` }));
    const text = JSON.stringify({ keys });
    const short = JSON.stringify({ keys: keys.map(({ kid }) => ({ kid })) });
    const before = process.cpuUsage();
    for (const it of [text, short]) assert.ok(parseJwkSet(it, 'sig') instanceof KeySetFault);
    assert.ok(process.cpuUsage(before).user < 500_000);
  });
});

describe('a SPIFFE bundle (C-011)', () => {
  const bundle = (keys: readonly Json[], more: Json = {}) =>
    parseJwkSet(JSON.stringify({ keys, ...more }), 'jwt-svid');

  it('gives the keys of its purpose, and says nothing of those for other SVIDs', () => {
    const set = bundle([
      { ...EC, use: 'jwt-svid' },
      { ...OTHER_KEY.jwk, use: 'x509-svid', kid: undefined, x5c: ['AA=='] },
      { ...RSA, use: 'wit-svid' },
    ]);
    assert.ok(set instanceof JwkSet);
    assert.deepEqual(set.findings, []);
    assert.deepEqual(
      set.keys.map(({ kid }) => kid),
      ['one'],
    );
  });

  it('gives those of WIT-SVIDs by their own purpose', () => {
    const set = keySetOf(
      [
        { ...EC, use: 'jwt-svid' },
        { ...RSA, use: 'wit-svid' },
      ],
      'wit-svid',
    );
    assert.deepEqual(
      set.keys.map(({ kid }) => kid),
      ['rsa'],
    );
  });

  for (const [name, jwk, message] of [
    ['no `use`', EC, /no `use`/],
    ['an OAuth use', { ...EC, use: 'sig' }, /`use`/],
    ['no `kid`', { ...EC, use: 'jwt-svid', kid: undefined }, /`kid`/],
    ['a type that is not known', { ...EC, use: 'jwt-svid', kty: 'AKP' }, /not known/],
  ] as const) {
    it(`takes no key that has ${name}`, () => {
      const set = bundle([jwk]);
      assert.ok(set instanceof JwkSet);
      assert.equal(set.keys.length, 0);
      assert.match(set.findings[0]?.message ?? '', message);
    });
  }

  it('says its sequence and how often to look again', () => {
    const set = bundle([], { spiffe_sequence: 12, spiffe_refresh_hint: 300 });
    assert.ok(set instanceof JwkSet);
    assert.equal(set.sequence, 12n);
    assert.equal(set.refreshHintMs, 300_000);
    const odd = bundle([], { spiffe_sequence: -1, spiffe_refresh_hint: '300' });
    assert.ok(odd instanceof JwkSet);
    assert.equal(odd.sequence, undefined);
    assert.equal(odd.refreshHintMs, undefined);
  });
});

describe('a modulus that only looks long', () => {
  it('is measured in bits, not in bytes', () => {
    const long = modulusOf(2048);
    long[0] = 0x7f;
    assert.match(keySetOf([rsaJwk(long, EXPONENT)]).findings[0]?.message ?? '', /2047 bits/);
  });
});
