// Bodies by their headers: whether all of it came, what it is, and what nobody here reads. What is
// not whole, not known or not readable is never read in part (C-113).

import assert from 'node:assert/strict';
import {
  BODY_PROBLEMS,
  type Body,
  type BodyLimits,
  BodyProblem,
  type RawBody,
} from '../../engine/body/body.ts';
import { bodyKind, readBody } from '../../engine/body/read_body.ts';

const EMPTY: RawBody = {
  bytes: new Uint8Array(),
  contentType: 'application/json',
  contentEncoding: '',
  contentLength: '',
  partial: '',
};

type Given = Partial<Omit<RawBody, 'bytes'>> & { readonly body?: string | Uint8Array };

function read({ body = '', ...headers }: Given, limits?: Partial<BodyLimits>): Body | BodyProblem {
  return readBody({ ...EMPTY, ...headers, bytes: Buffer.from(body) }, limits);
}

/** `state detail`, or the kind and the value. */
function told(given: Given, limits?: Partial<BodyLimits>): unknown {
  const body = read(given, limits);
  return body instanceof BodyProblem ? `${body.state} ${body.detail}` : [body.kind, body.value];
}

const ONE = ['json', new Map([['a', 1n]])];
const JSON_ONE = '{"a":1}';
const FORM = 'application/x-www-form-urlencoded';

const cases: [name: string, given: Given, want: unknown][] = [
  ['a body', { body: JSON_ONE }, ONE],
  ['a body of its content-length', { body: JSON_ONE, contentLength: '7' }, ONE],
  ['zeros before the content-length', { body: JSON_ONE, contentLength: '007' }, ONE],
  ['a content-length that counts bytes', { body: '"é"', contentLength: '4' }, ['json', 'é']],
  ['a body that Envoy says is whole', { body: JSON_ONE, partial: 'false' }, ONE],
  ['no body', {}, 'absent untold'],
  ['no body, as Envoy says', { partial: 'false' }, 'absent empty'],
  ['no body, as content-length says', { contentLength: '0' }, 'absent empty'],
  ['no body of no kind', { contentType: '' }, 'absent untold'],
  ['a cut body', { body: JSON_ONE, partial: 'true' }, 'truncated partial'],
  [
    'a cut body of the right length',
    { body: JSON_ONE, contentLength: '7', partial: 'true' },
    'truncated partial',
  ],
  ['a body of which nothing is left', { partial: 'true' }, 'truncated partial'],
  ['a word that Envoy never says', { body: JSON_ONE, partial: 'False' }, 'truncated partial'],
  ['two words', { body: JSON_ONE, partial: 'false,true' }, 'truncated partial'],
  ['one byte too few', { body: JSON_ONE, contentLength: '8' }, 'truncated short'],
  [
    'one byte too few, whole as Envoy says',
    { body: JSON_ONE, contentLength: '8', partial: 'false' },
    'truncated short',
  ],
  [
    'a body that parses and is not what was sent',
    { body: '12', contentLength: '3' },
    'truncated short',
  ],
  ['a body that did not come', { contentLength: '8' }, 'truncated short'],
  ['one byte too many', { body: JSON_ONE, contentLength: '6' }, 'error content_length'],
  ['two content-lengths', { body: JSON_ONE, contentLength: '7,7' }, 'error content_length'],
  ['a negative content-length', { body: JSON_ONE, contentLength: '-7' }, 'error content_length'],
  ['a content-length with a sign', { body: JSON_ONE, contentLength: '+7' }, 'error content_length'],
  [
    'a content-length in hexadecimal',
    { body: JSON_ONE, contentLength: '0x7' },
    'error content_length',
  ],
  [
    'a content-length of 16 digits',
    { body: JSON_ONE, contentLength: '9'.repeat(16) },
    'error content_length',
  ],
  ['identity for an encoding', { body: JSON_ONE, contentEncoding: 'Identity' }, ONE],
  ['a compressed body', { body: JSON_ONE, contentEncoding: 'gzip' }, 'unread encoding'],
  ['an encoding nobody knows', { body: JSON_ONE, contentEncoding: 'x' }, 'unread encoding'],
  ['two encodings', { body: JSON_ONE, contentEncoding: 'identity,gzip' }, 'unread encoding'],
  ['no content type', { body: JSON_ONE, contentType: '' }, 'unread media_type'],
  ['text', { body: JSON_ONE, contentType: 'text/plain' }, 'unread media_type'],
  [
    'JSON only in a parameter',
    { body: JSON_ONE, contentType: 'text/plain; note="application/json"' },
    'unread media_type',
  ],
  [
    'a type that begins like JSON',
    { body: JSON_ONE, contentType: 'application/jsonp' },
    'unread media_type',
  ],
  [
    'a sequence of JSON',
    { body: JSON_ONE, contentType: 'application/json-seq' },
    'unread media_type',
  ],
  ['JSON of another tree', { body: JSON_ONE, contentType: 'text/json' }, 'unread media_type'],
  [
    'another multipart',
    { body: JSON_ONE, contentType: 'multipart/mixed; boundary=a' },
    'unread media_type',
  ],
  [
    'two content types',
    { body: JSON_ONE, contentType: 'application/json, text/plain' },
    'error content_type',
  ],
  [
    'two content types, the second quoted away',
    { body: JSON_ONE, contentType: 'application/json; a="b, text/plain"' },
    ONE,
  ],
  ['half a content type', { body: JSON_ONE, contentType: 'application' }, 'error content_type'],
  [
    'a parameter without a value',
    { body: JSON_ONE, contentType: 'application/json; charset' },
    'error content_type',
  ],
  [
    'a parameter twice',
    { body: JSON_ONE, contentType: 'application/json; charset=utf-8; Charset=utf-8' },
    'error content_type',
  ],
  [
    'a quote that does not end',
    { body: JSON_ONE, contentType: 'application/json; a="b' },
    'error content_type',
  ],
  ['a content type in capitals', { body: JSON_ONE, contentType: 'Application/JSON' }, ONE],
  ['a charset', { body: JSON_ONE, contentType: 'application/json; charset=utf-8' }, ONE],
  [
    'a charset in quotes and capitals',
    { body: JSON_ONE, contentType: 'application/json ;\tCHARSET="UTF-8" ' },
    ONE,
  ],
  ['a semicolon at the end', { body: JSON_ONE, contentType: 'application/json;' }, ONE],
  ['JSON with a profile', { body: JSON_ONE, contentType: 'application/problem+json' }, ONE],
  ['JSON with two suffixes', { body: JSON_ONE, contentType: 'application/a+b+json' }, ONE],
  [
    'another charset',
    { body: JSON_ONE, contentType: 'application/json; charset=utf-16' },
    'error charset',
  ],
  [
    'UTF-7, which hides what it says',
    { body: 'a=1', contentType: `${FORM}; charset=utf-7` },
    'error charset',
  ],
  ['bytes that are no UTF-8', { body: Buffer.from([0x22, 0xff, 0x22]) }, 'error utf8'],
  [
    'a form with bytes that are no UTF-8',
    { body: Buffer.from([0x61, 0xff]), contentType: FORM },
    'error utf8',
  ],
  ['text behind the end', { body: '{} {}' }, 'error syntax'],
  ['a key twice', { body: '{"a":1,"a":2}' }, 'error duplicate_key'],
  [
    'a form',
    { body: 'a=1&a=2&b', contentType: FORM },
    [
      'form',
      new Map([
        ['a', ['1', '2']],
        ['b', ['']],
      ]),
    ],
  ],
  [
    'a multipart form',
    {
      body: '--x\r\ncontent-disposition: form-data; name=a\r\n\r\n1\r\n--x--\r\n',
      contentType: 'multipart/form-data; boundary=x',
    },
    ['multipart', new Map([['a', ['1']]])],
  ],
  [
    'a multipart form without a boundary',
    { body: '--x--', contentType: 'multipart/form-data' },
    'error boundary',
  ],
  ['gRPC', { body: '\0\0\0\0\0', contentType: 'application/grpc' }, 'unread grpc'],
  [
    'gRPC in JSON, which has a prefix',
    { body: JSON_ONE, contentType: 'application/grpc+json' },
    'unread grpc',
  ],
  ['gRPC-Web', { body: JSON_ONE, contentType: 'application/grpc-web+json' }, 'unread grpc'],
];

describe('a body', () => {
  for (const [name, given, want] of cases) {
    it(`is told: ${name}`, () => assert.deepStrictEqual(told(given), want));
  }

  it('is read up to its limit of 64 KiB', () => {
    const text = (length: number) => `"${'a'.repeat(length - 2)}"`;
    assert.ok(!(read({ body: text(65_536) }) instanceof BodyProblem));
    assert.equal(told({ body: text(65_537) }), 'error too_large');
    assert.equal(told({ body: '12' }, { bytes: 1 }), 'error too_large');
    assert.deepEqual(told({ body: text(70_000) }, { bytes: 70_000 }), ['json', 'a'.repeat(69_998)]);
  });

  it('has a content type of at most 512 characters', () => {
    const type = (length: number) => `application/json;a=${'b'.repeat(length - 19)}`;
    assert.deepEqual(told({ body: JSON_ONE, contentType: type(512) }), ONE);
    assert.equal(told({ body: JSON_ONE, contentType: type(513) }), 'error content_type');
  });

  it('is cut rather than too large where it is both', () => {
    assert.equal(told({ body: '12', partial: 'true' }, { bytes: 1 }), 'truncated partial');
  });

  it('is of a kind that the content type says alone', () => {
    assert.equal(bodyKind('application/json; charset=utf-16'), 'json');
    assert.equal(bodyKind(FORM), 'form');
    assert.equal(bodyKind('multipart/form-data'), 'multipart');
    assert.equal(bodyKind('application/grpc+proto'), 'grpc');
    assert.equal(bodyKind('application/grpcx'), 'none');
    assert.equal(bodyKind('text/html'), 'none');
    assert.equal(bodyKind(''), 'none');
    assert.equal(bodyKind('application/json,'), 'none');
  });

  it('has a problem of each kind once', () => {
    for (const [detail, problem] of Object.entries(BODY_PROBLEMS)) {
      assert.equal(problem.detail, detail);
      assert.match(problem.state, /^(absent|truncated|error|unread)$/);
    }
    assert.equal(read({}), BODY_PROBLEMS.untold);
  });

  it('takes any byte in a content type, and is JSON with few of them', () => {
    const kinds = (contentTypeOf: (byte: string) => string) =>
      Array.from({ length: 256 }, (_, code) => String.fromCharCode(code))
        .filter((byte) => bodyKind(contentTypeOf(byte)) === 'json')
        .join('');
    const tokens = "!#$%&'*+-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ^_`abcdefghijklmnopqrstuvwxyz|~";
    assert.equal(
      kinds((byte) => `application/jso${byte}`),
      'Nn',
    );
    assert.equal(
      kinds((byte) => `application/json${byte}`),
      '\t ;',
    );
    assert.equal(
      kinds((byte) => `${byte}application/json`),
      '',
    );
    assert.equal(
      kinds((byte) => `application/a${byte}b+json`),
      tokens,
    );
    assert.equal(
      kinds((byte) => `application/json;a=${byte}`),
      tokens,
    );
    assert.equal(
      kinds((byte) => `application/json;${byte}=a`),
      tokens,
    );
    const quoted = kinds((byte) => `application/json;a="${byte}"`);
    assert.ok(!/[\0-\x08\n-\x1f\x7f"\\]/.test(quoted));
    assert.equal(quoted.length, 256 - 31 - 1 - 2);
  });
});
