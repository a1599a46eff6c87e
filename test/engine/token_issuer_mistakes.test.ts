// Mistakes in an Issuer of tokens or API keys, each told where it stands and with what was expected
// (C-010, C-099).

import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { compileSnapshot } from '../../engine/compile_snapshot.ts';
import { Diagnostics, formatDiagnostic } from '../../engine/diagnostic.ts';
import { DEFAULT_SETTINGS } from '../../engine/settings.ts';

const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const PUBLIC = { ...publicKey.export({ format: 'jwk' }), kid: 'k' };
const FILES = new Map([
  ['keys.json', JSON.stringify({ keys: [PUBLIC] })],
  ['none.json', '[]'],
  ['weak.json', JSON.stringify({ keys: [PUBLIC, { kty: 'oct', k: 'AAAA', kid: 'm' }] })],
  ['hmac.key', 'k'.repeat(64)],
  ['short.key', 'k'],
]);
const JWT = 'issuer: "https://ci.example", audiences: [remit]';
const HMAC = '0'.repeat(64);
const SVID = 'trustDomain: ci.example, audiences: [remit]';

/** One document, whose `spec` is the third line. */
const documentOf = (spec: string, name = 'ci'): string =>
  `kind: Issuer\nmetadata: {name: ${name}}\nspec: ${spec}\n`;

function told(...documents: readonly string[]): string[] {
  const diagnostics = new Diagnostics();
  const source = { files: [{ name: 'b.yaml', text: documents.join('---\n') }], keyFiles: FILES };
  compileSnapshot(source, DEFAULT_SETTINGS, 1, diagnostics);
  return diagnostics.list.map(formatDiagnostic);
}

const rows: [name: string, spec: string, want: string[]][] = [
  [
    'no keys',
    `{jwt: {${JWT}, jwks: {}, maxLifetime: 1h}}`,
    ['b.yaml:3:70: error: its keys come from one place; expected `file` or `url`'],
  ],
  [
    'keys from two places',
    `{jwt: {${JWT}, jwks: {file: keys.json, url: "https://ci.example/k"}, maxLifetime: 1h}}`,
    ['b.yaml:3:70: error: its keys come from one place; expected `file` or `url`'],
  ],
  [
    'an authority for a file',
    `{jwt: {${JWT}, jwks: {file: keys.json, ca: ca.pem}, maxLifetime: 1h}}`,
    ['b.yaml:3:92: error: only a `url` has a host to verify'],
  ],
  [
    'a URL that is none',
    `{jwt: {${JWT}, maxLifetime: 1h, jwks: {url: "ci.example"}}}`,
    ['b.yaml:3:93: error: `ci.example`: no URL; expected such as https://ci.example/keys'],
  ],
  [
    'a URL in the clear',
    `{jwt: {${JWT}, maxLifetime: 1h, jwks: {url: "http://ci.example/k"}}}`,
    [
      'b.yaml:3:93: error: `http://ci.example/k`: not https; expected such as https://ci.example/keys',
    ],
  ],
  [
    'a URL of an address of the network',
    `{jwt: {${JWT}, maxLifetime: 1h, jwks: {url: "https://10.0.0.1/k"}}}`,
    [
      'b.yaml:3:93: error: `https://10.0.0.1/k`: a private address; expected such as https://ci.example/keys',
    ],
  ],
  [
    'an audience twice',
    `{jwt: {issuer: a, audiences: [x, x], jwks: {file: keys.json}, maxLifetime: 1h}}`,
    ['b.yaml:3:36: error: an audience stands twice'],
  ],
  [
    'no lifetime',
    `{jwt: {${JWT}, jwks: {file: keys.json}}}`,
    ['b.yaml:3:13: warning: tokens of any lifetime are believed; expected `maxLifetime`'],
  ],
  [
    'a place that is two',
    `{jwt: {${JWT}, jwks: {file: keys.json}, maxLifetime: 1h, locations: [{header: a, cookie: b}]}}`,
    ['b.yaml:3:118: error: a place is one of both; expected `header` or `cookie`'],
  ],
  [
    'a place that is none',
    `{jwt: {${JWT}, jwks: {file: keys.json}, maxLifetime: 1h, locations: [{}]}}`,
    ['b.yaml:3:118: error: a place is one of both; expected `header` or `cookie`'],
  ],
  [
    'a cookie with a prefix',
    `{jwt: {${JWT}, jwks: {file: keys.json}, maxLifetime: 1h, locations: [{cookie: b, prefix: c}]}}`,
    ['b.yaml:3:118: error: only a header has a prefix'],
  ],
  [
    'a file that nobody read',
    `{jwt: {${JWT}, jwks: {file: other.json}, maxLifetime: 1h}}`,
    ['b.yaml:3:77: error: the text of `other.json` is missing'],
  ],
  [
    'a file that is no key set',
    `{jwt: {${JWT}, jwks: {file: none.json}, maxLifetime: 1h}}`,
    ['b.yaml:3:77: error: none.json: no JSON object; expected a JWK Set (RFC 7517)'],
  ],
  [
    'a key that signs and verifies',
    `{jwt: {${JWT}, jwks: {file: weak.json}, maxLifetime: 1h}}`,
    [
      'b.yaml:3:77: error: weak.json: key "m": a symmetric key (`oct`): who reads it can sign; expected a JWK Set (RFC 7517)',
    ],
  ],
  [
    'an Issuer by nothing',
    '{}',
    ['b.yaml:3:7: error: `ci` vouches by nothing; expected one of x509, jwt, jwtSvid, apiKeys'],
  ],
  [
    'an Issuer by two',
    `{jwtSvid: {${SVID}, workloadApi: true}, x509: {trustDomain: a.example, workloadApi: true}}`,
    [
      'b.yaml:3:7: error: `ci` vouches by x509 and jwtSvid; expected one of x509, jwt, jwtSvid, apiKeys',
      'b.yaml:3:89: warning: certificates of any lifetime are believed; expected `maxLifetime`, such as 24h',
      'b.yaml:3:17: warning: tokens of any lifetime are believed; expected `maxLifetime`',
    ],
  ],
  [
    'SVIDs without keys',
    `{jwtSvid: {${SVID}, maxLifetime: 1h}}`,
    ['b.yaml:3:17: error: its keys come from one place; expected `bundle` or `workloadApi: true`'],
  ],
  [
    'SVIDs with keys from two places',
    `{jwtSvid: {${SVID}, bundle: keys.json, workloadApi: true, maxLifetime: 1h}}`,
    [
      'b.yaml:3:17: error: its keys come from one place; expected `bundle` or `workloadApi: true`',
      'b.yaml:3:71: warning: keys.json: key "k": no `use`: not used',
      'b.yaml:3:71: warning: keys.json: key "k": no `use`: not used',
    ],
  ],
  [
    'SVIDs of a URL',
    '{jwtSvid: {audiences: [remit], workloadApi: true, maxLifetime: 1h, trustDomain: "spiffe://a"}}',
    ['b.yaml:3:87: error: `spiffe://a`: the name alone is expected'],
  ],
  [
    'SVIDs of capitals',
    '{jwtSvid: {audiences: [remit], workloadApi: true, maxLifetime: 1h, trustDomain: A}}',
    [
      'b.yaml:3:87: error: `A`: trust domain characters are limited to lower-case letters, numbers, dots, dashes, and underscores',
    ],
  ],
  [
    'SVIDs without lifetime',
    `{jwtSvid: {${SVID}, workloadApi: true}}`,
    ['b.yaml:3:17: warning: tokens of any lifetime are believed; expected `maxLifetime`'],
  ],
  [
    'API keys with a short HMAC key',
    `{apiKeys: {header: x-key, hmacKey: short.key, keys: [{id: a, subject: a, hmac: "${HMAC}"}]}}`,
    ['b.yaml:3:42: error: short.key holds no key; expected 32 to 1024 random bytes, as text'],
  ],
];

describe('C-010 C-099: an Issuer of tokens', () => {
  for (const [name, spec, want] of rows) {
    it(`with ${name} is told`, () => assert.deepEqual(told(documentOf(spec)), want));
  }
});

describe('C-010 C-099: two Issuers of tokens', () => {
  const twice = (spec: string) => told(documentOf(spec), documentOf(spec, 'other'));

  it('of one `iss` are told', () => {
    assert.deepEqual(twice(`{jwt: {${JWT}, jwks: {file: keys.json}, maxLifetime: 1h}}`), [
      'b.yaml:7:22: error: `ci` speaks for `https://ci.example` already',
    ]);
  });

  it('of one trust domain are told', () => {
    assert.deepEqual(twice(`{jwtSvid: {${SVID}, workloadApi: true, maxLifetime: 1h}}`), [
      'b.yaml:7:31: error: `ci` vouches for `ci.example` already',
    ]);
  });
});
