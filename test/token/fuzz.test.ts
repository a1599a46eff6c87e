// Tokens changed in every way that an attacker can (C-010): whatever is accepted says the same as
// the token it was made from. Each family states what may be accepted, and most say: nothing.

import assert from 'node:assert/strict';
import { isFailure } from '../../engine/failure.ts';
import { ALGORITHMS } from '../../engine/identity/token/algorithm.ts';
import { verifyJwtSvid } from '../../engine/identity/token/jwt_svid.ts';
import { readToken } from '../../engine/identity/token/unverified_token.ts';
import type { TokenFailure, VerifiedToken } from '../../engine/token.ts';
import { Random, seedOfRun } from '../agreement/random.ts';
import {
  ACCESS_CLAIMS,
  encode,
  type Json,
  KEY,
  keySetOf,
  makeKey,
  makeToken,
  NOW_S,
  OTHER_KEY,
  RSA_KEY,
  signature,
  type TestKey,
  verify,
} from './fixture.ts';

/** Tokens of each family; several families of 3,000 take some seconds. */
const TOKENS = Number(process.env['REMIT_TOKENS'] ?? 3_000);

const SVID_CLAIMS: Json = { sub: 'spiffe://prod.example/x', aud: 'remit', exp: NOW_S + 300 };
const SVID_KEYS = keySetOf([{ ...KEY.jwk, use: 'jwt-svid' }], 'jwt-svid');
const ATTACKER = makeKey('ES256', KEY.kid);

interface Original {
  readonly text: string;
  readonly key: TestKey;
  readonly header: Json;
  readonly claims: Json;
  readonly judge: (text: string) => VerifiedToken | TokenFailure;
}

function original(claims: Json, header: Json, key: TestKey, judge: Original['judge']): Original {
  const whole = { alg: key.algorithm, kid: key.kid, ...header };
  return { text: makeToken(claims, whole, key), key, header: whole, claims, judge };
}

function judgeSvid(text: string): VerifiedToken | TokenFailure {
  const token = readToken(text);
  return isFailure(token) ? token : verifyJwtSvid(token, { of: () => SVID_KEYS });
}

const ORIGINALS: readonly Original[] = [
  original(ACCESS_CLAIMS, { typ: 'at+jwt' }, KEY, (text) => verify(text)),
  original(ACCESS_CLAIMS, {}, RSA_KEY, (text) => verify(text)),
  original({ ...ACCESS_CLAIMS, act: { sub: 'a' } }, { typ: 'JWT' }, OTHER_KEY, (it) => verify(it)),
  original(SVID_CLAIMS, { typ: 'JWT' }, KEY, judgeSvid),
];

/** One seed for the whole run; told when it fails. */
const seed = seedOfRun();

function fuzz(title: string, run: (random: Random, original: Original) => void): void {
  it(`${title} (seed ${seed})`, () => {
    const random = new Random(seed);
    for (let count = 0; count < TOKENS; count++) run(random, random.pick(ORIGINALS));
  });
}

function flipBit(random: Random, bytes: Buffer): Buffer {
  const changed = Buffer.from(bytes);
  changed[random.below(bytes.length)]! ^= 1 << random.below(8);
  return changed;
}

function assertNotAccepted({ judge, text }: Original, changed: string): void {
  assert.notEqual(changed, text);
  const result = judge(changed);
  assert.ok(isFailure(result), `accepted: ${changed}`);
  assert.match(result.reason, /^authn\./);
}

describe('a token that was changed (C-010)', () => {
  it('is accepted as long as it was not', () => {
    for (const { text, judge } of ORIGINALS) assert.ok(!isFailure(judge(text)));
  });

  fuzz('is refused with one bit of its text turned', (random, it) => {
    assertNotAccepted(it, flipBit(random, Buffer.from(it.text, 'latin1')).toString('latin1'));
  });

  fuzz('is refused with bits of one part turned, encoded anew', (random, it) => {
    const parts = it.text.split('.');
    const at = random.below(3);
    let bytes: Buffer = Buffer.from(parts[at]!, 'base64url');
    do bytes = flipBit(random, bytes);
    while (random.chance(0.3) || bytes.toString('base64url') === parts[at]);
    parts[at] = bytes.toString('base64url');
    assertNotAccepted(it, parts.join('.'));
  });

  fuzz('is refused in another encoding', (random, it) => {
    const changed = reencode(random, it.text);
    if (changed !== it.text) assertNotAccepted(it, changed);
  });

  fuzz('is refused with another header and the signature it had', (random, it) => {
    const [, payload, old] = it.text.split('.');
    const header = encode(changeHeader(random, it.header));
    if (`${header}.${payload}.${old}` !== it.text)
      assertNotAccepted(it, `${header}.${payload}.${old}`);
  });

  fuzz('is refused with other claims, signed by another key', (random, it) => {
    const claims = changeClaims(random, it.claims);
    const header = random.chance(0.5) ? it.header : changeHeader(random, it.header);
    const key = random.pick([ATTACKER, { ...ATTACKER, kid: 'new' }]);
    const signed = `${encode({ ...header, alg: 'ES256' })}.${encode(claims)}`;
    assertNotAccepted(it, `${signed}.${signature(key, signed)}`);
  });

  fuzz('is refused with parts of two tokens', (random, it) => {
    const others = ORIGINALS.map(({ text }) => text.split('.'));
    const parts = [0, 1, 2].map((at) => random.pick(others)[at]!);
    const changed = parts.join('.');
    if (!ORIGINALS.some(({ text }) => text === changed)) assertNotAccepted(it, changed);
  });
});

describe('a token that its issuer signed in odd words', () => {
  it(`says what JSON.parse reads of it, or is refused (seed ${seed})`, () => {
    const random = new Random(seed);
    let accepted = 0;
    for (let count = 0; count < TOKENS; count++) {
      const { key, header, claims, judge } = random.pick(ORIGINALS);
      const headerText = respell(random, header);
      const claimsText = respell(random, claims);
      const signed = `${encode(headerText)}.${encode(claimsText)}`;
      const result = judge(`${signed}.${signature(key, signed)}`);
      if (isFailure(result)) continue;
      accepted++;
      assert.deepEqual(plain(result.claims), JSON.parse(claimsText));
      assert.equal(result.subject, JSON.parse(claimsText).sub);
      assert.equal(result.typ, JSON.parse(headerText).typ);
    }
    assert.ok(accepted > TOKENS / 50, `${accepted} accepted`);
  });

  it('by ES256 has a second signature, with which it says the same', () => {
    const [it] = ORIGINALS;
    const [header, payload, old = ''] = it!.text.split('.');
    const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
    const bytes = Buffer.from(old, 'base64url');
    const s = BigInt(`0x${bytes.toString('hex', 32)}`);
    bytes.write((order - s).toString(16).padStart(64, '0'), 32, 'hex');
    const twin = it!.judge(`${header}.${payload}.${bytes.toString('base64url')}`);
    const first = it!.judge(it!.text);
    assert.ok(!isFailure(twin) && !isFailure(first));
    assert.notEqual(twin.credential, first.credential);
    assert.deepEqual({ ...twin, credential: '' }, { ...first, credential: '' });
  });
});

/** The same bytes to a lenient decoder, or nearly so. */
function reencode(random: Random, text: string): string {
  const at = random.below(text.length + 1);
  const parts = text.split('.');
  const part = random.below(3);
  switch (random.below(9)) {
    case 0:
      return text.slice(0, at) + random.pick([...' \t\r\n=!?#,;"\0\u00e9\u2028']) + text.slice(at);
    case 1:
      return text.replace(/[-_]/g, (it) => (it === '-' ? '+' : '/'));
    case 2:
      parts[part] += '='.repeat(1 + random.below(2));
      return parts.join('.');
    case 3:
      return text.slice(0, at) + '.'.repeat(1 + random.below(2)) + text.slice(at);
    case 4:
      return random.pick([`${text},${text}`, `${text} ${text}`, `Bearer ${text}`, `"${text}"`]);
    case 5:
      // The next letters differ in the bits of the last character, of which some mean nothing.
      parts[part] = parts[part]!.replace(/.$/, random.pick([...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcd']));
      return parts.join('.');
    case 6:
      parts[part] = parts[part]!.slice(0, -1 - random.below(4));
      return parts.join('.');
    case 7:
      parts[part] += random.pick(['A', 'AA', 'AAA', 'AAAA']);
      return parts.join('.');
    default:
      return random.chance(0.5) ? text.toUpperCase() : encodeURIComponent(`${text}%`);
  }
}

function changeHeader(random: Random, header: Json): Json {
  const change = random.pick<Json>([
    { alg: random.pick([...ALGORITHMS, 'none', 'None', 'HS256', 'HS384', '', 'constructor']) },
    { kid: random.pick<unknown>(['one', 'two', 'rsa', 'new', '../../dev/null', '', null, 1, []]) },
    { kid: undefined },
    { typ: random.pick(['at+jwt', 'JWT', 'dpop+jwt', 'wit+jwt', 'logout+jwt', 'x', '']) },
    { typ: undefined },
    { jwk: ATTACKER.jwk },
    { jku: 'https://attacker.example/keys' },
    { x5u: 'https://attacker.example/chain' },
    { x5c: ['AAAA'] },
    { crit: ['b64'], b64: false },
    { b64: false },
    { zip: 'DEF' },
    { enc: 'A128GCM' },
  ]);
  return random.chance(0.3)
    ? changeHeader(random, { ...header, ...change })
    : { ...header, ...change };
}

function changeClaims(random: Random, claims: Json): Json {
  const name = random.pick([...Object.keys(claims), 'act', 'cnf', 'scope', 'admin']);
  const value = random.pick<unknown>([
    'spiffe://prod.example/admin',
    'https://ci.example',
    ['remit', 'other'],
    NOW_S + 86_400,
    null,
    true,
    {},
    { sub: 'admin' },
    undefined,
  ]);
  return { ...claims, [name]: value };
}

/** JSON of the same members, in ways of writing that two parsers could read differently. */
function respell(random: Random, value: Json): string {
  const space = () => (random.chance(0.2) ? random.pick([' ', '\n', '\t', '\u00a0', '\v']) : '');
  const spell = (text: string) =>
    JSON.stringify(text).replace(/[a-z]/g, (letter) =>
      random.chance(0.02) ? `\\u00${letter.charCodeAt(0).toString(16)}` : letter,
    );
  const members = Object.entries(value).map(
    ([name, it]) =>
      space() +
      spell(name) +
      space() +
      ':' +
      (typeof it === 'string' ? spell(it) : JSON.stringify(it)),
  );
  if (random.chance(0.2)) members.push(random.pick(members));
  if (random.chance(0.1)) members.push('"sub":"admin"');
  if (random.chance(0.1)) members.push('"__proto__":{"sub":"admin"}');
  if (random.chance(0.1)) members.push('"SUB":"admin"');
  if (random.chance(0.05)) members.push('');
  return `{${members.join(random.chance(0.05) ? ',,' : ',')}}`;
}

/** Claims as JSON.parse gives them. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map(plain);
  if (!(value instanceof Map)) return value;
  const result = {};
  for (const [name, it] of value) {
    const field = { value: plain(it), enumerable: true, writable: true, configurable: true };
    Object.defineProperty(result, name, field);
  }
  return result;
}
