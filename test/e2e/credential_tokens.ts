// Tokens and proofs of now, for the mesh of credential_mesh.ts: good ones unless a test says
// otherwise.

import { randomUUID } from 'node:crypto';
import { TRUST_DOMAIN } from '../../demo/bundle.ts';
import type { Svid } from '../../demo/pki.ts';
import { tokenHash } from '../../engine/identity/token/possession.ts';
import { x5tS256Of } from '../../engine/token.ts';
import { type Json, keySetOf, makeKey, makeToken, type TestKey } from '../token/fixture.ts';
import { certificateDigest } from './asked.ts';

/** Who signs: an issuer with its key. */
export interface Signer {
  readonly issuer: string;
  readonly key: TestKey;
  /** In a SPIFFE bundle, what the key is for. */
  readonly use?: string;
}

export const SIGNERS = {
  idp: { issuer: 'https://idp.demo.example', key: makeKey('ES256', 'idp') },
  ci: { issuer: 'https://ci.demo.example', key: makeKey('RS256', 'ci') },
  tts: { issuer: 'https://tts.demo.example', key: makeKey('ES256', 'tts') },
  svids: { issuer: '', key: makeKey('ES256', 'svids'), use: 'jwt-svid' },
  wits: { issuer: '', key: makeKey('ES256', 'wits'), use: 'wit-svid' },
} as const satisfies Record<string, Signer>;

/** Keys of callers, and of a thief. */
export const CLIENT_KEY = makeKey('ES256', 'client');
export const THIEF_KEY = makeKey('ES256', 'thief');

/** A JWK Set, or the JWT part of a SPIFFE bundle. */
export function keySet(...signers: readonly Signer[]): string {
  const keys = signers.map(({ key, use }) => ({ ...key.jwk, ...(use !== undefined && { use }) }));
  return JSON.stringify({ keys });
}

const seconds = () => Math.floor(Date.now() / 1000);
/** Since a minute, for ten more. */
const times = () => ({ iat: seconds() - 60, exp: seconds() + 600 });
export const EXPIRED = () => ({ iat: seconds() - 600, exp: seconds() - 60 });

/** RFC 9068. */
export function accessToken(sub: string, aud: string, claims: Json = {}, key?: TestKey): string {
  const { issuer, key: own } = SIGNERS.idp;
  const base = { iss: issuer, sub, aud, client_id: 'shop', jti: randomUUID(), ...times() };
  return makeToken({ ...base, ...claims }, { typ: 'at+jwt', kid: own.kid }, key ?? own);
}

/** OpenID Connect, as CI systems issue it for a job. */
export function ciToken(sub: string, aud: string, claims: Json = {}): string {
  const { issuer, key } = SIGNERS.ci;
  const base = { iss: issuer, sub, aud, jti: randomUUID(), ...times() };
  return makeToken({ ...base, ...claims }, { typ: 'JWT' }, key);
}

export function jwtSvid(sub: string, aud: string, claims: Json = {}): string {
  return makeToken({ sub, aud, ...times(), ...claims }, { typ: 'JWT' }, SIGNERS.svids.key);
}

export function transactionToken(workload: string, claims: Json = {}): string {
  const base = { iss: SIGNERS.tts.issuer, sub: 'alice', aud: TRUST_DOMAIN, ...times() };
  const own = { txn: randomUUID(), scope: 'account.read', req_wl: workload };
  return makeToken({ ...base, ...own, ...claims }, { typ: 'txntoken+jwt' }, SIGNERS.tts.key);
}

/** RFC 8705 section 3.1. */
export function boundToCertificate(svid: Svid): Json {
  return { cnf: { 'x5t#S256': x5tS256Of(certificateDigest(svid)) } };
}

/** RFC 9449 section 6.1. */
export function boundToKey({ jwk }: TestKey): Json {
  return { cnf: { jkt: keySetOf([jwk]).keys[0]!.thumbprint } };
}

/** RFC 9449 section 4.2: a proof for `GET uri` with this token. */
export function dpopProof(token: string, uri: string, claims: Json = {}, key = CLIENT_KEY): string {
  const base = { jti: randomUUID(), htm: 'GET', htu: uri, iat: seconds(), ath: tokenHash(token) };
  const jwk = { ...key.jwk, kid: undefined };
  return makeToken({ ...base, ...claims }, { typ: 'dpop+jwt', kid: undefined, jwk }, key);
}

export function wit(sub: string, claims: Json = {}): string {
  const cnf = { jwk: { ...CLIENT_KEY.jwk, kid: undefined, alg: 'ES256' } };
  const base = { sub, jti: randomUUID(), ...times(), cnf };
  return makeToken({ ...base, ...claims }, { typ: 'wit+jwt' }, SIGNERS.wits.key);
}

/** The proof of a WIT's key, for this URI. */
export function wpt(shown: string, uri: string, claims: Json = {}, key = CLIENT_KEY): string {
  const base = { aud: uri, exp: seconds() + 60, jti: randomUUID(), wth: tokenHash(shown) };
  return makeToken({ ...base, ...claims }, { typ: 'wpt+jwt', kid: undefined }, key);
}
