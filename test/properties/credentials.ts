// What callers show in generated requests, each proof apart from the others, so that one of them
// can be left out or made stronger: peers, certificates, tokens of all kinds, keys, claims.

import { createHmac, hash } from 'node:crypto';
import type { BodyValue } from '../../engine/body/body.ts';
import type { Ask } from '../engine/fixture.ts';
import { HOUR_MS, makeAuthority, makeSvid, NOW, pemOf, sentForm } from '../support/certificates.ts';
import { type Json, makeKey, makeToken, type TestKey } from '../token/fixture.ts';

export const ORIGIN = 'https://pay.example';
export const IDP = 'https://idp.example';
const S = NOW / 1000;

const ISSUER_KEY = makeKey('ES256', 'one');
/** Somebody's own, under the name of the issuer's. */
const STRANGER = makeKey('ES256', 'one');
const CLIENT = makeKey('ES256', 'client');
const API_KEYS: Readonly<Record<string, string>> = {
  batch: 'rk_test_8dJ2mN4pQ6rS8tV0wX2y',
  stock: 'rk_test_Zz9Yy8Xx7Ww6Vv5Uu4Tt',
};
const HMAC_KEY = 'The key of the digests, 0123456789';

const use = (purpose: string) => ({ ...ISSUER_KEY.jwk, use: purpose });
export const KEY_FILES = new Map([
  ['root.pem', pemOf(makeAuthority('root'))],
  ['keys.json', JSON.stringify({ keys: [ISSUER_KEY.jwk] })],
  ['bundle.json', JSON.stringify({ keys: [use('jwt-svid'), { ...use('wit-svid'), kid: 'wit' }] })],
  ['hmac.key', HMAC_KEY],
]);
const WIT_KEY: TestKey = { ...ISSUER_KEY, kid: 'wit' };

/** As an Issuer lists them. */
export const LISTED_KEYS = Object.entries(API_KEYS).map(([subject, text]) => {
  const hmac = createHmac('sha256', HMAC_KEY).update(text).digest('hex');
  return { id: subject, subject, hmac };
});

export interface Certified {
  readonly id: string;
  /** Lives longer than some identities may. */
  readonly long?: boolean;
}

/** Of the identity provider, or a JWT-SVID. */
export interface TokenShown {
  readonly kind: 'access' | 'svid';
  readonly subject: string;
  readonly scope?: string;
  readonly team?: string;
  readonly act?: Json;
  readonly binding?: 'dpop' | 'certificate';
  /** What is wrong with it. */
  readonly claims?: Json;
  readonly proof?: Json;
  readonly signedBy?: 'stranger';
}

/** Every proof of one request. */
export interface Shown {
  /** `source.principal`, an enforcer's word. */
  readonly peer?: string;
  readonly certificate?: Certified;
  /** `Client-Cert`. */
  readonly client?: Certified;
  readonly token?: TokenShown;
  /** A WIT with its WPT. */
  readonly wit?: string;
  /** The subject of an API key. */
  readonly key?: string;
  /** Claims that `jwt_authn` says it verified. */
  readonly payload?: TokenShown;
  /** In place of a token: what is none. */
  readonly junk?: string;
}

export const PROOFS = ['peer', 'certificate', 'client', 'token', 'wit', 'key', 'payload'] as const;
export type ProofName = (typeof PROOFS)[number];

export function without(shown: Shown, proof: ProofName): Shown {
  const { [proof]: _left, ...rest } = shown;
  return rest;
}

const made = new Map<string, string>();

/** Signing is slow, and the same text comes again and again. */
function once(what: unknown, make: () => string): string {
  const key = JSON.stringify(what);
  const text = made.get(key) ?? make();
  made.set(key, text);
  return text;
}

const digest = (text: string) => hash('sha256', text, 'base64url');
const { kid: _, ...clientJwk } = CLIENT.jwk;
const { crv, kty, x, y } = clientJwk;
const JKT = digest(JSON.stringify({ crv, kty, x, y }));

const ders = new Map<string, Buffer>();

function certificateOf({ id, long = false }: Certified): Buffer {
  const name = `${id} ${long}`;
  const notAfter = NOW + (long ? 40 : 1) * HOUR_MS;
  const der = ders.get(name) ?? makeSvid(id, 'root', { notBefore: NOW - HOUR_MS, notAfter });
  ders.set(name, der);
  return der;
}

function claimsOf(shown: TokenShown, bound: Certified | undefined): Json {
  const { kind, subject: sub, scope, team, act, binding, claims } = shown;
  const times = { aud: 'remit', iat: S - 60, exp: S + 600 };
  if (kind === 'svid') return { sub, ...times, ...claims };
  const held = bound === undefined ? 'none' : digestOf(certificateOf(bound));
  const cnf = binding === 'dpop' ? { jkt: JKT } : { 'x5t#S256': held };
  return {
    ...{ iss: IDP, sub, client_id: 'c', jti: 'j', ...times },
    ...{ scope, team, act, cnf: binding && cnf, ...claims },
  };
}

const digestOf = (der: Buffer) => hash('sha256', der, 'base64url');

function tokenText(shown: TokenShown, bound: Certified | undefined): string {
  const claims = claimsOf(shown, bound);
  return once(['token', shown.kind, shown.signedBy, claims], () => {
    const key = shown.signedBy === 'stranger' ? STRANGER : ISSUER_KEY;
    return makeToken(claims, { typ: shown.kind === 'svid' ? 'JWT' : 'at+jwt' }, key);
  });
}

function tokenHeaders(shown: TokenShown, bound: Certified | undefined, http: string) {
  const text = tokenText(shown, bound);
  if (shown.binding !== 'dpop') return { text, headers: { authorization: `Bearer ${text}` } };
  const [htm, path] = http.split(' ');
  const said = { jti: 'p', htm, htu: `${ORIGIN}${path}`, iat: S, ath: digest(text) };
  const claims = { ...said, ...shown.proof };
  const header = { typ: 'dpop+jwt', kid: undefined, jwk: clientJwk };
  const dpop = once(['dpop', claims], () => makeToken(claims, header, CLIENT));
  return { text, headers: { authorization: `DPoP ${text}`, dpop } };
}

/** The proof covers the token that comes along, as its holder would make it anew. */
function witHeaders(sub: string, token: string | undefined, http: string) {
  const cnf = { jwk: { ...clientJwk, alg: 'ES256' } };
  const claims = { sub, iat: S - 60, exp: S + 600, cnf };
  const wit = once(['wit', claims], () => makeToken(claims, { typ: 'wit+jwt' }, WIT_KEY));
  const ath = token === undefined ? {} : { ath: digest(token) };
  const [, path] = http.split(' ');
  const said = { aud: `${ORIGIN}${path}`, exp: S + 60, jti: 'w', wth: digest(wit), ...ath };
  const header = { typ: 'wpt+jwt', kid: undefined };
  const wpt = once(['wpt', said], () => makeToken(said, header, CLIENT));
  return { 'workload-identity-token': wit, 'workload-proof-token': wpt };
}

/** As the decoder gives them: whole numbers are integers. */
function jsonValue(value: unknown): BodyValue {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (Array.isArray(value)) return value.map(jsonValue);
  if (typeof value !== 'object' || value === null) return value as BodyValue;
  const known = Object.entries(value).filter(([, it]) => it !== undefined);
  return new Map(known.map(([name, it]) => [name, jsonValue(it)]));
}

/** The request that shows all of it. */
export function askOf(shown: Shown, http: string): Ask {
  const { peer = '', certificate, client, token, wit, key, payload, junk } = shown;
  const bound = client ?? certificate;
  const bearer = token && tokenHeaders(token, bound, http);
  const chain = client && `:${certificateOf(client).toString('base64')}:`;
  return {
    caller: peer,
    http,
    ...(certificate && { certificate: sentForm(certificateOf(certificate)) }),
    ...(payload && { payloads: new Map([['payload', jsonValue(claimsOf(payload, bound))]]) }),
    proof: {
      ...bearer?.headers,
      ...(junk !== undefined && { authorization: junk }),
      ...(chain && { 'client-cert': chain }),
      ...(wit !== undefined && witHeaders(wit, bearer?.text, http)),
      ...(key !== undefined && { 'x-api-key': API_KEYS[key] ?? key }),
    },
  };
}
