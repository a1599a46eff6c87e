// One service that takes access tokens, and tokens for it.

import { generateKeyPairSync, hash, type KeyObject, sign } from 'node:crypto';
import {
  type Ask,
  CHECKOUT,
  type Document,
  GATEWAY,
  identity,
  NOW,
  PAYMENTS,
  policy,
  service,
  snapshotOf,
} from '../engine/fixture.ts';
import { encodeCall } from '../support/mesh.ts';

export { CHECKOUT, NOW, verdictOn } from '../engine/fixture.ts';

const ISSUER = 'https://ci.example';
const ISSUER_KEY = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const CLIENT_KEY = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const S = NOW / 1000;
export const ORIGIN = 'https://pay.example';

function jws(header: object, claims: object, key: KeyObject): string {
  const part = (it: object) => Buffer.from(JSON.stringify(it)).toString('base64url');
  const signed = `${part(header)}.${part(claims)}`;
  const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}

export function accessToken(claims: object = {}): string {
  const base = { iss: ISSUER, sub: 'alice', aud: 'remit', client_id: 'c', jti: 'j' };
  const times = { iat: S - 60, exp: S + 600 };
  const head = { alg: 'ES256', kid: 'k', typ: 'at+jwt' };
  return jws(head, { ...base, ...times, ...claims }, ISSUER_KEY.privateKey);
}

export const bearer = (claims: object = {}): Ask => ({
  caller: '',
  proof: { authorization: `Bearer ${accessToken(claims)}` },
});

const PUBLIC = CLIENT_KEY.publicKey.export({ format: 'jwk' });
const MEMBERS = { crv: PUBLIC.crv, kty: PUBLIC.kty, x: PUBLIC.x, y: PUBLIC.y };
const JKT = hash('sha256', JSON.stringify(MEMBERS), 'base64url');

/** A token that is bound to a key, and a proof of it. */
export function dpop(claims: object = {}, proof: object = {}): Ask {
  const token = accessToken({ cnf: { jkt: JKT }, ...claims });
  const said = { jti: 'p', htm: 'GET', htu: `${ORIGIN}/a`, iat: S };
  const shown = jws(
    { alg: 'ES256', typ: 'dpop+jwt', jwk: MEMBERS },
    { ...said, ath: hash('sha256', token, 'base64url'), ...proof },
    CLIENT_KEY.privateKey,
  );
  return { caller: '', proof: { authorization: `DPoP ${token}`, dpop: shown } };
}

const KEYS = [{ ...ISSUER_KEY.publicKey.export({ format: 'jwk' }), kid: 'k', alg: 'ES256' }];
export const KEY_FILES = new Map([
  ['keys.json', JSON.stringify({ keys: KEYS })],
  ['bundle.json', JSON.stringify({ keys: [{ ...KEYS[0], use: 'jwt-svid' }] })],
]);

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
      uses: ['access'],
      ...spec,
    },
  },
});

const SVIDS: Document = {
  kind: 'Issuer',
  metadata: { name: 'workloads' },
  spec: {
    jwtSvid: {
      ...{ trustDomain: 'prod.example', audiences: ['remit'], maxLifetime: '1h' },
      bundle: 'bundle.json',
    },
  },
};

const ALICE: Document = {
  kind: 'Identity',
  metadata: { name: 'alice' },
  spec: { issuer: 'ci', subject: 'alice', kind: 'human' },
};

/** @param spec of the Service; `read` is added to its one operation */
export function documents(
  { read = {}, ...spec }: Document = {},
  issuers: readonly Document[] = [issuer(), SVIDS],
): readonly Document[] {
  const operations = { read: { http: 'GET /a', ...(read as Document) } };
  const rule = { id: 'all', effect: 'permit', from: { kinds: ['human', 'workload'] }, to: {} };
  return [
    service('payments', { destinations: [PAYMENTS], operations, ...spec }),
    policy('p', [rule]),
    identity(CHECKOUT),
    ...(issuers.some((it) => JSON.stringify(it).includes('"ci"')) ? [ALICE] : []),
    GATEWAY,
    ...issuers,
  ];
}

export function mesh(spec?: Document, issuers?: readonly Document[]) {
  return snapshotOf(documents(spec, issuers), {}, KEY_FILES);
}

/** The message of a request whose headers are those of its proof. */
export function messageOf({ proof }: Ask, body?: string): Buffer {
  const call = { from: '', to: PAYMENTS, path: '/a', headers: proof ?? {} };
  return encodeCall(body === undefined ? call : { ...call, body });
}
