// multipart/form-data: one strict form is read, and whatever two parsers could cut differently is
// refused (C-113).

import assert from 'node:assert/strict';
import { type BodyLimits, BodyProblem, DEFAULT_BODY_LIMITS } from '../../engine/body/body.ts';
import { parseMultipart } from '../../engine/body/multipart.ts';

function told(body: string | Buffer, boundary = 'x', limits: Partial<BodyLimits> = {}): unknown {
  const all = { ...DEFAULT_BODY_LIMITS, ...limits };
  const fields = parseMultipart(Buffer.from(body), boundary, all);
  return fields instanceof BodyProblem ? fields.detail : [...fields];
}

/** One part with these lines before its content. */
const part = (content: string, ...lines: string[]) =>
  `--x\r\n${lines.join('\r\n')}\r\n\r\n${content}\r\n`;
const field = (name: string, content: string) =>
  part(content, `Content-Disposition: form-data; name="${name}"`);
const NAMED = 'Content-Disposition: form-data; name="a"';
const END = '--x--\r\n';
const JSON_TYPE = 'Content-Type: application/json';
const ONE = [['a', ['1']]];

const read: [name: string, body: string, want: unknown][] = [
  ['a field', field('a', '1') + END, ONE],
  ['no line feed at the end', `${field('a', '1')}--x--`, ONE],
  ['no fields', END, []],
  ['an empty field', field('a', '') + END, [['a', ['']]]],
  [
    'a name twice, in order',
    field('a', '2') + field('b', '') + field('a', '1') + END,
    [
      ['a', ['2', '1']],
      ['b', ['']],
    ],
  ],
  ['line feeds in a value', field('a', '\r\n1\r\n\r\n2\n') + END, [['a', ['\r\n1\r\n\r\n2\n']]]],
  ['dashes in a value', field('a', '\r\n--\r\n--y') + END, [['a', ['\r\n--\r\n--y']]]],
  ['UTF-8', field('é', '€') + END, [['é', ['€']]]],
  ['a name that is a token', part('1', 'Content-Disposition: form-data; name=a') + END, ONE],
  ['a name in another case', part('1', 'CONTENT-DISPOSITION:form-data;NAME=a') + END, ONE],
  ['text', part('1', NAMED, 'Content-Type: text/plain; charset=UTF-8') + END, ONE],
  ['other headers', part('1', 'X-A: b', NAMED, 'x-c:') + END, ONE],
  ['encodings that change nothing', part('1', NAMED, 'Content-Transfer-Encoding: 8BIT') + END, ONE],
  ['JSON', part('{"b":1}', NAMED, JSON_TYPE) + END, [['a', [new Map([['b', 1n]])]]]],
  ['JSON with a semicolon', part('2', NAMED, `${JSON_TYPE};`) + END, [['a', [2n]]]],
  [
    'a file, whose content nobody sees',
    part('\0secret', `${NAMED}; filename="b c.png"`, 'Content-Type: Image/PNG') + END,
    [
      [
        'a',
        [
          new Map<string, unknown>([
            ['filename', 'b c.png'],
            ['mediaType', 'image/png'],
            ['bytes', 7n],
          ]),
        ],
      ],
    ],
  ],
  [
    'a file that says it is JSON',
    part('{', `${NAMED}; filename=b`, JSON_TYPE) + END,
    [
      [
        'a',
        [
          new Map<string, unknown>([
            ['filename', 'b'],
            ['mediaType', 'application/json'],
            ['bytes', 1n],
          ]),
        ],
      ],
    ],
  ],
  [
    'a file with an extended name only',
    part('1', `${NAMED}; filename*=UTF-8''b`) + END,
    [
      [
        'a',
        [
          new Map<string, unknown>([
            ['filename', ''],
            ['mediaType', 'text/plain'],
            ['bytes', 1n],
          ]),
        ],
      ],
    ],
  ],
  [
    'a part of another type',
    part('1', NAMED, 'Content-Type: application/xml') + END,
    [
      [
        'a',
        [
          new Map<string, unknown>([
            ['filename', ''],
            ['mediaType', 'application/xml'],
            ['bytes', 1n],
          ]),
        ],
      ],
    ],
  ],
  ['the charset that is assumed', field('_charset_', 'UTF-8') + END, [['_charset_', ['UTF-8']]]],
];

const refused: [name: string, body: string, detail: string][] = [
  ['nothing', '', 'boundary'],
  ['text before the first delimiter', `a\r\n${field('a', '1')}${END}`, 'boundary'],
  ['an empty line before the first delimiter', `\r\n${field('a', '1')}${END}`, 'boundary'],
  ['text behind the last delimiter', `${field('a', '1')}${END}b`, 'boundary'],
  [
    'a part behind the last delimiter',
    `${field('a', '1')}${END}${field('a', '2')}${END}`,
    'boundary',
  ],
  ['no last delimiter', field('a', '1'), 'boundary'],
  ['half of the last delimiter', `${field('a', '1')}--x-`, 'boundary'],
  ['a space behind the last delimiter', `${field('a', '1')}--x-- `, 'boundary'],
  ['a space behind a delimiter', `--x \r\n${NAMED}\r\n\r\n1\r\n--x--`, 'boundary'],
  ['lines that end with LF', `--x\n${NAMED}\n\n1\n--x--\n`, 'boundary'],
  [
    'a delimiter behind a lone LF',
    `--x\r\n${NAMED}\r\n\r\n1\n--x\r\n${NAMED}\r\n\r\n2\r\n--x--`,
    'boundary',
  ],
  ['a delimiter behind a lone CR', `--x\r\n${NAMED}\r\n\r\n1\r--x--\r\n--x--`, 'boundary'],
  ['a delimiter in the middle of a line', field('a', 'b--x') + END, 'boundary'],
  ['a longer delimiter', field('a', '\r\n--xy\r\n') + END, 'boundary'],
  ['a part without headers', `--x\r\n\r\n1\r\n--x--`, 'part'],
  ['a part without an empty line', `--x\r\n${NAMED}\r\n--x--`, 'part'],
  ['a part that ends with its headers', `--x\r\n${NAMED}\r\n\r\n--x--`, 'part'],
  ['an empty part', '--x\r\n--x--', 'boundary'],
  ['no disposition', part('1', 'Content-Type: text/plain') + END, 'part'],
  ['another disposition', part('1', 'Content-Disposition: attachment; name=a') + END, 'part'],
  ['no name', part('1', 'Content-Disposition: form-data') + END, 'part'],
  ['an empty name', part('1', 'Content-Disposition: form-data; name=""') + END, 'part'],
  ['two names', part('1', `${NAMED}; name="b"`) + END, 'part'],
  ['two names in another case', part('1', `${NAMED}; NAME="b"`) + END, 'part'],
  ['an extended name', part('1', `${NAMED}; name*=UTF-8''b`) + END, 'part'],
  ['a backslash in a name', part('1', 'Content-Disposition: form-data; name="a\\b"') + END, 'part'],
  ['a quote behind a backslash', part('1', `${NAMED}; filename="a\\"; x="b"`) + END, 'part'],
  ['a name with an escape', field('a%22', '1') + END, 'part'],
  ['two dispositions', part('1', NAMED, NAMED.replace('a"', 'b"')) + END, 'part'],
  ['two types', part('1', NAMED, 'Content-Type: text/plain', JSON_TYPE) + END, 'part'],
  ['a type that is none', part('1', NAMED, 'Content-Type: text') + END, 'part'],
  ['a folded header', part('1', 'Content-Disposition: form-data;', ' name="a"') + END, 'part'],
  ['a header without a colon', part('1', NAMED, 'x') + END, 'part'],
  ['a header with a space before its colon', part('1', NAMED.replace(':', ' :')) + END, 'part'],
  ['a header with a lone LF', part('1', `X: a\n${NAMED}`) + END, 'part'],
  ['a header with a lone CR', part('1', `X: a\r${NAMED}`, NAMED) + END, 'part'],
  ['a header with a NUL', part('1', 'X: \0', NAMED) + END, 'part'],
  ['base64', part('MQ==', NAMED, 'Content-Transfer-Encoding: base64') + END, 'part'],
  [
    'another charset',
    part('1', NAMED, 'Content-Type: text/plain; charset=utf-16') + END,
    'charset',
  ],
  ['a charset for all fields', field('_charset_', 'utf-7') + END, 'charset'],
  ['JSON that is none', part('{"b":', NAMED, JSON_TYPE) + END, 'syntax'],
  ['JSON with a key twice', part('{"b":1,"b":2}', NAMED, JSON_TYPE) + END, 'duplicate_key'],
  ['headers of 2 KiB and more', part('1', NAMED, `X: ${'a'.repeat(2048)}`) + END, 'part'],
  [
    '17 headers',
    part('1', NAMED, ...Array.from({ length: 16 }, (_, i) => `X-${i}: 1`)) + END,
    'part',
  ],
];

describe('a multipart form', () => {
  for (const [name, body, want] of read) {
    it(`is read: ${name}`, () => assert.deepStrictEqual(told(body), want));
  }
  for (const [name, body, detail] of refused) {
    it(`is refused: ${name}`, () => assert.equal(told(body), detail));
  }

  it('is refused where text or headers are no UTF-8', () => {
    const latin1 = (body: string) => told(Buffer.from(body, 'latin1'));
    assert.equal(latin1(field('a', '\xff') + END), 'utf8');
    assert.equal(latin1(field('\xff', 'a') + END), 'part');
    assert.ok(Array.isArray(latin1(part('\xff', `${NAMED}; filename=b`) + END)));
  });

  it('has a boundary as RFC 2046 has it', () => {
    const body = (boundary: string) => `--${boundary}--`;
    const longest = 'b'.repeat(70);
    for (const boundary of ['a', longest, "0aZ'()+_,-./:=?", 'a b', '--']) {
      assert.deepEqual(told(body(boundary), boundary), [], boundary);
    }
    for (const boundary of ['', `${longest}b`, 'a ', 'a"', 'a;', 'a\n', 'é', '\0']) {
      assert.equal(told(body(boundary), boundary), 'boundary', boundary);
    }
    const none = parseMultipart(Buffer.from('--x--'), undefined, DEFAULT_BODY_LIMITS);
    assert.ok(none instanceof BodyProblem && none.detail === 'boundary');
  });

  it('has at most 128 parts', () => {
    assert.ok(Array.isArray(told(field('a', '1').repeat(128) + END)));
    assert.equal(told(field('a', '1').repeat(129) + END), 'parts');
    assert.equal(told(field('a', '1') + END, 'x', { parts: 0 }), 'parts');
  });

  it('takes any byte behind a delimiter, in a header and in a name', () => {
    const accepted = (bodyOf: (byte: string) => string) =>
      Array.from({ length: 256 }, (_, code) => String.fromCharCode(code))
        .filter((byte) => typeof told(bodyOf(byte)) !== 'string')
        .join('');
    const tokens = "!#$%&'*+-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ^_`abcdefghijklmnopqrstuvwxyz|~";
    assert.equal(
      accepted((byte) => `--x--${byte}`),
      '',
    );
    assert.equal(
      accepted((byte) => `--x${byte}\n${NAMED}\r\n\r\n1\r\n--x--`),
      '\r',
    );
    assert.equal(
      accepted((byte) => `--x\r${byte}${NAMED}\r\n\r\n1\r\n--x--`),
      '\n',
    );
    assert.equal(
      accepted((byte) => part('1', NAMED, `a${byte}: 1`) + END),
      `${tokens}:`.split('').sort().join(''),
    );
    const bare = accepted(
      (byte) => part('1', `Content-Disposition: form-data; name=${byte}`) + END,
    );
    assert.equal(bare, tokens.replace('%', ''));
    const quoted = accepted((byte) => field(byte, '1') + END);
    assert.ok(!/[\0-\x08\n-\x1f\x7f"\\%]/.test(quoted));
    assert.equal(quoted.length, 256 - 31 - 1 - 3);
  });
});
