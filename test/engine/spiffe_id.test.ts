// SPIFFE IDs: what is one, what is none and why, byte by byte and on the data of others.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  parseSpiffeId,
  parseTrustDomain,
  SpiffeId,
  SpiffeIdError,
  type SpiffeIdErrorCode,
} from '../../engine/spiffe_id.ts';
import { withSharedCases } from '../shared_cases.ts';

const TD = 'spiffe://td.example';

function parsed(text: string): SpiffeId {
  const id = parseSpiffeId(text);
  assert.ok(id instanceof SpiffeId, `${text} is not an ID`);
  return id;
}

function codeOf(result: SpiffeId | string | SpiffeIdError): SpiffeIdErrorCode | undefined {
  return result instanceof SpiffeIdError ? result.code : undefined;
}

const valid: { text: string; trustDomain: string; path: string }[] = [
  { text: 'spiffe://td', trustDomain: 'td', path: '' },
  { text: 'spiffe://a-b_c.1/x-y_z.A', trustDomain: 'a-b_c.1', path: '/x-y_z.A' },
  { text: 'spiffe://td/.../..a/.b/....', trustDomain: 'td', path: '/.../..a/.b/....' },
  { text: `spiffe://${'a'.repeat(255)}/b`, trustDomain: 'a'.repeat(255), path: '/b' },
];

const invalid: { name: string; text: string; code: SpiffeIdErrorCode }[] = [
  { name: 'nothing', text: '', code: 'empty' },
  { name: 'an upper-case scheme', text: 'SPIFFE://td/a', code: 'scheme' },
  { name: 'another scheme', text: 'https://td/a', code: 'scheme' },
  { name: 'one slash after the scheme', text: 'spiffe:/td/a', code: 'scheme' },
  { name: 'a leading space', text: ` ${TD}/a`, code: 'scheme' },
  { name: 'no trust domain', text: 'spiffe:///a', code: 'trust_domain_missing' },
  { name: 'an upper-case trust domain', text: 'spiffe://Td/a', code: 'trust_domain_character' },
  { name: 'a port', text: 'spiffe://td:1/a', code: 'trust_domain_character' },
  { name: 'a user', text: 'spiffe://u@td/a', code: 'trust_domain_character' },
  { name: 'a query in place of the path', text: 'spiffe://td?a', code: 'trust_domain_character' },
  {
    name: '256 characters of trust domain',
    text: `spiffe://${'a'.repeat(256)}/b`,
    code: 'trust_domain_too_long',
  },
  { name: 'a trailing slash', text: `${TD}/a/`, code: 'trailing_slash' },
  { name: 'nothing but a slash as path', text: `${TD}/`, code: 'trailing_slash' },
  { name: 'an empty segment', text: `${TD}/a//b`, code: 'empty_segment' },
  { name: 'the segment `.`', text: `${TD}/a/./b`, code: 'dot_segment' },
  { name: 'the segment `..` at the end', text: `${TD}/a/..`, code: 'dot_segment' },
  { name: 'an encoded character', text: `${TD}/%61`, code: 'path_character' },
  { name: 'a query', text: `${TD}/a?b`, code: 'path_character' },
  { name: 'a wildcard', text: `${TD}/*`, code: 'path_character' },
  { name: 'a second ID', text: `${TD}/a,${TD}/b`, code: 'path_character' },
  { name: 'a letter beyond ASCII', text: `${TD}/ａ`, code: 'path_character' },
];

describe('parseSpiffeId', () => {
  for (const { text, trustDomain, path } of valid) {
    it(`accepts ${text.slice(0, 60)}`, () => {
      const id = parsed(text);
      assert.deepEqual([id.id, id.trustDomain, id.path], [text, trustDomain, path]);
    });
  }

  for (const { name, text, code } of invalid) {
    it(`refuses ${name}`, () => assert.equal(codeOf(parseSpiffeId(text)), code));
  }

  it('accepts 2048 bytes and refuses one more', () => {
    const longest = `${TD}/${'p'.repeat(2048 - TD.length - 1)}`;
    assert.equal(parsed(longest).id.length, 2048);
    assert.equal(codeOf(parseSpiffeId(`${longest}p`)), 'too_long');
  });

  it('states a rule in words for each error', () => {
    for (const { text } of invalid) {
      const error = parseSpiffeId(text);
      assert.ok(error instanceof SpiffeIdError);
      assert.match(error.rule, /^[^A-Z]+ (SPIFFE ID )?.*[^.]$/);
    }
  });

  it('accepts exactly the allowed bytes wherever they stand in the trust domain', () => {
    for (let code = 0; code < 256; code++) {
      const c = String.fromCharCode(code);
      if (c === '/') continue;
      const want = /[a-z0-9.\-_]/.test(c) ? undefined : 'trust_domain_character';
      for (const domain of [c, `${c}a`, `a${c}`, `a${c}a`]) {
        assert.equal(codeOf(parseSpiffeId(`spiffe://${domain}/p`)), want, JSON.stringify(domain));
        assert.equal(codeOf(parseSpiffeId(`spiffe://${domain}`)), want, JSON.stringify(domain));
        assert.equal(codeOf(parseTrustDomain(domain)), want, JSON.stringify(domain));
      }
    }
  });

  it('accepts exactly the allowed bytes wherever they stand in the path', () => {
    for (let code = 0; code < 256; code++) {
      const c = String.fromCharCode(code);
      if (c === '/') continue;
      const want = /[a-zA-Z0-9.\-_]/.test(c) ? undefined : 'path_character';
      for (const segment of [`${c}a`, `a${c}`, `a${c}a`]) {
        assert.equal(codeOf(parseSpiffeId(`${TD}/${segment}`)), want, JSON.stringify(segment));
        assert.equal(codeOf(parseSpiffeId(`${TD}/b/${segment}/c`)), want, JSON.stringify(segment));
      }
      assert.equal(codeOf(parseSpiffeId(`${TD}/${c}`)), c === '.' ? 'dot_segment' : want);
    }
  });

  it('accepts no other byte in place of any in the scheme', () => {
    for (let at = 0; at < 'spiffe://'.length; at++) {
      for (let code = 0; code < 256; code++) {
        const c = String.fromCharCode(code);
        const text = `${TD.slice(0, at)}${c}${TD.slice(at + 1)}/p`;
        const want = c === TD[at] ? undefined : 'scheme';
        assert.equal(codeOf(parseSpiffeId(text)), want, JSON.stringify(text));
      }
    }
  });

  it('agrees with the grammar on any text', () => {
    const segment = '(?!\\.{1,2}(/|$))[a-zA-Z0-9.\\-_]+';
    const grammar = new RegExp(`^spiffe://[a-z0-9.\\-_]{1,255}(/${segment})*$`);
    const parts = ['spiffe://', '/', '.', '..', 'a', 'Z', '-', '_', '*', '%', ':', '\n', 'é', '@'];
    const text = fc
      .array(fc.oneof(fc.constantFrom(...parts), fc.string({ maxLength: 2 })))
      .map((chosen) => chosen.join(''));
    fc.assert(
      fc.property(
        fc.oneof(
          text,
          text.map((t) => `spiffe://td${t}`),
        ),
        (input) => {
          const result = parseSpiffeId(input);
          const matches = grammar.test(input) && !input.endsWith('\n');
          assert.equal(result instanceof SpiffeId, matches, input);
          if (!(result instanceof SpiffeId)) return;
          assert.equal(`spiffe://${result.trustDomain}${result.path}`, input);
        },
      ),
      { numRuns: 10_000 },
    );
  });
});

describe('the Kubernetes view of a SpiffeId', () => {
  const cases: { path: string; want: [string, string] | undefined }[] = [
    { path: '/ns/shop/sa/checkout', want: ['shop', 'checkout'] },
    { path: '/ns/ns/sa/sa', want: ['ns', 'sa'] },
    { path: '/ns/sa/sa/ns', want: ['sa', 'ns'] },
    { path: '', want: undefined },
    { path: '/ns', want: undefined },
    { path: '/ns/shop', want: undefined },
    { path: '/ns/shop/sa', want: undefined },
    { path: '/ns/shop/sa/checkout/x', want: undefined },
    { path: '/x/ns/shop/sa/checkout', want: undefined },
    { path: '/ns/shop/x/sa/checkout', want: undefined },
    { path: '/NS/shop/sa/checkout', want: undefined },
    { path: '/ns/shop/SA/checkout', want: undefined },
    { path: '/nsx/shop/sa/checkout', want: undefined },
    { path: '/ns/shop/sax/checkout', want: undefined },
  ];
  for (const { path, want } of cases) {
    it(`${want === undefined ? 'is absent from' : 'is read from'} \`${path}\``, () => {
      const id = parsed(`${TD}${path}`);
      assert.deepEqual([id.namespace, id.serviceAccount], want ?? [undefined, undefined]);
    });
  }
});

describe('parseTrustDomain', () => {
  it('takes a name, or an ID in the domain', () => {
    assert.equal(parseTrustDomain('td.example'), 'td.example');
    assert.equal(parseTrustDomain(TD), 'td.example');
    assert.equal(parseTrustDomain(`${TD}/a`), 'td.example');
  });

  const refused: { text: string; code: SpiffeIdErrorCode }[] = [
    { text: '', code: 'trust_domain_missing' },
    { text: 'Td', code: 'trust_domain_character' },
    { text: 'td/a', code: 'trust_domain_character' },
    { text: 'a'.repeat(256), code: 'trust_domain_too_long' },
    { text: 'spiffe:/td', code: 'scheme' },
    { text: `${TD}/a/`, code: 'trailing_slash' },
  ];
  for (const { text, code } of refused) {
    it(`refuses ${text.slice(0, 30)} with ${code}`, () => {
      assert.equal(codeOf(parseTrustDomain(text)), code);
    });
  }
});

type Row = {
  id: string;
  input?: string;
  inputBase64?: string;
  valid: boolean;
  reason?: string;
  trustDomain?: string;
  path?: string;
};
type Data = { ids: Row[]; trustDomains: Row[] };

// Rows that we decide otherwise on purpose, by id, with the reason: none.
const differences = new Map<string, string>();

// Bytes that are not UTF-8 reach us decoded one way or another; both must be refused.
function textsOf({ input, inputBase64 }: Row): string[] {
  if (input !== undefined) return [input];
  const bytes = Buffer.from(inputBase64 ?? '', 'base64');
  return [bytes.toString('utf8'), bytes.toString('latin1')];
}

function checkRow(row: Row, check: () => void): void {
  const reason = differences.get(row.id);
  if (reason === undefined) it(row.id, check);
  else it(`${row.id} differs: ${reason}`, () => assert.throws(check, 'agrees now'));
}

describe('SPIFFE IDs on spiffe-id.json', () => {
  withSharedCases<Data>('spiffe-id.json', ({ ids, trustDomains }) => {
    for (const row of ids) {
      checkRow(row, () => {
        for (const text of textsOf(row)) {
          const id = parseSpiffeId(text);
          const got =
            id instanceof SpiffeId
              ? { id: id.id, trustDomain: id.trustDomain, path: id.path }
              : id.code.replaceAll('_', '-');
          const { trustDomain, path } = row;
          assert.deepEqual(got, row.valid ? { id: text, trustDomain, path } : row.reason);
        }
      });
    }
    for (const row of trustDomains) {
      checkRow(row, () => {
        for (const text of textsOf(row)) {
          const domain = parseTrustDomain(text);
          const got = typeof domain === 'string' ? domain : domain.code.replaceAll('_', '-');
          assert.equal(got, row.valid ? row.trustDomain : row.reason);
        }
      });
    }
  });
});
