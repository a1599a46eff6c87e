// C-067: a token outlives the workload that it was made for. An Identity by issuer and subject may
// say which workload that is; when its own record is gone, has ended or is overdue, the token
// proves nobody, however long it still lives.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import {
  type Ask,
  answerTo,
  CHECKOUT,
  type Document,
  identity,
  REPORTS,
  textOf,
  told,
  verdictOn,
} from '../engine/fixture.ts';
import { ALLOW, accessToken, bearer, GATEWAY, issuer, mesh, NOW, rule } from './token_fixture.ts';

const DEPLOYER = identity(CHECKOUT);
const MINUTE_MS = 60_000;

/** Of the tokens that the workload was given. */
const app = (spec: Document = {}): Document => ({
  kind: 'Identity',
  metadata: { name: 'app' },
  spec: { issuer: 'ci', subject: 'repo:acme/app', workload: CHECKOUT, ...spec },
});
const instant = (ms: number) => new Date(ms).toISOString();
const reviewed = (reviewBy: string) => identity(CHECKOUT, { reviewBy });

const cases: [name: string, documents: Document[], want: string][] = [
  ['while its record stands', [DEPLOYER], 'allow'],
  ['that a pattern knows', [identity('spiffe://prod.example/ns/*/sa/checkout')], 'allow'],
  ['when its record is gone', [], 'authn.orphaned'],
  ['when others stand there only', [identity(REPORTS)], 'authn.orphaned'],
  ['before its end', [identity(CHECKOUT, { expiresAt: instant(NOW + 1) })], 'allow'],
  ['at its end', [identity(CHECKOUT, { expiresAt: instant(NOW) })], 'authn.orphaned'],
  ['when its review is over, which only warns', [reviewed('2026-11-21')], 'allow'],
];

describe('C-067: a token of a workload', () => {
  for (const [name, documents, want] of cases) {
    it(`${name}: ${want}`, () => {
      const snapshot = mesh([issuer(), app(), ...documents], [ALLOW]);
      assert.equal(answerTo(snapshot, bearer(accessToken())), want);
    });
  }

  it('proves nobody when the review of the workload is over, where that denies', () => {
    const settings = { overdueReviews: 'deny' } as const;
    const answer = (reviewBy: string) => {
      const snapshot = mesh([issuer(), app(), reviewed(reviewBy)], [ALLOW], {}, settings);
      return answerTo(snapshot, bearer(accessToken()));
    };
    assert.equal(answer('2026-11-21'), 'authn.orphaned');
    assert.equal(answer('2026-11-22'), 'allow');
  });

  it('is decided on no longer than the record lasts (C-034)', () => {
    const end = NOW + MINUTE_MS;
    const ending = identity(CHECKOUT, { expiresAt: instant(end) });
    const snapshot = mesh([issuer(), app(), ending], [ALLOW]);
    const ask = bearer(accessToken());
    assert.equal(verdictOn(snapshot, ask).decision.validUntil, end);
    assert.equal(answerTo(snapshot, { ...ask, now: end - 1 }), 'allow');
    assert.equal(answerTo(snapshot, { ...ask, now: end }), 'authn.orphaned');
  });

  it('is evidence that failed, and says whose token it was', () => {
    const { evidence, principal } = verdictOn(
      mesh([issuer(), app()], [ALLOW]),
      bearer(accessToken()),
    );
    assert.equal(principal, undefined);
    assert.deepEqual([evidence.result, evidence.reason], ['failed', 'authn.orphaned']);
    assert.deepEqual([evidence.method, evidence.subject], ['jwt', 'repo:acme/app']);
    assert.equal(evidence.token?.jti, 'j');
  });

  it('fares like any other, whose Identity names no workload', () => {
    const snapshot = mesh([issuer(), app({ workload: undefined })], [ALLOW]);
    assert.equal(answerTo(snapshot, bearer(accessToken())), 'allow');
  });

  it('speaks for nobody who acts for it either', () => {
    const acting: Ask = { ...bearer(accessToken({ claims: { act: { sub: REPORTS } } })) };
    const rules = [ALLOW, rule('reports', { from: { principals: [REPORTS] } })];
    const ask = { ...acting, caller: REPORTS };
    const alive = mesh([issuer(), app(), identity(REPORTS), DEPLOYER], rules);
    assert.equal(answerTo(alive, ask), 'allow');
    const { decision, evidence } = verdictOn(
      mesh([issuer(), app(), identity(REPORTS)], rules),
      ask,
    );
    assert.equal(decision.reason, 'authn.orphaned');
    assert.equal(evidence.subject, 'repo:acme/app');
    assert.deepEqual(
      evidence.others.map(({ subject }) => subject),
      [REPORTS],
    );
  });

  it('is as bad where an enforcer has verified it', () => {
    const asserting = { ...GATEWAY, spec: { ...(GATEWAY['spec'] as object), asserts: METADATA } };
    const payload = new Map<string, string | bigint>([
      ...Object.entries({ iss: 'https://ci.example', sub: 'repo:acme/app', aud: 'remit' }),
      ...Object.entries({ iat: BigInt(NOW / 1000), exp: BigInt(NOW / 1000 + 600) }),
    ]);
    const ask: Ask = { caller: '', payloads: new Map([['payload', payload]]) };
    const answer = (documents: Document[]) => {
      return answerTo(mesh([issuer(), app(), asserting, ...documents], [ALLOW]), ask);
    };
    assert.equal(answer([DEPLOYER]), 'allow');
    assert.equal(answer([]), 'authn.orphaned');
  });
});

const METADATA = { peer: ['principal', 'anonymous', 'metadata'], destinations: ['*'] };

describe('C-067: an API key of a workload', () => {
  it('proves nobody when the workload is gone', () => {
    const secret = 'an HMAC key of a test, of 32 bytes or more';
    const key = 'rk_test_8dJ2mN4pQ6rS8tV0wX2y';
    const hmac = createHmac('sha256', secret).update(key).digest('hex');
    const keys = [{ id: 'one', subject: 'repo:acme/app', hmac }];
    const issuing: Document = {
      kind: 'Issuer',
      metadata: { name: 'ci' },
      spec: { apiKeys: { hmacKey: 'hmac.key', keys } },
    };
    const ask: Ask = { caller: '', proof: { 'x-api-key': key } };
    const answer = (documents: Document[]) =>
      answerTo(
        mesh([issuing, app(), ...documents], [ALLOW], {}, {}, new Map([['hmac.key', secret]])),
        ask,
      );
    assert.equal(answer([DEPLOYER]), 'allow');
    assert.equal(answer([]), 'authn.orphaned');
  });
});

describe('C-067: `workload` of an Identity', () => {
  const about = (spec: Document, more: Document[] = []) =>
    told(textOf([issuer(), app(spec), ...more])).filter((it) => !it.includes('keys.json'));

  it('is one that an Identity names; of another it is warned, and the bundle loads', () => {
    assert.deepEqual(about({}, [DEPLOYER]), []);
    const [line, ...rest] = about({});
    assert.match(
      line!,
      /warning: no Identity names `spiffe:\/\/prod.example\/ns\/shop\/sa\/checkout`/,
    );
    assert.deepEqual(rest, []);
  });

  for (const [name, spec, want] of [
    ['beside a SPIFFE ID', { spiffe: REPORTS }, /says whose tokens or keys these are/],
    ['of a trust domain', { workload: 'spiffe://prod.example' }, /a workload has a path/],
    ['by a pattern', { workload: 'spiffe://prod.example/ns/*/sa/x' }, /characters/],
    ['by another name', { workload: 'checkout' }, /spiffe:/],
  ] as const) {
    it(`is an error ${name}`, () => assert.match(about(spec, [DEPLOYER])[0]!, want));
  }
});
