// C-010 C-011 C-012 C-047 C-059: tokens that the enforcer verified (`jwt_authn` metadata), by the
// code that serves: who may say so, what is asked again, and what has to agree.

import assert from 'node:assert/strict';
import { generateKeyPairSync, hash, sign } from 'node:crypto';
import type { BodyValue } from '../../engine/body/body.ts';
import { challengeOf, httpStatus } from '../../engine/challenge.ts';
import { Failure } from '../../engine/failure.ts';
import { x5tS256Of } from '../../engine/token.ts';
import {
  type Ask,
  answerTo,
  CHECKOUT,
  type Document,
  enforcer,
  identity,
  PAYMENTS,
  policy,
  service,
  snapshotOf,
  verdictOn,
  issuer as x509Issuer,
} from '../engine/fixture.ts';
import { HOUR_MS, makeAuthority, makeSvid, NOW, pemOf, sentForm } from '../support/certificates.ts';
import { secret } from '../support/secret.ts';

const ISSUER = 'https://idp.example';
const KEY = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const S = NOW / 1000;
const FILES = new Map([
  [
    'keys.json',
    JSON.stringify({ keys: [{ ...KEY.publicKey.export({ format: 'jwk' }), kid: 'k' }] }),
  ],
  ['root.pem', pemOf(makeAuthority('root'))],
]);
const CERT = makeSvid(CHECKOUT, 'root', { notBefore: NOW - HOUR_MS, notAfter: NOW + HOUR_MS });

const TIMES = { iat: S - 60, exp: S + 600 };
const CLAIMS = { iss: ISSUER, sub: 'alice', aud: 'remit', client_id: 'c', jti: 'j', ...TIMES };

/** As the decoder gives them: whole numbers are integers. */
function jsonValue(value: unknown): BodyValue {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (Array.isArray(value)) return value.map(jsonValue);
  if (typeof value !== 'object' || value === null) return value as BodyValue;
  return new Map(Object.entries(value).map(([name, it]) => [name, jsonValue(it)]));
}

const payloads = (...all: object[]) =>
  new Map(all.map((claims, index) => [index === 0 ? 'payload' : `${index}`, jsonValue(claims)]));

const saying = (claims: object = {}, more: Partial<Ask> = {}): Ask => {
  return { caller: '', payloads: payloads({ ...CLAIMS, ...claims }), ...more };
};

function token(claims: object = {}): string {
  const part = (it: object) => Buffer.from(JSON.stringify(it)).toString('base64url');
  const head = part({ alg: 'ES256', kid: 'k', typ: 'at+jwt' });
  const signed = `${head}.${part({ ...CLAIMS, ...claims })}`;
  const key = { key: KEY.privateKey, dsaEncoding: 'ieee-p1363' } as const;
  return `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`;
}

const idp = (spec: Document = {}): Document => ({
  kind: 'Issuer',
  metadata: { name: 'idp' },
  spec: {
    jwt: {
      issuer: ISSUER,
      jwks: { file: 'keys.json' },
      audiences: ['remit'],
      maxLifetime: '1h',
      ...spec,
    },
  },
});

const ALICE: Document = {
  kind: 'Identity',
  metadata: { name: 'alice' },
  spec: { issuer: 'idp', subject: 'alice', kind: 'human', shared: true },
};
const ALL = ['principal', 'certificate', 'metadata', 'anonymous'];

function mesh(
  spec: Document = {},
  peer = ALL,
  about: Document = {},
  read: Document = {},
  alice: Document = {},
) {
  const operations = { read: { http: 'GET /a', ...read } };
  return snapshotOf(
    [
      service('payments', { destinations: [PAYMENTS], operations, ...about }),
      policy('p', [{ id: 'a', effect: 'permit', from: { principals: ['idp#alice'] }, to: {} }]),
      ...[identity(CHECKOUT), idp(spec), x509Issuer()],
      { ...ALICE, spec: { ...(ALICE['spec'] as object), ...alice } },
      enforcer('e', { type: 'gateway', local: true, asserts: { peer, destinations: ['*'] } }),
    ],
    {},
    FILES,
  );
}

const MESH = mesh();
const beside = (text: string, claims: object = {}): Ask =>
  saying(claims, { proof: { authorization: `Bearer ${text}` } });
const x5t = x5tS256Of(`sha256:${hash('sha256', CERT, 'hex')}`);
const bound = { cnf: { 'x5t#S256': x5t } };

const cases: readonly [name: string, ask: Ask, want: string][] = [
  ['of an Issuer', saying(), 'allow'],
  [
    'of an issuer that nobody named',
    saying({ iss: 'https://evil.example' }),
    'authn.untrusted_issuer',
  ],
  ['without an issuer', saying({ iss: undefined }), 'authn.untrusted_issuer'],
  ['of an unknown subject', saying({ sub: 'bob' }), 'authz.unknown_identity'],
  ['without a subject', saying({ sub: '' }), 'authn.invalid_token'],
  ['for somebody else', saying({ aud: 'x' }), 'authn.audience'],
  ['for nobody', saying({ aud: [] }), 'authn.audience'],
  ['that expired', saying({ exp: S - 31, iat: S - 90 }), 'authn.expired'],
  ['of the future', saying({ iat: S + 31 }), 'authn.not_yet_valid'],
  ['that live too long', saying({ exp: S + 7200 }), 'authn.lifetime_exceeded'],
  ['without an end', saying({ exp: undefined }), 'authn.invalid_token'],
  ['that are no access token', saying({ client_id: undefined }), 'authn.invalid_token'],
  ['of a security event', saying({ events: {} }), 'authn.invalid_token'],
  [
    'that are no object',
    { caller: '', payloads: new Map([['payload', 'x']]) },
    'authn.invalid_token',
  ],
  ['of two tokens', { caller: '', payloads: payloads(CLAIMS, CLAIMS) }, 'authn.identity_conflict'],
  [
    'beyond their bounds',
    { caller: '', payloads: new Failure('authn.invalid_identity', 'x') },
    'authn.invalid_identity',
  ],
  ['bound to a key', saying({ cnf: { jkt: 'A'.repeat(43) } }), 'authn.binding'],
  ['bound to a certificate that did not come', saying(bound), 'authn.binding'],
  ['bound to the certificate', saying(bound, { certificate: sentForm(CERT) }), 'allow'],
  [
    'bound to another certificate',
    saying({ cnf: { 'x5t#S256': 'A'.repeat(43) } }, { certificate: sentForm(CERT) }),
    'authn.binding',
  ],
  ['beside the very token', beside(token()), 'allow'],
  [
    'beside another token of the same subject',
    beside(token({ jti: 'i' })),
    'authn.identity_conflict',
  ],
  ['beside a token of somebody else', beside(token({ sub: 'bob' })), 'authn.identity_conflict'],
  ['beside a token that failed', beside(token({ aud: 'x' })), 'authn.audience'],
  [
    'beside a password',
    saying(
      {},
      { proof: { authorization: `Basic ${Buffer.from(secret('u:p')).toString('base64')}` } },
    ),
    'authn.untrusted_issuer',
  ],
  ['that failed, beside a token', beside(token(), { aud: 'x' }), 'authn.audience'],
];

describe('claims that an enforcer asserts', () => {
  for (const [name, ask, want] of cases) {
    it(`are judged: those ${name}: ${want} (C-010 C-011)`, () => {
      assert.equal(answerTo(MESH, ask), want);
    });
  }

  it('are worth a bearer token, also where they are bound (C-012)', () => {
    for (const ask of [saying(), saying(bound, { certificate: sentForm(CERT) })]) {
      const { evidence, principal } = verdictOn(MESH, ask);
      assert.deepEqual([evidence.method, evidence.assurance], ['jwt_metadata', 'bearer']);
      assert.deepEqual([evidence.issuer, evidence.subject], [ISSUER, 'alice']);
      assert.equal(evidence.credential, '', 'nobody here has seen the token');
      assert.equal(evidence.notAfter, (S + 600) * 1000);
      assert.equal(principal?.id, 'idp#alice');
    }
  });

  it('stand beside the token, which names the caller', () => {
    const { evidence } = verdictOn(MESH, beside(token()));
    assert.equal(evidence.method, 'jwt');
    assert.deepEqual(
      evidence.others.map(({ method }) => method),
      ['jwt_metadata'],
    );
  });

  it('prove nothing from an enforcer that may not assert them, which is counted', () => {
    const { evidence, decision } = verdictOn(mesh({}, ['principal', 'anonymous']), saying());
    assert.equal(decision.reason, 'authz.no_match');
    assert.deepEqual([evidence.result, evidence.ignored], ['anonymous', 16]);
  });

  it('are a bearer token to the client, who is asked for another one (C-050)', () => {
    const INVALID = '401 Bearer error="invalid_token"';
    const short = mesh({}, ALL, {}, {}, { maxLifetime: '5m' });
    const rows = [
      [MESH, saying({ aud: 'x' }), `authn.audience ${INVALID}`],
      [MESH, saying({ sub: '' }), `authn.invalid_token ${INVALID}`],
      [MESH, saying({ iss: 'https://evil.example' }), `authn.untrusted_issuer ${INVALID}`],
      [short, saying(), `authn.lifetime_exceeded ${INVALID}`],
      [mesh({}, ALL, { accepts: ['x509-svid'] }), saying({ aud: 'x' }), 'authn.audience 403 none'],
      [MESH, beside(token({ jti: 'i' })), 'authn.identity_conflict 403 none'],
    ] as const;
    for (const [snapshot, ask, want] of rows) {
      const verdict = verdictOn(snapshot, ask);
      const { reason } = verdict.decision;
      const challenge = challengeOf(verdict, snapshot.proof.issuers.tokens);
      const status = httpStatus(reason, challenge);
      assert.equal(`${reason} ${status} ${challenge?.text ?? 'none'}`, want);
    }
  });

  it('are of no Issuer that takes only tokens bound to a key', () => {
    const strict = mesh({ bound: true });
    assert.equal(answerTo(strict, saying()), 'authn.binding');
    assert.equal(answerTo(strict, saying(bound, { certificate: sentForm(CERT) })), 'allow');
  });

  it('are of the kinds that their Issuer uses', () => {
    const plain = { client_id: undefined, jti: undefined };
    assert.equal(answerTo(mesh({ uses: ['id'] }), saying(plain)), 'allow');
    assert.equal(answerTo(mesh({ uses: ['transaction'] }), saying()), 'authn.invalid_token');
  });

  it('are for one destination where the service says for whom (C-099)', () => {
    assert.equal(answerTo(mesh({}, ALL, { audiences: ['pay'] }), saying()), 'authn.audience');
  });

  it('narrow by their scopes, also as a list, as Istio writes it (C-035)', () => {
    const scoped = mesh({}, ALL, {}, { scopes: ['pay.read'] });
    assert.equal(answerTo(scoped, saying({ scope: ['a', 'pay.read'] })), 'allow');
    assert.equal(answerTo(scoped, saying({ scope: 'a pay.read' })), 'allow');
    assert.equal(answerTo(scoped, saying({ scope: ['pay.write'] })), 'authz.token_scope');
    assert.equal(answerTo(scoped, saying({ scope: ['x pay.read'] })), 'authn.invalid_token');
  });

  it('become attributes, but no number that a double does not hold', () => {
    const claims = { team: 'attributes.team', account: 'attributes.account' };
    const attributesOf = (more: object) =>
      verdictOn(mesh({ claims }), saying(more)).principal?.entry.attributes;
    assert.deepEqual(
      attributesOf({ team: 'red', account: 7 }),
      new Map<string, unknown>([
        ['team', 'red'],
        ['account', 7],
      ]),
    );
    assert.deepEqual(attributesOf({ account: 2 ** 53 }), new Map());
  });

  it('are read only where somebody may assert them and somebody vouches', () => {
    assert.ok(MESH.attributesRead.metadata);
    assert.ok(!mesh({}, ['principal']).attributesRead.metadata);
  });
});
