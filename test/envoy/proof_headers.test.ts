// Headers in which proof comes (C-011): read only where the snapshot reads them, byte for byte and
// bounded, from either form of headers; what may stand once and comes twice is a fault.

import assert from 'node:assert/strict';
import { isFailure } from '../../engine/failure.ts';
import { readAuthorization } from '../../engine/identity/credential_location.ts';
import { parseXfcc } from '../../engine/identity/xfcc.ts';
import {
  CREDENTIAL_HEADER_TEXT_MAX,
  CREDENTIAL_TEXT_MAX,
  XFCC_TEXT_MAX,
} from '../../engine/limits.ts';
import { mayRepeat, PROOF_HEADERS } from '../../engine/proof_headers.ts';
import type { AttributesRead } from '../../engine/settings.ts';
import { decodeCheckRequest } from '../../envoy/check_request.ts';
import type { HeaderReader } from '../../envoy/header_reader.ts';
import { inquiryOf } from '../../envoy/inquiry.ts';
import { meshWith } from '../engine/fixture.ts';
import { withSharedCases } from '../shared_cases.ts';
import { bytesOf, field, type Wire } from './fixture.ts';

const SNAPSHOT = meshWith([]);
const NOTHING = SNAPSHOT.attributesRead;
const PROOF: AttributesRead = { ...NOTHING, proofHeaders: new Set(PROOF_HEADERS) };

function viewOf(bytes: Buffer, read: AttributesRead) {
  const view = decodeCheckRequest(bytes, read);
  assert.ok(!isFailure(view));
  return view;
}

function headersOf(wire: Wire, read: AttributesRead = PROOF): HeaderReader {
  return viewOf(bytesOf(wire), read).headers;
}

const proofOf = (wire: Wire, read?: AttributesRead) =>
  Object.fromEntries(headersOf(wire, read).proof);

/** Of one header in `header_map`, as bytes. */
function rawOf(name: string, ...values: Buffer[]): HeaderReader {
  const lines = values.map((value) => field(1, field(1, name), field(3, value)));
  return viewOf(field(1, field(4, field(2, field(13, ...lines)))), PROOF).headers;
}

describe('C-011: a header in which proof comes', () => {
  for (const name of PROOF_HEADERS) {
    it(`is read in any case, from either form: ${name}`, () => {
      for (const written of [name, name.toUpperCase()]) {
        assert.deepEqual(proofOf({ headers: { [written]: 'a b' } }), { [name]: 'a b' });
        assert.deepEqual(proofOf({ lines: [[written, 'a b']] }), { [name]: 'a b' });
      }
      assert.deepEqual(proofOf({ headers: { [name]: '' } }), { [name]: '' });
    });

    it(`is read only where the snapshot says so: ${name}`, () => {
      for (const wire of [{ headers: { [name]: 'a' } }, { lines: [[name, 'a']] }] as const) {
        assert.equal(headersOf(wire, NOTHING).proof, headersOf({}, NOTHING).proof);
        assert.equal(headersOf(wire, NOTHING).proof.size, 0);
      }
    });

    it(`that stands twice is ${mayRepeat(name) ? 'joined' : 'a fault'}: ${name}`, () => {
      const wires: Wire[] = [
        {
          lines: [
            [name, 'a'],
            ['x', 'y'],
            [name.toUpperCase(), 'b'],
          ],
        },
        { headers: { [name]: 'a', [name.toUpperCase()]: 'b' } },
        { headers: { [name]: 'a' }, lines: [[name, 'b']] },
        {
          lines: [
            [name, ''],
            [name, ''],
          ],
        },
        {
          lines: [
            [name, 'a'],
            [name, 'a'],
          ],
        },
      ];
      for (const [index, wire] of wires.entries()) {
        const view = viewOf(bytesOf(wire), PROOF);
        const fault = inquiryOf(view, SNAPSHOT.settings).fault;
        assert.equal(view.headers.duplicate, mayRepeat(name) ? '' : name);
        assert.equal(fault?.reason, mayRepeat(name) ? undefined : 'ctx.duplicate_header');
        if (index < 3 && mayRepeat(name)) assert.equal(view.headers.proof.get(name), 'a,b');
      }
      // Where nobody reads it, it may be anything; but that of `authorization` always was one.
      const unread = headersOf(
        {
          lines: [
            [name, 'a'],
            [name, 'b'],
          ],
        },
        NOTHING,
      ).duplicate;
      assert.equal(unread, name === 'authorization' ? name : '');
    });
  }

  it('may be one that an Issuer names', () => {
    const read: AttributesRead = { ...NOTHING, proofHeaders: new Set(['x-api-key']) };
    const wire: Wire = { headers: { 'X-API-KEY': 'a', authorization: 'b' } };
    assert.deepEqual(proofOf(wire, read), { 'x-api-key': 'a' });
    const twice = headersOf(
      {
        lines: [
          ['x-api-key', 'a'],
          ['X-Api-Key', 'b'],
        ],
      },
      read,
    );
    assert.equal(twice.duplicate, 'x-api-key');
  });

  it('is read apart from what rules read', () => {
    const both: AttributesRead = { ...PROOF, headers: new Set(['cookie', 'x-tenant']) };
    const wire: Wire = { headers: { cookie: 'a=b', 'x-tenant': 't', dpop: 'd' } };
    const headers = headersOf(wire, both);
    assert.deepEqual(Object.fromEntries(headers.selected), { cookie: 'a=b', 'x-tenant': 't' });
    assert.deepEqual(Object.fromEntries(headers.proof), { cookie: 'a=b', dpop: 'd' });
    const rules: AttributesRead = { ...both, proofHeaders: new Set() };
    assert.equal(headersOf(wire, rules).proof.size, 0);
    assert.equal(headersOf(wire, rules).selected.get('cookie'), 'a=b');
    assert.equal(headersOf(wire, PROOF).selected.size, 0);
  });

  it('that rules read too is a fault when it stands twice, and joined for them', () => {
    const both: AttributesRead = { ...PROOF, headers: new Set(['dpop']) };
    const headers = headersOf(
      {
        lines: [
          ['dpop', 'a'],
          ['dpop', 'b'],
        ],
      },
      both,
    );
    assert.equal(headers.duplicate, 'dpop');
    assert.equal(headers.selected.get('dpop'), 'a,b');
  });

  it('keeps its bytes apart', () => {
    const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    assert.equal(rawOf('dpop', all).proof.get('dpop'), all.toString('latin1'));
  });

  it('is bounded, alone and joined', () => {
    const long = Buffer.alloc(3 * CREDENTIAL_HEADER_TEXT_MAX, 'a');
    for (const name of PROOF_HEADERS) {
      const length = rawOf(name, long).proof.get(name)?.length;
      assert.equal(length, CREDENTIAL_HEADER_TEXT_MAX + 1);
    }
    const whole = rawOf('cookie', long.subarray(0, CREDENTIAL_HEADER_TEXT_MAX));
    assert.equal(whole.proof.get('cookie')?.length, CREDENTIAL_HEADER_TEXT_MAX);
    const many = rawOf('cookie', ...Array<Buffer>(20_000).fill(Buffer.from('a=bc')));
    assert.ok(many.proof.get('cookie')!.length <= CREDENTIAL_HEADER_TEXT_MAX + 5);
    const joined = rawOf('cookie', ...Array<Buffer>(5).fill(long));
    assert.ok(joined.proof.get('cookie')!.length <= 2 * CREDENTIAL_HEADER_TEXT_MAX + 3);
    assert.ok(joined.proof.get('cookie')!.length > CREDENTIAL_HEADER_TEXT_MAX);
  });

  it('shows to each reader that it was cut', () => {
    assert.ok(CREDENTIAL_TEXT_MAX <= CREDENTIAL_HEADER_TEXT_MAX);
    assert.ok(XFCC_TEXT_MAX <= CREDENTIAL_HEADER_TEXT_MAX);
    const long = Buffer.alloc(CREDENTIAL_HEADER_TEXT_MAX + 100, 'a');
    const authorization = rawOf('authorization', long).proof.get('authorization') ?? '';
    assert.deepEqual(readAuthorization(authorization), { kind: 'unusable', why: 'too_long' });
    const xfcc = rawOf('x-forwarded-client-cert', Buffer.concat([Buffer.from('By='), long]));
    assert.ok(isFailure(parseXfcc(xfcc.proof.get('x-forwarded-client-cert') ?? '')));
  });
});

interface Lookup {
  readonly id: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly headerName: string;
  readonly found: boolean;
  readonly value?: string;
}

describe('C-011: names of headers in xfcc.json', () => {
  withSharedCases<{ readonly lookup: readonly Lookup[] }>('xfcc.json', ({ lookup }) => {
    for (const { id, headers, headerName, value } of lookup) {
      it(id, () => {
        const name = headerName.toLowerCase();
        const read: AttributesRead = { ...NOTHING, proofHeaders: new Set([name]) };
        assert.equal(headersOf({ headers }, read).proof.get(name), value);
      });
    }

    it('are all there', () => assert.equal(lookup.length, 4));
  });
});
