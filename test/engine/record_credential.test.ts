// What evidence says of each kind of credential (C-101, DESIGN section 8): by which key, of which
// age, bound to what; and nothing raw.

import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync, hash, type KeyObject, sign } from 'node:crypto';
import { RECORDED_ELEMENT_MAX, RECORDED_ELEMENTS_MAX } from '../../engine/limits.ts';
import { type Occasion, recordLines } from '../../engine/record.ts';
import { secret } from '../support/secret.ts';
import {
  type Ask,
  CHECKOUT,
  type Document,
  enforcer,
  identity,
  NOW,
  PAYMENTS,
  policy,
  service,
  snapshotOf,
  verdictOn,
} from './fixture.ts';

const ISSUER = 'https://ci.example';
const KEY = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const CLIENT_KEY = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const HMAC_KEY = secret('a key of the deployment, 0123456789 and more');
const API_KEY = secret('api-key-that-nobody-guesses-0123456789');
const JTI = 'the-id-of-this-token';
const S = NOW / 1000;

const sha256 = (text: string) => `sha256:${hash('sha256', text, 'hex')}`;
const iso = (s: number) => new Date(s * 1000).toISOString();

function members(key: KeyObject) {
  const { crv, kty, x, y } = key.export({ format: 'jwk' });
  return { crv, kty, x, y };
}

function jws(header: object, claims: object, key: KeyObject): string {
  const part = (it: object) => Buffer.from(JSON.stringify(it)).toString('base64url');
  const signed = `${part(header)}.${part(claims)}`;
  const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}

function accessToken(claims: object = {}): string {
  const base = { iss: ISSUER, sub: 'repo:acme/app', aud: 'remit', client_id: 'c', jti: JTI };
  const times = { iat: S - 60, exp: S + 600 };
  const head = { alg: 'ES256', kid: 'k', typ: 'at+jwt' };
  return jws(head, { ...base, ...times, ...claims }, KEY.privateKey);
}

const FILES = new Map([
  ['keys.json', JSON.stringify({ keys: [{ ...members(KEY.publicKey), kid: 'k', alg: 'ES256' }] })],
  ['hmac.key', HMAC_KEY],
]);
const JWT: Document = {
  kind: 'Issuer',
  metadata: { name: 'ci' },
  spec: {
    jwt: {
      issuer: ISSUER,
      jwks: { file: 'keys.json' },
      audiences: ['remit'],
      algorithms: ['ES256'],
      maxLifetime: '1h',
      uses: ['access', 'id'],
    },
  },
};
const API_KEY_DIGEST = createHmac('sha256', HMAC_KEY).update(API_KEY).digest('hex');
const API_KEYS: Document = {
  kind: 'Issuer',
  metadata: { name: 'keys' },
  spec: {
    apiKeys: {
      header: 'x-api-key',
      hmacKey: './hmac.key',
      keys: [
        {
          ...{ id: 'one', hmac: API_KEY_DIGEST, subject: 'partner' },
          ...{ createdAt: iso(S - 86_400), expiresAt: iso(S + 86_400) },
        },
      ],
    },
  },
};
const token = (name: string, issuer: string, subject: string, more: Document = {}): Document => ({
  kind: 'Identity',
  metadata: { name },
  spec: { issuer, subject, ...more },
});
const SNAPSHOT = snapshotOf(
  [
    service('payments', {
      destinations: [PAYMENTS],
      origin: 'https://pay.example',
      operations: { read: { http: 'GET /a' } },
    }),
    policy('p', [{ id: 'all', effect: 'permit', from: { kinds: ['ci', 'workload'] }, to: {} }]),
    enforcer('gateway', {
      type: 'gateway',
      local: true,
      asserts: { peer: ['principal', 'anonymous'], destinations: ['*'] },
    }),
    ...[JWT, API_KEYS, token('app', 'ci', 'repo:acme/app', { kind: 'ci', shared: true })],
    ...[token('partner', 'keys', 'partner'), identity(CHECKOUT)],
  ],
  {},
  FILES,
);

const OCCASION: Occasion = {
  ...{ decisionId: 'id', now: NOW, durationUs: 1, revision: 0, method: 'GET', path: '/a' },
  ...{ host: '', destination: PAYMENTS, requestId: '', traceId: '', sni: '', port: 0 },
};

function linesOf(ask: Ask, now = NOW) {
  return recordLines(verdictOn(SNAPSHOT, ask), { ...OCCASION, now }, SNAPSHOT);
}

/** What stands behind `proofDigest`. */
function credentialOf(ask: Ask) {
  const { evidence, decision } = linesOf(ask);
  const { credential } = JSON.parse(decision);
  const parsed = JSON.parse(evidence);
  assert.equal(parsed.credential, credential, 'both records name it');
  const names = Object.keys(parsed);
  const from = names.indexOf('proofDigest') + 1;
  return Object.fromEntries(Object.entries(parsed).slice(from));
}

const bearer = (text: string): Ask => ({ caller: '', proof: { authorization: `Bearer ${text}` } });
const JWK = JSON.stringify(members(KEY.publicKey));
const SIGNED_BY = sha256(JWK);

describe('C-101: evidence of', () => {
  const text = accessToken({ scope: 'pay.read pay.write' });
  const constant = {
    credential: sha256(text),
    keyThumbprint: SIGNED_BY,
    serial: null,
    notBefore: iso(S - 60),
    notAfter: iso(S + 600),
  };
  const claims = {
    kind: 'jwt',
    typ: 'at+jwt',
    jti: sha256(JTI),
    audiences: ['remit'],
    clientId: 'c',
    scopes: ['pay.read', 'pay.write'],
  };

  it('an access token is exactly this', () => {
    const { evidence } = linesOf(bearer(text));
    const start = evidence.indexOf('"credential"');
    assert.equal(
      evidence.slice(start),
      `"credential":"${sha256(text)}","keyThumbprint":"${SIGNED_BY}","serial":null,` +
        `"notBefore":"${iso(S - 60)}","notAfter":"${iso(S + 600)}",` +
        `"token":{"kind":"jwt","typ":"at+jwt","jti":"${sha256(JTI)}","audiences":["remit"],` +
        '"clientId":"c","scopes":["pay.read","pay.write"],"binding":"none"},"ageS":60}\n',
    );
    assert.match(evidence, /"method":"jwt","assurance":"bearer","subject":"repo:acme\/app"/);
  });

  it('one that is refused for what it says is told as well, and as bound to nothing', () => {
    const other = accessToken({ aud: 'somebody', scope: 'x', cnf: { jkt: 'A'.repeat(43) } });
    assert.deepEqual(credentialOf(bearer(other)), {
      ...constant,
      credential: sha256(other),
      ageS: 60,
      token: { ...claims, audiences: ['somebody'], scopes: ['x'], binding: 'none' },
    });
  });

  it('one that nobody signed is its digest', () => {
    const forged = `${text.slice(0, -4)}AAAA`;
    const nothing = { keyThumbprint: null, serial: null, notBefore: null, notAfter: null };
    const want = { credential: sha256(forged), ...nothing, ageS: null };
    assert.deepEqual(credentialOf(bearer(forged)), want);
  });

  it('a token bound to a key says so', () => {
    const jkt = hash('sha256', JSON.stringify(members(CLIENT_KEY.publicKey)), 'base64url');
    const bound = accessToken({ cnf: { jkt } });
    const head = { alg: 'ES256', typ: 'dpop+jwt', jwk: members(CLIENT_KEY.publicKey) };
    const proof = {
      ...{ jti: 'p', htm: 'GET', htu: 'https://pay.example/a', iat: S },
      ath: hash('sha256', bound, 'base64url'),
    };
    const dpop = jws(head, proof, CLIENT_KEY.privateKey);
    const ask = { caller: '', proof: { authorization: `DPoP ${bound}`, dpop } };
    assert.equal((credentialOf(ask)['token'] as { binding: string }).binding, 'dpop');
  });

  it('a token beside the workload that uses it names both', () => {
    const found = credentialOf({ ...bearer(text), caller: CHECKOUT });
    const none = { credential: null, keyThumbprint: null, serial: null };
    assert.deepEqual(found, {
      ...{ ...constant, ageS: 60, token: { ...claims, binding: 'none' } },
      others: [
        {
          ...{ method: 'peer_principal', kind: null, subject: CHECKOUT, issuer: 'prod.example' },
          ...{ ...none, notBefore: null, notAfter: null },
        },
      ],
    });
  });

  it('a token that another workload shows names both, and proves nobody', () => {
    const alice = accessToken({ sub: 'alice' });
    const { evidence } = linesOf({ ...bearer(alice), caller: CHECKOUT });
    const { result, reason, subject, others } = JSON.parse(evidence);
    assert.deepEqual([result, reason, subject], ['failed', 'authn.identity_conflict', 'alice']);
    assert.equal(others[0].subject, CHECKOUT);
  });

  it('an API key is the HMAC of it, with the times that its Issuer says', () => {
    assert.deepEqual(credentialOf({ caller: '', proof: { 'x-api-key': API_KEY } }), {
      ...{ credential: `hmac-sha256:${API_KEY_DIGEST}`, keyThumbprint: null, serial: null },
      ...{ notBefore: iso(S - 86_400), notAfter: iso(S + 86_400), ageS: 86_400 },
    });
  });

  it('lists of an issuer are cut at their bounds', () => {
    const many = Array.from({ length: RECORDED_ELEMENTS_MAX + 3 }, (_, index) => `s${index}`);
    const long = 'x'.repeat(RECORDED_ELEMENT_MAX + 1);
    const chosen = accessToken({ scope: many.join(' '), aud: ['remit', long, '"\n'] });
    const { scopes, audiences } = credentialOf(bearer(chosen))['token'] as typeof claims;
    assert.deepEqual(scopes, [...many.slice(0, RECORDED_ELEMENTS_MAX), '…(3 more)']);
    assert.deepEqual(audiences, ['remit', `${long.slice(1)}…(1 more)`, '"\n']);
  });

  it('a clock ahead of ours makes no credential younger than nothing', () => {
    assert.equal(credentialOf(bearer(accessToken({ iat: S + 20 })))['ageS'], 0);
  });

  it('no credential holds a token, a key, a cookie or an API key, or a `jti`', () => {
    const cookie = `session=${secret('of-the-browser')}`;
    const opaque = secret('opaque');
    const password = Buffer.from(`somebody:${secret('word')}`).toString('base64');
    const asks: Ask[] = [
      bearer(text),
      bearer(`${text}x`),
      bearer(opaque),
      { ...bearer(text), caller: CHECKOUT },
      { caller: '', proof: { authorization: `Basic ${password}` } },
      { caller: '', proof: { 'x-api-key': API_KEY } },
      { caller: '', proof: { 'x-api-key': `${API_KEY}x`, cookie } },
      { caller: '', proof: { authorization: `Bearer ${text}`, 'x-api-key': API_KEY, cookie } },
    ];
    const [head, body, signature] = text.split('.');
    const raw = [head, body, signature, API_KEY, JTI, cookie, opaque, password, HMAC_KEY];
    for (const ask of asks) {
      const { evidence, decision } = linesOf(ask);
      for (const one of raw) assert.ok(!`${evidence}${decision}`.includes(one!), one);
    }
  });
});
