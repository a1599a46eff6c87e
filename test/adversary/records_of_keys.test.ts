// Records of API keys: one JSON line whatever the Issuer says of a key, and never the key itself.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { recordLines } from '../../engine/record.ts';
import {
  type Document,
  PAYMENTS,
  policy,
  service,
  snapshotOf,
  verdictOn,
} from '../engine/fixture.ts';
import { GATEWAY, rule } from '../identity/token_fixture.ts';
import { secret } from '../support/secret.ts';

const HMAC_KEY = secret('0123456789abcdef0123456789ABCDEF');
const KEY = secret('rk_test_8dJ2mN4pQ6rS8tV0wX2y');
const CREATED = '2026-11-01T00:00:00Z';

function meshOf(key: Document, condition?: string) {
  const from = { principals: ['keys#reports'] };
  return snapshotOf(
    [
      service('payments', { destinations: [PAYMENTS], operations: { read: { http: 'GET /a' } } }),
      policy('p', [rule('keys', { from, ...(condition !== undefined && { condition }) })]),
      GATEWAY,
      {
        kind: 'Identity',
        metadata: { name: 'reports' },
        spec: {
          issuer: 'keys',
          subject: 'reports',
          kind: 'third_party',
          ceiling: { verbs: ['read'] },
        },
      },
      {
        kind: 'Issuer',
        metadata: { name: 'keys' },
        spec: {
          apiKeys: {
            hmacKey: 'hmac.key',
            keys: [
              {
                ...{ id: 'one', subject: 'reports' },
                hmac: createHmac('sha256', HMAC_KEY).update(KEY).digest('hex'),
                ...key,
              },
            ],
          },
        },
      },
    ],
    {},
    new Map([['hmac.key', HMAC_KEY]]),
  );
}

function linesOf(snapshot: ReturnType<typeof meshOf>) {
  const shown = { 'x-api-key': KEY };
  const verdict = verdictOn(snapshot, { caller: '', proof: shown, headers: shown });
  assert.equal(verdict.decision.outcome, 'allow');
  const nothing = { method: 'GET', path: '/a', host: '', destination: '', requestId: '' };
  const occasion = { ...nothing, traceId: '', sni: '', port: 0, decisionId: 'd', now: 0 };
  return recordLines(verdict, { ...occasion, durationUs: 0, revision: 0 }, snapshot);
}

describe('the records of an API key', () => {
  for (const [name, key] of [
    ['without times', {}],
    ['that never ends', { createdAt: CREATED }],
    ['that ends', { createdAt: CREATED, expiresAt: '2026-12-01T00:00:00Z' }],
    ['of unknown age', { expiresAt: '2026-12-01T00:00:00Z' }],
  ] as const) {
    it(`are JSON: one ${name}`, () => {
      const { evidence, decision } = linesOf(meshOf(key));
      for (const line of [evidence, decision]) assert.doesNotThrow(() => JSON.parse(line), line);
    });
  }

  it('do not hold the key, whoever reads its header', () => {
    const { evidence, decision } = linesOf(meshOf({}, "request.headers['x-api-key'] != 'x'"));
    for (const line of [evidence, decision]) assert.ok(!line.includes(KEY), line);
    assert.match(decision, /"unrecorded":\["request\.headers\.x-api-key"\]/);
  });
});
