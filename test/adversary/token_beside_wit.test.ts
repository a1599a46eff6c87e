// A WIT names the caller and a token stands beside it: what the token says takes away as it does
// beside a certificate (C-035, C-055).

import assert from 'node:assert/strict';
import { generateKeyPairSync, hash } from 'node:crypto';
import {
  type Ask,
  answerTo,
  type Document,
  identity,
  PAYMENTS,
  policy,
  service,
  snapshotOf,
} from '../engine/fixture.ts';
import {
  accessToken,
  GATEWAY,
  issuer,
  JWKS,
  jwk,
  jws,
  rule,
  S,
} from '../identity/token_fixture.ts';

const AGENT = 'spiffe://prod.example/ns/ai/sa/agent';
const OTHER = 'spiffe://prod.example/ns/ai/sa/other';
const DOMAIN_KEY = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const AGENT_KEY = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const BUNDLE = JSON.stringify({
  keys: [jwk(DOMAIN_KEY.publicKey, { kid: 'w', alg: 'ES256', use: 'wit-svid' })],
});
const WORKLOADS: Document = {
  kind: 'Issuer',
  metadata: { name: 'wits' },
  spec: {
    jwtSvid: {
      ...{ trustDomain: 'prod.example', audiences: ['remit'], maxLifetime: '1h' },
      bundle: 'spiffe.json',
    },
  },
};
const ALICE: Document = {
  kind: 'Identity',
  metadata: { name: 'alice' },
  spec: { issuer: 'ci', subject: 'alice', kind: 'human' },
};

function meshOf(identities: readonly Document[], rules: readonly Document[], more: Document = {}) {
  const operations = { read: { http: 'GET /a', scopes: ['pay.read'] } };
  const spec = { destinations: [PAYMENTS], origin: 'https://pay.example', operations, ...more };
  const documents = [service('payments', spec), policy('p', rules as never), GATEWAY];
  const files = new Map([
    ['keys.json', JWKS],
    ['spiffe.json', BUNDLE],
  ]);
  return snapshotOf([...documents, issuer(), WORKLOADS, ...identities], {}, files);
}

const wit = (sub = AGENT) =>
  jws(
    { alg: 'ES256', kid: 'w', typ: 'wit+jwt' },
    { sub, iat: S - 60, exp: S + 600, cnf: { jwk: jwk(AGENT_KEY.publicKey, { alg: 'ES256' }) } },
    DOMAIN_KEY.privateKey,
  );

const digest = (text: string) => hash('sha256', text, 'base64url');

function byWit(token: string | undefined, caller = '', sub = AGENT): Ask {
  const shown = wit(sub);
  const claims = {
    ...{ aud: 'https://pay.example/a', exp: S + 60, jti: 'p', wth: digest(shown) },
    ...(token !== undefined && { ath: digest(token) }),
  };
  const proof = jws({ alg: 'ES256', typ: 'wpt+jwt' }, claims, AGENT_KEY.privateKey);
  return {
    caller,
    proof: {
      ...{ 'workload-identity-token': shown, 'workload-proof-token': proof },
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
  };
}

describe('a token beside a WIT', () => {
  const rules = [
    rule('for', { from: { principals: [AGENT], actors: ['ci#alice'] } }),
    rule('alice', { from: { principals: ['ci#alice'] } }),
  ];
  const mesh = meshOf([identity(AGENT), ALICE], rules);
  const delegated = (scope: string) =>
    accessToken({ claims: { sub: 'alice', act: { sub: AGENT }, scope } });

  it('needs a scope of the operation, whoever else names the caller', () => {
    for (const caller of ['', AGENT]) {
      assert.equal(answerTo(mesh, byWit(delegated('pay.read'), caller)), 'allow');
      const little = byWit(delegated('other'), caller);
      assert.equal(answerTo(mesh, little), 'authz.token_scope', `beside \`${caller}\``);
    }
  });

  it('is asked for a scope beside a gateway too', () => {
    const gateway = identity(OTHER, { kind: 'gateway' });
    const behind = meshOf([identity(AGENT), ALICE, gateway], rules);
    assert.equal(answerTo(behind, byWit(delegated('other'), OTHER)), 'authz.token_scope');
  });
});

describe('a WIT and its proof', () => {
  const mesh = meshOf([identity(AGENT)], [rule('agent', { from: { principals: [AGENT] } })]);
  const { proof = {} } = byWit(undefined);

  it('prove nothing apart, also beside the very workload', () => {
    for (const caller of ['', AGENT]) {
      assert.equal(answerTo(mesh, { caller, proof }), 'allow');
      for (const name of ['workload-identity-token', 'workload-proof-token']) {
        const alone = { caller, proof: { [name]: proof[name] ?? '' } };
        assert.equal(answerTo(mesh, alone), 'authn.binding', `${name} beside \`${caller}\``);
      }
    }
  });
});

describe('a WIT at a service that reads the token itself', () => {
  const passThrough = { authorization: 'passThrough', operations: { read: { http: 'GET /a' } } };
  const rules = [rule('agent', { from: { principals: [AGENT] } })];
  const mesh = meshOf([identity(AGENT)], rules, passThrough);
  const beside = (authorization: string, covering?: string): Ask => {
    const { proof } = byWit(covering);
    return { caller: '', proof: { ...proof, authorization } };
  };

  it('may cover it, and covers no other', () => {
    const token = accessToken({ claims: { sub: 'alice' } });
    const rows: [want: string, ask: Ask][] = [
      ['allow', beside(`Bearer ${token}`, token)],
      ['allow', beside('Bearer opaque', 'opaque')],
      ['allow', beside(`Bearer ${token}`)],
      ['allow', beside('Basic dTpw')],
      ['authn.binding', beside(`Bearer ${token}`, 'opaque')],
      ['authn.binding', beside('Basic dTpw', 'dTpw')],
      ['authn.binding', { caller: '', proof: { ...byWit(token).proof, authorization: '' } }],
    ];
    for (const [want, ask] of rows) assert.equal(answerTo(mesh, ask), want, JSON.stringify(ask));
  });
});

describe('two workloads that one Identity names by a pattern', () => {
  const all = identity('spiffe://prod.example/ns/ai/sa/*');
  const mesh = meshOf([all, ALICE], [rule('ai', { from: { namespaces: ['ai'] } })]);

  it('are two: the WIT of one proves nothing of the other', () => {
    assert.equal(answerTo(mesh, byWit(undefined, AGENT)), 'allow');
    assert.equal(answerTo(mesh, byWit(undefined, OTHER)), 'authn.identity_conflict');
  });

  it('are two: what one may do for somebody the other may not', () => {
    const token = accessToken({ claims: { sub: 'alice', act: { sub: AGENT }, scope: 'pay.read' } });
    const proof = { authorization: `Bearer ${token}` };
    assert.equal(answerTo(mesh, { caller: AGENT, proof }), 'authz.no_match');
    assert.equal(answerTo(mesh, { caller: OTHER, proof }), 'authn.identity_conflict');
  });
});
