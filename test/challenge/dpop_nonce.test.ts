// C-059 C-096: a proof that holds a nonce of ours (RFC 9449 sections 8 and 9), by the code that
// serves. Who has none, or an old one, or that of another issuer or process, is told the present
// one and nothing else; and who shows less than a good token and a good proof is told no nonce at
// all.

import assert from 'node:assert/strict';
import { challengeOf } from '../../engine/challenge.ts';
import { NONCE_WINDOW_MS, newNonceKey, WindowedNonces } from '../../workers/dpop_nonces.ts';
import { Evaluator } from '../../workers/evaluator.ts';
import { type Ask, textOf, told } from '../engine/fixture.ts';
import { readResponse } from '../support/check_response.ts';
import { dpop, issuer, mesh, messageOf, NOW, ORIGIN, verdictOn } from './fixture.ts';

const MESH = mesh({ origin: ORIGIN }, [issuer({ dpopNonce: true })]);
const KEY = newNonceKey();
const S = NOW / 1000;
const ASKED = /^DPoP error="use_dpop_nonce", algs="[A-Za-z0-9 ]+", Bearer$/;

const onInternalError = (error: unknown): never => {
  throw error;
};

/** What one thread answers at a time, with the key of all threads unless another is given. */
function answerTo(ask: Ask, { now = NOW, key = KEY, of = MESH } = {}) {
  const nonces = new WindowedNonces(key);
  const evaluator = new Evaluator(of, { now: () => now, onInternalError, nonces });
  const evaluated = evaluator.evaluate(messageOf(ask), { kind: 'local' });
  assert.ok(!(evaluated instanceof Promise));
  const { result, http, headers } = readResponse(evaluated.response);
  const { reasons } = JSON.parse(evaluated.decisionLine);
  assert.deepEqual(reasons, result === 'allow' ? [] : [result]);
  const challenge = headers['www-authenticate'] ?? '';
  return { result, http, challenge, nonce: headers['dpop-nonce'], cache: headers['cache-control'] };
}

const withNonce = (nonce: unknown, now = NOW): Ask =>
  dpop({ iat: now / 1000 - 60, exp: now / 1000 + 600 }, { nonce, iat: now / 1000 });

/** What whoever has none is told. */
function toldAt(now = NOW, key = KEY): string {
  const { nonce } = answerTo(withNonce(undefined, now), { now, key });
  assert.ok(nonce !== undefined);
  return nonce;
}

describe('a nonce that an Issuer demands of proofs', () => {
  it('is told to whoever shows a good token and a good proof without it', () => {
    const { result, http, challenge, nonce, cache } = answerTo(withNonce(undefined));
    assert.equal(result, 'authn.nonce');
    assert.equal(http, 401);
    assert.match(challenge, ASKED);
    assert.match(nonce!, /^[A-Za-z0-9_-]{43}$/);
    assert.equal(cache, 'no-store');
  });

  it('is taken, on any thread with the same key', () => {
    assert.equal(toldAt(), new WindowedNonces(KEY).valid('ci', NOW)[0]);
    const { result, nonce, challenge } = answerTo(withNonce(toldAt()));
    assert.deepEqual([result, nonce, challenge], ['allow', undefined, '']);
  });

  it('is taken in the window after it was told, and in no later one, nor before', () => {
    const start = Math.floor(NOW / NONCE_WINDOW_MS) * NONCE_WINDOW_MS;
    const told = toldAt(start);
    const cases: [at: number, want: string][] = [
      [start - 1000, 'authn.nonce'],
      [start + NONCE_WINDOW_MS - 1000, 'allow'],
      [start + NONCE_WINDOW_MS, 'allow'],
      [start + 2 * NONCE_WINDOW_MS - 1000, 'allow'],
      [start + 2 * NONCE_WINDOW_MS, 'authn.nonce'],
      [start + 2000 * NONCE_WINDOW_MS, 'authn.nonce'],
    ];
    for (const [now, want] of cases) {
      const { result, nonce } = answerTo(withNonce(told, now), { now });
      assert.equal(result, want, String(now - start));
      assert.equal(nonce, want === 'allow' ? undefined : toldAt(now));
    }
  });

  it('is the present one for whoever is told: within a window always the same', () => {
    const start = Math.floor(NOW / NONCE_WINDOW_MS) * NONCE_WINDOW_MS;
    assert.equal(toldAt(start), toldAt(start + NONCE_WINDOW_MS - 1000));
    assert.notEqual(toldAt(start), toldAt(start + NONCE_WINDOW_MS));
  });

  const others = new WindowedNonces(KEY).valid('pay/ci', NOW);
  const foreign: [name: string, nonce: () => unknown][] = [
    ['an empty one', () => ''],
    ['a number', () => 7],
    ['a list with the right one', () => [toldAt()]],
    ['the right one and more', () => `${toldAt()} `],
    ['one of another process', () => toldAt(NOW, newNonceKey())],
    ['one of another Issuer', () => others[0]],
    ['an old one of another Issuer', () => others[1]],
  ];
  for (const [name, nonce] of foreign) {
    it(`is none, and the answer is that to none at all: ${name}`, () => {
      assert.deepEqual(answerTo(withNonce(nonce())), answerTo(withNonce(undefined)));
    });
  }

  const untold: [name: string, ask: () => Ask, want: string][] = [
    ['a token that expired', () => dpop({ iat: S - 90, exp: S - 31 }), 'authn.expired'],
    ['a token for somebody else', () => dpop({ aud: 'x' }), 'authn.audience'],
    ['a proof for another method', () => dpop({}, { htm: 'POST' }), 'authn.binding'],
    ['a proof of another token', () => dpop({}, { ath: 'A'.repeat(43) }), 'authn.binding'],
    ['an old proof', () => dpop({}, { iat: S - 120 }), 'authn.expired'],
    [
      'a proof that nobody signed',
      () => {
        const { proof } = dpop();
        return { proof: { ...proof, dpop: `${proof!['dpop']!.slice(0, -8)}AAAAAAAA` } };
      },
      'authn.invalid_token',
    ],
  ];
  for (const [name, ask, want] of untold) {
    it(`is told to nobody with ${name}`, () => {
      const { result, challenge, nonce, cache } = answerTo(ask());
      assert.deepEqual([result, nonce, cache], [want, undefined, undefined]);
      assert.doesNotMatch(challenge, /nonce/);
    });
  }

  it('does not make a proof good twice', () => {
    const nonces = new WindowedNonces(KEY);
    const evaluator = new Evaluator(MESH, { now: () => NOW, onInternalError, nonces });
    const message = messageOf(withNonce(toldAt()));
    const results = [1, 2].map(() => {
      const evaluated = evaluator.evaluate(message, { kind: 'local' });
      assert.ok(!(evaluated instanceof Promise));
      return readResponse(evaluated.response).result;
    });
    assert.deepEqual(results, ['allow', 'authn.replay']);
  });

  it('is demanded of nobody by default, and then nothing in a proof counts', () => {
    const of = mesh({ origin: ORIGIN });
    for (const nonce of [undefined, 'x', toldAt()]) {
      assert.equal(answerTo(withNonce(nonce), { of }).result, 'allow');
    }
  });

  it('is nobody’s where none are provided, so nobody is let in', () => {
    const verdict = verdictOn(MESH, withNonce(toldAt()));
    assert.equal(verdict.decision.reason, 'authn.nonce');
    const challenge = challengeOf(verdict, MESH.proof.issuers.tokens);
    assert.match(challenge!.text, /^DPoP error="invalid_dpop_proof"/);
    assert.equal(challenge!.nonce, undefined);
  });

  it('is no option of an Issuer whose tokens cannot come by DPoP', () => {
    const mistakes = (spec: object) =>
      told(textOf([issuer({ dpopNonce: true, ...spec })])).filter((it) => it.includes('by DPoP'));
    assert.equal(mistakes({ locations: [{ cookie: 'session' }] }).length, 1);
    assert.equal(mistakes({ locations: [{ header: 'authorization' }] }).length, 1);
    assert.deepEqual(mistakes({ locations: [{ header: 'authorization', prefix: 'DPoP' }] }), []);
    assert.deepEqual(mistakes({}), []);
  });
});
