// JWT-SVIDs (SPIFFE JWT-SVID sections 2 to 4), good ones and ones with a single thing wrong, signed
// by node:crypto, for two implementations to agree on. `stricter` says why ours has to refuse what
// go-spiffe accepts.

import { createHmac, type KeyObject, sign } from 'node:crypto';
import { ed25519KeysOf, keysOf, rsaKeysOf } from '../support/certificates.ts';

export interface TokenCase {
  readonly name: string;
  readonly token: string;
  /** What JWT-SVID says of it. */
  readonly valid: boolean;
  /** Why it is not valid although go-spiffe accepts it. */
  readonly stricter?: string;
}

export const SUBJECT = 'spiffe://prod.example/ns/shop/sa/checkout';
export const AUDIENCE = 'spiffe://prod.example/ns/remit/sa/remit';

interface Row {
  readonly key: KeyObject;
  readonly digest: string;
  readonly pss?: boolean;
}

const rsa = rsaKeysOf('token').privateKey;
const ALGORITHMS: Readonly<Record<string, Row>> = {
  ES256: { key: keysOf('token').privateKey, digest: 'sha256' },
  ES384: { key: keysOf('token', 'P-384').privateKey, digest: 'sha384' },
  ES512: { key: keysOf('token', 'P-521').privateKey, digest: 'sha512' },
  RS256: { key: rsa, digest: 'sha256' },
  RS384: { key: rsa, digest: 'sha384' },
  RS512: { key: rsa, digest: 'sha512' },
  PS256: { key: rsa, digest: 'sha256', pss: true },
  PS384: { key: rsa, digest: 'sha384', pss: true },
  PS512: { key: rsa, digest: 'sha512', pss: true },
};

const jwk = (kid: string, key: KeyObject, use: string | undefined) => ({
  ...key.export({ format: 'jwk' }),
  kid,
  ...(use !== undefined && { use }),
});
const set = (...keys: object[]): string => JSON.stringify({ keys });
const publicOf = (name: string, curve?: string): KeyObject => keysOf(name, curve).publicKey;

/** JWK Sets by trust domain. `other.example` has another key under a kid of `prod.example`. */
export const BUNDLES: Readonly<Record<string, string>> = {
  'prod.example': set(
    jwk('ES256', publicOf('token'), 'jwt-svid'),
    jwk('ES384', publicOf('token', 'P-384'), 'jwt-svid'),
    jwk('ES512', publicOf('token', 'P-521'), 'jwt-svid'),
    jwk('rsa', rsaKeysOf('token').publicKey, 'jwt-svid'),
    jwk('ed', ed25519KeysOf('token').publicKey, 'jwt-svid'),
    jwk('x509', publicOf('x509'), 'x509-svid'),
  ),
  'other.example': set(jwk('ES256', publicOf('other'), 'jwt-svid')),
  'empty.example': set(),
};

type Json = Readonly<Record<string, unknown>>;
const encode = (text: string): string => Buffer.from(text).toString('base64url');
const part = (value: Json): string => encode(JSON.stringify(value));

function signature(input: string, { key, digest, pss }: Row): string {
  const options = pss ? { padding: 6, saltLength: -1 } : { dsaEncoding: 'ieee-p1363' as const };
  return sign(digest, Buffer.from(input), { key, ...options }).toString('base64url');
}

interface Parts {
  readonly alg?: string;
  readonly header?: Json;
  readonly claims?: Json;
  readonly row?: Row;
  /** Instead of what the claims make. */
  readonly payload?: string;
}

function token(nowMs: number, parts: Parts = {}): string {
  const { alg = 'ES256', row = ALGORITHMS[alg]! } = parts;
  const now = Math.floor(nowMs / 1_000);
  const kid = alg.startsWith('ES') ? alg : 'rsa';
  const header = part({ alg, kid, typ: 'JWT', ...parts.header });
  const claims = { sub: SUBJECT, aud: AUDIENCE, exp: now + 3_600, iat: now - 10, ...parts.claims };
  const input = `${header}.${parts.payload ?? part(claims)}`;
  return `${input}.${signature(input, row)}`;
}

/** @param nowMs go-spiffe knows no other time than the present */
export function tokenCases(nowMs: number): readonly TokenCase[] {
  const now = Math.floor(nowMs / 1_000);
  const good = (name: string, parts: Parts): TokenCase => ({
    name,
    token: token(nowMs, parts),
    valid: true,
  });
  const bad = (name: string, parts: Parts, stricter?: string): TokenCase => ({
    name,
    token: token(nowMs, parts),
    valid: false,
    ...(stricter !== undefined && { stricter }),
  });
  const raw = (name: string, text: string): TokenCase => ({ name, token: text, valid: false });
  const whole = token(nowMs);
  const [header = '', payload = '', signed = ''] = whole.split('.');
  const other: Row = { key: keysOf('other').privateKey, digest: 'sha256' };
  const x509: Row = { key: keysOf('x509').privateKey, digest: 'sha256' };
  return [
    ...Object.keys(ALGORITHMS).map((alg) => good(`signed with ${alg}`, { alg })),
    good('typ JOSE', { header: { typ: 'JOSE' } }),
    good('no typ', { header: { typ: undefined } }),
    good('several audiences', { claims: { aud: ['a', AUDIENCE] } }),
    good('claims that nobody knows', { claims: { jti: 'a', nbf: now - 60, x: { y: [1] } } }),
    good('no iat', { claims: { iat: undefined } }),
    bad('another typ', { header: { typ: 'at+jwt' } }),
    bad('the typ of a WIT', { header: { typ: 'wit+jwt' } }),
    bad('no kid', { header: { kid: undefined } }),
    bad('a kid that nobody has', { header: { kid: 'x' } }),
    bad('a kid of another algorithm', { header: { kid: 'rsa' } }),
    bad('crit', { header: { crit: ['x'], x: 1 } }),
    bad('jku', { header: { jku: 'https://a.example/' } }, 'section 2: no other header parameters'),
    bad('signed by another key', { row: other }),
    bad('a key for certificates', { header: { kid: 'x509' }, row: x509 }, 'its use is x509-svid'),
    bad('no subject', { claims: { sub: undefined } }),
    bad('a subject that is no SPIFFE ID', { claims: { sub: 'checkout' } }),
    bad('a subject in upper case', { claims: { sub: 'spiffe://PROD.example/a' } }),
    bad('a subject in another domain, by the key of ours', {
      claims: { sub: 'spiffe://other.example/a' },
    }),
    bad('a subject in a domain without keys', { claims: { sub: 'spiffe://empty.example/a' } }),
    bad('a subject in an unknown domain', { claims: { sub: 'spiffe://unknown.example/a' } }),
    bad('no audience', { claims: { aud: undefined } }),
    bad('an empty audience', { claims: { aud: [] } }),
    bad('the audience of another', { claims: { aud: ['a', `${AUDIENCE}2`] } }),
    bad('no exp', { claims: { exp: undefined } }),
    bad('expired', { claims: { exp: now - 600 } }),
    bad('exp as text', { claims: { exp: String(now + 600) } }),
    bad('nbf to come', { claims: { nbf: now + 1_800 } }),
    bad('iat to come', { claims: { iat: now + 1_800 } }),
    bad('a payload that is no JSON', { payload: encode('x') }),
    bad('a payload that is a list', { payload: encode('[]') }),
    raw('alg none', `${part({ alg: 'none', kid: 'ES256' })}.${payload}.`),
    raw('HS256 with the public key', hmacToken(nowMs)),
    raw('EdDSA', eddsaToken(nowMs)),
    raw('no signature', `${header}.${payload}.`),
    raw('two parts', `${header}.${payload}`),
    raw('four parts', `${whole}.${signed}`),
    raw(
      'another payload',
      `${header}.${part({ sub: SUBJECT, aud: AUDIENCE, exp: now + 9 })}.${signed}`,
    ),
    raw('padding', `${header}=.${payload}.${signed}`),
    raw('JSON serialization', JSON.stringify({ protected: header, payload, signature: signed })),
    raw('an ECDSA signature in DER', derToken(nowMs)),
    raw('something else', 'checkout'),
  ];
}

function hmacToken(nowMs: number): string {
  const secret = publicOf('token').export({ type: 'spki', format: 'pem' });
  const [, payload] = token(nowMs).split('.');
  const input = `${part({ alg: 'HS256', kid: 'ES256', typ: 'JWT' })}.${payload}`;
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}

function eddsaToken(nowMs: number): string {
  const [, payload] = token(nowMs).split('.');
  const input = `${part({ alg: 'EdDSA', kid: 'ed', typ: 'JWT' })}.${payload}`;
  const { privateKey } = ed25519KeysOf('token');
  return `${input}.${sign(null, Buffer.from(input), privateKey).toString('base64url')}`;
}

function derToken(nowMs: number): string {
  const input = token(nowMs).split('.').slice(0, 2).join('.');
  const { key, digest } = ALGORITHMS['ES256']!;
  return `${input}.${sign(digest, Buffer.from(input), key).toString('base64url')}`;
}
