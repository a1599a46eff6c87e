// What `jwt_authn` says of tokens (C-011): one namespace of metadata, read only where it is asked
// for, as claims of JSON; what two parsers could read differently is malformed, and all is bounded.

import assert from 'node:assert/strict';
import type { BodyValue } from '../../engine/body/body.ts';
import { isFailure } from '../../engine/failure.ts';
import type { JwtPayloads } from '../../engine/identity/credentials.ts';
import {
  BODY_DEPTH_MAX,
  BODY_ELEMENTS_MAX,
  BODY_KEYS_MAX,
  METADATA_BYTES_MAX,
} from '../../engine/limits.ts';
import type { AttributesRead } from '../../engine/settings.ts';
import { decodeCheckRequest } from '../../envoy/check_request.ts';
import { meshWith } from '../engine/fixture.ts';
import { encode, field, raw, varint } from './fixture.ts';

const NOTHING = meshWith([]).attributesRead;
const READ: AttributesRead = { ...NOTHING, metadata: true };
const JWT = 'envoy.filters.http.jwt_authn';

function payloadsOf(bytes: Buffer, read = READ): JwtPayloads | 'malformed' {
  const view = decodeCheckRequest(bytes, read);
  return isFailure(view) ? 'malformed' : view.jwtPayloads;
}

/** `beyond` for what is beyond the bounds. */
function claimsOf(bytes: Buffer, read = READ): unknown {
  const payloads = payloadsOf(bytes, read);
  if (payloads === 'malformed') return payloads;
  if (isFailure(payloads)) {
    assert.equal(payloads.reason, 'authn.invalid_identity');
    return 'beyond';
  }
  return Object.fromEntries([...payloads].map(([key, value]) => [key, plain(value)]));
}

function plain(value: BodyValue): unknown {
  if (value instanceof Map) {
    return Object.fromEntries([...value].map(([key, it]) => [key, plain(it)]));
  }
  return Array.isArray(value) ? value.map(plain) : value;
}

/** An attribute, as it is written: no encoder writes most of these. */
const inMetadata = (...parts: Buffer[]) => field(1, field(11, ...parts));
const namespace = (name: string, ...parts: Buffer[]) =>
  field(1, field(1, name), field(2, ...parts));
const member = (key: string, value: Buffer) => field(1, field(1, key), field(2, value));
const text = (value: string) => field(3, value);
const number = (value: number) => {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return raw(2, 1, bytes);
};
const struct = (...members: Buffer[]) => field(5, ...members);
const list = (...values: Buffer[]) => field(6, ...values.map((it) => field(1, it)));
const NULL = raw(1, 0, Buffer.from([0]));
const TRUE = raw(4, 0, Buffer.from([1]));
const jwt = (...members: Buffer[]) => inMetadata(namespace(JWT, ...members));
const claim = (...value: Buffer[]) => jwt(member('a', Buffer.concat(value)));

describe('C-011: metadata of jwt_authn', () => {
  const bytes = encode({
    attributes: {
      metadata_context: {
        filter_metadata: {
          'envoy.filters.http.other': { fields: { payload: { stringValue: 'other' } } },
          [JWT]: {
            fields: {
              payload: {
                structValue: {
                  fields: {
                    iss: { stringValue: 'https://idp.example' },
                    exp: { numberValue: 1_800_000_000 },
                    ratio: { numberValue: 0.5 },
                    admin: { boolValue: false },
                    none: { nullValue: 0 },
                    aud: { listValue: { values: [{ stringValue: 'a' }, { numberValue: -1 }] } },
                    act: { structValue: { fields: { sub: { stringValue: 'é' } } } },
                  },
                },
              },
              other_provider: { structValue: {} },
            },
          },
        },
      },
    },
  });

  it('is the payloads, by key', () => {
    const payload = {
      iss: 'https://idp.example',
      exp: 1_800_000_000n,
      ratio: 0.5,
      admin: false,
      none: null,
      aud: ['a', -1n],
      act: { sub: 'é' },
    };
    assert.deepEqual(claimsOf(bytes), { payload, other_provider: {} });
  });

  it('is not read unless it is asked for, and is then the same for all', () => {
    const payloads = payloadsOf(bytes, NOTHING);
    assert.ok(payloads instanceof Map && payloads.size === 0);
    assert.equal(payloads, payloadsOf(bytes, NOTHING));
    assert.equal(payloads, payloadsOf(inMetadata()));
    assert.equal(payloads, payloadsOf(field(1, field(1))));
  });

  const rows: [name: string, bytes: Buffer, want: unknown][] = [
    ['another namespace', inMetadata(namespace(`${JWT}x`, member('a', text('b')))), {}],
    ['the namespace of the route', field(1, field(13, namespace(JWT, member('a', TRUE)))), {}],
    ['typed metadata', inMetadata(field(2, field(1, JWT), field(2, field(1, 'a')))), {}],
    ['no Struct at all', inMetadata(field(1, field(1, JWT))), {}],
    ['an empty Struct', jwt(), {}],
    [
      'a key behind its Struct',
      inMetadata(field(1, field(2, member('a', TRUE)), field(1, JWT))),
      { a: true },
    ],
    ['a key behind its value', jwt(field(1, field(2, TRUE), field(1, 'a'))), { a: true }],
    ['an empty key', jwt(member('', TRUE)), { '': true }],
    ['no key', jwt(field(1, field(2, TRUE))), { '': true }],
    ['an inherited name', jwt(member('constructor', TRUE)), { constructor: true }],
    ['a name of prototypes', jwt(member('__proto__', TRUE)), JSON.parse('{"__proto__":true}')],
    ['the largest exact integer', claim(number(2 ** 53 - 1)), { a: 2n ** 53n - 1n }],
    ['a larger one', claim(number(2 ** 53)), { a: 2 ** 53 }],
    ['minus zero', claim(number(-0)), { a: 0n }],
    ['an unknown field of a value', claim(TRUE, field(9, 'x')), { a: true }],
    ['an unknown field of a Struct', jwt(member('a', TRUE), field(9, 'x')), { a: true }],
    ['an empty list', claim(field(6)), { a: [] }],
    [
      'a list of lists',
      claim(list(list(NULL), struct(member('b', NULL)))),
      { a: [[null], { b: null }] },
    ],
  ];
  for (const [name, message, want] of rows) {
    it(`is read: ${name}`, () => assert.deepEqual(claimsOf(message), want));
  }

  const once = namespace(JWT, member('a', TRUE));
  const malformed: [name: string, bytes: Buffer][] = [
    ['the namespace twice', inMetadata(once, once)],
    ['the namespace twice, once empty', inMetadata(once, namespace(JWT))],
    ['two keys of an entry', inMetadata(field(1, field(1, 'a'), field(1, JWT)))],
    ['two Structs of an entry', inMetadata(field(1, field(1, JWT), field(2), field(2)))],
    ['a key that is a number', inMetadata(field(1, raw(1, 0, Buffer.from([1]))))],
    ['a namespace that is no UTF-8', inMetadata(field(1, field(1, Buffer.from([0xff]))))],
    ['a member twice', jwt(member('a', TRUE), member('a', TRUE))],
    ['a member twice, further down', claim(struct(member('b', NULL), member('b', TRUE)))],
    ['a member without a value', jwt(field(1, field(1, 'a')))],
    ['an empty value', claim()],
    ['a value of unknown kind', claim(field(9, 'x'))],
    ['a value of two kinds', claim(text('a'), TRUE)],
    ['a value twice', claim(TRUE, TRUE)],
    ['an empty element', claim(field(6, field(1)))],
    ['a text that is no UTF-8', claim(field(3, Buffer.from([0xff])))],
    ['a member that is no UTF-8', jwt(field(1, field(1, Buffer.from([0xff])), field(2, TRUE)))],
    ['a text as a number', claim(raw(3, 0, Buffer.from([1])))],
    ['a number as a varint', claim(raw(2, 0, Buffer.from([1])))],
    ['a number of seven bytes', claim(raw(2, 1, Buffer.alloc(7)))],
    ['no number', claim(number(Number.NaN))],
    ['an infinite number', claim(number(Number.NEGATIVE_INFINITY))],
    ['another null', claim(raw(1, 0, Buffer.from([1])))],
    ['another truth', claim(raw(4, 0, Buffer.from([2])))],
    ['a truth of 64 bits', claim(raw(4, 0, Buffer.from([...Array(9).fill(0x80), 1])))],
    ['a truth that does not end', claim(raw(4, 0, Buffer.from([0x80])))],
    ['a length beyond the message', claim(raw(3, 2, varint(9)))],
    ['a length beyond its value', jwt(field(1, field(2, raw(3, 2, varint(1))), field(1, 'a')))],
    ['a group', claim(raw(9, 3, Buffer.alloc(0)))],
    ['the metadata twice', field(1, field(11, once), field(11, once))],
  ];
  for (const [name, message] of malformed) {
    it(`is malformed: ${name}`, () => assert.equal(claimsOf(message), 'malformed'));
  }

  it('is as malformed as ever where it is not read', () => {
    const ever = malformed.filter(([, message]) => payloadsOf(message, NOTHING) === 'malformed');
    assert.ok(ever.length > 10);
    const other = inMetadata(namespace('other', member('a', text('\ud800'))));
    assert.deepEqual(claimsOf(other), {});
    const broken = inMetadata(namespace('other', member('a', field(3, Buffer.from([0xff])))));
    assert.equal(claimsOf(broken), 'malformed');
    assert.equal(claimsOf(broken, NOTHING), 'malformed');
  });
});

describe('C-011: metadata of jwt_authn has bounds:', () => {
  const rows: [name: string, make: (count: number) => Buffer, max: number][] = [
    [
      'members',
      (count) => jwt(...Array.from({ length: count }, (_, at) => member(`${at}`, NULL))),
      BODY_KEYS_MAX,
    ],
    ['elements', (count) => claim(list(...Array<Buffer>(count).fill(NULL))), BODY_ELEMENTS_MAX],
    [
      'levels of objects',
      (count) => {
        let value = NULL;
        for (let level = 0; level < count; level++) value = struct(member('a', value));
        return claim(value);
      },
      BODY_DEPTH_MAX,
    ],
    [
      'levels of arrays',
      (count) => {
        let value = NULL;
        for (let level = 0; level < count; level++) value = list(value);
        return claim(value);
      },
      BODY_DEPTH_MAX,
    ],
    [
      'bytes',
      (count) => {
        const empty = member('a', text('x'.repeat(60_000))).length - 60_000;
        return jwt(member('a', text('x'.repeat(count - empty))));
      },
      METADATA_BYTES_MAX,
    ],
  ];
  for (const [name, make, max] of rows) {
    it(name, () => {
      assert.equal(typeof claimsOf(make(max)), 'object');
      assert.equal(claimsOf(make(max + 1)), 'beyond');
      assert.deepEqual(claimsOf(make(max + 1), NOTHING), {});
    });
  }

  it('beyond them the rest is still checked', () => {
    const many = Array.from({ length: BODY_KEYS_MAX + 1 }, (_, at) => member(`${at}`, NULL));
    const broken = field(3, Buffer.from([0xff]));
    assert.equal(claimsOf(jwt(...many, member('x', broken))), 'malformed');
    const long = member('a', text('x'.repeat(METADATA_BYTES_MAX)));
    assert.equal(claimsOf(jwt(long, member('x', broken))), 'malformed');
    let deep = broken;
    for (let level = 0; level <= BODY_DEPTH_MAX + 1; level++) deep = list(deep);
    assert.equal(claimsOf(claim(deep)), 'malformed');
  });

  it('levels that no message may have', () => {
    let value = NULL;
    for (let level = 0; level < 200; level++) value = struct(member('a', value));
    assert.equal(claimsOf(claim(value)), 'malformed');
    assert.equal(claimsOf(claim(value), NOTHING), 'malformed');
  });

  it('of a namespace that is not read only those of every message', () => {
    const text64 = text('x'.repeat(METADATA_BYTES_MAX));
    assert.deepEqual(claimsOf(inMetadata(namespace('other', member('a', text64)))), {});
  });
});
