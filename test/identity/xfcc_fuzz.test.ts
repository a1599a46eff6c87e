// Whatever a caller puts into the subject of its certificate or writes before the element of the
// enforcer: no name comes out but the one that the enforcer wrote (C-011).

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isFailure } from '../../engine/failure.ts';
import { parseXfcc, xfccCredential } from '../../engine/identity/xfcc.ts';
import { XFCC_TEXT_MAX } from '../../engine/limits.ts';

const ME = 'spiffe://td.test/ns/edge/sa/gateway';
const CALLER = 'spiffe://td.test/ns/shop/sa/checkout';
const ADMIN = 'spiffe://td.test/ns/ops/sa/admin';
const NUM_RUNS = 20_000;

/** What is made to break out of quotes, and whatever else. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom('"', '\\', '\\"', '\\\\', '\\\\"', ';', ',', '=', ' ', '""', '";', '",'),
      fc.constantFrom(`URI=${ADMIN}`, `By=${ME}`, 'Subject="', 'Hash=', 'Cert="', 'CN=a', 'DNS='),
      fc.constantFrom(`",By=${ME};URI=${ADMIN};X="`, `";URI=${ADMIN};X="`, `\\",URI=${ADMIN}`),
      fc.string({ maxLength: 4, unit: 'binary' }),
    ),
    { maxLength: 12 },
  )
  .map((pieces) => pieces.join(''));

/**
 * As Envoy prints a subject: RFC 2253 section 2.4 with a backslash before what is special, controls
 * and bytes that are no ASCII as hexadecimal digits behind one.
 */
function rfc2253(text: string): string {
  return [...Buffer.from(text)]
    .map((byte) => {
      const letter = String.fromCharCode(byte);
      if (',+"\\<>;'.includes(letter)) return `\\${letter}`;
      const hex = byte.toString(16).toUpperCase().padStart(2, '0');
      return byte < 0x20 || byte > 0x7e ? `\\${hex}` : letter;
    })
    .join('');
}

/** The last element as Envoy writes it, in each order of details. */
const ELEMENTS: ((subject: string) => string)[] = [
  (subject) => `By=${ME};Hash=${'ab'.repeat(32)};Subject="${subject}";URI=${CALLER}`,
  (subject) => `By=${ME};URI=${CALLER};Subject="${subject}"`,
  (subject) => `By=${ME};Subject="${subject}";URI=${CALLER};DNS=a.test`,
  (subject) => `By=${ME};Subject="";X="${subject}";URI=${CALLER}`,
];

function namesOf(text: string): readonly string[] | undefined {
  const credential = xfccCredential(text, { by: [ME] });
  return isFailure(credential) ? undefined : credential.uris;
}

describe('C-011: a caller that writes', () => {
  it('the subject of its certificate injects no name', () => {
    let read = 0;
    fc.assert(
      fc.property(hostile, fc.constantFrom(...ELEMENTS), (subject, element) => {
        const names = namesOf(element(`CN=${rfc2253(subject)}`));
        // Refused only where the subject ends with a backslash, which readers take differently.
        assert.equal(names === undefined, subject.endsWith('\\'));
        if (names === undefined) return;
        assert.deepEqual(names, [CALLER]);
        read++;
      }),
      { numRuns: NUM_RUNS },
    );
    assert.ok(read > NUM_RUNS / 4);
  });

  it('a subject that a proxy escapes as the documentation says injects no name', () => {
    fc.assert(
      fc.property(hostile, fc.constantFrom(...ELEMENTS), (subject, element) => {
        const names = namesOf(element(subject.replaceAll('"', '\\"')));
        if (names !== undefined) assert.deepEqual(names, [CALLER]);
      }),
      { numRuns: NUM_RUNS },
    );
  });

  it('what stands before the element of the enforcer changes nothing', () => {
    let read = 0;
    fc.assert(
      fc.property(hostile, hostile, fc.constantFrom(...ELEMENTS), (before, subject, element) => {
        const names = namesOf(`${before},${element(`CN=${rfc2253(subject)}`)}`);
        if (names === undefined) return;
        assert.deepEqual(names, [CALLER]);
        read++;
      }),
      { numRuns: NUM_RUNS },
    );
    assert.ok(read > 0);
  });

  it('a name with separators inside, which its authority signed, gives it no other one', () => {
    const elements: ((name: string) => string)[] = [
      (name) => `By=${ME};Hash=${'ab'.repeat(32)};URI=${name}`,
      (name) => `By=${ME};URI=${name};DNS=a.test`,
      (name) => `By=${ME};URI=${CALLER};DNS=${name}`,
      (name) => `By=${ME};DNS=${name};URI=${CALLER}`,
      (name) => `By=a;URI=b,By=${ME};Subject="CN=a";URI=${CALLER};URI=${name};DNS=a`,
    ];
    const name = fc
      .array(
        fc.constantFrom(';', ',', '=', 'a', `URI=${ADMIN}`, `By=${ME}`, 'DNS=b', 'By=a', '"'),
        {
          maxLength: 8,
        },
      )
      .map((pieces) => pieces.join(''));
    let read = 0;
    fc.assert(
      fc.property(name, fc.constantFrom(...elements), (given, element) => {
        const names = namesOf(element(given));
        if (names === undefined) return;
        assert.notDeepEqual(names, [ADMIN]);
        read++;
      }),
      { numRuns: NUM_RUNS },
    );
    assert.ok(read > 0);
  });

  it('anything at all is read in one way, or refused', () => {
    const bytes = fc.uint8Array({ maxLength: 60 });
    const text = fc.oneof(
      hostile,
      bytes.map((it) => Buffer.from(it).toString('latin1')),
    );
    fc.assert(
      fc.property(text, text, (one, other) => {
        const elements = parseXfcc(one);
        const others = parseXfcc(other);
        if (isFailure(elements)) {
          assert.match(elements.reason, /^authn\./);
          return;
        }
        assert.ok(one.length <= XFCC_TEXT_MAX);
        const both = parseXfcc(`${one},${other}`);
        if (isFailure(others)) assert.ok(isFailure(both));
        else assert.deepEqual(both, [...elements, ...others]);
      }),
      { numRuns: NUM_RUNS },
    );
  });
});
