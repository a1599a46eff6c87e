// The scan for a trace context finds what the decoder finds, in little time whatever it is given.

import assert from 'node:assert/strict';
import { isFailure } from '../../engine/failure.ts';
import { decodeCheckRequest } from '../../envoy/check_request.ts';
import { parseTraceparent } from '../../envoy/trace_context.ts';
import { scanTraceContext } from '../../envoy/trace_scan.ts';
import { bytesOf, encode, field, messageOf, raw, varint, type Wire } from './fixture.ts';

const VALID = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const WANT = parseTraceparent(VALID);
const header = (name: string, value: string) => field(3, field(1, name), field(2, value));
const request = (...http: Buffer[]) => field(1, field(4, field(2, ...http)));

describe('the scan for a trace context', () => {
  const wires: Wire[] = [
    {},
    { http: null },
    { headers: { traceparent: VALID } },
    { headers: { Traceparent: VALID, a: 'b' } },
    { headers: { traceparent: `${VALID},${VALID}` } },
    { lines: [['traceparent', VALID]] },
    {
      lines: [
        ['traceparent', VALID],
        ['traceparent', VALID],
      ],
    },
    { headers: { traceparent: VALID }, lines: [['traceparent', VALID]] },
    { extensions: { traceparent: VALID } },
  ];
  it('finds what the decoder finds', () => {
    const found = wires.map((wire) => {
      const bytes = bytesOf(wire);
      const view = decodeCheckRequest(bytes, {
        host: true,
        certificate: true,
        sni: true,
        port: true,
        body: true,
        sourceAddress: true,
        headers: new Set(['traceparent']),
        proofHeaders: new Set(),
        metadata: true,
        extensions: true,
      });
      assert.ok(!isFailure(view));
      const scanned = scanTraceContext(bytes);
      assert.deepEqual(scanned, parseTraceparent(view.headers.traceparent));
      return scanned !== undefined;
    });
    const want = [false, false, true, true, false, true, false, false, false];
    assert.deepEqual(found, want);
  });

  it('passes over a body unread', () => {
    const body = Buffer.alloc(3 * 1024 * 1024, 0xff);
    const bytes = request(
      header('traceparent', VALID),
      raw(12, 2, Buffer.concat([varint(body.length), body])),
    );
    assert.deepEqual(scanTraceContext(bytes), WANT);
  });

  it('finds none in what breaks off, wherever that is', () => {
    const bytes = encode(messageOf({ headers: { traceparent: VALID } }));
    for (let length = 0; length < bytes.length; length++) {
      // What breaks off between two fields is whole as far as it goes.
      const found = scanTraceContext(bytes.subarray(0, length));
      if (found !== undefined) assert.deepEqual(found, WANT);
    }
    assert.equal(scanTraceContext(Buffer.alloc(0)), undefined);
    assert.equal(scanTraceContext(Buffer.from([0x0b])), undefined);
  });

  it('gives up on more headers or fields than an honest request has', () => {
    const many = (count: number, one: Buffer) =>
      Buffer.concat(Array.from({ length: count }, () => one));
    const trace = header('traceparent', VALID);
    const small = header('x', 'y');
    assert.deepEqual(scanTraceContext(request(trace, many(1_000, small))), WANT);
    assert.equal(scanTraceContext(request(trace, many(100_000, small))), undefined);
    assert.equal(scanTraceContext(request(trace, header('x', 'y'.repeat(70_000)))), undefined);
    assert.equal(scanTraceContext(request(trace, many(300, field(9, 'x')))), undefined);
    const lines = many(100_000, field(1, field(1, 'x')));
    assert.equal(scanTraceContext(request(trace, field(13, lines))), undefined);
    assert.equal(scanTraceContext(Buffer.alloc(4 * 1024 * 1024 + 1)), undefined);
  });
});
