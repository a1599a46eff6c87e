// What is read of a CheckRequest only where a rule reads it: body, address of the caller, chosen
// headers and context extensions. Where nothing reads them they are checked as before, and empty.

import assert from 'node:assert/strict';
import { isFailure } from '../../engine/failure.ts';
import type { AttributesRead } from '../../engine/settings.ts';
import { type CheckRequestView, decodeCheckRequest } from '../../envoy/check_request.ts';
import { rawBodyOf } from '../../envoy/raw_body.ts';
import { meshWith } from '../engine/fixture.ts';
import { bytesOf, encode, field, messageOf, raw, type Wire } from './fixture.ts';

const NOTHING = meshWith([]).attributesRead;
const ALL: AttributesRead = {
  ...NOTHING,
  body: true,
  sourceAddress: true,
  headers: new Set(['x-tenant', 'authorization', 'traceparent', 'accept']),
  extensions: true,
};

function decode(bytes: Buffer, read: AttributesRead): CheckRequestView | 'malformed' {
  const view = decodeCheckRequest(bytes, read);
  if (!isFailure(view)) return view;
  assert.equal(view.reason, 'ctx.malformed_request');
  return 'malformed';
}

function viewOf(bytes: Buffer, read: AttributesRead = ALL): CheckRequestView {
  const view = decode(bytes, read);
  assert.ok(view !== 'malformed');
  return view;
}

const inHttp = (...parts: Buffer[]) => field(1, field(4, field(2, ...parts)));
const inSource = (...address: Buffer[]) => field(1, field(1, field(1, ...address)));
const header = (name: string, value: string | Buffer) => field(3, field(1, name), field(2, value));
const line = (name: string, value: string | Buffer) => field(1, field(1, name), field(3, value));
const extension = (name: string, value: string) => field(10, field(1, name), field(2, value));

describe('a CheckRequest of which nothing more is read', () => {
  it('shows nothing more, and all views share what is empty', () => {
    assert.deepEqual(
      [NOTHING.body, NOTHING.sourceAddress, NOTHING.headers.size, NOTHING.extensions],
      [false, false, 0, false],
    );
    const bytes = Buffer.concat([
      field(
        1,
        field(1, field(1, field(1, field(2, '10.0.0.1')))),
        field(4, field(2, header('x-tenant', 'a'), field(11, 'body'))),
        extension('remit.tenant', 'a'),
      ),
    ]);
    const views = [viewOf(bytes, NOTHING), viewOf(bytes, NOTHING)] as const;
    for (const { body, sourceAddress, headers, extensions } of views) {
      assert.deepEqual(
        [body.length, sourceAddress, headers.selected.size, extensions.size],
        [0, '', 0, 0],
      );
    }
    assert.equal(views[0].body, views[1].body);
    assert.equal(views[0].extensions, views[1].extensions);
    assert.equal(views[0].headers.selected, views[1].headers.selected);
  });

  it('is as malformed as ever in what nobody reads', () => {
    assert.equal(decode(inHttp(field(11, Buffer.from([0xff]))), NOTHING), 'malformed');
    assert.equal(decode(inHttp(field(11, 'a'), field(11, 'a')), NOTHING), 'malformed');
  });
});

describe('the body', () => {
  const bodyOf = (bytes: Buffer) => Buffer.from(viewOf(bytes).body).toString('latin1');

  it('is text, or bytes with pack_as_bytes', () => {
    assert.equal(
      bodyOf(inHttp(field(11, '{"a":"é"}'))),
      Buffer.from('{"a":"é"}').toString('latin1'),
    );
    assert.equal(bodyOf(inHttp(field(12, Buffer.from([0xff, 0x00])))), '\xff\0');
    assert.equal(bodyOf(inHttp()), '');
    assert.equal(bodyOf(inHttp(field(11), field(12))), '');
  });

  it('is no copy of what came', () => {
    const bytes = inHttp(field(12, 'abc'));
    assert.equal(viewOf(bytes).body.buffer, bytes.buffer);
  });

  const malformed: [name: string, bytes: Buffer][] = [
    ['both', inHttp(field(11, 'a'), field(12, 'a'))],
    ['both, the other way round', inHttp(field(12, 'a'), field(11, 'a'))],
    ['twice', inHttp(field(12, 'a'), field(12, 'a'))],
    ['twice, first empty', inHttp(field(12), field(12, 'a'))],
    ['text that is no UTF-8', inHttp(field(11, Buffer.from([0x61, 0xff])))],
    ['a number', inHttp(raw(11, 0, Buffer.from([1])))],
    ['longer than its message', inHttp(raw(12, 2, Buffer.from([9])))],
  ];
  for (const [name, bytes] of malformed) {
    it(`is malformed: ${name}`, () => assert.equal(decode(bytes, ALL), 'malformed'));
  }

  it('is whichever of both is not empty', () => {
    assert.equal(bodyOf(inHttp(field(11), field(12, 'a'))), 'a');
    assert.equal(bodyOf(inHttp(field(11, 'a'), field(12))), 'a');
  });

  it('comes with the headers that say what it is', () => {
    const headers = {
      'Content-Type': 'application/json',
      'content-encoding': 'gzip',
      'Content-Length': '3',
      'x-envoy-auth-partial-body': 'true',
    };
    const read: AttributesRead = { ...NOTHING, body: true };
    const http = (wire: Wire) => rawBodyOf(viewOf(bytesOf(wire), read));
    const want = {
      bytes: new Uint8Array(),
      contentType: 'application/json',
      contentEncoding: 'gzip',
      contentLength: '3',
      partial: 'true',
    };
    assert.deepEqual(http({ headers }), want);
    assert.deepEqual(http({ lines: Object.entries(headers) }), want);
    assert.deepEqual(http({}), {
      bytes: new Uint8Array(),
      contentType: '',
      contentEncoding: '',
      contentLength: '',
      partial: '',
    });
    const twice = http({
      lines: [
        ['content-length', '3'],
        ['Content-Length', '4'],
      ],
    });
    assert.equal(twice.contentLength, '3,4');
    const types = http({
      lines: [
        ['content-type', 'text/plain'],
        ['Content-Type', 'application/json'],
      ],
    });
    assert.equal(types.contentType, 'text/plain,application/json');
  });
});

describe('the address of the caller', () => {
  const addressOf = (...parts: Buffer[]) => viewOf(inSource(...parts)).sourceAddress;

  it('is the text of its socket address', () => {
    assert.equal(viewOf(bytesOf()).sourceAddress, '10.0.0.1');
    assert.equal(
      addressOf(field(1, field(2, '::ffff:10.0.0.1'), raw(3, 0, Buffer.from([80])))),
      '::ffff:10.0.0.1',
    );
  });

  it('is empty where there is none', () => {
    assert.equal(addressOf(), '');
    assert.equal(addressOf(field(1)), '');
    assert.equal(addressOf(field(2, field(1, '/run/socket'))), '');
    assert.equal(viewOf(inHttp()).sourceAddress, '');
  });

  it('is malformed where it could be either of two', () => {
    const socket = field(1, field(2, '10.0.0.1'));
    assert.equal(decode(inSource(socket, field(2, field(1, 'a'))), ALL), 'malformed');
    assert.equal(decode(inSource(socket, socket), ALL), 'malformed');
    assert.equal(decode(inSource(field(1, field(2, 'a'), field(2, 'b'))), ALL), 'malformed');
    assert.equal(decode(inSource(field(1, field(2, Buffer.from([0xff])))), ALL), 'malformed');
  });

  it('never is that of the destination', () => {
    const bytes = field(1, field(2, field(1, field(1, field(2, '10.0.0.2')))));
    assert.equal(viewOf(bytes).sourceAddress, '');
  });
});

describe('chosen headers', () => {
  const selected = (bytes: Buffer, read: AttributesRead = ALL) =>
    Object.fromEntries(viewOf(bytes, read).headers.selected);
  /** Content headers are chosen with the body. */
  const READ: AttributesRead = { ...NOTHING, headers: ALL.headers };

  it('are those that are named, whatever their case, and no others', () => {
    const headers = { 'X-Tenant': 'a', 'x-tenants': 'b', 'x-tenan': 'c', 'y-tenant': 'd' };
    assert.deepEqual(selected(bytesOf({ headers }), READ), { 'x-tenant': 'a' });
    assert.deepEqual(selected(bytesOf({ lines: Object.entries(headers) }), READ), {
      'x-tenant': 'a',
    });
  });

  it('may be empty, which is not missing', () => {
    assert.deepEqual(selected(bytesOf({ headers: { 'x-tenant': '' } })), { 'x-tenant': '' });
    assert.deepEqual(selected(bytesOf()), {});
  });

  it('are joined with a comma where they came more often, in order', () => {
    const lines = [
      ['x-tenant', 'a'],
      ['accept', '1'],
      ['X-TENANT', 'b'],
      ['x-tenant', ''],
    ] as const;
    assert.deepEqual(selected(bytesOf({ lines })), { 'x-tenant': 'a,b,', accept: '1' });
    assert.deepEqual(selected(bytesOf({ headers: { 'x-tenant': 'a', 'X-Tenant': 'b' } })), {
      'x-tenant': 'a,b',
    });
    const both: Wire = { headers: { 'x-tenant': 'a' }, lines: [['x-tenant', 'b']] };
    assert.deepEqual(selected(bytesOf(both)), { 'x-tenant': 'a,b' });
  });

  it('are text, and bytes that are none do not pass for any', () => {
    const value = (bytes: Buffer) => selected(bytes)['x-tenant'];
    const e = Buffer.from('é');
    assert.equal(value(inHttp(header('x-tenant', e))), 'é');
    assert.equal(value(inHttp(field(13, line('x-tenant', e)))), 'é');
    assert.equal(value(inHttp(field(13, line('x-tenant', Buffer.from([0x61, 0xe9]))))), 'a\ufffd');
    assert.equal(decode(inHttp(header('x-tenant', Buffer.from([0xe9]))), ALL), 'malformed');
  });

  it('may be those that are read anyway', () => {
    const headers = { authorization: 'Bearer a', traceparent: 'b', 'x-request-id': 'c' };
    const view = viewOf(bytesOf({ headers }), READ);
    assert.deepEqual(Object.fromEntries(view.headers.selected), {
      authorization: 'Bearer a',
      traceparent: 'b',
    });
    assert.equal(view.headers.authorization, true);
    assert.equal(view.headers.requestId, 'c');
  });

  it('take any byte for a name, and only letters in either case for one', () => {
    for (let byte = 0; byte < 256; byte++) {
      const name = Buffer.from('x-tenant');
      name[7] = byte;
      const bytes = inHttp(field(3, field(1, name), field(2, 'a')));
      const view = decode(bytes, READ);
      if (byte > 0x7f) assert.equal(view, 'malformed');
      else {
        assert.ok(view !== 'malformed');
        const isName = byte === 0x74 || byte === 0x54;
        assert.equal(view.headers.selected.size, isName ? 1 : 0, `${byte}`);
      }
    }
  });

  it('are the same from one snapshot to the next only if those are', () => {
    const bytes = bytesOf({ headers: { 'x-tenant': 'a', accept: 'b', 'content-length': '0' } });
    const some: AttributesRead = { ...NOTHING, headers: new Set(['accept']) };
    assert.deepEqual(selected(bytes, some), { accept: 'b' });
    assert.deepEqual(selected(bytes, { ...some, body: true }), {
      accept: 'b',
      'content-length': '0',
    });
    assert.deepEqual(selected(bytes, some), { accept: 'b' });
    assert.deepEqual(selected(bytes, NOTHING), {});
  });
});

describe('context extensions', () => {
  const extensionsOf = (bytes: Buffer) => Object.fromEntries(viewOf(bytes).extensions);

  it('are those for us, by their whole name', () => {
    const message = messageOf({
      extensions: { 'remit.service': 'a/b', 'remit.environment': 'prod', remit: 'c', other: 'd' },
    });
    assert.deepEqual(extensionsOf(encode(message)), {
      'remit.service': 'a/b',
      'remit.environment': 'prod',
    });
    assert.equal(viewOf(encode(message)).serviceExtension, 'a/b');
  });

  it('are malformed where one says two things', () => {
    const twice = (...values: string[]) =>
      field(1, ...values.map((value) => extension('remit.tenant', value)));
    assert.deepEqual(extensionsOf(twice('a', 'a')), { 'remit.tenant': 'a' });
    assert.equal(decode(twice('a', 'b'), ALL), 'malformed');
    assert.equal(decode(twice('', 'b'), ALL), 'malformed');
    assert.notEqual(decode(twice('a', 'b'), NOTHING), 'malformed');
  });

  it('may be named like anything that objects inherit', () => {
    const bytes = field(1, extension('remit.__proto__', 'a'), extension('remit.', 'b'));
    assert.deepEqual(
      [...viewOf(bytes).extensions],
      [
        ['remit.__proto__', 'a'],
        ['remit.', 'b'],
      ],
    );
  });
});
