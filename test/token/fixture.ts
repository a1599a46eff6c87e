// Keys and signed tokens for tests, good ones and any others.

import assert from 'node:assert/strict';
import {
  constants,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
  sign as signBytes,
} from 'node:crypto';
import { isFailure } from '../../engine/failure.ts';
import type { TokenIssuer } from '../../engine/identity/token/access_token.ts';
import { verifyAccessToken } from '../../engine/identity/token/access_token.ts';
import type { Algorithm } from '../../engine/identity/token/algorithm.ts';
import { ALGORITHMS, algorithmRow } from '../../engine/identity/token/algorithm.ts';
import { JwkSet, type KeySetPurpose, parseJwkSet } from '../../engine/identity/token/jwk_set.ts';
import { readToken, UnverifiedToken } from '../../engine/identity/token/unverified_token.ts';
import type { TokenFailure, VerifiedToken } from '../../engine/token.ts';

/** Seconds since the epoch, as claims have it. */
export const NOW_S = 1_768_478_400;
export const NOW = NOW_S * 1000;
export const ISSUER = 'https://ci.example';
export const AUDIENCE = 'remit';

export type Json = Readonly<Record<string, unknown>>;

export interface TestKey {
  readonly kid: string;
  readonly algorithm: Algorithm;
  readonly privateKey: KeyObject;
  /** Public, with `kid`. */
  readonly jwk: Json;
}

function generate(algorithm: Algorithm) {
  const { keyType } = algorithmRow(algorithm);
  if (keyType === 'RSA') return generateKeyPairSync('rsa', { modulusLength: 2048 });
  if (keyType === 'Ed25519') return generateKeyPairSync('ed25519');
  return generateKeyPairSync('ec', { namedCurve: keyType });
}

export function makeKey(algorithm: Algorithm, kid: string): TestKey {
  const { publicKey, privateKey } = generate(algorithm);
  const jwk = { ...(publicKey.export({ format: 'jwk' }) as JsonWebKey), kid };
  return { kid, algorithm, privateKey, jwk };
}

export const KEY = makeKey('ES256', 'one');
export const OTHER_KEY = makeKey('ES256', 'two');
export const RSA_KEY = makeKey('RS256', 'rsa');

export function encode(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return Buffer.from(text).toString('base64url');
}

/** By its own algorithm, whatever the header says. */
export function signature({ algorithm, privateKey: key }: TestKey, signed: string): string {
  const { digest, padding } = algorithmRow(algorithm);
  const saltLength = constants.RSA_PSS_SALTLEN_DIGEST;
  const options =
    padding === undefined ? { key, dsaEncoding: 'ieee-p1363' as const } : { key, padding };
  const salted = padding === constants.RSA_PKCS1_PSS_PADDING ? { ...options, saltLength } : options;
  return signBytes(digest, Buffer.from(signed, 'latin1'), salted).toString('base64url');
}

/** @param header in place of, or besides, `alg` and `kid`; undefined takes one away */
export function makeToken(claims: unknown, header: Json = {}, key = KEY): string {
  const signed = `${encode({ alg: key.algorithm, kid: key.kid, ...header })}.${encode(claims)}`;
  return `${signed}.${signature(key, signed)}`;
}

export const GOOD_CLAIMS: Json = {
  iss: ISSUER,
  sub: 'repo:acme/shop:ref:refs/heads/main',
  aud: AUDIENCE,
  iat: NOW_S - 60,
  nbf: NOW_S - 60,
  exp: NOW_S + 600,
  jti: 'a1',
};

/** What RFC 9068 asks for besides. */
export const ACCESS_CLAIMS: Json = { ...GOOD_CLAIMS, client_id: 'shop', scope: 'read write' };

export function keySetOf(keys: readonly Json[], purpose: KeySetPurpose = 'sig'): JwkSet {
  const set = parseJwkSet(JSON.stringify({ keys }), purpose);
  assert.ok(set instanceof JwkSet, JSON.stringify(set));
  return set;
}

export const KEYS = keySetOf([KEY.jwk, OTHER_KEY.jwk, RSA_KEY.jwk]);

export const CI: TokenIssuer = {
  issuer: ISSUER,
  audiences: new Set([AUDIENCE]),
  algorithms: new Set(ALGORITHMS),
  types: new Set(['at+jwt', 'JWT', 'absent']),
  maxLifetimeMs: 3_600_000,
  requiredClaims: [],
};

export function readOk(text: string): UnverifiedToken {
  const token = readToken(text);
  assert.ok(token instanceof UnverifiedToken, JSON.stringify(token));
  return token;
}

/** Read and verified, without regard to time and audience. */
export function verify(
  text: string,
  issuer: Partial<TokenIssuer> = {},
  keys = KEYS,
): VerifiedToken | TokenFailure {
  const token = readToken(text);
  return isFailure(token) ? token : verifyAccessToken(token, { ...CI, ...issuer }, keys);
}

export function verifyOk(text: string, issuer: Partial<TokenIssuer> = {}): VerifiedToken {
  const token = verify(text, issuer);
  assert.ok(!isFailure(token), isFailure(token) ? token.detail : '');
  return token;
}

/** That it is refused, by this reason and in these words. */
export function assertRefused(
  result: unknown,
  detail: RegExp,
  reason = 'authn.invalid_token',
): void {
  assert.ok(isFailure(result), 'it was accepted');
  assert.match(result.detail, detail);
  assert.equal(result.reason, reason);
}
