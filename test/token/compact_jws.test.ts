// The compact form of a token has one reading, and a header chooses no key (C-010, C-011). Every
// refusal comes before a key is looked up.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isFailure } from '../../engine/failure.ts';
import { decodeBase64url } from '../../engine/identity/token/base64url.ts';
import { parseCompactJws, parseUnverifiedClaims } from '../../engine/identity/token/compact_jws.ts';
import { readToken } from '../../engine/identity/token/unverified_token.ts';
import { KiB, TOKEN_TEXT_MAX } from '../../engine/limits.ts';
import { assertRefused, encode, GOOD_CLAIMS, type Json, KEY, makeToken } from './fixture.ts';

const GOOD = makeToken(GOOD_CLAIMS, { typ: 'JWT' });
const [HEADER = '', PAYLOAD = '', SIGNATURE = ''] = GOOD.split('.');

const refused = (text: string) => isFailure(parseCompactJws(text, 'issuer'));

describe('base64url of a token (C-011)', () => {
  it('is read as it is written', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 80 }), (bytes) => {
        const text = Buffer.from(bytes).toString('base64url');
        assert.deepEqual(decodeBase64url(text), Buffer.from(bytes));
      }),
    );
  });

  it('has one text for each sequence of bytes', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), (text) => {
        const bytes = decodeBase64url(text);
        assert.equal(bytes === undefined ? text : bytes.toString('base64url'), text);
      }),
      { numRuns: 2_000 },
    );
  });

  it('refuses every character outside of the alphabet, in every part', () => {
    for (let code = 0; code < 0x180; code++) {
      const character = String.fromCharCode(code);
      if (/[A-Za-z0-9_-]/.test(character)) continue;
      for (const part of [HEADER, PAYLOAD, SIGNATURE]) {
        for (const at of [0, 7, part.length]) {
          const changed = part.slice(0, at) + character + part.slice(at);
          assert.ok(refused(GOOD.replace(part, () => changed)), `${code} at ${at}`);
        }
      }
    }
  });

  it('refuses bits that stand for nothing', () => {
    for (const [text, bytes] of [
      ['AA', 1],
      ['AB', undefined],
      ['AP', undefined],
      ['AAA', 2],
      ['AAB', undefined],
      ['AAD', undefined],
      ['AAE', 2],
      ['AAAA', 3],
      ['A', undefined],
      ['AAAAA', undefined],
      ['', undefined],
      ['AA==', undefined],
      ['AA\n', undefined],
    ] as const) {
      assert.equal(decodeBase64url(text)?.length, bytes, JSON.stringify(text));
    }
  });
});

describe('a token in compact form (C-011)', () => {
  it('is read: header, payload, signature', () => {
    const jws = parseCompactJws(GOOD, 'issuer');
    assert.ok(!isFailure(jws));
    assert.equal(jws.algorithm, 'ES256');
    assert.equal(jws.kid, KEY.kid);
    assert.equal(jws.typ, 'JWT');
    assert.equal(jws.signed.toString(), `${HEADER}.${PAYLOAD}`);
    const claims = parseUnverifiedClaims(jws);
    assert.ok(!isFailure(claims));
    assert.equal(claims.get('iss'), GOOD_CLAIMS['iss']);
  });

  const texts: Readonly<Record<string, string>> = {
    nothing: '',
    'one part': HEADER,
    'two parts': `${HEADER}.${PAYLOAD}`,
    'no signature': `${HEADER}.${PAYLOAD}.`,
    'no payload': `${HEADER}..${SIGNATURE}`,
    'no header': `.${PAYLOAD}.${SIGNATURE}`,
    'dots alone': '..',
    'four parts': `${GOOD}.${SIGNATURE}`,
    'an empty fourth part': `${GOOD}.`,
    'five parts, as of a JWE': `${GOOD}.AAAA.AAAA`,
    'two tokens': `${GOOD},${GOOD}`,
    'a scheme before it': `Bearer ${GOOD}`,
    'a space behind it': `${GOOD} `,
    'JSON serialization': JSON.stringify({ payload: PAYLOAD, signatures: [] }),
    'a token in quotes': `"${GOOD}"`,
  };

  for (const [name, text] of Object.entries(texts)) {
    it(`is not: ${name}`, () => assert.ok(refused(text)));
  }

  it('of more than 16 KiB is refused without being read', () => {
    const long = makeToken({ ...GOOD_CLAIMS, long: 'x'.repeat(100 * KiB) });
    assertRefused(readToken(long), /longer than/);
    assertRefused(readToken('x'.repeat(TOKEN_TEXT_MAX + 1)), /longer than/);
    assertRefused(readToken('x'.repeat(TOKEN_TEXT_MAX)), /three parts/);
  });
});

describe('a header is refused that (C-010)', () => {
  const headers: Readonly<Record<string, Json | string>> = {
    'has no `alg`': { alg: undefined },
    'says `none`': { alg: 'none' },
    'says `None`': { alg: 'None' },
    'says `NONE`': { alg: 'NONE' },
    'says `HS256`': { alg: 'HS256' },
    'says `HS512`': { alg: 'HS512' },
    'says `ES256K`': { alg: 'ES256K' },
    'says `es256`': { alg: 'es256' },
    'says `constructor`': { alg: 'constructor' },
    'says `__proto__`': { alg: '__proto__' },
    'has a list as `alg`': { alg: ['ES256'] },
    'has a number as `kid`': { kid: 1 },
    'has an empty `kid`': { kid: '' },
    'has a list as `typ`': { typ: ['JWT'] },
    'has `crit`': { crit: ['x'], x: 1 },
    'has an empty `crit`': { crit: [] },
    'has `b64`': { b64: true },
    'has `jwk`': { jwk: KEY.jwk },
    'has `jku`': { jku: 'https://attacker.example/keys' },
    'has `x5u`': { x5u: 'https://attacker.example/chain' },
    'has `x5c`': { x5c: [] },
    'has `zip`': { zip: 'DEF' },
    'has `enc`': { enc: 'A256GCM' },
    'is a list': '[]',
    'is a text': '"ES256"',
    'is null': 'null',
    'is no JSON': '{alg:"ES256"}',
    'is cut': '{"alg":"ES256"',
    'has a comma too many': '{"alg":"ES256",}',
    'says `alg` twice': '{"alg":"none","alg":"ES256"}',
    'says `alg` twice, once in escapes': '{"alg":"none","\\u0061lg":"ES256"}',
    'has something behind it': '{"alg":"ES256"}{}',
    'begins with a byte order mark': '\ufeff{"alg":"ES256"}',
    'is too deep': `{"alg":"ES256","x":${'['.repeat(20)}${']'.repeat(20)}}`,
  };

  for (const [name, header] of Object.entries(headers)) {
    it(name, () => {
      const text =
        typeof header === 'string'
          ? `${encode(header)}.${PAYLOAD}.${SIGNATURE}`
          : makeToken(GOOD_CLAIMS, header);
      assertRefused(readToken(text), /./);
    });
  }

  it('is not UTF-8', () => {
    const bytes = Buffer.from('{"alg":"ES256","x":"\xff"}', 'latin1').toString('base64url');
    assertRefused(readToken(`${bytes}.${PAYLOAD}.${SIGNATURE}`), /UTF-8/);
  });

  it('has no key, where it has to have one', () => {
    assertRefused(parseCompactJws(GOOD, 'embedded'), /no key/);
  });
});

describe('a payload is refused that (C-011)', () => {
  const payloads: Readonly<Record<string, string>> = {
    'is no JSON': 'not json',
    'is a list': '[]',
    'is null': 'null',
    'says `sub` twice': '{"sub":"a","sub":"b"}',
    'says `sub` twice, once in escapes': '{"sub":"a","s\\u0075b":"b"}',
    'has half of a surrogate pair': '{"sub":"\\ud800"}',
    'has a number that is none': '{"exp":1e999}',
    'has too many members': JSON.stringify(
      Object.fromEntries(Array.from({ length: 513 }, (_, index) => [`k${index}`, 1])),
    ),
    'has too many elements': JSON.stringify({ x: Array.from({ length: 1025 }, () => 1) }),
    'is too deep': `{"x":${'{"x":'.repeat(12)}1${'}'.repeat(12)}}`,
  };

  for (const [name, payload] of Object.entries(payloads)) {
    it(name, () => assertRefused(readToken(makeToken(payload)), /the payload/));
  }

  it('is not UTF-8', () => {
    const bytes = Buffer.from('{"sub":"\xff"}', 'latin1').toString('base64url');
    assertRefused(readToken(`${HEADER}.${bytes}.${SIGNATURE}`), /UTF-8/);
  });
});

describe('garbage as a token (C-011)', () => {
  it('ends in a reason and is told by its digest only', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        const failure = readToken(text);
        assertRefused(failure, /./);
        assert.match('credential' in failure ? failure.credential : '', /^sha256:[0-9a-f]{64}$/);
        if (text.length > 8) assert.ok(!JSON.stringify(failure).includes(JSON.stringify(text)));
      }),
      { numRuns: 3_000 },
    );
  });
});
