// C-050: what a denied client is asked for, by the code that serves: the header as it is sent.

import assert from 'node:assert/strict';
import { challengeOf, httpStatus } from '../../engine/challenge.ts';
import { toldOf } from '../../engine/identity/token_credential.ts';
import type { Snapshot } from '../../engine/snapshot.ts';
import { type Ask, type Document, service, textOf, told } from '../engine/fixture.ts';
import { secret } from '../support/secret.ts';
import { bearer, CHECKOUT, dpop, issuer, mesh, NOW, ORIGIN, verdictOn } from './fixture.ts';

const ALGS = 'algs="RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519"';
const S = NOW / 1000;
const METADATA = `${ORIGIN}/.well-known/oauth-protected-resource`;
const NO_ONE: Ask = { caller: '' };

const authorization = (value: string): Ask => ({ caller: '', proof: { authorization: value } });

interface Case {
  readonly name: string;
  readonly spec?: Document;
  readonly issuers?: readonly Document[];
  readonly ask: Ask;
  readonly want: string;
}

const INVALID = 'authn.audience 401 Bearer error="invalid_token"';
const MISSING = 'authn.assurance 401 Bearer';
const floor = { read: { dataClass: 'confidential' } };

const cases: readonly Case[] = [
  { name: 'nobody', ask: NO_ONE, spec: floor, want: MISSING },
  {
    name: 'a peer that the enforcer may not name',
    ask: { caller: '', certificate: 'x' },
    want: 'authn.missing 401 Bearer',
  },
  { name: 'a token for somebody else', ask: bearer({ aud: 'x' }), want: INVALID },
  {
    name: 'one that expired',
    ask: bearer({ iat: S - 90, exp: S - 31 }),
    want: 'authn.expired 401 Bearer error="invalid_token"',
  },
  {
    name: 'one of the future',
    ask: bearer({ iat: S + 31 }),
    want: 'authn.not_yet_valid 401 Bearer error="invalid_token"',
  },
  {
    name: 'one that lives too long',
    ask: bearer({ exp: S + 7200 }),
    want: 'authn.lifetime_exceeded 401 Bearer error="invalid_token"',
  },
  {
    name: 'one of another issuer',
    ask: bearer({ iss: 'https://evil.example' }),
    want: 'authn.untrusted_issuer 401 Bearer error="invalid_token"',
  },
  {
    name: 'no JWT',
    ask: authorization(`Bearer ${secret('opaque')}`),
    want: 'authn.untrusted_issuer 401 Bearer error="invalid_token"',
  },
  {
    name: 'two tokens',
    ask: authorization('Bearer a.b.c, Bearer a.b.c'),
    want: 'authn.invalid_token 401 Bearer error="invalid_token"',
  },
  {
    name: 'a password, as if nothing had come',
    ask: authorization(`Basic ${Buffer.from(secret('u:p')).toString('base64')}`),
    want: 'authn.untrusted_issuer 401 Bearer',
  },
  {
    name: 'a header of junk, as if nothing had come',
    ask: authorization(`"x=" ${'\\"'.repeat(9)}`),
    want: 'authn.invalid_token 401 Bearer',
  },
  {
    name: 'a bound token without its proof',
    ask: bearer({ cnf: { jkt: 'A'.repeat(43) } }),
    want: 'authn.binding 401 Bearer error="invalid_token"',
  },
  {
    name: 'a proof for another method',
    spec: { origin: ORIGIN },
    ask: dpop({}, { htm: 'POST' }),
    want: `authn.binding 401 DPoP error="invalid_dpop_proof", ${ALGS}, Bearer`,
  },
  {
    name: 'an old proof of a good token',
    spec: { origin: ORIGIN },
    ask: dpop({}, { iat: S - 120 }),
    want: `authn.expired 401 DPoP error="invalid_dpop_proof", ${ALGS}, Bearer`,
  },
  {
    name: 'a proof beside a token that expired',
    spec: { origin: ORIGIN },
    ask: dpop({ iat: S - 90, exp: S - 31 }),
    want: `authn.expired 401 DPoP error="invalid_token", ${ALGS}, Bearer`,
  },
  {
    name: 'a proof at a service without URL, which can verify none',
    ask: dpop(),
    want: 'authn.binding 401 Bearer',
  },
  {
    name: 'a bearer token where only bound ones are taken',
    spec: { origin: ORIGIN },
    issuers: [issuer({ bound: true })],
    ask: bearer(),
    want: `authn.binding 401 Bearer error="invalid_token", DPoP ${ALGS}`,
  },
  {
    name: 'any with the metadata of the resource (RFC 9728)',
    spec: { resourceMetadata: METADATA },
    ask: bearer({ aud: 'x' }),
    want: `${INVALID}, resource_metadata="${METADATA}"`,
  },
  {
    name: 'a token without the scope, with the first that suffices',
    spec: { read: { scopes: ['pay.read', 'pay'] } },
    ask: bearer({ scope: 'other' }),
    want: 'authz.token_scope 403 Bearer error="insufficient_scope", scope="pay.read"',
  },
  {
    name: 'a caller whose proof is too weak, where it may be told (RFC 9470)',
    spec: { read: { dataClass: 'restricted', requestable: true } },
    ask: bearer(),
    want: 'authn.assurance 401 Bearer error="insufficient_user_authentication"',
  },
  {
    name: 'the same caller where it may not',
    spec: { read: { dataClass: 'restricted' } },
    ask: bearer(),
    want: 'authn.assurance 403 none',
  },
  {
    name: 'a token where the service takes no tokens',
    spec: { accepts: ['x509-svid'] },
    ask: bearer({ aud: 'x' }),
    want: 'authn.audience 403 none',
  },
  {
    name: 'a token of an issuer where only JWT-SVIDs are taken',
    spec: { accepts: ['jwt-svid'] },
    ask: bearer({ aud: 'x' }),
    want: INVALID,
  },
  {
    name: 'nobody, where the service reads the header itself',
    spec: { authorization: 'passThrough', ...floor },
    ask: NO_ONE,
    want: 'authn.assurance 403 none',
  },
  {
    name: 'nobody, where nobody issues tokens',
    spec: floor,
    issuers: [],
    ask: NO_ONE,
    want: 'authn.assurance 403 none',
  },
  {
    name: 'nobody, where tokens stand in a cookie only',
    spec: floor,
    issuers: [issuer({ locations: [{ cookie: 'session' }] })],
    ask: NO_ONE,
    want: 'authn.assurance 403 none',
  },
  {
    name: 'two who are not the same',
    ask: { ...bearer(), caller: CHECKOUT },
    want: 'authn.identity_conflict 403 none',
  },
  {
    name: 'a peer that is no workload',
    ask: { caller: 'CN=x' },
    want: 'authn.invalid_identity 403 none',
  },
  {
    name: 'a workload token without its proof (WIMSE: not 401)',
    ask: { caller: '', proof: { 'workload-identity-token': 'a.b.c' } },
    want: 'authn.binding 403 none',
  },
  {
    name: 'a workload token that is none',
    ask: {
      caller: '',
      proof: { 'workload-identity-token': 'a.b.c', 'workload-proof-token': 'a.b.c' },
    },
    want: 'authn.invalid_token 403 none',
  },
  {
    name: 'an identity that nobody knows',
    ask: bearer({ sub: 'mallory' }),
    want: 'authz.unknown_identity 403 none',
  },
  {
    name: 'another destination',
    ask: { ...NO_ONE, destination: 'x' },
    want: 'authz.no_policy 403 none',
  },
];

function answered(snapshot: Snapshot, ask: Ask): string {
  const verdict = verdictOn(snapshot, ask);
  const { reason } = verdict.decision;
  const challenge = challengeOf(verdict, snapshot.proof.issuers.tokens);
  return `${reason} ${httpStatus(reason, challenge)} ${challenge?.text ?? 'none'}`;
}

describe('C-050: who is denied is asked for', () => {
  for (const { name, spec, issuers, ask, want } of cases) {
    it(`what could help: ${name}`, () => assert.equal(answered(mesh(spec, issuers), ask), want));
  }

  it('a token, without an error, when an API key failed', () => {
    const refusal = { refused: 'authn.expired', claim: undefined } as const;
    assert.equal(toldOf({ ...refusal, method: 'api_key' }).shownBy, 'nothing');
    assert.equal(toldOf(refusal).shownBy, 'other');
  });

  it('nothing when he is allowed', () => {
    const snapshot = mesh();
    const verdict = verdictOn(snapshot, bearer());
    assert.equal(verdict.decision.outcome, 'allow');
    assert.equal(challengeOf(verdict, snapshot.proof.issuers.tokens), undefined);
  });

  it('nothing of what he sent', () => {
    const evil = 'evil"\\, Basic realm="x';
    for (const claims of [{ aud: evil }, { iss: evil }, { sub: evil }, { scope: evil }]) {
      const spec = { read: { scopes: ['pay'] } };
      assert.doesNotMatch(answered(mesh(spec), bearer(claims)), /evil|Basic/);
    }
  });
});

describe('what a Service says for challenges', () => {
  const mistakes = (spec: Document) =>
    told(textOf([service('s', { operations: { read: { http: 'GET /a' } }, ...spec })]))
      .filter((line) => line.includes('error'))
      .join('\n');

  for (const url of [
    'http://pay.example/x',
    'https://pay.example',
    'https://u:p@pay.example/x',
    'https://pay.example/x#y',
    'https://pay.example/"x',
    'https://pay.example/x?a\\b',
    'https://pay.example/é',
    'https://pay.example/x y',
    'https://PAY.example/x',
    '/x',
  ]) {
    it(`is a URL that stands in a header as it is, not ${url}`, () => {
      assert.match(mistakes({ resourceMetadata: url }), /is no https URL/);
    });
  }

  it('is a URL such as RFC 9728 has', () => {
    assert.equal(mistakes({ resourceMetadata: METADATA }), '');
  });

  for (const scope of ['a b', 'a"b', 'a\\b', 'é', '\t']) {
    it(`is a scope of OAuth, not ${JSON.stringify(scope)}`, () => {
      const operations = { read: { http: 'GET /a', scopes: [scope] } };
      assert.match(mistakes({ operations }), /is no scope of OAuth/);
    });
  }
});
