// Single messages that a strict reader refuses, one for each rule, and their neighbours that it
// reads: the engine's decoder and the naive one agree on all of them.

import assert from 'node:assert/strict';
import { isFailure } from '../../engine/failure.ts';
import type { AttributesRead } from '../../engine/settings.ts';
import { decodeCheckRequest } from '../../envoy/check_request.ts';
import { readMeaning } from './oracle.ts';
import { encodeVarint, Malformed } from './wire_tree.ts';

function field(number: number, ...contents: readonly (Buffer | string)[]): Buffer {
  const content = Buffer.concat(contents.map((it) => Buffer.from(it)));
  return Buffer.concat([encodeVarint(number * 8 + 2), encodeVarint(content.length), content]);
}

const EVERYTHING: AttributesRead = {
  host: true,
  certificate: true,
  sni: true,
  port: true,
  body: true,
  sourceAddress: true,
  headers: new Set(['x']),
  proofHeaders: new Set(['x', 'cookie']),
  metadata: true,
  extensions: true,
};
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const peer = field(1, field(4, 'spiffe://td.example/a'));
const extension = (value: string): Buffer => field(10, field(1, 'remit.service'), field(2, value));
const http = (...fields: Buffer[]): Buffer => field(4, field(2, ...fields));
const header = (...parts: Buffer[]): Buffer => http(field(13, field(1, ...parts)));

const address = (...fields: Buffer[]): Buffer => field(2, field(1, ...fields));
const socket = (...fields: Buffer[]): Buffer => address(field(1, ...fields));

const CASES: readonly { name: string; attributes: Buffer; malformed: boolean }[] = [
  { name: 'nothing', attributes: Buffer.alloc(0), malformed: false },
  { name: 'one peer', attributes: peer, malformed: false },
  { name: 'the same peer twice', attributes: Buffer.concat([peer, peer]), malformed: true },
  { name: 'a peer as a number', attributes: hex('08 01'), malformed: true },
  { name: 'an unknown field', attributes: field(100, 'x'), malformed: false },
  {
    name: 'an unknown field that is not UTF-8',
    attributes: field(100, hex('ff')),
    malformed: false,
  },
  {
    name: 'an unread text that is not UTF-8',
    attributes: field(1, field(2, hex('ff'))),
    malformed: true,
  },
  { name: 'a group', attributes: hex('a3 06 a4 06'), malformed: true },
  { name: 'wire type 6', attributes: hex('a6 06'), malformed: true },
  { name: 'field number 0', attributes: hex('02 00'), malformed: true },
  {
    name: 'a varint of 10 bytes',
    attributes: hex('a0 06 ffffffffffffffffff 01'),
    malformed: false,
  },
  {
    name: 'a varint of 11 bytes',
    attributes: hex('a0 06 80808080808080808080 01'),
    malformed: true,
  },
  {
    name: 'a length in two bytes where one is enough',
    attributes: hex('a2 06 80 00'),
    malformed: false,
  },
  { name: 'a length of five bytes', attributes: hex('a2 06 80 80 80 80 00'), malformed: false },
  { name: 'a length of six bytes', attributes: hex('a2 06 80 80 80 80 80 00'), malformed: true },
  { name: 'a length of 33 bits', attributes: hex('a2 06 80 80 80 80 10'), malformed: true },
  { name: 'a length beyond the message', attributes: hex('a2 06 05 00'), malformed: true },
  { name: 'one service', attributes: extension('shop/orders'), malformed: false },
  {
    name: 'one service twice',
    attributes: Buffer.concat([extension('a/b'), extension('a/b')]),
    malformed: false,
  },
  {
    name: 'two services',
    attributes: Buffer.concat([extension('a/b'), extension('a/c')]),
    malformed: true,
  },
  {
    name: 'a service, then none',
    attributes: Buffer.concat([extension('a/b'), extension('')]),
    malformed: true,
  },
  {
    name: 'no service, then one',
    attributes: Buffer.concat([extension(''), extension('a/b')]),
    malformed: true,
  },
  { name: 'a raw value', attributes: header(field(1, 'x'), field(3, hex('ff'))), malformed: false },
  {
    name: 'a value in text and in bytes',
    attributes: header(field(1, 'x'), field(2, 'a'), field(3, 'b')),
    malformed: true,
  },
  {
    name: 'a value not UTF-8',
    attributes: header(field(1, 'x'), field(2, hex('ff'))),
    malformed: true,
  },
  { name: 'two keys', attributes: header(field(1, 'x'), field(1, 'y')), malformed: true },
  {
    name: 'two keys of a map entry',
    attributes: http(field(3, field(1, 'x'), field(1, 'y'))),
    malformed: true,
  },
  { name: 'a server name', attributes: field(12, field(1, 'db.example')), malformed: false },
  {
    name: 'two server names',
    attributes: field(12, field(1, 'a'), field(1, 'a')),
    malformed: true,
  },
  {
    name: 'a server name that is not UTF-8',
    attributes: field(12, field(1, hex('ff'))),
    malformed: true,
  },
  { name: 'a server name as a number', attributes: field(12, hex('08 01')), malformed: true },
  { name: 'a port', attributes: socket(field(2, '10.0.0.1'), hex('18 b8 2a')), malformed: false },
  { name: 'a port of 32 bits', attributes: socket(hex('18 ff ff ff ff 0f')), malformed: false },
  { name: 'a port of 33 bits', attributes: socket(hex('18 ff ff ff ff 1f')), malformed: true },
  { name: 'a port of six bytes', attributes: socket(hex('18 80 80 80 80 80 00')), malformed: true },
  { name: 'a port that does not end', attributes: socket(hex('18 80')), malformed: true },
  { name: 'a port as text', attributes: socket(field(3, '1')), malformed: true },
  { name: 'two ports', attributes: socket(hex('18 01 18 01')), malformed: true },
  { name: 'a named port', attributes: socket(field(4, 'db')), malformed: false },
  {
    name: 'a port by number and name',
    attributes: socket(hex('18 01'), field(4, 'db')),
    malformed: true,
  },
  { name: 'a pipe', attributes: address(field(2, field(1, '/run/db'))), malformed: false },
  { name: 'a socket and a pipe', attributes: address(field(1), field(2)), malformed: true },
  { name: 'an address of no kind', attributes: address(field(9, 'x')), malformed: false },
  { name: 'a key as a number', attributes: http(field(3, hex('08 01'))), malformed: true },
];

describe('a CheckRequest on the wire', () => {
  for (const { name, attributes, malformed } of CASES) {
    it(`is ${malformed ? 'malformed' : 'read'}: ${name}`, () => {
      const bytes = field(1, attributes);
      assert.equal(refuses(bytes), malformed, 'the naive reader');
      assert.equal(isFailure(decodeCheckRequest(bytes, EVERYTHING)), malformed, 'the decoder');
    });
  }

  it('is malformed without attributes', () => {
    for (const bytes of [Buffer.alloc(0), field(100, 'x')]) {
      assert.ok(refuses(bytes));
      assert.ok(isFailure(decodeCheckRequest(bytes, EVERYTHING)));
    }
  });
});

function refuses(bytes: Buffer): boolean {
  try {
    readMeaning(bytes);
    return false;
  } catch (error) {
    if (error instanceof Malformed) return true;
    throw error;
  }
}
