// What is no CheckRequest, although some parsers would make one of it (envoy/wire.ts). Two parsers
// that read one message differently are a way around a decision, so whatever is strange is
// malformed.

import assert from 'node:assert/strict';
import { MESSAGE_BYTES_MAX } from '../../engine/limits.ts';
import { protoRoot } from '../../proto/load.ts';
import { shapesOf } from '../../proto/shape.ts';
import { CHECKOUT, meshWith, PAYMENTS } from '../engine/fixture.ts';
import { secret } from '../support/secret.ts';
import { answerTo, bytesOf, field, outcomeOf, raw, varint } from './fixture.ts';

const SNAPSHOT = meshWith([
  { id: 'a', effect: 'permit', from: { principals: [CHECKOUT] }, to: { operations: ['read'] } },
]);
const MALFORMED = 'ctx.malformed_request';

const SOURCE = field(1, field(4, CHECKOUT));
const DESTINATION = field(2, field(4, PAYMENTS));
const HTTP = [field(2, 'GET'), field(4, '/a')];

/** A request that is allowed, with more in one of its messages. */
const inAttributes = (...more: Buffer[]) =>
  field(1, SOURCE, DESTINATION, field(4, field(2, ...HTTP)), ...more);
const inRequest = (...more: Buffer[]) =>
  field(1, SOURCE, DESTINATION, field(4, field(2, ...HTTP), ...more));
const inHttp = (...more: Buffer[]) =>
  field(1, SOURCE, DESTINATION, field(4, field(2, ...HTTP, ...more)));
const inPeer = (...more: Buffer[]) =>
  field(1, field(1, field(4, CHECKOUT), ...more), DESTINATION, field(4, field(2, ...HTTP)));
const inHeader = (...parts: Buffer[]) => inHttp(field(3, ...parts));
const inRawHeader = (...parts: Buffer[]) => inHttp(field(13, field(1, ...parts)));
const inExtension = (...parts: Buffer[]) => inAttributes(field(10, ...parts));

const CUT = inAttributes().subarray(0, -1);
const ZERO = Buffer.from([0]);
/** 11 bytes of a varint, one more than any has. */
const ENDLESS = Buffer.from([...Array.from({ length: 10 }, () => 0xff), 0x01]);
const NO_UTF8 = Buffer.from([0x61, 0xff]);
const LONG_NO_UTF8 = Buffer.concat([Buffer.alloc(60, 0x61), NO_UTF8]);
const nested = (depth: number): Buffer => {
  // google.protobuf.Value.list_value = 6, ListValue.values = 1
  let value = field(3, 'x');
  for (let i = 0; i < depth; i++) value = field(6, field(1, value));
  return inAttributes(
    field(11, field(1, field(1, 'filter'), field(2, field(1, field(1, 'k'), field(2, value))))),
  );
};

const malformed: [string, Buffer][] = [
  ['nothing', Buffer.alloc(0)],
  ['attributes twice', Buffer.concat([inAttributes(), inAttributes()])],
  ['attributes as a number', raw(1, 0, varint(1))],
  ['attributes as eight bytes', raw(1, 1, Buffer.alloc(8))],
  ['a message that ends early', CUT],
  ['a tag without its field', Buffer.concat([inAttributes(), varint(0x12)])],
  ['half a tag', Buffer.concat([inAttributes(), Buffer.from([0x80])])],
  ['a field with the number 0', Buffer.concat([inAttributes(), raw(0, 0, ZERO)])],
  ['a length beyond the message', Buffer.concat([raw(1, 2, varint(9)), ZERO])],
  ['a length beyond its own message', field(1, raw(1, 2, varint(9)), DESTINATION)],
  ['a length of more than 32 bits', Buffer.concat([varint(0x0a), varint(2 ** 32 + 1)])],
  ['a length of six bytes', Buffer.concat([varint(0x0a), varint(1, 6), ZERO])],
  ['a length of eleven bytes', Buffer.concat([varint(0x0a), ENDLESS])],
  ['a tag of six bytes', Buffer.concat([inAttributes(), varint(0x10, 6), ZERO])],
  ['a number of eleven bytes', Buffer.concat([inAttributes(), raw(20, 0, ENDLESS)])],
  ['a number that does not end', Buffer.concat([inAttributes(), raw(20, 0, Buffer.from([0x80]))])],
  ['eight bytes that are seven', Buffer.concat([inAttributes(), raw(20, 1, Buffer.alloc(7))])],
  ['four bytes that are three', Buffer.concat([inAttributes(), raw(20, 5, Buffer.alloc(3))])],
  ['a group', Buffer.concat([inAttributes(), raw(20, 3, raw(20, 4, Buffer.alloc(0)))])],
  ['the end of a group', Buffer.concat([inAttributes(), raw(20, 4, Buffer.alloc(0))])],
  ['wire type 6', Buffer.concat([inAttributes(), raw(20, 6, ZERO)])],
  ['wire type 7', Buffer.concat([inAttributes(), raw(20, 7, ZERO)])],
  ['a second source', inAttributes(SOURCE)],
  ['a second source without anything', inAttributes(field(1))],
  ['a second destination', inAttributes(DESTINATION)],
  ['a second request', inAttributes(field(4))],
  ['a second http', inRequest(field(2))],
  ['a second principal', inPeer(field(4, CHECKOUT))],
  ['a second method', inHttp(field(2, 'POST'))],
  ['a second path', inHttp(field(4, '/b'))],
  ['a second host, although nobody reads it', inHttp(field(5, 'a'), field(5, 'b'))],
  ['a second header map', inHttp(field(13), field(13))],
  ['a second body', inHttp(field(11, 'a'), field(11, 'b'))],
  ['a second time, although nobody reads it', inRequest(field(1), field(1))],
  ['a principal as a number', inPeer(raw(4, 0, varint(1)))],
  ['a path as a number', inHttp(raw(4, 0, varint(1)))],
  ['a size as a text', inHttp(field(9, '7'))],
  ['headers as a number', inHttp(raw(3, 0, varint(1)))],
  ['the time as a number', inRequest(raw(1, 0, varint(1)))],
  ['a principal that is no UTF-8', field(1, field(1, field(4, NO_UTF8)))],
  ['a path that is no UTF-8', field(1, field(4, field(2, field(4, NO_UTF8))))],
  ['a long path that is no UTF-8', field(1, field(4, field(2, field(4, LONG_NO_UTF8))))],
  ['an overlong character', field(1, field(4, field(2, field(4, Buffer.from([0xc0, 0xaf])))))],
  ['a surrogate', field(1, field(4, field(2, field(4, Buffer.from([0xed, 0xa0, 0x80])))))],
  ['half a character', field(1, field(4, field(2, field(4, Buffer.from([0xe2, 0x82])))))],
  ['a host that is no UTF-8, although nobody reads it', inHttp(field(5, NO_UTF8))],
  ['a service that is no UTF-8, although nobody reads it', inPeer(field(2, NO_UTF8))],
  ['a header name twice', inHeader(field(1, 'a'), field(1, 'b'))],
  ['a header value twice', inHeader(field(1, 'a'), field(2, 'b'), field(2, 'c'))],
  ['a header name as a number', inHeader(raw(1, 0, ZERO))],
  ['a header value as eight bytes', inHeader(field(1, 'a'), raw(2, 1, Buffer.alloc(8)))],
  ['a header name that is no UTF-8', inHeader(field(1, NO_UTF8))],
  ['a header value that is no UTF-8', inHeader(field(1, 'a'), field(2, NO_UTF8))],
  ['a raw header name twice', inRawHeader(field(1, 'a'), field(1, 'b'))],
  ['a raw value twice', inRawHeader(field(1, 'a'), field(3, 'b'), field(3, 'c'))],
  ['a raw value as a number', inRawHeader(field(1, 'a'), raw(3, 0, ZERO))],
  ['a raw header name that is no UTF-8', inRawHeader(field(1, NO_UTF8))],
  ['a raw header with text and bytes', inRawHeader(field(1, 'a'), field(2, 'b'), field(3, 'c'))],
  ['a header map with a number for an entry', inHttp(field(13, raw(1, 0, ZERO)))],
  ['a header beyond its map', inHttp(field(13, raw(1, 2, varint(9))))],
  ['an extension name twice', inExtension(field(1, 'a'), field(1, 'b'))],
  ['an extension value twice', inExtension(field(1, 'a'), field(2, 'b'), field(2, 'c'))],
  ['an extension name as a number', inExtension(raw(1, 0, ZERO))],
  ['an extension value that is no UTF-8', inExtension(field(1, 'a'), field(2, NO_UTF8))],
  [
    'our extension twice, with two services',
    inAttributes(
      field(10, field(1, 'remit.service'), field(2, 'pay/payments')),
      field(10, field(1, 'remit.service'), field(2, 'pay/ledger')),
    ),
  ],
  [
    'our extension twice, once without a service',
    inAttributes(
      field(10, field(1, 'remit.service')),
      field(10, field(1, 'remit.service'), field(2, 'pay/payments')),
    ),
  ],
  ['metadata nested beyond reason', nested(200)],
  ['random bytes', Buffer.from('deadbeefcafebabe00ff10', 'hex')],
  ['JSON', Buffer.from('{"attributes":{}}')],
];

describe('malformed is', () => {
  for (const [name, bytes] of malformed) {
    it(name, () => {
      const answer = answerTo(SNAPSHOT, bytes);
      assert.equal(outcomeOf(answer), MALFORMED);
      assert.equal(answer.verdict.evidence.result, 'not_evaluated');
      assert.equal(answer.view, undefined);
    });
  }

  it('every part of a request that is cut off', () => {
    const bytes = bytesOf({ headers: { host: 'a', authorization: secret('x') } });
    for (let length = 0; length < bytes.length; length++) {
      assert.equal(outcomeOf(answerTo(SNAPSHOT, bytes.subarray(0, length))), MALFORMED);
    }
  });

  it('not what is malformed for an enforcer that nobody knows: it is told that first', () => {
    assert.equal(outcomeOf(answerTo(SNAPSHOT, CUT, { kind: 'remote' })), MALFORMED);
    const answer = answerTo(SNAPSHOT, inAttributes(), { kind: 'remote' });
    assert.equal(outcomeOf(answer), 'authn.untrusted_enforcer');
  });
});

const wellFormed: [string, Buffer][] = [
  ['the least that says all', inAttributes()],
  [
    'fields in another order',
    field(1, field(4, field(2, ...HTTP.toReversed())), DESTINATION, SOURCE),
  ],
  ['a field that nobody knows', Buffer.concat([inAttributes(), field(100, 'x')])],
  ['a field that nobody knows, inside', inAttributes(raw(50, 0, varint(7)))],
  ['the same one twice', inHttp(field(50, 'a'), field(50, 'b'))],
  ['bytes that nobody knows, of any kind', inPeer(field(50, NO_UTF8), raw(51, 5, Buffer.alloc(4)))],
  ['a raw body that is no text', inHttp(field(12, NO_UTF8))],
  ['a raw header value that is no text', inRawHeader(field(1, 'a'), field(3, NO_UTF8))],
  [
    'a length that is longer than it need be',
    Buffer.concat([
      varint(0x0a),
      varint(inAttributes().subarray(2).length, 5),
      inAttributes().subarray(2),
    ]),
  ],
  ['an empty header', inHeader()],
  ['a header with a field that nobody knows', inHeader(field(1, 'a'), field(7, 'b'))],
  ['a raw header with a field that nobody knows', inRawHeader(field(1, 'a'), raw(7, 0, ZERO))],
  ['a header map with one', inHttp(field(13, field(7, 'b')))],
  ['an extension with one', inExtension(field(1, 'a'), field(7, 'b'))],
  ['a raw header with empty text and bytes', inRawHeader(field(2), field(3, 'c'))],
  ['labels, which may come often', inPeer(field(3, field(1, 'a')), field(3, field(1, 'b')))],
  [
    'our extension twice, with one service',
    inAttributes(
      field(10, field(1, 'remit.service'), field(2, 'pay/payments')),
      field(10, field(1, 'remit.service'), field(2, 'pay/payments')),
    ),
  ],
  [
    'an extension of somebody else’s twice',
    inAttributes(field(10, field(1, 'x'), field(2, 'a')), field(10, field(1, 'x'), field(2, 'b'))),
  ],
  ['metadata that is nested a little', nested(5)],
];

describe('well-formed is', () => {
  for (const [name, bytes] of wellFormed) {
    it(name, () => assert.equal(outcomeOf(answerTo(SNAPSHOT, bytes)), 'allow'));
  }
});

describe('a message of', () => {
  const padded = (bytes: number): Buffer => {
    const plain = inAttributes();
    // The field's tag takes 2 bytes and its length 4.
    const padding = Buffer.alloc(bytes - plain.length - 6, 0x20);
    return Buffer.concat([plain, field(100, padding)]);
  };

  it('4 MiB is read', () => {
    assert.equal(padded(MESSAGE_BYTES_MAX).length, MESSAGE_BYTES_MAX);
    assert.equal(outcomeOf(answerTo(SNAPSHOT, padded(MESSAGE_BYTES_MAX))), 'allow');
  });

  it('one byte more is not', () => {
    const answer = answerTo(SNAPSHOT, padded(MESSAGE_BYTES_MAX + 1));
    assert.equal(outcomeOf(answer), 'ctx.malformed_too_large');
  });
});

describe('the fields of our messages', () => {
  it('have numbers below 32, or `once` would take one for another', () => {
    for (const shape of shapesOf(protoRoot).values()) {
      assert.ok(shape.fields.length <= 32, shape.name);
    }
  });
});
