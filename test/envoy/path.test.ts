// Canonical paths at the four levels, and what makes one ambiguous: tables, and every byte.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { canonicalPath, type PathAmbiguity, pathAmbiguity } from '../../envoy/path.ts';

const LEVELS = ['NONE', 'BASE', 'MERGE_SLASHES', 'DECODE_AND_MERGE_SLASHES'] as const;
const REFUSED = undefined;

// One expected path for each level, in the order of LEVELS; fewer when the rest are the same.
type Row = { name: string; input: string; want: readonly (string | undefined)[] };

const rows: Row[] = [
  { name: 'keeps a plain path', input: '/v1/a-b_c~d.e', want: ['/v1/a-b_c~d.e'] },
  { name: 'keeps the root', input: '/', want: ['/'] },
  { name: 'keeps a trailing slash', input: '/a/', want: ['/a/'] },
  { name: 'keeps the empty path of a request without one', input: '', want: [''] },
  { name: 'cuts the query', input: '/a?b=/../c', want: ['/a'] },
  { name: 'cuts the fragment', input: '/a#b', want: ['/a'] },
  { name: 'cuts at a query inside a fragment', input: '/a#b?c', want: ['/a'] },
  { name: 'cuts at a fragment inside a query', input: '/a?b#c', want: ['/a'] },
  { name: 'resolves dot segments', input: '/a/./b/../c', want: ['/a/./b/../c', '/a/c'] },
  { name: 'ends with a slash after a last `..`', input: '/a/b/..', want: ['/a/b/..', '/a/'] },
  { name: 'ends with a slash after a last `.`', input: '/a/.', want: ['/a/.', '/a/'] },
  { name: 'stays below the root', input: '/../../a', want: ['/../../a', '/a'] },
  { name: 'resolves encoded dots', input: '/a/%2e%2E/b', want: ['/a/%2e%2E/b', '/b'] },
  { name: 'resolves half encoded dots', input: '/a/.%2e/b', want: ['/a/.%2e/b', '/b'] },
  { name: 'keeps three dots', input: '/a/.../b', want: ['/a/.../b'] },
  { name: 'keeps hidden files', input: '/.well-known/a/..b', want: ['/.well-known/a/..b'] },
  { name: 'takes `..` back over an empty segment', input: '/a//../b', want: ['/a//../b', '/a/b'] },
  { name: 'merges slashes', input: '//a///b//', want: ['//a///b//', '//a///b//', '/a/b/'] },
  { name: 'merges nothing but slashes to two', input: '////', want: ['////', '////', '//'] },
  { name: 'turns a backslash into a slash', input: '\\a\\..\\b', want: ['\\a\\..\\b', '/b'] },
  { name: 'gives a relative path its slash', input: 'a/../b', want: ['a/../b', '/b'] },
  { name: 'decodes unreserved characters', input: '/%41%7e%2d', want: ['/%41%7e%2d', '/A~-'] },
  { name: 'leaves reserved characters encoded', input: '/%3a%40%20', want: ['/%3a%40%20'] },
  { name: 'decodes once', input: '/%2541%252e', want: ['/%2541%252e'] },
  {
    name: 'encodes what no path may hold',
    input: '/a "<>^`{|}\x01\x7f',
    want: ['/a "<>^`{|}\x01\x7f', '/a%20%22%3C%3E%5E%60%7B%7C%7D%01%7F'],
  },
  {
    name: 'encodes characters beyond ASCII',
    input: '/é€😀',
    want: ['/é€😀', '/%C3%A9%E2%82%AC%F0%9F%98%80'],
  },
  { name: 'encodes a lone surrogate as U+FFFD', input: '/\ud800', want: ['/\ud800', '/%EF%BF%BD'] },
  { name: 'keeps malformed escapes', input: '/%/%a/%zz/%4', want: ['/%/%a/%zz/%4'] },
  { name: 'refuses %00', input: '/a%00', want: ['/a%00', REFUSED] },
  {
    name: 'refuses %00 in a segment that `..` removes',
    input: '/%00/../a',
    want: ['/%00/../a', REFUSED],
  },
  { name: 'refuses a raw NUL', input: '/a\0', want: ['/a\0', REFUSED] },
  {
    name: 'lets no escape arise from two, second half raw',
    input: '/%%300',
    want: ['/%%300', '/%2500'],
  },
  {
    name: 'lets no escape arise from two, first half raw',
    input: '/%2%66',
    want: ['/%2%66', '/%252f'],
  },
  { name: 'lets no escape arise from three', input: '/%%30%30', want: ['/%%30%30', '/%2500'] },
  { name: 'decodes after a lone percent sign', input: '/%%41z', want: ['/%%41z', '/%Az'] },
  {
    name: 'decodes %2f and %5c at the last level only',
    input: '/a%2Fb%5cc',
    want: ['/a%2Fb%5cc', '/a%2Fb%5cc', '/a%2Fb%5cc', '/a/b/c'],
  },
  {
    name: 'resolves dot segments between decoded slashes',
    input: '/a%2f..%5Cb',
    want: ['/a%2f..%5Cb', '/a%2f..%5Cb', '/a%2f..%5Cb', '/b'],
  },
  { name: 'resolves `..` with a parameter', input: '/a/..;x=1/b', want: ['/a/..;x=1/b', '/b'] },
  {
    name: 'resolves `..` with an empty parameter at the end',
    input: '/a/..;',
    want: ['/a/..;', '/'],
  },
  { name: 'resolves `.` with a parameter', input: '/a/.;x;y/b', want: ['/a/.;x;y/b', '/a/b'] },
  { name: 'keeps parameters of other segments', input: '/a;x/...;y/;z', want: ['/a;x/...;y/;z'] },
  {
    name: 'resolves `..;` between decoded slashes',
    input: '/a%2f..;x/b',
    want: ['/a%2f..;x/b', '/a%2f..;x/b', '/a%2f..;x/b', '/b'],
  },
];

const ambiguities: { path: string; want: PathAmbiguity | undefined }[] = [
  { path: '', want: undefined },
  { path: '/', want: undefined },
  { path: '/a/b/', want: undefined },
  { path: '/a.b/.c/..d/...', want: undefined },
  { path: "/a-b_c~d!$&'()*+,:=@%20%3A", want: undefined },
  { path: '/é€😀/%C3%A9%E2%82%AC%F0%9F%98%80', want: undefined },
  { path: '/a%2Fb', want: 'encoded_slash' },
  { path: '/a%2fb', want: 'encoded_slash' },
  { path: '/a%2Eb', want: 'encoded_dot' },
  { path: '/a/%2e%2e/b', want: 'encoded_dot' },
  { path: '/a%252fb', want: 'encoded_percent' },
  { path: '/a%5Cb', want: 'encoded_backslash' },
  { path: '/a%5cb', want: 'encoded_backslash' },
  { path: '/a\\b', want: 'backslash' },
  { path: '/a;b', want: 'semicolon' },
  { path: '/a%3Bb', want: 'semicolon' },
  { path: '/a%3bb', want: 'semicolon' },
  { path: '/..;/a', want: 'semicolon' },
  { path: '/a%00', want: 'control_byte' },
  { path: '/a%7F', want: 'control_byte' },
  { path: '/a\0', want: 'control_byte' },
  { path: '/a\t', want: 'control_byte' },
  { path: '/a\x7f', want: 'control_byte' },
  { path: '/a%0d%0a', want: 'control_byte' },
  { path: '/a%', want: 'malformed_percent' },
  { path: '/a%4', want: 'malformed_percent' },
  { path: '/a%zz', want: 'malformed_percent' },
  { path: '/a%4\u0131', want: 'malformed_percent' },
  { path: '//', want: 'empty_segment' },
  { path: '//a', want: 'empty_segment' },
  { path: '/a//b', want: 'empty_segment' },
  { path: '/a//', want: 'empty_segment' },
  { path: '/.', want: 'dot_segment' },
  { path: '/..', want: 'dot_segment' },
  { path: '/a/./b', want: 'dot_segment' },
  { path: '/a/../b', want: 'dot_segment' },
  { path: '..', want: 'dot_segment' },
  { path: '/\ud800', want: 'invalid_utf8' },
  { path: '/\ud800a', want: 'invalid_utf8' },
  { path: '/\udc00', want: 'invalid_utf8' },
  { path: '/\ufffd', want: 'invalid_utf8' },
  { path: '/%EF%BF%BD', want: 'invalid_utf8' },
  { path: '/%ef%bf%bd', want: 'invalid_utf8' },
  { path: '/%80', want: 'invalid_utf8' },
  { path: '/%C3', want: 'invalid_utf8' },
  { path: '/%C3a', want: 'invalid_utf8' },
  { path: '/%C3%41', want: 'invalid_utf8' },
  { path: '/%E2%82', want: 'invalid_utf8' },
  { path: '/%c0%ae%c0%af', want: 'invalid_utf8' },
  { path: '/%c1%9c', want: 'invalid_utf8' },
  { path: '/%E0%80%AF', want: 'invalid_utf8' },
  { path: '/%F0%80%80%AF', want: 'invalid_utf8' },
  { path: '/%ED%A0%80', want: 'invalid_utf8' },
  { path: '/%F4%90%80%80', want: 'invalid_utf8' },
  { path: '/%F5%80%80%80', want: 'invalid_utf8' },
];

// The rules of the byte tables once more, by other means.
const COPIED = /[A-Za-z0-9\-._~!$&'()*+,/:;=@[\]]/;
const UNRESERVED = /[A-Za-z0-9\-._~]/;
const hex = (byte: number) => byte.toString(16).padStart(2, '0');

function escapeOf(character: string): string {
  return [...Buffer.from(character)].map((b) => `%${hex(b).toUpperCase()}`).join('');
}

function rawCharacterAtBase(character: string): string | undefined {
  if (character === '\0') return undefined;
  if (character === '\\') return '/';
  return COPIED.test(character) || character === '%' ? character : escapeOf(character);
}

describe('canonicalPath', () => {
  for (const { name, input, want } of rows) {
    it(`${name}: ${JSON.stringify(input)}`, () => {
      LEVELS.forEach((level, i) => {
        assert.equal(canonicalPath(input, level), want[Math.min(i, want.length - 1)], level);
      });
    });
  }

  it('treats every raw character as the table says, inside and at both ends of a segment', () => {
    for (let code = 0; code < 256; code++) {
      const character = String.fromCharCode(code);
      if (character === '?' || character === '#') continue;
      const want = rawCharacterAtBase(character);
      for (const [before, after] of [
        ['/q', 'q/r'],
        ['/q', '/r'],
        ['/q/', 'q'],
      ] as const) {
        const path = before + character + after;
        const wanted = want === undefined ? undefined : before + want + after;
        assert.equal(canonicalPath(path, 'BASE'), wanted, JSON.stringify(path));
        assert.equal(canonicalPath(path, 'NONE'), path);
      }
    }
  });

  it('decodes exactly the unreserved bytes, in either case of the escape', () => {
    for (let byte = 0; byte < 256; byte++) {
      for (const escaped of [`%${hex(byte)}`, `%${hex(byte).toUpperCase()}`]) {
        const character = String.fromCharCode(byte);
        const want = UNRESERVED.test(character) ? character : escaped;
        const wanted = byte === 0 ? undefined : `/q${want}q`;
        assert.equal(canonicalPath(`/q${escaped}q`, 'BASE'), wanted);
        const slash = /%2f|%5c/i.test(escaped) ? '/q/q' : wanted;
        assert.equal(canonicalPath(`/q${escaped}q`, 'DECODE_AND_MERGE_SLASHES'), slash);
      }
    }
  });

  it('leaves every byte of the query out', () => {
    for (let byte = 0; byte < 256; byte++) {
      const path = `/q?${String.fromCharCode(byte)}%${hex(byte)}`;
      for (const level of LEVELS) assert.equal(canonicalPath(path, level), '/q');
    }
  });

  it('takes no more than linear time for a path of 1 MiB', () => {
    const size = 1024 * 1024;
    const units = ['a', '/', '/..', 'a/../', '/.;', '/..;x', '%%30', '%41', '%2f', '%', '\\', 'é'];
    for (const unit of units) {
      const path = `/${unit.repeat(size / unit.length)}`;
      for (const level of LEVELS) {
        const start = performance.now();
        pathAmbiguity(canonicalPath(path, level)!);
        const tookMs = performance.now() - start;
        assert.ok(tookMs < 3000, `${unit} at ${level} took ${tookMs} ms`);
      }
    }
  });
});

describe('pathAmbiguity', () => {
  for (const { path, want } of ambiguities) {
    const verdict = want === undefined ? 'finds nothing' : `finds ${want}`;
    it(`${verdict} in ${JSON.stringify(path)}`, () => assert.equal(pathAmbiguity(path), want));
  }

  it('judges every raw character, inside and at both ends of a segment', () => {
    for (let code = 0; code < 256; code++) {
      const character = String.fromCharCode(code);
      let want: PathAmbiguity | undefined;
      if (code < 0x20 || code === 0x7f) want = 'control_byte';
      if (character === '\\') want = 'backslash';
      if (character === ';') want = 'semicolon';
      if (character === '%') want = 'malformed_percent';
      assert.equal(pathAmbiguity(`/q${character}q/r`), want);
      assert.equal(pathAmbiguity(`/q${character}`), want);
      const slash = character === '/' ? 'empty_segment' : want;
      assert.equal(pathAmbiguity(`/q${character}/r`), slash);
      assert.equal(pathAmbiguity(`/${character}q`), slash);
    }
  });

  it('judges every encoded byte, in either case of the escape', () => {
    const named: Record<string, PathAmbiguity> = {
      '2f': 'encoded_slash',
      '2e': 'encoded_dot',
      '25': 'encoded_percent',
      '5c': 'encoded_backslash',
      '3b': 'semicolon',
      '7f': 'control_byte',
    };
    for (let byte = 0; byte < 256; byte++) {
      const want = byte < 0x20 ? 'control_byte' : byte < 0x80 ? named[hex(byte)] : 'invalid_utf8';
      assert.equal(pathAmbiguity(`/q%${hex(byte)}q`), want);
      assert.equal(pathAmbiguity(`/q%${hex(byte).toUpperCase()}`), want);
    }
  });

  it('agrees with the UTF-8 decoder of the platform on any escapes', () => {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 5 }).map((a) => a.map((b) => b | 0x80));
    const leads = fc.constantFrom(0xc2, 0xdf, 0xe0, 0xed, 0xef, 0xf0, 0xf4);
    const near = fc.tuple(leads, bytes).map(([lead, rest]) => Uint8Array.of(lead, ...rest));
    fc.assert(
      fc.property(fc.oneof(bytes, near), (sequence) => {
        let valid = true;
        try {
          valid = !decoder.decode(sequence).includes('\ufffd');
        } catch (error) {
          valid = !(error instanceof TypeError);
        }
        const path = `/${[...sequence].map((b) => `%${hex(b)}`).join('')}`;
        assert.equal(pathAmbiguity(path), valid ? undefined : 'invalid_utf8');
      }),
      { numRuns: 5000 },
    );
  });
});
