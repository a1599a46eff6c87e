// What the scan for secrets takes for one, and what not: each kind is found in each form in which
// it could stand in a record, a log line or a page of metrics; what is public is not.

import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { NOW, REPORTS, verdictOn } from '../engine/fixture.ts';
import { accessToken, bearer, JWKS, jwk, jws, MESH } from '../identity/token_fixture.ts';
import { makeAuthority, pemOf, rsaKeysOf } from '../support/certificates.ts';
import { recorded } from '../support/recorded.ts';
import { CANARY, secret } from '../support/secret.ts';
import { findLeaks, type LeakKind } from './scanner.ts';

const EC = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const P384 = generateKeyPairSync('ec', { namedCurve: 'P-384' });
const P521 = generateKeyPairSync('ec', { namedCurve: 'P-521' });
const RSA = rsaKeysOf('leaf');
const SHORT_RSA = rsaKeysOf('leaf', 1024);
const ED = generateKeyPairSync('ed25519');

type Form = 'pkcs1' | 'pkcs8' | 'sec1';
const pem = (key: KeyObject, type: Form) => key.export({ type, format: 'pem' } as never).toString();
const der = (key: KeyObject, type: Form) =>
  Buffer.from(key.export({ type, format: 'der' } as never) as never);
const base64 = (text: string) => Buffer.from(text).toString('base64');
const spaced = (header: string) =>
  [Buffer.from(header).toString('base64url'), ...accessToken().split('.').slice(1)].join('.');

const TOKEN = accessToken();
const API_KEY = secret('rk_test_8dJ2mN4pQ6rS8tV0wX2y');

const planted: [kind: LeakKind, name: string, text: string][] = [
  ['signed token', 'in JSON', JSON.stringify({ subject: TOKEN })],
  ['signed token', 'behind its scheme', `Bearer ${TOKEN}`],
  ['signed token', 'behind other letters', `sha256-${TOKEN}`],
  ['signed token', 'whose signature was cut off', TOKEN.slice(0, -90)],
  ['signed token', 'whose claims were cut off', TOKEN.slice(0, TOKEN.indexOf('.') + 20)],
  ['signed token', 'without a signature', `${TOKEN.split('.').slice(0, 2).join('.')}.`],
  ['signed token', 'that is a proof', jws({ typ: 'dpop+jwt', alg: 'ES256' }, {}, EC.privateKey)],
  ['signed token', 'whose header has spaces', spaced('{ "alg":"ES256"}')],
  ['signed token', 'whose header has lines', spaced('{\n  "alg":"ES256"}')],
  ['signed token', 'in a query', `/a?token=${encodeURIComponent(TOKEN)}&b=c`],
  ['signed token', 'with its dots escaped', TOKEN.replaceAll('.', '%2E')],
  ['signed token', 'as a password', `Basic ${base64(`me:${TOKEN}`)}`],
  ['private key', 'in PEM', pem(EC.privateKey, 'pkcs8')],
  ['private key', 'in PEM, within JSON', JSON.stringify({ key: pem(RSA.privateKey, 'pkcs1') })],
  ['private key', 'in PEM, for a URL', encodeURIComponent(pem(EC.privateKey, 'sec1'))],
  ['private key', 'in PEM, in base64', base64(pem(ED.privateKey, 'pkcs8'))],
  ...[EC, P384, P521, RSA, SHORT_RSA, ED].map(({ privateKey }, index) => {
    const text = `x ${der(privateKey, 'pkcs8').toString('base64')}`;
    return ['private key', `in DER, ${index + 1}`, text] as [LeakKind, string, string];
  }),
  ['private key', 'of OpenSSL', der(EC.privateKey, 'sec1').toString('base64')],
  ['private key', 'of OpenSSL, longer', der(P384.privateKey, 'sec1').toString('base64')],
  ['private key', 'of RSA', der(RSA.privateKey, 'pkcs1').toString('base64url')],
  ['private JWK', 'of an elliptic curve', JSON.stringify(jwk(EC.privateKey))],
  ['private JWK', 'of RSA', JSON.stringify({ keys: [jwk(RSA.privateKey)] })],
  ['private JWK', 'within JSON', JSON.stringify({ msg: JSON.stringify(jwk(ED.privateKey)) })],
  ['private JWK', 'with spaces', JSON.stringify(jwk(EC.privateKey), null, 2)],
  [
    'private JWK',
    'that is symmetric',
    `{"kty":"oct","k":"${randomBytes(32).toString('base64url')}"}`,
  ],
  ['secret of a test', 'as it is', `{"subject":"${API_KEY}"}`],
  ['secret of a test', 'as a cookie', `a=b; session=${API_KEY}; c=d`],
  ['secret of a test', 'cut behind its first letters', `${API_KEY.slice(0, 10)}…`],
  ['secret of a test', 'cut before its last letters', `…${API_KEY.slice(-10)}`],
  ['secret of a test', 'in lower case', API_KEY.toLowerCase()],
  ['secret of a test', 'in upper case', API_KEY.toUpperCase()],
  ['secret of a test', 'for a URL', `/a?key=${encodeURIComponent(`${API_KEY}=&`)}`],
  ['secret of a test', 'in base64', base64(API_KEY)],
  ['secret of a test', 'as a password', `Basic ${base64(`u:${API_KEY}`)}`],
  ['secret of a test', 'as another password', `Basic ${base64(`me:${API_KEY}`)}`],
  ['secret of a test', 'in hexadecimal', Buffer.from(API_KEY).toString('hex')],
  [
    'secret of a test',
    'with every letter escaped',
    `%${Buffer.from(CANARY).toString('hex').match(/../g)!.join('%')}`,
  ],
];

describe('C-101: the scan for secrets finds', () => {
  for (const [kind, name, text] of planted) {
    it(`a ${kind} ${name}, and does not repeat it`, () => {
      const leaks = findLeaks(`{"kind":"authz.decision","id":"${'0'.repeat(36)}",${text}}\n`);
      assert.deepEqual([...new Set(leaks.map((it) => it.kind))].includes(kind), true);
      const told = JSON.stringify(leaks);
      assert.deepEqual(findLeaks(told), [], told);
      for (const part of text.split(/[^\w]+/)) {
        if (part.length >= 20) assert.ok(!told.includes(part), told);
      }
    });
  }

  it('few of many, and all of them cost no more than one look', () => {
    assert.ok(findLeaks(`${TOKEN} `.repeat(1_000)).length <= 8);
  });
});

const CERTIFICATE = makeAuthority('root');
const harmless: [name: string, text: string][] = [
  ['nothing', ''],
  ['a certificate', pemOf(CERTIFICATE)],
  ['a certificate in base64', base64(pemOf(CERTIFICATE))],
  ['a certificate for a URL', encodeURIComponent(pemOf(CERTIFICATE))],
  ['a public key', EC.publicKey.export({ type: 'spki', format: 'pem' }).toString()],
  ['a public key of RSA', RSA.publicKey.export({ type: 'spki', format: 'pem' }).toString()],
  ['public JWKs', JWKS],
  ['the thumbprint of a key', '{"jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}'],
  ['what is said of a key', 'keys.pem:1: a PRIVATE KEY and no certificate'],
  ['three parts with dots', 'eyes.on.you eyJ.eyJ.eyJ ewo.example.com'],
  ['an object without `alg`', `${Buffer.from('{"a":1}').toString('base64url')}.e30.e30`],
  ['the header of a token alone', TOKEN.slice(0, TOKEN.indexOf('.'))],
  [
    'a member called d that is short',
    '{"request.body.d":1,"d":"x","kid":"AAAAAAAAAAAAAAAAAAAAAAA"}',
  ],
];

describe('C-101: the scan for secrets is not alarmed by', () => {
  for (const [name, text] of harmless) it(name, () => assert.deepEqual(findLeaks(text), []));

  it('digests and random letters', () => {
    for (let count = 0; count < 500; count++) {
      const bytes = randomBytes(96);
      for (const encoding of ['hex', 'base64', 'base64url'] as const) {
        assert.deepEqual(findLeaks(`"${bytes.toString(encoding)}"`), []);
      }
    }
  });

  it('the records of a token that is allowed, of one that is refused, and of a peer', () => {
    const snapshot = MESH;
    const request = { method: 'GET', path: `/a?token=${TOKEN}` };
    for (const ask of [
      bearer(TOKEN),
      bearer(`${TOKEN}A`),
      bearer(secret('x')),
      { caller: REPORTS },
    ]) {
      const { evidence, decision } = recorded(verdictOn(snapshot, ask), snapshot, NOW, request);
      assert.match(decision, /"kind":"authz\.decision"/);
      assert.deepEqual(findLeaks(evidence + decision), []);
    }
  });
});
