// The evidence cache (DESIGN section 4): what it keeps, for how long, and that it stays bounded;
// and an evaluator with one, which verifies a certificate once and looks at its claims each time.

import assert from 'node:assert/strict';
import { isFailure } from '../../engine/failure.ts';
import type { Asker } from '../../engine/identity/enforcer.ts';
import { SvidFailure, type X509Svid } from '../../engine/svid.ts';
import { checkRequestFromJson } from '../../proto/protojson.ts';
import { EVIDENCE_COUNTED, evidenceCode } from '../../workers/checker.ts';
import { type Evaluated, Evaluator } from '../../workers/evaluator.ts';
import { EvidenceCache } from '../../workers/evidence_cache.ts';
import {
  CHECKOUT,
  enforcer,
  identity,
  issuer,
  NOW,
  PAYMENTS,
  policy,
  service,
  snapshotOf,
} from '../engine/fixture.ts';
import {
  HOUR_MS,
  keysOf,
  makeAuthority,
  makeSvid,
  pemOf,
  sentForm,
} from '../support/certificates.ts';

const LOCAL: Asker = { kind: 'local' };

describe('the evidence cache', () => {
  const claims = (serial: string) => ({ serial }) as X509Svid;
  const failure = new SvidFailure('authn.expired', 'expired', '', '');

  it('forgets what was unused for longest, and never a claim for a failure', () => {
    const cache = new EvidenceCache({ verifiedMax: 3, failedMax: 2 });
    for (const key of ['a', 'b', 'c']) cache.put(key, claims(key), 0);
    assert.equal((cache.get('a', 0) as X509Svid).serial, 'a');
    cache.put('d', claims('d'), 0);
    const kept = () => ['a', 'b', 'c', 'd'].filter((key) => cache.get(key, 0) !== undefined);
    assert.deepEqual(kept(), ['a', 'c', 'd']);
    for (let i = 0; i < 1000; i++) cache.put(`bad ${i}`, failure, 0);
    assert.deepEqual(kept(), ['a', 'c', 'd']);
    assert.equal(cache.size, 5);
  });

  it('stays bounded whatever comes', () => {
    const cache = new EvidenceCache();
    for (let i = 0; i < 20_000; i++) cache.put(`${i}`, i % 2 === 0 ? claims('') : failure, 0);
    assert.equal(cache.size, 4096 + 1024);
  });

  it('keeps the last of two results', () => {
    const cache = new EvidenceCache();
    cache.put('a', claims('1'), 0);
    cache.put('a', claims('2'), 0);
    assert.equal((cache.get('a', 0) as X509Svid).serial, '2');
    cache.put('a', failure, 0);
    assert.ok(isFailure(cache.get('a', 0)));
    cache.put('a', claims('3'), 0);
    assert.equal((cache.get('a', 0) as X509Svid).serial, '3');
    assert.equal(cache.size, 1);
  });

  it('believes a failure for two seconds, and not where the clock went back', () => {
    const cache = new EvidenceCache();
    cache.put('a', failure, 10_000);
    const seen = [9_999, 10_000, 11_999, 12_000].map((now) => cache.get('a', now) !== undefined);
    assert.deepEqual(seen, [false, true, true, false]);
  });
});

const KEY_FILES = new Map([['root.pem', pemOf(makeAuthority('root'))]]);
const SNAPSHOT = snapshotOf(
  [
    service('payments', { destinations: [PAYMENTS], operations: { read: { http: 'GET /a' } } }),
    policy('p', [{ id: 'a', effect: 'permit', from: { principals: [CHECKOUT] }, to: {} }]),
    identity(CHECKOUT),
    issuer(),
    enforcer('e', {
      type: 'gateway',
      local: true,
      asserts: { peer: ['principal', 'certificate'], destinations: ['*'] },
    }),
  ],
  {},
  KEY_FILES,
);

function request(certificate: string): Buffer {
  const attributes = {
    source: { principal: CHECKOUT, certificate },
    destination: { principal: PAYMENTS },
    request: { http: { method: 'GET', path: '/a' } },
  };
  return Buffer.from(checkRequestFromJson({ attributes }));
}

class Stage {
  now = NOW;
  readonly #evaluator = new Evaluator(SNAPSHOT, {
    now: () => this.now,
    onInternalError: (error) => {
      throw error;
    },
  });

  ask(certificate: string): Evaluated {
    const evaluated = this.#evaluator.evaluate(request(certificate), LOCAL);
    assert.ok(!(evaluated instanceof Promise), 'always at once');
    return evaluated;
  }

  /** Outcome or reason, and what the cache did. */
  answer(certificate: string): string {
    const { answer, misses } = this.ask(certificate);
    const { decision } = answer.verdict;
    const { cache } = EVIDENCE_COUNTED[evidenceCode(answer.verdict, misses)]!;
    return `${decision.reason ?? decision.outcome} ${cache}`;
  }
}

describe('an evaluator that is shown certificates (C-110)', () => {
  const good = sentForm(makeSvid(CHECKOUT, 'root', { notAfter: NOW + HOUR_MS }));
  const forged = sentForm(makeSvid(CHECKOUT, 'root', { signedBy: keysOf('impostor') }));

  it('verifies each of them once', () => {
    const stage = new Stage();
    const answers = [good, good, forged, forged, good].map((it) => stage.answer(it));
    const denied = 'authn.untrusted_issuer';
    const want = ['allow miss', 'allow hit', `${denied} miss`, `${denied} hit`, 'allow hit'];
    assert.deepEqual(answers, want);
  });

  it('denies one that has expired since, whatever it remembers', () => {
    const stage = new Stage();
    assert.equal(stage.answer(good), 'allow miss');
    stage.now = NOW + HOUR_MS;
    assert.equal(stage.answer(good), 'allow hit');
    stage.now = NOW + HOUR_MS + 1;
    assert.equal(stage.answer(good), 'authn.expired miss');
    assert.equal(stage.answer(good), 'authn.expired hit');
  });

  it('looks again at one that failed, after a while', () => {
    const stage = new Stage();
    stage.now = NOW - 2 * HOUR_MS;
    assert.equal(stage.answer(good), 'authn.not_yet_valid miss');
    stage.now = NOW;
    assert.equal(stage.answer(good), 'allow miss');
  });

  it('takes another spelling of one certificate for another credential, with the same claims', () => {
    const stage = new Stage();
    const [one, other] = [good, good.replaceAll('%2F', '%2f')].map((it) => stage.ask(it));
    assert.equal(other?.misses, 1);
    const credential = (it: Evaluated | undefined) => it?.answer.verdict.evidence.credential;
    assert.equal(credential(one), credential(other));
  });

  it('writes what was proved into both records', () => {
    const { evidenceLine, decisionLine } = new Stage().ask(good);
    const evidence = JSON.parse(evidenceLine);
    const { id, credential, keyThumbprint, ...rest } = evidence;
    assert.match(credential, /^sha256:[0-9a-f]{64}$/);
    assert.match(keyThumbprint, /^sha256:[0-9a-f]{64}$/);
    assert.deepEqual(rest, {
      kind: 'authn.evidence',
      time: '2026-11-22T12:00:00.000Z',
      traceId: null,
      result: 'verified',
      method: 'x509_svid',
      assurance: 'svid',
      subject: CHECKOUT,
      issuer: 'prod.example',
      enforcer: 'e',
      serial: '0102',
      notBefore: '2026-11-22T11:00:00.000Z',
      notAfter: '2026-11-22T13:00:00.000Z',
      ageS: 3600,
      reason: null,
      proofDigest: SNAPSHOT.proof.digest,
    });
    const decision = JSON.parse(decisionLine);
    assert.deepEqual([decision.id, decision.credential], [id, credential]);
  });

  it('writes of one that failed what it claims and which one it was', () => {
    const { evidenceLine, decisionLine } = new Stage().ask(forged);
    const evidence = JSON.parse(evidenceLine);
    assert.deepEqual(
      [evidence.result, evidence.method, evidence.subject, evidence.serial, evidence.reason],
      ['failed', 'x509_svid', CHECKOUT, null, 'authn.untrusted_issuer'],
    );
    assert.match(evidence.credential, /^sha256:/);
    assert.equal(JSON.parse(decisionLine).credential, evidence.credential);
  });

  it('verifies one that comes again and again once', () => {
    const stage = new Stage();
    const misses = Array.from({ length: 500 }, () => stage.ask(good).misses);
    assert.deepEqual(misses, [1, ...Array(499).fill(0)]);
  });
});
