// Where credentials stand, on credentials.json (C-011) and beyond it: schemes without case, cookies
// with it, and nothing that could be read as two.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  type CredentialLocation,
  onlyJws,
  type Presented,
  presentedAt,
  type RequestTexts,
  readAuthorization,
} from '../../engine/identity/credential_location.ts';
import { CREDENTIAL_HEADER_TEXT_MAX, CREDENTIAL_TEXT_MAX } from '../../engine/limits.ts';
import { withSharedCases } from '../shared_cases.ts';

interface Case {
  readonly id: string;
  readonly in: CredentialLocation['in'];
  readonly name: string;
  readonly http: { readonly headers?: Readonly<Record<string, string>>; readonly path?: string };
  readonly found: boolean;
  readonly value?: string;
}

/** Decided otherwise on purpose, with the reason. */
const PREFIX = 'authorino.credentials/GetCredentialsFromQueryWithSpecialCharactersInIdentifier/';
const DELIBERATE: Readonly<Record<string, string>> = {
  [`${PREFIX}url encoded value`]:
    'a URL is no credential: the letters of token68 are all there are',
};

function locationOf({ in: where, name }: Case): CredentialLocation {
  switch (where) {
    case 'authorization':
      return { in: where, scheme: name.toLowerCase() };
    case 'header':
      return { in: where, name: name.toLowerCase(), prefix: '' };
    case 'cookie':
    case 'query':
      return { in: where, name };
  }
}

function requestOf(headers: Readonly<Record<string, string>> = {}, path = '/'): RequestTexts {
  return { headers: new Map(Object.entries(headers)), path };
}

/** The text, or a word for why there is none. */
function wordOf(shown: Presented): string {
  if (shown.kind === 'unusable') return `(${shown.why})`;
  return shown.kind === 'none' ? '(none)' : shown.text;
}

describe('C-011: credentials.json', () => {
  withSharedCases<{ readonly cases: readonly Case[] }>('credentials.json', ({ cases }) => {
    for (const test of cases) {
      const why = DELIBERATE[test.id];
      const title = why === undefined ? test.id : `differs on purpose: ${test.id}, ${why}`;
      it(title, () => {
        const shown = presentedAt(locationOf(test), requestOf(test.http.headers, test.http.path));
        const agrees = test.found
          ? shown.kind === 'token' && shown.text === test.value
          : shown.kind !== 'token';
        assert.equal(agrees, why === undefined, wordOf(shown));
      });
    }

    it('are all there', () => assert.equal(cases.length, 34));
  });
});

describe('an Authorization header', () => {
  const rows: [name: string, value: string, want: string][] = [
    ['with a scheme in lower case', 'bearer a.b.c', 'bearer a.b.c'],
    ['with a scheme in upper case', 'BEARER a', 'bearer a'],
    ['with DPoP', 'DPoP a', 'dpop a'],
    ['with another scheme', 'X-Api-Key a', 'x-api-key a'],
    ['with all letters of token68', 'Bearer aZ09-._~+/==', 'bearer aZ09-._~+/=='],
    ['without a value', '', '(none)'],
    ['of a scheme alone', 'Bearer', '(none)'],
    ['of a scheme and a space', 'Bearer ', '(none)'],
    ['of a token alone that looks like a scheme', 'abc', '(none)'],
    ['with a password', 'Basic YTpi', '(basic)'],
    ['with a password in lower case', 'basic YTpi', '(basic)'],
    ['with Basic alone', 'Basic', '(basic)'],
    ['with two credentials', 'Bearer a, Bearer b', '(several)'],
    ['with two, joined by Envoy', 'Bearer a,Bearer b', '(several)'],
    ['with an empty one behind', 'Bearer a,', '(several)'],
    ['with an empty one before', ',Bearer a', '(several)'],
    ['with an empty scheme before', 'Bearer ,Bearer a', '(several)'],
    ['with a password behind', 'Bearer a, Basic YTpi', '(several)'],
    ['with parameters', 'Digest username="a", realm="b"', '(several)'],
    ['with one parameter', 'Bearer token="a"', '(malformed)'],
    ['with two spaces', 'Bearer  a', '(malformed)'],
    ['with three spaces and nothing', 'Bearer   ', '(malformed)'],
    ['with a tab', 'Bearer\ta', '(malformed)'],
    ['with a space before', ' Bearer a', '(malformed)'],
    ['with a space behind', 'Bearer a ', '(malformed)'],
    ['with text behind', 'Bearer a b', '(malformed)'],
    ['with a padding inside', 'Bearer a=b', '(malformed)'],
    ['with padding alone', 'Bearer ==', '(malformed)'],
    ['with a line feed', 'Bearer a\nb', '(malformed)'],
    ['with a line feed at the end', 'Bearer a\n', '(malformed)'],
    ['with NUL', 'Bearer a\0', '(malformed)'],
    ['with what Envoy makes of other bytes', 'Bearer a!b', '(malformed)'],
    ['with a colon in its scheme', 'Bearer: a', '(malformed)'],
    ['that is too long', `Bearer ${'a'.repeat(CREDENTIAL_TEXT_MAX)}`, '(too_long)'],
  ];
  for (const [name, value, want] of rows) {
    it(`${name}: ${want}`, () => {
      const shown = readAuthorization(value);
      const scheme = shown.kind === 'token' ? `${shown.scheme} ` : '';
      assert.equal(scheme + wordOf(shown), want);
    });
  }

  it('takes the letters of token68 and no other byte', () => {
    for (let code = 0; code < 256; code++) {
      const letter = String.fromCharCode(code);
      const shown = readAuthorization(`Bearer a${letter}b`);
      assert.equal(shown.kind === 'token', /[A-Za-z0-9._~+/-]/.test(letter), `${code}`);
    }
  });

  it('of another scheme shows nothing to who reads Bearer, and a broken one shows that', () => {
    const bearer: CredentialLocation = { in: 'authorization', scheme: 'bearer' };
    const at = (authorization: string) => wordOf(presentedAt(bearer, requestOf({ authorization })));
    assert.equal(at('DPoP a'), '(none)');
    assert.equal(at('Bearer a'), 'a');
    assert.equal(at('DPoP a, DPoP b'), '(several)');
    assert.equal(at('Basic YTpi'), '(basic)');
  });
});

describe('a header of its own', () => {
  const rows: [value: string, prefix: string, want: string][] = [
    ['abc', '', 'abc'],
    ['Token abc', 'Token ', 'abc'],
    ['token abc', 'Token ', '(none)'],
    ['abc', 'Token ', '(none)'],
    ['Token ', 'Token ', '(none)'],
    ['', '', '(none)'],
    ['Token  abc', 'Token ', '(malformed)'],
    ['abc ', '', '(malformed)'],
    ['a b', '', '(malformed)'],
    ['a,b', '', '(several)'],
    ['Token a,Other b', 'Token ', '(several)'],
    ['Other a,Token b', 'Token ', '(several)'],
    ['a'.repeat(CREDENTIAL_TEXT_MAX + 1), '', '(too_long)'],
  ];
  for (const [value, prefix, want] of rows) {
    it(`${value.slice(0, 20)} behind \`${prefix}\`: ${want}`, () => {
      const location: CredentialLocation = { in: 'header', name: 'x-api-key', prefix };
      assert.equal(wordOf(presentedAt(location, requestOf({ 'x-api-key': value }))), want);
    });
  }
});

const COOKIE: CredentialLocation = { in: 'cookie', name: 'sid' };
const inCookie = (cookie: string) => wordOf(presentedAt(COOKIE, requestOf({ cookie })));

describe('a cookie', () => {
  const rows: [cookie: string, want: string][] = [
    ['sid=a', 'a'],
    ['a=b; sid=c; d=e', 'c'],
    ['a=b;sid=c', 'c'],
    ['sid=YWI=', 'YWI='],
    ['sid', '(none)'],
    ['sid=', '(none)'],
    ['=sid', '(none)'],
    ['', '(none)'],
    ['SID=a', '(none)'],
    ['xsid=a; sidx=b', '(none)'],
    ['a=sid=b', '(none)'],
    ['a="; sid=b"', '(malformed)'],
    ['sid=a; sid=b', '(several)'],
    ['sid=a; sid=a', '(several)'],
    ['sid=; sid=a', '(several)'],
    ['sid=a; x=1,sid=b', '(several)'],
    ['sid=a, sid=b', '(several)'],
    ['x=1,sid=a', '(malformed)'],
    ['x=1, sid=a', '(malformed)'],
    ['sid=a,x=1', '(malformed)'],
    ['sid=a,b', '(malformed)'],
    ['sid =a', '(malformed)'],
    [' sid=a', '(malformed)'],
    ['a=b;  sid=c', '(malformed)'],
    ['a=b;\tsid=c', '(malformed)'],
    ['sid= a', '(malformed)'],
    ['sid=a ; b=c', '(malformed)'],
    ['sid="a"', '(malformed)'],
    ['sid=a%20b', '(malformed)'],
    ['sid =a; sid=b', '(several)'],
  ];
  for (const [cookie, want] of rows) {
    it(`in ${cookie || 'nothing'}: ${want}`, () => assert.equal(inCookie(cookie), want));
  }

  it('is bounded, and costs no more than its length', () => {
    assert.equal(inCookie('a'.repeat(CREDENTIAL_HEADER_TEXT_MAX + 1)), '(too_long)');
    assert.equal(inCookie(`sid=${'a'.repeat(CREDENTIAL_TEXT_MAX + 1)}`), '(too_long)');
    const before = process.cpuUsage();
    for (const piece of [';', ',', ' ', '=', 'sid=;', ' sid', ';\t', 'a=b;']) {
      inCookie(piece.repeat(CREDENTIAL_HEADER_TEXT_MAX).slice(0, CREDENTIAL_HEADER_TEXT_MAX));
    }
    assert.ok(process.cpuUsage(before).user < 1_000_000);
  });

  it('is found exactly where it was written, among any others', () => {
    const value = fc.stringMatching(/^[A-Za-z0-9._~+/-]{1,8}={0,2}$/);
    const other = fc.stringMatching(/^[!-+\--:<-~]{0,8}$/);
    const pair = fc.tuple(fc.stringMatching(/^[a-z]{1,4}$/), other);
    fc.assert(
      fc.property(fc.array(pair), value, fc.array(pair), (before, text, after) => {
        const pairs = [...before, ['sid', text], ...after].map(([a, b]) => `${a}=${b}`);
        const count = pairs.filter((it) => it.startsWith('sid=')).length;
        assert.equal(inCookie(pairs.join('; ')), count > 1 ? '(several)' : text);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('a query parameter', () => {
  const at = (path: string) =>
    wordOf(presentedAt({ in: 'query', name: 'key' }, requestOf({}, path)));
  const rows: [path: string, want: string][] = [
    ['/a?key=b', 'b'],
    ['/a?%6Bey=b', 'b'],
    ['/a?key=b&key=b', '(several)'],
    ['/a?key=&key=b', '(several)'],
    ['/a?key=b;x=1', '(malformed)'],
    ['/a?key=b&x=%', '(malformed)'],
    ['/a?key=a+b', '(malformed)'],
    ['/a?KEY=b', '(none)'],
    ['/a#?key=b', '(none)'],
    ['/a', '(none)'],
  ];
  for (const [path, want] of rows) it(`in ${path}: ${want}`, () => assert.equal(at(path), want));

  it('is read nowhere else', () => {
    for (const location of [COOKIE, { in: 'authorization', scheme: 'bearer' }] as const) {
      const shown = presentedAt(location, requestOf({}, '/a?access_token=b&sid=c&authorization=d'));
      assert.equal(wordOf(shown), '(none)');
    }
  });
});

describe('where only a signed token is read', () => {
  const rows: [text: string, want: string][] = [
    ['a.b.c', 'a.b.c'],
    ['abc', '(opaque)'],
    ['a.b', '(opaque)'],
    ['a.b.', '(opaque)'],
    ['.b.c', '(opaque)'],
    ['a..c', '(opaque)'],
    ['a.b.c.d.e', '(opaque)'],
    ['a.b.c=', '(opaque)'],
    ['a.b+.c', '(opaque)'],
    ['a.b.c/', '(opaque)'],
    ['', '(none)'],
  ];
  for (const [text, want] of rows) {
    it(`\`${text}\` is ${want}`, () => {
      assert.equal(wordOf(onlyJws(readAuthorization(`Bearer ${text}`))), want);
    });
  }

  it('what is unusable stays so', () => {
    assert.equal(wordOf(onlyJws(readAuthorization('Bearer a,b'))), '(several)');
  });
});
