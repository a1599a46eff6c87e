// Tokens for tests: an issuer, its keys, and a mesh that believes it.

import { generateKeyPairSync, hash, type KeyObject, sign } from 'node:crypto';
import type { Settings } from '../../engine/settings.ts';
import {
  type Ask,
  type Document,
  enforcer,
  NOW,
  PAYMENTS,
  policy,
  service,
  snapshotOf,
} from '../engine/fixture.ts';

export const ISSUER = 'https://ci.example';
export const ISSUER_KEY = generateKeyPairSync('ec', { namedCurve: 'P-256' });
export const OTHER_KEY = generateKeyPairSync('ec', { namedCurve: 'P-256' });
export const CLIENT_KEY = generateKeyPairSync('ec', { namedCurve: 'P-256' });
export const S = NOW / 1000;
export { NOW } from '../engine/fixture.ts';

export function jws(header: object, claims: object, key: KeyObject): string {
  const part = (it: object) => Buffer.from(JSON.stringify(it)).toString('base64url');
  const signed = `${part(header)}.${part(claims)}`;
  const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}

export interface Token {
  readonly claims?: object;
  readonly header?: object;
  readonly key?: KeyObject;
}

export function accessToken({ claims, header, key = ISSUER_KEY.privateKey }: Token = {}): string {
  const base = { iss: ISSUER, sub: 'repo:acme/app', aud: 'remit', client_id: 'c', jti: 'j' };
  const times = { iat: S - 60, exp: S + 600 };
  const head = { alg: 'ES256', kid: 'k', typ: 'at+jwt', ...header };
  return jws(head, { ...base, ...times, ...claims }, key);
}

export const jwk = (key: KeyObject, more: object = {}) => ({
  ...key.export({ format: 'jwk' }),
  ...more,
});
export const JWKS = JSON.stringify({
  keys: [jwk(ISSUER_KEY.publicKey, { kid: 'k', alg: 'ES256' })],
});
export const FILES = new Map([['keys.json', JWKS]]);

export const issuer = (spec: Document = {}, name = 'ci'): Document => ({
  kind: 'Issuer',
  metadata: { name },
  spec: {
    jwt: {
      issuer: ISSUER,
      jwks: { file: 'keys.json' },
      audiences: ['remit'],
      algorithms: ['ES256'],
      maxLifetime: '1h',
      uses: ['access', 'id'],
      ...spec,
    },
  },
});

export const CI: Document = {
  kind: 'Identity',
  metadata: { name: 'app' },
  spec: { issuer: 'ci', subject: 'repo:acme/app', kind: 'ci' },
};
export const GATEWAY = enforcer('gateway', {
  type: 'gateway',
  local: true,
  asserts: { peer: ['principal', 'anonymous'], destinations: ['*'] },
});

export const rule = (id: string, more: Document): Document => ({
  id,
  effect: 'permit',
  to: {},
  ...more,
});

export function mesh(
  documents: readonly Document[],
  rules: readonly Document[],
  spec: Document = {},
  settings: Partial<Settings> = {},
  files: ReadonlyMap<string, string> = FILES,
) {
  const operations = {
    read: { http: 'GET /a', ...(spec['read'] as object) },
    write: { http: 'POST /a' },
  };
  const { read: _, ...rest } = spec;
  return snapshotOf(
    [
      service('payments', { destinations: [PAYMENTS], operations, ...rest }),
      policy('p', rules as never),
      ...(documents.some(({ kind }) => kind === 'Enforcer') ? [] : [GATEWAY]),
      ...documents,
    ],
    settings,
    files,
  );
}

export const ALLOW = rule('ci', { from: { principals: ['ci#repo:acme/app'] } });
export const MESH = mesh([issuer(), CI], [ALLOW]);

export const bearer = (token: string): Ask => ({
  caller: '',
  proof: { authorization: `Bearer ${token}` },
});

export const ORIGIN = 'https://pay.example';

function publicMembers(key: KeyObject) {
  const { crv, kty, x, y } = key.export({ format: 'jwk' });
  return { crv, kty, x, y };
}
const THUMBPRINT = hash('sha256', JSON.stringify(publicMembers(CLIENT_KEY.publicKey)), 'base64url');

/** A token that is bound to the client's key. */
export function boundToken(claims: object = {}): string {
  return accessToken({ claims: { cnf: { jkt: THUMBPRINT }, ...claims } });
}

export function dpopProof(token: string, claims: object = {}, key = CLIENT_KEY): string {
  const said = { jti: 'p', htm: 'GET', htu: `${ORIGIN}/a`, iat: S };
  return jws(
    { alg: 'ES256', typ: 'dpop+jwt', jwk: publicMembers(key.publicKey) },
    { ...said, ath: hash('sha256', token, 'base64url'), ...claims },
    key.privateKey,
  );
}

/** Where the Service has the origin of this file. */
export function byDpop(token = boundToken(), dpop = dpopProof(token)): Ask {
  return { caller: '', proof: { authorization: `DPoP ${token}`, dpop } };
}
