// Against JSON.parse: what it refuses is refused, what is read has the value that it gives, and no
// text and no bytes make anything throw (C-113).

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { BodyProblem, type BodyValue, DEFAULT_BODY_LIMITS } from '../../engine/body/body.ts';
import { parseJson } from '../../engine/body/json.ts';
import { readBody } from '../../engine/body/read_body.ts';

const RUNS = { numRuns: 2000 };

/** Why a text may be refused that JSON.parse takes. */
const STRICTER = ['duplicate_key', 'surrogate', 'number', 'depth', 'keys', 'elements'];

/** A value of JavaScript in our form; undefined where an integer has lost digits on the way. */
function ours(value: unknown): BodyValue {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (Array.isArray(value)) return value.map(ours);
  if (typeof value === 'object' && value !== null) {
    return new Map(Object.entries(value).map(([key, member]) => [key, ours(member)]));
  }
  assert.ok(value === null || typeof value === 'string' || typeof value === 'boolean');
  return value;
}

/** The same with doubles that are whole as integers, as JSON.parse does not tell them apart. */
function whole(value: BodyValue): BodyValue {
  if (typeof value === 'number') return ours(value);
  if (typeof value === 'bigint') return ours(Number(value));
  if (value instanceof Map) {
    // Object.entries puts numeric keys first.
    return new Map([...value].map(([key, member]) => [key, whole(member)]));
  }
  return Array.isArray(value) ? value.map(whole) : value;
}

function readBytes(bytes: Uint8Array): BodyValue | BodyProblem {
  const headers = { contentType: 'application/json', contentEncoding: '', contentLength: '' };
  const body = readBody({ bytes, ...headers, partial: '' });
  return body instanceof BodyProblem ? body : body.value;
}

function compare(text: string): 'read' | 'refused' {
  const value = parseJson(text, DEFAULT_BODY_LIMITS);
  let want: unknown;
  try {
    want = JSON.parse(text);
  } catch {
    assert.ok(value instanceof BodyProblem, `read what JSON.parse refuses: ${text}`);
    return 'refused';
  }
  if (value instanceof BodyProblem) {
    assert.ok(STRICTER.includes(value.detail), `${value.detail}: ${text}`);
    return 'refused';
  }
  assert.deepEqual(whole(value), ours(want), text);
  return 'read';
}

describe('JSON of a body, at random', () => {
  it('has the value that JSON.parse gives', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 8 }), (text) => {
        const value = parseJson(text, DEFAULT_BODY_LIMITS);
        // It writes lone surrogates as escapes, and great doubles as integers beyond 64 bits.
        if (value instanceof BodyProblem) assert.match(value.detail, /^(surrogate|number)$/);
        else compare(text);
      }),
      RUNS,
    );
  });

  it('keeps every digit of integers', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (integer) => {
        assert.equal(parseJson(`${integer}`, DEFAULT_BODY_LIMITS), integer);
      }),
      RUNS,
    );
  });

  it('reads doubles as JavaScript does', () => {
    const doubles = fc.double({ noDefaultInfinity: true, noNaN: true });
    fc.assert(
      fc.property(doubles, (double) => {
        const written = Object.is(double, -0) ? '-0' : `${double}`;
        const text = /[.e]/.test(written) ? written : `${written}.0`;
        assert.equal(parseJson(text, DEFAULT_BODY_LIMITS), double);
      }),
      RUNS,
    );
  });

  it('is never more lenient than JSON.parse, whatever is changed in it', () => {
    const characters = fc.constantFrom(...'{}[]",:\\u0123456789eE+-. \n\ttrfalsn\0é\u2028');
    const text = fc.json({ maxDepth: 3 });
    const found = { read: 0, refused: 0 };
    fc.assert(
      fc.property(text, fc.nat(), fc.nat(2), characters, (json, at, cut, character) => {
        const position = at % (json.length + 1);
        found[compare(json.slice(0, position) + character + json.slice(position + cut))]++;
      }),
      RUNS,
    );
    assert.ok(found.read > 100 && found.refused > 100, JSON.stringify(found));
  });

  it('never throws, and bytes that are no UTF-8 are no text', () => {
    const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    fc.assert(
      fc.property(fc.json(), fc.nat(), fc.nat(255), (json, at, byte) => {
        const bytes = Buffer.from(json);
        bytes[at % bytes.length] = byte;
        const value = readBytes(bytes);
        let text: string | undefined;
        try {
          text = strict.decode(bytes);
        } catch {}
        if (text === undefined) {
          assert.ok(value instanceof BodyProblem && value.detail === 'utf8');
        } else compare(text);
      }),
      RUNS,
    );
  });

  it('never throws on any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), (bytes) => {
        readBytes(bytes);
      }),
      RUNS,
    );
  });
});

describe('UTF-8 in JSON of a body', () => {
  const inString = (...bytes: number[]) => Buffer.from([0x22, ...bytes, 0x22]);
  const refused: [name: string, bytes: Buffer][] = [
    ['an overlong slash', inString(0xc0, 0xaf)],
    ['an overlong NUL', inString(0xc0, 0x80)],
    ['an overlong character of three bytes', inString(0xe0, 0x82, 0xaf)],
    ['an overlong character of four bytes', inString(0xf0, 0x82, 0x82, 0xac)],
    ['a surrogate', inString(0xed, 0xa0, 0x80)],
    ['a pair of surrogates', inString(0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80)],
    ['a character beyond Unicode', inString(0xf4, 0x90, 0x80, 0x80)],
    ['a character of five bytes', inString(0xf8, 0x88, 0x80, 0x80, 0x80)],
    ['half a character', inString(0xe2, 0x82)],
    ['a continuation alone', inString(0x80)],
    ['latin1', inString(0xe9)],
    ['UTF-16', Buffer.from('"a"', 'utf16le').subarray(0, 5)],
  ];
  for (const [name, bytes] of refused) {
    it(`is refused: ${name}`, () => {
      const value = readBytes(bytes);
      assert.ok(value instanceof BodyProblem);
      // UTF-16 in ASCII is UTF-8 with NULs.
      assert.equal(value.detail, name === 'UTF-16' ? 'syntax' : 'utf8');
    });
  }

  it('keeps a replacement character that was sent', () => {
    assert.equal(readBytes(Buffer.from('"\ufffd"')), '\ufffd');
  });

  it('has no byte order mark', () => {
    const value = readBytes(Buffer.from('\ufeff"a"'));
    assert.ok(value instanceof BodyProblem && value.detail === 'syntax');
  });
});
