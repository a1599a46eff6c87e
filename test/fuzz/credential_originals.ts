// Credentials that are accepted, one of each kind, and the mesh that accepts them. The texts of
// each can be replaced one by one.

import { createHmac, generateKeyPairSync, hash, type KeyObject } from 'node:crypto';
import {
  type Ask,
  CHECKOUT,
  type Document,
  enforcer,
  identity,
  issuer,
  NOW,
  PAYMENTS,
  policy,
  REPORTS,
  service,
  snapshotOf,
} from '../engine/fixture.ts';
import {
  ECDSA_SHA256,
  HOUR_MS,
  makeAuthority,
  makeSvid,
  pemOf,
  RSA_SHA256,
  rsaKeysOf,
  sentForm,
} from '../support/certificates.ts';
import { secret } from '../support/secret.ts';
import { type Json, makeToken, type TestKey } from '../token/fixture.ts';

export const EDGE = 'spiffe://prod.example/ns/edge/sa/gateway';
const ISSUER = 'https://idp.example';
const S = NOW / 1000;

const testKey = (kid: string, algorithm: 'ES256' | 'RS256'): TestKey => {
  const pair: { publicKey: KeyObject; privateKey: KeyObject } =
    algorithm === 'RS256'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = { ...pair.publicKey.export({ format: 'jwk' }), kid };
  return { kid, algorithm, privateKey: pair.privateKey, jwk };
};
const EC = testKey('ec', 'ES256');
const RSA = testKey('rsa', 'RS256');
const CLIENT = testKey('client', 'ES256');
/** Somebody's own keys, which nobody vouches for. */
export const STRANGER = testKey('ec', 'ES256');

const rsaRoot = { keys: rsaKeysOf('rsa'), signedBy: rsaKeysOf('rsa'), algorithm: RSA_SHA256 };
const TIMES = { notBefore: NOW - HOUR_MS, notAfter: NOW + HOUR_MS };
const UNDER = makeAuthority('between', { issuer: 'root' });
export const CERTIFICATES = {
  ec: makeSvid(CHECKOUT, 'root', TIMES),
  other: makeSvid(REPORTS, 'root', TIMES),
  rsa: makeSvid(CHECKOUT, 'rsa', { ...TIMES, signedBy: rsaRoot.keys, algorithm: RSA_SHA256 }),
  behind: makeSvid(CHECKOUT, 'between', { ...TIMES, algorithm: ECDSA_SHA256 }),
  under: UNDER,
};

const API_KEY = secret('rk_test_8dJ2mN4pQ6rS8tV0wX2y');
const HMAC_KEY = secret('The key of the digests, 0123456789');
const use = ({ jwk }: TestKey, purpose: string) => ({ ...jwk, use: purpose });
const FILES = new Map([
  ['root.pem', pemOf(makeAuthority('root'), makeAuthority('rsa', rsaRoot))],
  ['keys.json', JSON.stringify({ keys: [EC.jwk, RSA.jwk] })],
  ['bundle.json', JSON.stringify({ keys: [use(EC, 'jwt-svid'), use(RSA, 'wit-svid')] })],
  ['hmac.key', HMAC_KEY],
]);

const vouching = (name: string, spec: Document): Document => {
  return { kind: 'Issuer', metadata: { name }, spec };
};
const JWT = {
  ...{ issuer: ISSUER, jwks: { file: 'keys.json' }, audiences: ['remit'], maxLifetime: '1h' },
  ...{ uses: ['access', 'id'], claims: { team: 'attributes.team' } },
};
const HMAC = createHmac('sha256', HMAC_KEY).update(API_KEY).digest('hex');
const apiKeys = { hmacKey: 'hmac.key', keys: [{ id: 'one', subject: 'batch', hmac: HMAC }] };
const jwtSvid = { trustDomain: 'prod.example', audiences: ['remit'], bundle: 'bundle.json' };

export const MESH = snapshotOf(
  [
    service('payments', {
      destinations: [PAYMENTS],
      operations: { read: { http: 'GET /a' } },
      origin: 'https://pay.example',
    }),
    policy('p', [{ id: 'a', effect: 'permit', from: { kinds: ['workload'] }, to: {} }]),
    ...[identity(CHECKOUT), identity(REPORTS), issuer()],
    vouching('idp', { jwt: JWT }),
    vouching('spire', { jwtSvid }),
    vouching('keys', { apiKeys }),
    ...['alice', 'bob'].map((subject): Document => {
      return { kind: 'Identity', metadata: { name: subject }, spec: { issuer: 'idp', subject } };
    }),
    {
      kind: 'Identity',
      metadata: { name: 'batch' },
      spec: { issuer: 'keys', subject: 'batch' },
    },
    enforcer('edge', {
      type: 'gateway',
      identities: [EDGE],
      asserts: { peer: ['principal', 'certificate', 'xfcc', 'clientCert'], destinations: ['*'] },
    }),
  ],
  {},
  FILES,
);

/** `certificate`, else the name of a header. */
export type Texts = Readonly<Record<string, string>>;

export function asking(texts: Texts): Ask {
  const { certificate, ...proof } = texts;
  const asker = { kind: 'peer', id: EDGE } as const;
  return { asker, caller: '', proof, ...(certificate !== undefined && { certificate }) };
}

const CLAIMS: Json = {
  ...{ iss: ISSUER, sub: 'alice', aud: 'remit', client_id: 'c', jti: 'j', scope: 'a b' },
  ...{ iat: S - 60, exp: S + 600, team: 'red' },
};
const access = (more: Json = {}) => makeToken({ ...CLAIMS, ...more }, { typ: 'at+jwt' }, EC);
const { kid: _, ...clientJwk } = CLIENT.jwk;
const { crv, kty, x, y } = clientJwk;
const jkt = hash('sha256', JSON.stringify({ crv, kty, x, y }), 'base64url');
const digest = (text: string) => hash('sha256', text, 'base64url');
const BOUND = access({ cnf: { jkt } });
const DPOP = makeToken(
  { jti: 'p', htm: 'GET', htu: 'https://pay.example/a', iat: S, ath: digest(BOUND) },
  { typ: 'dpop+jwt', kid: undefined, jwk: clientJwk },
  CLIENT,
);
const WIT = makeToken(
  { sub: CHECKOUT, iat: S - 60, exp: S + 600, cnf: { jwk: { ...clientJwk, alg: 'ES256' } } },
  { typ: 'wit+jwt' },
  RSA,
);
const WPT = makeToken(
  { aud: 'https://pay.example/a', exp: S + 60, jti: 'w', wth: digest(WIT) },
  { typ: 'wpt+jwt', kid: undefined },
  CLIENT,
);
const { ec, rsa, behind } = CERTIFICATES;
const x5t = hash('sha256', ec, 'base64url');
const svid = { sub: CHECKOUT, aud: 'remit', iat: S - 60, exp: S + 300 };
const field = (der: Buffer) => `:${der.toString('base64')}:`;
const mine = `By=${EDGE};Hash=${hash('sha256', ec, 'hex')}`;

export const ORIGINALS: readonly Texts[] = [
  { certificate: sentForm(ec) },
  { certificate: sentForm(rsa) },
  { 'x-forwarded-client-cert': `${mine};Cert="${sentForm(ec)}";Subject="CN=a";URI=${CHECKOUT}` },
  {
    'x-forwarded-client-cert':
      `By=spiffe://prod.example/x;URI=${REPORTS},` +
      `By=${EDGE};Chain="${[behind, UNDER].map(sentForm).join('')}"`,
  },
  { 'client-cert': field(ec) },
  { 'client-cert': field(behind), 'client-cert-chain': field(UNDER) },
  { authorization: `Bearer ${access()}` },
  { authorization: `Bearer ${access({ act: { sub: 'bob' } })}` },
  { authorization: `Bearer ${makeToken(CLAIMS, { typ: 'JWT' }, RSA)}` },
  { authorization: `Bearer ${makeToken(svid, { typ: 'JWT' }, EC)}` },
  { authorization: `DPoP ${BOUND}`, dpop: DPOP },
  { certificate: sentForm(ec), authorization: `Bearer ${makeToken(svid, {}, EC)}` },
  { 'workload-identity-token': WIT, 'workload-proof-token': WPT },
  { 'x-api-key': API_KEY },
  // Bound to the certificate of the workload, which acts for somebody.
  {
    certificate: sentForm(ec),
    authorization: `Bearer ${access({ sub: 'alice', cnf: { 'x5t#S256': x5t }, act: { sub: CHECKOUT } })}`,
  },
];
