// Access tokens and the JWTs of CI systems (C-010, C-011): what is read from a good one, and a
// refusal for every rule.

import assert from 'node:assert/strict';
import { isFailure } from '../../engine/failure.ts';
import { parseJwkSet } from '../../engine/identity/token/jwk_set.ts';
import { TOKEN_ACTORS_MAX } from '../../engine/limits.ts';
import { TokenFailure } from '../../engine/token.ts';
import {
  ACCESS_CLAIMS,
  AUDIENCE,
  assertRefused,
  GOOD_CLAIMS,
  ISSUER,
  type Json,
  KEY,
  KEYS,
  keySetOf,
  makeKey,
  makeToken,
  NOW,
  NOW_S,
  OTHER_KEY,
  verify,
  verifyOk,
} from './fixture.ts';

const AT = { typ: 'at+jwt' };
const SHA256 = 'A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0';

describe('a verified token (C-011)', () => {
  it('says what it says', () => {
    const token = verifyOk(makeToken(ACCESS_CLAIMS, AT));
    assert.equal(token.kind, 'jwt');
    assert.equal(token.issuer, ISSUER);
    assert.equal(token.subject, ACCESS_CLAIMS['sub']);
    assert.equal(token.spiffe, undefined);
    assert.deepEqual(token.audiences, [AUDIENCE]);
    assert.equal(token.issuedAt, NOW - 60_000);
    assert.equal(token.notBefore, NOW - 60_000);
    assert.equal(token.expiresAt, NOW + 600_000);
    assert.equal(token.jti, 'a1');
    assert.equal(token.clientId, 'shop');
    assert.deepEqual([...token.scopes], ['read', 'write']);
    assert.equal(token.confirmation, undefined);
    assert.deepEqual(token.actors, []);
    assert.equal(token.claims.get('client_id'), 'shop');
    assert.match(token.keyThumbprint, /^sha256:[0-9a-f]{64}$/);
    assert.match(token.credential, /^sha256:[0-9a-f]{64}$/);
    assert.equal(token.typ, 'at+jwt');
  });

  it('may have a time with a fraction', () => {
    const token = verifyOk(makeToken({ ...GOOD_CLAIMS, exp: NOW_S + 1.5 }));
    assert.equal(token.expiresAt, NOW + 1500);
  });

  it('may be meant for several', () => {
    const token = verifyOk(makeToken({ ...GOOD_CLAIMS, aud: ['a', AUDIENCE] }));
    assert.deepEqual(token.audiences, ['a', AUDIENCE]);
  });

  for (const [name, claims, scopes] of [
    ['`scope`', { scope: 'a b' }, ['a', 'b']],
    ['`scope` with spaces too many', { scope: ' a  b ' }, ['a', 'b']],
    ['an empty `scope`', { scope: '' }, []],
    ['`scp` as a list', { scp: ['a', 'b'] }, ['a', 'b']],
    ['`scp` as a text', { scp: 'a b' }, ['a', 'b']],
    ['both, the same', { scope: 'b a', scp: ['a', 'b'] }, ['a', 'b']],
    ['neither', {}, []],
  ] as const) {
    it(`has scopes by ${name}`, () => {
      const token = verifyOk(makeToken({ ...GOOD_CLAIMS, ...claims }));
      assert.deepEqual([...token.scopes], scopes);
    });
  }

  it('names what it is bound to: RFC 8705 appendix A, RFC 9449 section 6', () => {
    const { jwk } = makeKey('ES256', 'client');
    const cnf = { 'x5t#S256': SHA256, jkt: SHA256, jwk, kid: 'ignored' };
    const { confirmation } = verifyOk(makeToken({ ...GOOD_CLAIMS, cnf }));
    assert.equal(confirmation?.x5tS256, SHA256);
    assert.equal(confirmation?.jkt, SHA256);
    assert.equal(confirmation?.jwk?.get('x'), jwk['x']);
  });

  it('names its actors, outermost first', () => {
    const act = { sub: 'agent', act: { sub: 'planner', iss: 'https://other.example' } };
    assert.deepEqual(verifyOk(makeToken({ ...GOOD_CLAIMS, act })).actors, [
      { issuer: ISSUER, subject: 'agent' },
      { issuer: 'https://other.example', subject: 'planner' },
    ]);
  });

  it('may be that of an agent which acts for itself', () => {
    const act = { sub: GOOD_CLAIMS['sub'] };
    assert.equal(verifyOk(makeToken({ ...GOOD_CLAIMS, act })).actors.length, 1);
  });

  it('names no SPIFFE ID, whatever its subject is', () => {
    const sub = 'spiffe://prod.example/ns/shop/sa/checkout';
    assert.equal(verifyOk(makeToken({ ...ACCESS_CLAIMS, sub }, AT)).spiffe, undefined);
  });
});

/** A chain of so many actors. */
function actors(count: number): Json {
  return { sub: `a${count}`, ...(count > 1 ? { act: actors(count - 1) } : {}) };
}

describe('a token is refused that (C-010)', () => {
  const invalid: readonly (readonly [name: string, claims: Json, detail: RegExp])[] = [
    ['has no subject', { sub: undefined }, /`sub` is missing/],
    ['has null as subject', { sub: null }, /`sub`/],
    ['has an empty subject', { sub: '' }, /`sub`/],
    ['has a number as subject', { sub: 5 }, /`sub`/],
    ['has a list as subject', { sub: ['a'] }, /`sub`/],
    ['has a line feed in its subject', { sub: 'a\nb' }, /`sub`/],
    ['has a NUL in its subject', { sub: 'a\0' }, /`sub`/],
    ['has a subject of 3 KiB', { sub: 'a'.repeat(3072) }, /`sub`/],
    ['never expires', { exp: undefined }, /`exp` is missing/],
    ['expires at null', { exp: null }, /`exp`/],
    ['expires at a text', { exp: String(NOW_S + 600) }, /`exp`/],
    ['expires before the epoch', { exp: -1 }, /`exp`/],
    ['expires in milliseconds', { exp: NOW + 600_000 }, /`exp`/],
    ['expires at true', { exp: true }, /`exp`/],
    ['begins at a text', { nbf: 'now' }, /`nbf`/],
    ['begins at null', { nbf: null }, /`nbf`/],
    ['was issued at a text', { iat: 'now' }, /`iat`/],
    ['was issued after it expires', { iat: NOW_S + 601 }, /expires before/],
    ['begins when it expires', { nbf: NOW_S + 600 }, /expires before/],
    ['has a number as audience', { aud: 5 }, /`aud`/],
    ['has null as audience', { aud: null }, /`aud`/],
    ['has an empty text as audience', { aud: '' }, /`aud`/],
    ['has a number among its audiences', { aud: [AUDIENCE, 5] }, /`aud`/],
    ['has a list in its audiences', { aud: [[AUDIENCE]] }, /`aud`/],
    ['has a number as `jti`', { jti: 7 }, /`jti`/],
    ['has a list as client', { client_id: ['a'] }, /`client_id`/],
    ['has a list as `scope`', { scope: ['a'] }, /`scope`/],
    ['has a number in `scp`', { scp: [1] }, /`scp`/],
    ['has `scope` and another `scp`', { scope: 'a', scp: ['a', 'admin'] }, /differ/],
    ['has `scope` and less in `scp`', { scope: 'a b', scp: ['a'] }, /differ/],
    ['is bound to a text', { cnf: 'x' }, /`cnf`/],
    ['is bound to nothing', { cnf: {} }, /`cnf`/],
    ['is bound to what is not known', { cnf: { kid: 'x' } }, /`cnf`/],
    ['is bound to a short digest', { cnf: { jkt: 'AAAA' } }, /`jkt`/],
    ['is bound to a digest with padding', { cnf: { jkt: `${SHA256}=` } }, /`jkt`/],
    ['is bound to a number', { cnf: { 'x5t#S256': 1 } }, /`x5t#S256`/],
    ['is bound to two, one of them wrong', { cnf: { jkt: SHA256, 'x5t#S256': '' } }, /`x5t/],
    ['is bound to a key that is no object', { cnf: { jwk: 'x' } }, /`jwk`/],
    ['is bound to a secret', { cnf: { jwk: { kty: 'oct', k: 'AAAA' } } }, /symmetric/],
    ['is bound to a key on no curve', { cnf: { jwk: { ...KEY.jwk, y: KEY.jwk['x'] } } }, /curve/],
    ['has a text as actor', { act: 'agent' }, /`act`/],
    ['has an actor without a name', { act: {} }, /without a name/],
    ['has an actor with an empty name', { act: { sub: '' } }, /without a name/],
    ['has an actor of no issuer', { act: { sub: 'a', iss: 1 } }, /without a name/],
    ['has an actor behind one without a name', { act: { sub: 'a', act: {} } }, /without a name/],
    ['has a text behind an actor', { act: { sub: 'a', act: 'b' } }, /`act`/],
    ['has a chain too long', { act: actors(TOKEN_ACTORS_MAX + 1) }, /more than 8/],
    ['has a cycle', { act: { sub: 'a', act: { sub: 'b', act: { sub: 'a' } } } }, /acts for/],
    ['has a cycle of one', { act: { sub: 'a', act: { sub: 'a' } } }, /acts for/],
    [
      'has its subject behind its actor',
      { act: { sub: 'a', act: { sub: GOOD_CLAIMS['sub'] } } },
      /acts for/,
    ],
  ];

  for (const [name, claims, detail] of invalid) {
    it(name, () => assertRefused(verify(makeToken({ ...GOOD_CLAIMS, ...claims })), detail));
  }

  it('has nine actors, and not one that has eight', () => {
    assertRefused(verify(makeToken({ ...GOOD_CLAIMS, act: actors(9) })), /more than 8/);
    const act = actors(TOKEN_ACTORS_MAX);
    assert.equal(verifyOk(makeToken({ ...GOOD_CLAIMS, act })).actors.length, TOKEN_ACTORS_MAX);
  });

  for (const aud of [undefined, []]) {
    it(`is meant for nobody: ${JSON.stringify(aud)}`, () => {
      assertRefused(verify(makeToken({ ...GOOD_CLAIMS, aud })), /nobody/, 'authn.audience');
    });
  }

  for (const iss of [
    undefined,
    '',
    `${ISSUER}/`,
    'https://CI.example',
    'http://ci.example',
    [ISSUER],
    `${ISSUER}\0`,
  ]) {
    it(`is of another issuer: ${JSON.stringify(iss)}`, () => {
      const result = verify(makeToken({ ...GOOD_CLAIMS, iss }));
      assertRefused(result, /another issuer/, 'authn.untrusted_issuer');
    });
  }

  for (const claim of ['client_id', 'iat', 'jti']) {
    it(`lacks \`${claim}\` and is an access token (RFC 9068 section 2.2)`, () => {
      const result = verify(makeToken({ ...ACCESS_CLAIMS, [claim]: undefined }, AT));
      assertRefused(result, /is missing/);
    });
  }

  it('lacks a claim that its Issuer asks for, or has null instead', () => {
    const ci = { requiredClaims: ['repository', 'run_id'] };
    const repository = 'acme/shop';
    assertRefused(verify(makeToken({ ...GOOD_CLAIMS, repository }), ci), /`run_id`/);
    const isNull = makeToken({ ...GOOD_CLAIMS, repository, run_id: null });
    assertRefused(verify(isNull, ci), /`run_id`/);
    verifyOk(makeToken({ ...GOOD_CLAIMS, repository, run_id: 7 }), ci);
  });

  it('is signed by nobody we know, and says when a newer key set might help', () => {
    const unknown = verify(makeToken(GOOD_CLAIMS, { kid: 'new' }));
    assertRefused(unknown, /no key of the issuer/, 'authn.untrusted_issuer');
    assert.ok(unknown instanceof TokenFailure && unknown.keyMissing);
    const wrong = verify(makeToken(GOOD_CLAIMS, { kid: OTHER_KEY.kid }));
    assertRefused(wrong, /wrong signature/);
    assert.ok(wrong instanceof TokenFailure && !wrong.keyMissing);
  });

  it('uses an algorithm that its Issuer does not', () => {
    const rs = { algorithms: new Set(['RS256'] as const) };
    assertRefused(verify(makeToken(GOOD_CLAIMS), rs), /algorithm/);
  });

  it('is one of another issuer, by its own key', () => {
    const attacker = makeKey('ES256', KEY.kid);
    assertRefused(verify(makeToken(GOOD_CLAIMS, {}, attacker)), /wrong signature/);
    const theirs = verify(makeToken(GOOD_CLAIMS), {}, keySetOf([attacker.jwk]));
    assertRefused(theirs, /wrong signature/);
  });

  it('has no key at all to be verified by', () => {
    const empty = parseJwkSet('{"keys":[]}', 'sig');
    assert.ok('keys' in empty);
    const result = verify(makeToken(GOOD_CLAIMS), {}, empty);
    assertRefused(result, /no key/, 'authn.untrusted_issuer');
  });
});

describe('a refused token (C-011)', () => {
  it('is named by its digest, and what it claims is cut', () => {
    const long = { ...GOOD_CLAIMS, iss: 'i'.repeat(5000), sub: 's'.repeat(5000) };
    const text = makeToken(long);
    const failure = verify(text);
    assert.ok(failure instanceof TokenFailure);
    assert.equal(failure.claimedIssuer.length, 2048);
    assert.equal(failure.claimedSubject.length, 2048);
    assert.match(failure.credential, /^sha256:[0-9a-f]{64}$/);
  });

  it('does not occur in what is said of it', () => {
    for (const claims of [{ sub: 5 }, { aud: 'secret-audience' }, { cnf: { jkt: 'secret' } }]) {
      const text = makeToken({ ...GOOD_CLAIMS, ...claims, extra: 'secret-extra' });
      const failure = verify(text, {}, keySetOf([OTHER_KEY.jwk]));
      assert.ok(isFailure(failure));
      assert.ok(!failure.detail.includes('secret'));
      for (const part of text.split('.')) assert.ok(!JSON.stringify(failure).includes(part));
    }
    assert.ok(KEYS.keys.length > 0);
  });
});
