// C-010 C-011 C-013 C-035 C-047 C-059: tokens as credentials, by the code that serves: who is
// believed on which token, how strongly, and what is refused.

import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import {
  type Ask,
  answerTo,
  CHECKOUT,
  type Document,
  TRUST_DOMAIN,
  verdictOn,
} from '../engine/fixture.ts';
import { secret } from '../support/secret.ts';
import {
  ALLOW,
  accessToken,
  bearer,
  boundToken,
  CI,
  CLIENT_KEY,
  dpopProof,
  ISSUER,
  issuer,
  MESH,
  mesh,
  ORIGIN,
  OTHER_KEY,
  rule,
  S,
} from './token_fixture.ts';

const PASSWORD = `Basic ${Buffer.from(secret('u:p')).toString('base64')}`;

const cases: readonly [name: string, ask: Ask, want: string][] = [
  ['an access token', bearer(accessToken()), 'allow'],
  ['one of a CI system, without a type', bearer(accessToken({ header: { typ: 'JWT' } })), 'allow'],
  [
    'one that expired',
    bearer(accessToken({ claims: { exp: S - 31, iat: S - 90 } })),
    'authn.expired',
  ],
  ['one within the skew', bearer(accessToken({ claims: { exp: S - 29, iat: S - 90 } })), 'allow'],
  ['one of the future', bearer(accessToken({ claims: { iat: S + 31 } })), 'authn.not_yet_valid'],
  ['one for somebody else', bearer(accessToken({ claims: { aud: 'x' } })), 'authn.audience'],
  [
    'one that lives too long',
    bearer(accessToken({ claims: { exp: S + 7200 } })),
    'authn.lifetime_exceeded',
  ],
  [
    'one of an issuer that nobody named',
    bearer(accessToken({ claims: { iss: 'https://evil.example' } })),
    'authn.untrusted_issuer',
  ],
  [
    'one signed by another key',
    bearer(accessToken({ key: OTHER_KEY.privateKey })),
    'authn.invalid_token',
  ],
  [
    'one of an unknown subject',
    bearer(accessToken({ claims: { sub: 'repo:acme/other' } })),
    'authz.unknown_identity',
  ],
  ['no JWT', bearer(secret('opaque')), 'authn.untrusted_issuer'],
  ['a password', { caller: '', proof: { authorization: PASSWORD } }, 'authn.untrusted_issuer'],
  ['an empty header', { caller: '', proof: { authorization: '' } }, 'authn.untrusted_issuer'],
  [
    'two of them in one header',
    { caller: '', proof: { authorization: `Bearer ${accessToken()},Bearer ${accessToken()}` } },
    'authn.invalid_token',
  ],
  ['none', { caller: '' }, 'authz.no_match'],
  [
    'one that failed, beside a peer that is proved',
    { ...bearer(accessToken({ claims: { aud: 'x' } })), caller: CHECKOUT },
    'authn.audience',
  ],
  [
    'one beside a peer that is somebody else',
    { ...bearer(accessToken()), caller: CHECKOUT },
    'authn.identity_conflict',
  ],
  [
    'one bound to a key that nobody proves',
    bearer(accessToken({ claims: { cnf: { jkt: 'A'.repeat(43) } } })),
    'authn.binding',
  ],
];

describe('a token in `Authorization`', () => {
  for (const [name, ask, want] of cases) {
    it(`is judged: ${name} (C-010 C-011)`, () => assert.equal(answerTo(MESH, ask), want));
  }

  it('names nobody of a trust domain or a namespace (C-010)', () => {
    const kinds = ['ci'];
    const by = (from: Document) =>
      answerTo(mesh([issuer(), CI], [rule('a', { from })]), bearer(accessToken()));
    assert.equal(by({ kinds }), 'allow');
    for (const more of [{ trustDomains: [TRUST_DOMAIN] }, { namespaces: ['*'] }]) {
      assert.notEqual(by({ kinds, ...more }), 'allow', JSON.stringify(more));
    }
  });

  it('is read from a cookie where the Issuer says so, and nowhere else (C-011)', () => {
    const snapshot = mesh([issuer({ locations: [{ cookie: 'sid' }] }), CI], [ALLOW]);
    const by = (proof: Record<string, string>) => answerTo(snapshot, { caller: '', proof });
    const token = accessToken();
    assert.equal(by({ cookie: `a=b; sid=${token}` }), 'allow');
    assert.notEqual(by({ cookie: `a=${token}` }), 'allow');
    assert.notEqual(by({ authorization: `Bearer ${token}` }), 'allow');
  });

  it('is evidence by its digest, never as it came (C-101)', () => {
    const token = accessToken();
    const { evidence, principal } = verdictOn(MESH, bearer(token));
    assert.equal(evidence.method, 'jwt');
    assert.equal(evidence.assurance, 'bearer');
    assert.equal(evidence.issuer, ISSUER);
    assert.equal(evidence.credential, `sha256:${hash('sha256', token, 'hex')}`);
    assert.equal(principal?.id, 'ci#repo:acme/app');
  });

  it('is not read where the service reads it itself', () => {
    const passing = mesh([issuer(), CI], [ALLOW], { authorization: 'passThrough' });
    assert.equal(answerTo(passing, bearer(accessToken())), 'authz.no_match');
  });

  it('is for one destination where the service says for whom (C-099)', () => {
    const own = mesh([issuer(), CI], [ALLOW], { audiences: ['payments'] });
    assert.equal(answerTo(own, bearer(accessToken())), 'authn.audience');
    const meant = accessToken({ claims: { aud: ['remit', 'payments'] } });
    assert.equal(answerTo(own, bearer(meant)), 'allow');
  });

  it('never widens: a scope of it has to cover the operation (C-035)', () => {
    const scoped = mesh([issuer(), CI], [ALLOW], { read: { scopes: ['pay.read', 'pay'] } });
    const having = (scope: string) => bearer(accessToken({ claims: { scope } }));
    assert.equal(answerTo(scoped, having('a pay.read')), 'allow');
    assert.equal(answerTo(scoped, having('pay.write')), 'authz.token_scope');
    const none = mesh([issuer(), CI], [rule('x', { from: { principals: ['ci#other'] } })], {
      read: { scopes: ['pay'] },
    });
    assert.equal(answerTo(none, having('pay')), 'authz.no_match');
  });

  it('names the job of a runner, by claims (C-080)', () => {
    const names = ['repository', 'ref', 'workflow', 'run-id'];
    const claims = Object.fromEntries(
      names.map((it) => [it.replace('-', '_'), `attributes.${it}`]),
    );
    const confidential = { read: { dataClass: 'confidential' } };
    const runner = { ...CI, spec: { ...(CI['spec'] as object), spiffe: CHECKOUT } };
    const rules = [rule('repo', { from: { kinds: ['ci'], claims: { repository: ['acme/app'] } } })];
    const jobs = mesh([issuer({ claims }), runner], rules, confidential);
    const job = { repository: 'acme/app', ref: 'main', workflow: 'w', run_id: 7 };
    const withJob = (more: object): Ask => ({
      ...bearer(accessToken({ claims: { ...job, ...more } })),
      caller: CHECKOUT,
    });
    assert.equal(answerTo(jobs, { caller: CHECKOUT }), 'authn.assurance');
    assert.equal(answerTo(jobs, withJob({})), 'allow');
    assert.equal(answerTo(jobs, withJob({ repository: 'evil/app' })), 'authz.no_match');
    assert.equal(answerTo(jobs, withJob({ run_id: undefined })), 'authn.assurance');
  });
});

describe('a token that is bound to a key', () => {
  const bound = mesh([issuer(), CI], [ALLOW], { origin: ORIGIN });
  const token = boundToken();
  const proof = (claims: object = {}, key = CLIENT_KEY) => dpopProof(token, claims, key);
  const shown = (dpop: string, scheme = 'DPoP'): Ask => ({
    caller: '',
    proof: { authorization: `${scheme} ${token}`, dpop },
  });

  for (const [name, ask, want] of [
    ['with a proof', shown(proof()), 'allow'],
    ['as a bearer token', shown(proof(), 'Bearer'), 'authn.binding'],
    ['with a proof for another method', shown(proof({ htm: 'POST' })), 'authn.binding'],
    ['with one for another URI', shown(proof({ htu: 'https://x.example/a' })), 'authn.binding'],
    ['with one by another key', shown(proof({}, OTHER_KEY)), 'authn.binding'],
    ['with an old one', shown(proof({ iat: S - 120 })), 'authn.expired'],
    ['with one for another token', shown(proof({ ath: 'A'.repeat(43) })), 'authn.binding'],
  ] as const) {
    it(`is taken ${name}: ${want} (C-047 C-059)`, () => assert.equal(answerTo(bound, ask), want));
  }

  it('is the strongest proof (C-084)', () => {
    assert.equal(verdictOn(bound, shown(proof())).evidence.assurance, 'bound');
  });

  it('proves nothing at a service whose URL nobody configured', () => {
    assert.equal(answerTo(MESH, shown(proof())), 'authn.binding');
  });
});
