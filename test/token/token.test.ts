// Whether a verified token holds now, for us, and for no longer than allowed (C-060): asked at each
// use, to the millisecond.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { digestOfBytes } from '../../engine/digest.ts';
import {
  audienceFault,
  bindingFault,
  type Confirmation,
  lifetimeFault,
  type TokenTimes,
  timeFault,
  tokenLifetimeMs,
  x5tS256Of,
} from '../../engine/token.ts';

const times = (
  expiresAt: number,
  notBefore: number | undefined = undefined,
  issuedAt: number | undefined = undefined,
): TokenTimes => ({ expiresAt, notBefore, issuedAt });

describe('the time of a token (C-060)', () => {
  const T = 1_000_000;
  const cases: readonly (readonly [
    name: string,
    token: TokenTimes,
    skewMs: number,
    reason: string | undefined,
  ])[] = [
    ['ends at `exp`', times(T), 0, 'authn.expired'],
    ['has not come to `exp`', times(T + 1), 0, undefined],
    ['ends at `exp` and the skew', times(T - 1000), 1000, 'authn.expired'],
    ['is within the skew behind `exp`', times(T - 999), 1000, undefined],
    ['begins at `nbf`', times(T + 9, T), 0, undefined],
    ['has not come to `nbf`', times(T + 9, T + 1), 0, 'authn.not_yet_valid'],
    ['is within the skew before `nbf`', times(T + 9999, T + 1000), 1000, undefined],
    ['is beyond the skew before `nbf`', times(T + 9999, T + 1001), 1000, 'authn.not_yet_valid'],
    ['was issued now', times(T + 9, undefined, T), 0, undefined],
    ['was issued in the future', times(T + 9, undefined, T + 1), 0, 'authn.not_yet_valid'],
    ['was issued within the skew', times(T + 9999, undefined, T + 1000), 1000, undefined],
    ['has a skew of 30 s at most', times(T - 30_000), 3_600_000, 'authn.expired'],
    ['has a skew of nearly 30 s', times(T - 29_999), 3_600_000, undefined],
    ['has a negative skew, which is none', times(T + 1), -1000, undefined],
    ['has a skew that is no number, which is none', times(T), Number.NaN, 'authn.expired'],
    ['ends at no number', times(Number.NaN), 0, 'authn.expired'],
    ['begins at no number', times(T + 9, Number.NaN), 0, 'authn.not_yet_valid'],
  ];

  for (const [name, token, skewMs, reason] of cases) {
    it(name, () => assert.equal(timeFault(token, T, skewMs), reason));
  }

  it('is asked of a clock', () => {
    assert.equal(timeFault(times(T), Number.NaN, 0), 'authn.expired');
  });

  it('is one stretch: what holds earlier and later holds between', () => {
    const time = fc.integer({ min: 0, max: 5000 });
    fc.assert(
      fc.property(
        time,
        time,
        time,
        time,
        fc.array(time, { minLength: 3, maxLength: 3 }),
        (e, n, i, s, at) => {
          const [first = 0, middle = 0, last = 0] = at.sort((a, b) => a - b);
          const holds = (now: number) => timeFault(times(e, n, i), now, s) === undefined;
          if (holds(first) && holds(last)) assert.ok(holds(middle));
        },
      ),
    );
  });
});

describe('the audience of a token (C-010)', () => {
  const fault = (audiences: readonly string[], accepted: readonly string[]) =>
    audienceFault({ audiences }, new Set(accepted));

  it('is ours, character by character', () => {
    assert.equal(fault(['a', 'remit'], ['remit']), undefined);
    for (const other of ['Remit', 'remit ', 'remit.evil', 'remi', '', 'constructor']) {
      assert.equal(fault([other], ['remit']), 'authn.audience', other);
    }
  });

  it('is always asked for', () => {
    assert.equal(fault([], ['remit']), 'authn.audience');
    assert.equal(fault(['remit'], []), 'authn.audience');
    assert.equal(fault([], []), 'authn.audience');
  });
});

describe('the lifetime of a token (C-060)', () => {
  it('counts from `iat`, else from `nbf`', () => {
    assert.equal(tokenLifetimeMs(times(100, 20, 40)), 60);
    assert.equal(tokenLifetimeMs(times(100, 20)), 80);
    assert.equal(tokenLifetimeMs(times(100)), undefined);
  });

  it('is no longer than allowed, which has to be shown', () => {
    assert.equal(lifetimeFault(times(100, undefined, 40), 60), undefined);
    assert.equal(lifetimeFault(times(100, undefined, 40), 59), 'authn.lifetime_exceeded');
    assert.equal(lifetimeFault(times(100), 1e9), 'authn.lifetime_exceeded');
    assert.equal(lifetimeFault(times(100), Number.POSITIVE_INFINITY), undefined);
  });

  it('counts from `iat` for a token that begins much later', () => {
    const postDated = times(1000, 990, 0);
    assert.equal(lifetimeFault(postDated, 100), 'authn.lifetime_exceeded');
  });
});

describe('what a token is bound to (C-059)', () => {
  it('may be the certificate of RFC 8705 appendix A', () => {
    const der = Buffer.from(
      'MIIBBjCBrAIBAjAKBggqhkjOPQQDAjAPMQ0wCwYDVQQDDARtdGxzMB4XDTE4MTAxODEyMzcwOVoXDTIyMDUwMjEy' +
        'MzcwOVowDzENMAsGA1UEAwwEbXRsczBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNcnyxwqV6hY8QnhxxzFQ03C' +
        '7HKW9OylMbnQZjjJ/Au08/coZwxS7LfA4vOLS9WuneIXhbGGWvsDSb0tH6IxLm8wCgYIKoZIzj0EAwIDSQAwRgIh' +
        'AP0RC1E+vwJD/D1AGHGzuri+hlV/PpQEKTWUVeORWz83AiEA5x2eXZOVbUlJSGQgjwD5vaUaKlLR50Q2DmFfQj1L' +
        '+SY=',
      'base64',
    );
    const x5tS256 = 'A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0';
    assert.equal(x5tS256Of(digestOfBytes(der)), x5tS256);
  });

  const bound = (more: Partial<Confirmation>) => ({
    confirmation: {
      x5tS256: undefined,
      jkt: undefined,
      jwk: undefined,
      jwkThumbprint: undefined,
      ...more,
    },
  });
  const nothing = { x5tS256: undefined, jkt: undefined, wpt: undefined };

  const rows = [
    ['nothing, with nothing', { confirmation: undefined }, nothing, undefined],
    ['nothing, with a certificate', { confirmation: undefined }, { x5tS256: 'a' }, undefined],
    ['a certificate', bound({ x5tS256: 'a' }), { x5tS256: 'a' }, undefined],
    ['a certificate, with none', bound({ x5tS256: 'a' }), nothing, 'authn.binding'],
    ['a certificate, with another', bound({ x5tS256: 'a' }), { x5tS256: 'b' }, 'authn.binding'],
    ['a certificate, with a proof', bound({ x5tS256: 'a' }), { jkt: 'a' }, 'authn.binding'],
    ['a key', bound({ jkt: 'a' }), { jkt: 'a' }, undefined],
    ['a key, without a proof', bound({ jkt: 'a' }), nothing, 'authn.binding'],
    ['a key, with a proof of another', bound({ jkt: 'a' }), { jkt: 'b' }, 'authn.binding'],
    ['a key, with the other proof', bound({ jkt: 'a' }), { wpt: 'a' }, 'authn.binding'],
    ['the key of a WIT', bound({ jwkThumbprint: 'a' }), { wpt: 'a' }, undefined],
    ['the key of a WIT, with DPoP', bound({ jwkThumbprint: 'a' }), { jkt: 'a' }, 'authn.binding'],
    ['two', bound({ x5tS256: 'a', jkt: 'b' }), { x5tS256: 'a', jkt: 'b' }, undefined],
    ['two, one proved', bound({ x5tS256: 'a', jkt: 'b' }), { x5tS256: 'a' }, 'authn.binding'],
  ] as const;

  for (const [name, token, proved, reason] of rows) {
    it(`is proved, or the token is not taken: ${name}`, () => {
      assert.equal(bindingFault(token, { ...nothing, ...proved }), reason);
    });
  }
});
