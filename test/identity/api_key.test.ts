// API keys (C-010, C-011): found by their HMAC under the deployment's key and by nothing else,
// never by a short guess; what an Issuer lists is checked when it is loaded.

import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import fc from 'fast-check';
import { isFailure } from '../../engine/failure.ts';
import {
  type ApiKeyEntry,
  ApiKeyFailure,
  type ApiKeys,
  apiKeyExpiry,
  readApiKeys,
  readHmacKey,
  verifyApiKey,
} from '../../engine/identity/api_key.ts';
import {
  API_KEY_LENGTH_MAX,
  API_KEY_LENGTH_MIN,
  HMAC_KEY_BYTES_MAX,
  HMAC_KEY_BYTES_MIN,
} from '../../engine/limits.ts';
import { secret } from '../support/secret.ts';

const HMAC_KEY = createHash('sha256').update('a key of a test').digest();
const OTHER_KEY = createHash('sha256').update('another key of a test').digest();
const NOW = Date.parse('2026-11-22T12:00:00Z');

const macOf = (text: string, encoding: 'hex' | 'base64url' = 'hex', key = HMAC_KEY) =>
  createHmac('sha256', key).update(text).digest(encoding);

const REPORTS = secret('rk_test_8dJ2mN4pQ6rS8tV0wX2y');
const BACKUP = secret('rk_test_Zz9Yy8Xx7Ww6Vv5Uu4Tt');

/** Short, and nothing of the key itself. */
const idOf = (text: string) => macOf(text).slice(0, 4);

function entry(text: string, changes: Partial<ApiKeyEntry> = {}): ApiKeyEntry {
  return { id: idOf(text), hmac: macOf(text), subject: 'reports', ...changes };
}

function keysOf(...entries: ApiKeyEntry[]): ApiKeys {
  const keys = readApiKeys(entries);
  assert.ok(keys instanceof Map, JSON.stringify(keys));
  return keys;
}

const KEYS = keysOf(
  entry(REPORTS, { id: 'reports-1', expiresAt: NOW }),
  entry(BACKUP, { id: 'backup-1', hmac: macOf(BACKUP, 'base64url'), subject: 'backup' }),
);

describe('C-011: an API key', () => {
  it('is found by its digest, in either form', () => {
    const credential = (text: string) => `hmac-sha256:${macOf(text)}`;
    assert.deepEqual(verifyApiKey(REPORTS, KEYS, HMAC_KEY), {
      id: 'reports-1',
      subject: 'reports',
      expiresAt: NOW,
      credential: credential(REPORTS),
    });
    assert.deepEqual(verifyApiKey(BACKUP, KEYS, HMAC_KEY), {
      id: 'backup-1',
      subject: 'backup',
      expiresAt: undefined,
      credential: credential(BACKUP),
    });
  });

  it('is found the way openssl and everybody else makes HMACs: RFC 4231 test case 2', () => {
    const text = 'what do ya want for nothing?'.replaceAll(' ', '_');
    const mac = createHmac('sha256', 'Jefe').update(text).digest('hex');
    const found = verifyApiKey(text, keysOf(entry(text, { hmac: mac })), Buffer.from('Jefe'));
    assert.ok(!isFailure(found));
  });

  const refused: [name: string, text: string][] = [
    ['nothing', ''],
    ['another', `${REPORTS.slice(0, -1)}y`],
    ['one in another case', REPORTS.toLowerCase()],
    ['one that is cut', REPORTS.slice(0, -1)],
    ['one with a letter behind', `${REPORTS}a`],
    ['one with a space behind', `${REPORTS} `],
    ['one with a line feed behind', `${REPORTS}\n`],
    ['one with NUL behind', `${REPORTS}\0`],
    ['its own digest', macOf(REPORTS)],
    ['its own digest with its name', `hmac-sha256:${macOf(REPORTS)}`],
    ['its id', 'reports-1'],
    ['a name that objects inherit', '__proto__'.padEnd(API_KEY_LENGTH_MIN, '_')],
    ['a short text', 'a'.repeat(API_KEY_LENGTH_MIN - 1)],
    ['a text without end', 'a'.repeat(API_KEY_LENGTH_MAX + 1)],
    ['letters that latin1 would cut', REPORTS.replace('r', '\u0172')],
  ];
  for (const [name, text] of refused) {
    it(`is not ${name}`, () => {
      const found = verifyApiKey(text, KEYS, HMAC_KEY);
      assert.ok(found instanceof ApiKeyFailure);
      assert.equal(found.reason, 'authn.untrusted_issuer');
      assert.ok(text === '' || !JSON.stringify(found).includes(text), 'never the text itself');
    });
  }

  it('that is listed and short is refused all the same', () => {
    const short = 'a'.repeat(API_KEY_LENGTH_MIN - 1);
    const keys = keysOf(entry(short, { id: 'short' }));
    assert.ok(isFailure(verifyApiKey(short, keys, HMAC_KEY)));
    const longer = `${short}b`;
    assert.ok(!isFailure(verifyApiKey(longer, keysOf(entry(longer)), HMAC_KEY)));
    const longest = 'a'.repeat(API_KEY_LENGTH_MAX);
    assert.ok(!isFailure(verifyApiKey(longest, keysOf(entry(longest)), HMAC_KEY)));
  });

  it('is nothing under the key of another deployment', () => {
    assert.ok(isFailure(verifyApiKey(REPORTS, KEYS, OTHER_KEY)));
  });

  it('is no plain digest of the text', () => {
    const plain = createHash('sha256').update(REPORTS).digest('hex');
    assert.ok(isFailure(verifyApiKey(REPORTS, keysOf(entry(REPORTS, { hmac: plain })), HMAC_KEY)));
    const found = verifyApiKey(REPORTS, KEYS, HMAC_KEY);
    assert.ok(!JSON.stringify(found).includes(plain));
  });

  it('leaves its HMAC in the record also where nobody knows it', () => {
    const text = 'a'.repeat(API_KEY_LENGTH_MIN);
    const found = verifyApiKey(text, KEYS, HMAC_KEY);
    assert.ok(found instanceof ApiKeyFailure);
    assert.equal(found.credential, `hmac-sha256:${macOf(text)}`);
  });

  it('is good until it expires, which is asked each time', () => {
    const found = verifyApiKey(REPORTS, KEYS, HMAC_KEY);
    const other = verifyApiKey(BACKUP, KEYS, HMAC_KEY);
    assert.ok(!isFailure(found) && !isFailure(other));
    assert.equal(apiKeyExpiry(found, NOW - 1), undefined);
    assert.equal(apiKeyExpiry(found, NOW), 'authn.expired');
    assert.equal(apiKeyExpiry(other, Number.MAX_SAFE_INTEGER), undefined);
  });

  it('is found exactly where it is listed', () => {
    const text = fc.stringMatching(/^[!-~]{22,40}$/);
    fc.assert(
      fc.property(fc.uniqueArray(text, { minLength: 1, maxLength: 8 }), text, (listed, asked) => {
        const keys = keysOf(...listed.map((it, at) => entry(it, { id: `${at}` })));
        const found = verifyApiKey(asked, keys, HMAC_KEY);
        assert.equal(isFailure(found), !listed.includes(asked));
        for (const [at, it] of listed.entries()) {
          const key = verifyApiKey(it, keys, HMAC_KEY);
          assert.equal(isFailure(key) ? undefined : key.id, `${at}`);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('C-010: the keys that an Issuer lists', () => {
  const mac = macOf(REPORTS, 'base64url');
  const wrong: [name: string, entries: ApiKeyEntry[], at: number, message: RegExp][] = [
    ['an empty digest', [entry(REPORTS, { hmac: '' })], 0, /no HMAC/],
    ['the key itself', [entry(REPORTS, { hmac: REPORTS })], 0, /no HMAC/],
    ['a digest that is cut', [entry(REPORTS, { hmac: macOf(REPORTS).slice(2) })], 0, /no HMAC/],
    ['upper case', [entry(REPORTS, { hmac: macOf(REPORTS).toUpperCase() })], 0, /no HMAC/],
    ['a padded digest', [entry(REPORTS, { hmac: `${mac}=` })], 0, /no HMAC/],
    ['unused bits', [entry(REPORTS, { hmac: `${mac.slice(0, -1)}B` })], 0, /no HMAC/],
    ['nobody', [entry(REPORTS, { subject: '' })], 0, /nobody/],
    ['an id twice', [entry(REPORTS), entry(BACKUP, { id: idOf(REPORTS) })], 1, /a second/],
    ['a key twice', [entry(REPORTS), entry(REPORTS, { id: 'b', hmac: mac })], 1, /the same/],
  ];
  for (const [name, entries, at, message] of wrong) {
    it(`are refused: ${name}`, () => {
      const faults = readApiKeys(entries);
      assert.ok(!(faults instanceof Map));
      const [fault] = [...faults] as { entry: number; message: string }[];
      assert.equal(fault?.entry, at);
      assert.match(fault?.message ?? '', message);
    });
  }

  it('take only letters of base64url', () => {
    for (let code = 0; code < 256; code++) {
      const letter = String.fromCharCode(code);
      const read = readApiKeys([entry(REPORTS, { hmac: letter + mac.slice(1) })]);
      assert.equal(read instanceof Map, /[A-Za-z0-9_-]/.test(letter), `${code}`);
    }
  });

  it('stand under a key of at least the digest, that is not all alike', () => {
    const good = [HMAC_KEY, Buffer.from(HMAC_KEY.toString('hex')), Buffer.alloc(1024, HMAC_KEY)];
    for (const bytes of good) assert.equal(readHmacKey(bytes), bytes);
    const bad = [
      Buffer.alloc(0),
      HMAC_KEY.subarray(0, HMAC_KEY_BYTES_MIN - 1),
      Buffer.alloc(HMAC_KEY_BYTES_MIN),
      Buffer.alloc(64, 'a'),
      Buffer.alloc(64, '1234567'),
      Buffer.alloc(HMAC_KEY_BYTES_MAX + 1, HMAC_KEY),
    ];
    for (const bytes of bad) assert.equal(readHmacKey(bytes), undefined);
  });
});
