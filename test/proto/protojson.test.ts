/** JSON in, bytes out and back: what is accepted, what is refused, and in which words. */
import assert from 'node:assert/strict';
import { protoRoot } from '../../proto/load.ts';
import {
  checkRequestFromJson,
  checkRequestToJson,
  checkResponseToJson,
} from '../../proto/protojson.ts';

const http = (fields: object) => ({ attributes: { request: { http: fields } } });

const accepted: { name: string; json: unknown; want?: unknown }[] = [
  { name: 'an empty request', json: {} },
  { name: 'camelCase names', json: http({ rawBody: 'AAEC/w==', headerMap: {} }) },
  {
    name: 'snake_case names',
    json: http({ raw_body: 'AAEC/w==', header_map: {} }),
    want: http({ rawBody: 'AAEC/w==', headerMap: {} }),
  },
  {
    name: 'base64 with the URL alphabet, unpadded',
    json: http({ rawBody: 'AAEC_w' }),
    want: http({ rawBody: 'AAEC/w==' }),
  },
  { name: 'a size as text', json: http({ size: '-1' }) },
  { name: 'a size as number', json: http({ size: 599 }), want: http({ size: '599' }) },
  { name: 'the largest size', json: http({ size: '9223372036854775807' }) },
  { name: 'headers', json: http({ headers: { ':path': '/a' } }) },
  {
    name: 'a header called __proto__',
    json: JSON.parse('{"attributes":{"source":{"labels":{"__proto__":"x"}}}}'),
  },
  { name: 'a time', json: { attributes: { request: { time: '2026-08-01T12:00:00.000000001Z' } } } },
  {
    name: 'a time with an offset',
    json: { attributes: { request: { time: '2026-08-01T12:00:00+02:00' } } },
    want: { attributes: { request: { time: '2026-08-01T10:00:00Z' } } },
  },
  {
    name: 'metadata of every kind',
    json: {
      attributes: {
        metadataContext: {
          filterMetadata: { jwt: { n: 1.5, s: 'x', b: true, z: null, l: [1, [{}]], o: { a: {} } } },
        },
      },
    },
  },
  {
    name: 'typed metadata of a type we know',
    json: {
      attributes: {
        routeMetadataContext: {
          typedFilterMetadata: {
            a: { '@type': 'type.googleapis.com/google.protobuf.Struct', value: { k: [1] } },
            b: { '@type': 'type.googleapis.com/envoy.type.v3.HttpStatus', code: 'Forbidden' },
          },
        },
      },
    },
  },
  {
    name: 'an enum by number, and a port',
    json: {
      attributes: { source: { address: { socketAddress: { protocol: 1, portValue: 80 } } } },
    },
    want: {
      attributes: { source: { address: { socketAddress: { protocol: 'UDP', portValue: 80 } } } },
    },
  },
];

const refused: { name: string; json: unknown; want: RegExp }[] = [
  { name: 'null', json: null, want: /CheckRequest from JSON: null/ },
  { name: 'nothing', json: undefined, want: /CheckRequest from JSON: undefined/ },
  { name: 'a list', json: [], want: /CheckRequest from JSON: Array/ },
  { name: 'an unknown field', json: http({ paht: '/' }), want: /HttpRequest .* "paht" is unknown/ },
  { name: 'a number for text', json: http({ path: 5 }), want: /HttpRequest\.path .* got 5/ },
  { name: 'text for a size', json: http({ size: 'big' }), want: /HttpRequest\.size .* big/ },
  { name: 'a fraction for a size', json: http({ size: 1.5 }), want: /HttpRequest\.size .* 1\.5/ },
  { name: 'a size out of range', json: http({ size: '9223372036854775808' }), want: /\.size/ },
  { name: 'a list for headers', json: http({ headers: [] }), want: /\.headers .* object/ },
  { name: 'a number as header', json: http({ headers: { a: 1 } }), want: /\.headers .* "a"/ },
  { name: 'a body that is not base64', json: http({ rawBody: '*' }), want: /raw_body/ },
  { name: 'half a surrogate pair', json: http({ path: '\ud800' }), want: /\.path .* UTF8/ },
  { name: 'both spellings of a name', json: http({ rawBody: '', raw_body: '' }), want: /raw_body/ },
  {
    name: 'a time that is none',
    json: { attributes: { request: { time: 'noon' } } },
    want: /Timestamp .* RFC 3339/,
  },
  {
    name: 'two members of a oneof',
    json: { attributes: { source: { address: { pipe: {}, socketAddress: {} } } } },
    want: /oneof/,
  },
  {
    name: 'an enum value nobody knows',
    json: { attributes: { source: { address: { socketAddress: { protocol: 'SCTP' } } } } },
    want: /SCTP/,
  },
  {
    name: 'typed metadata of a type we do not know',
    json: { attributes: { metadataContext: { typedFilterMetadata: { a: { '@type': 'x/y.Z' } } } } },
    want: /x\/y\.Z is not in the type registry/,
  },
];

describe('checkRequestFromJson', () => {
  for (const { name, json, want = json } of accepted) {
    it(`accepts ${name}`, () => {
      // Through text, as a caller would: this also drops prototypes.
      const shown: unknown = JSON.parse(
        JSON.stringify(checkRequestToJson(checkRequestFromJson(json))),
      );
      assert.deepEqual(shown, JSON.parse(JSON.stringify(want)));
    });
  }

  for (const { name, json, want } of refused) {
    it(`refuses ${name}`, () => {
      assert.throws(() => checkRequestFromJson(json), want);
    });
  }

  it('gives bytes that the reflected types read', () => {
    const type = protoRoot.lookupType('envoy.service.auth.v3.CheckRequest');
    const read = type.decode(
      checkRequestFromJson(http({ method: 'GET', size: '-1', rawBody: 'AAE=' })),
    );
    const plain = type.toObject(read, { longs: String, bytes: String });
    assert.deepEqual(plain, {
      attributes: { request: { http: { method: 'GET', size: '-1', raw_body: 'AAE=' } } },
    });
  });
});

describe('checkRequestToJson', () => {
  it('refuses bytes that are cut off', () => {
    assert.throws(() =>
      checkRequestToJson(checkRequestFromJson(http({ path: '/a' })).slice(0, -1)),
    );
  });
});

describe('checkResponseToJson', () => {
  const type = protoRoot.lookupType('envoy.service.auth.v3.CheckResponse');
  const cases: { name: string; plain: Record<string, unknown>; want: unknown }[] = [
    { name: 'an empty answer', plain: {}, want: {} },
    {
      name: 'a deny',
      plain: {
        status: { code: 7, message: 'no' },
        denied_response: {
          status: { code: 403 },
          headers: [
            { header: { key: 'a', raw_value: Buffer.from('b') }, append: { value: false } },
          ],
          body: '{}',
        },
      },
      want: {
        status: { code: 7, message: 'no' },
        deniedResponse: {
          status: { code: 'Forbidden' },
          headers: [{ header: { key: 'a', rawValue: 'Yg==' }, append: false }],
          body: '{}',
        },
      },
    },
    {
      name: 'an error with a status that has no name',
      plain: { status: { code: 14 }, error_response: { status: { code: 599 } } },
      want: { status: { code: 14 }, errorResponse: { status: { code: 599 } } },
    },
    {
      name: 'an allow with metadata',
      plain: {
        status: {},
        ok_response: {
          headers: [{ header: { key: 'a', value: 'b' }, append_action: 2 }],
          headers_to_remove: ['authorization'],
        },
        dynamic_metadata: { fields: { reason: { stringValue: 'x' } } },
      },
      want: {
        status: {},
        okResponse: {
          headers: [
            { header: { key: 'a', value: 'b' }, appendAction: 'OVERWRITE_IF_EXISTS_OR_ADD' },
          ],
          headersToRemove: ['authorization'],
        },
        dynamicMetadata: { reason: 'x' },
      },
    },
  ];
  for (const { name, plain, want } of cases) {
    it(`shows ${name}`, () => {
      assert.deepEqual(checkResponseToJson(type.encode(type.fromObject(plain)).finish()), want);
    });
  }
});
