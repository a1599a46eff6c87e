// The reader of metadata against protobufjs and the official files: of metadata that an encoder
// wrote it reads the same, and of any bytes it reads what protobufjs reads or nothing (C-011).

import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { BodyValue } from '../../engine/body/body.ts';
import { isFailure } from '../../engine/failure.ts';
import type { AttributesRead } from '../../engine/settings.ts';
import { decodeCheckRequest } from '../../envoy/check_request.ts';
import { meshWith } from '../engine/fixture.ts';
import { CheckRequest } from './official_messages.ts';

const JWT = 'envoy.filters.http.jwt_authn';
const NOTHING = meshWith([]).attributesRead;
const READ: AttributesRead = { ...NOTHING, metadata: true };
const NUM_RUNS = 4_000;

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** As protobufjs names the fields of google.protobuf.Value, and which of them there is. */
interface Value {
  readonly kind?: string;
  readonly nullValue?: number;
  readonly numberValue?: number;
  readonly stringValue?: string;
  readonly boolValue?: boolean;
  readonly structValue?: Struct;
  readonly listValue?: { readonly values?: readonly Value[] };
}
interface Struct {
  readonly fields?: Readonly<Record<string, Value>>;
}

function protoOf(json: Json): Value {
  if (json === null) return { nullValue: 0 };
  if (typeof json === 'boolean') return { boolValue: json };
  if (typeof json === 'number') return { numberValue: json };
  if (typeof json === 'string') return { stringValue: json };
  if (Array.isArray(json)) return { listValue: { values: json.map(protoOf) } };
  return { structValue: structOf(json as { readonly [key: string]: Json }) };
}

function structOf(json: { readonly [key: string]: Json }): Struct {
  return { fields: Object.fromEntries(Object.entries(json).map(([k, it]) => [k, protoOf(it)])) };
}

/** What protobufjs read, in the form in which we read it; undefined where a kind is missing. */
function readValue(value: Value): BodyValue | undefined {
  switch (value.kind) {
    case 'nullValue':
      return null;
    case 'boolValue':
      return value.boolValue;
    case 'stringValue':
      return value.stringValue;
    case 'structValue':
      return readStruct(value.structValue);
    case 'numberValue': {
      const number = value.numberValue ?? 0;
      return Number.isSafeInteger(number) ? BigInt(number) : number;
    }
    case 'listValue': {
      const values = (value.listValue?.values ?? []).map(readValue);
      return values.some((it) => it === undefined) ? undefined : (values as BodyValue[]);
    }
    default:
      return undefined;
  }
}

function readStruct(struct?: Struct | null): ReadonlyMap<string, BodyValue> | undefined {
  const members = Object.entries(struct?.fields ?? {}).map(
    ([key, it]) => [key, readValue(it)] as const,
  );
  if (members.some(([, value]) => value === undefined)) return undefined;
  return new Map(members as [string, BodyValue][]);
}

function encoded(namespaces: Readonly<Record<string, Struct>>): Buffer {
  const message = { attributes: { metadata_context: { filter_metadata: namespaces } } };
  return Buffer.from(CheckRequest.encode(CheckRequest.fromObject(message)).finish());
}

/** What is read of the one namespace; `refused` for a message, `beyond` for its payloads. */
function ours(bytes: Buffer, read = READ): ReadonlyMap<string, BodyValue> | 'refused' | 'beyond' {
  const view = decodeCheckRequest(bytes, read);
  if (isFailure(view)) return 'refused';
  return isFailure(view.jwtPayloads) ? 'beyond' : view.jwtPayloads;
}

/** Of the message itself: `toObject` fails where an entry has no value. */
function theirs(bytes: Buffer): ReadonlyMap<string, BodyValue> | undefined {
  const message = CheckRequest.decode(bytes) as unknown as {
    readonly attributes?: {
      readonly metadata_context?: { readonly filter_metadata?: Readonly<Record<string, Struct>> };
    };
  };
  const metadata = message.attributes?.metadata_context?.filter_metadata ?? {};
  return Object.hasOwn(metadata, JWT) ? readStruct(metadata[JWT]) : new Map();
}

// Not `__proto__`: by that key protobufjs itself keeps nothing.
const key = fc.oneof(
  fc.constantFrom('payload', 'sub', 'aud', 'exp', '', 'constructor', 'toString'),
  fc.string({ maxLength: 5, unit: 'grapheme' }).filter((it) => it !== '__proto__'),
);
const json = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, depthSize: 'small' },
    fc.constant(null),
    fc.boolean(),
    fc.integer(),
    fc.maxSafeInteger(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.string({ maxLength: 8, unit: 'grapheme' }),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(key, tie('value'), { maxKeys: 5, noNullPrototype: true }),
  ),
})).value;
const payloads = fc.dictionary(key, json, { maxKeys: 4, noNullPrototype: true });
const namespaces = fc.record({ jwt: payloads, other: payloads, hasOther: fc.boolean() });

function messageOf(given: {
  readonly jwt: { readonly [key: string]: Json };
  readonly other: { readonly [key: string]: Json };
  readonly hasOther: boolean;
}): Buffer {
  const other = given.hasOther ? { 'envoy.filters.http.other': structOf(given.other) } : {};
  return encoded({ ...other, [JWT]: structOf(given.jwt) });
}

describe('C-011: metadata of jwt_authn', () => {
  it('is read as protobufjs reads it', () => {
    fc.assert(
      fc.property(namespaces, (given) => {
        const bytes = messageOf(given);
        assert.deepEqual(ours(bytes), theirs(bytes));
        assert.deepEqual(ours(bytes, NOTHING), new Map());
      }),
      { numRuns: NUM_RUNS },
    );
  });

  it('with bytes changed is read as protobufjs reads it, or refused', () => {
    let read = 0;
    const change = fc.record({
      at: fc.nat(),
      byte: fc.integer({ min: 0, max: 255 }),
      bit: fc.option(fc.integer({ min: 0, max: 7 })),
      kind: fc.constantFrom('set', 'cut', 'insert', 'double'),
    });
    fc.assert(
      fc.property(namespaces, fc.array(change, { minLength: 1, maxLength: 3 }), (given, all) => {
        let bytes = messageOf(given);
        for (const { at, byte, bit, kind } of all) {
          const place = at % (bytes.length + 1);
          const head = bytes.subarray(0, place);
          const tail = bytes.subarray(place);
          const value = bit === null ? byte : (tail[0] ?? 0) ^ (1 << bit);
          if (kind === 'set') bytes = Buffer.concat([head, Buffer.from([value]), tail.subarray(1)]);
          else if (kind === 'cut') bytes = Buffer.concat([head, tail.subarray(1 + (byte % 8))]);
          else if (kind === 'insert') bytes = Buffer.concat([head, Buffer.from([value]), tail]);
          else bytes = Buffer.concat([bytes, bytes.subarray(place)]);
        }
        const found = ours(bytes);
        const unread = ours(bytes, NOTHING);
        // Reading refuses more than checking, and never less.
        if (unread === 'refused') assert.equal(found, 'refused');
        if (found === 'refused') return;
        assert.deepEqual(found, theirs(bytes));
        read++;
      }),
      { numRuns: NUM_RUNS },
    );
    assert.ok(read > NUM_RUNS / 20, `${read}`);
  });
});
