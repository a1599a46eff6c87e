// C-034: every decision says until when it may be relied on, never beyond what it rests on. That it
// is never too late on random bundles is shown in test/agreement.

import assert from 'node:assert/strict';
import {
  type Ask,
  CHECKOUT,
  type Document,
  GATEWAY,
  identity,
  NOW,
  PAYMENTS,
  policy,
  service,
  snapshotOf,
  verdictOn,
} from './fixture.ts';

const MINUTE = 60_000;
const at = (ms: number) => new Date(NOW + ms).toISOString();
const PERMIT = { id: 'r', effect: 'permit', from: { principals: [CHECKOUT] }, to: {} };

interface Case {
  readonly name: string;
  readonly rules?: readonly Document[];
  readonly more?: readonly Document[];
  readonly spec?: Document;
  readonly ask?: Ask;
  /** After now. */
  readonly wantMs: number;
}

const cases: readonly Case[] = [
  { name: 'five minutes where nothing ends', wantMs: 5 * MINUTE },
  { name: 'the end of the identity', spec: { expiresAt: at(MINUTE) }, wantMs: MINUTE },
  {
    name: 'five minutes where the identity ends later',
    spec: { expiresAt: at(9 * MINUTE) },
    wantMs: 5 * MINUTE,
  },
  {
    name: 'the end of a trial',
    rules: [
      PERMIT,
      { ...PERMIT, id: 't', effect: 'forbid', mode: { shadow: true, until: at(2 * MINUTE) } },
    ],
    wantMs: 2 * MINUTE,
  },
  {
    name: 'the end of an exception',
    more: [
      {
        kind: 'Exception',
        metadata: { name: 'inc', namespace: 'pay', owner: 'sre' },
        spec: { reason: 'INC-1', expiresAt: at(3 * MINUTE), from: PERMIT.from, to: {} },
      },
    ],
    wantMs: 3 * MINUTE,
  },
  {
    name: 'the end of a window',
    rules: [{ ...PERMIT, between: { from: '11:00', to: '12:04' } }],
    wantMs: 4 * MINUTE,
  },
  {
    name: 'the beginning of a window, of a denial',
    rules: [{ ...PERMIT, between: { from: '12:01', to: '13:00' } }],
    wantMs: MINUTE,
  },
  {
    name: 'the next moment where a condition reads the time',
    rules: [{ ...PERMIT, condition: "context.time > timestamp('2020-01-01T00:00:00Z')" }],
    wantMs: 1,
  },
  {
    name: 'five minutes where what ends is of another caller',
    rules: [
      PERMIT,
      {
        ...PERMIT,
        id: 'other',
        from: { principals: ['spiffe://prod.example/ns/x/sa/y'] },
        between: { from: '11:00', to: '12:01' },
      },
    ],
    wantMs: 5 * MINUTE,
  },
];

describe('a decision is valid until', () => {
  for (const { name, rules = [PERMIT], more = [], spec = {}, ask, wantMs } of cases) {
    it(`${name} (C-034)`, () => {
      const snapshot = snapshotOf([
        service('payments', { destinations: [PAYMENTS], operations: { read: { http: 'GET /a' } } }),
        policy('p', rules),
        identity(CHECKOUT, spec),
        ...more,
        GATEWAY,
      ]);
      assert.equal(verdictOn(snapshot, ask).decision.validUntil - NOW, wantMs);
    });
  }
});
