// The traceparent header: one form is read, everything else is as if none had come, and neither
// changes a decision.

import assert from 'node:assert/strict';
import { parseTraceparent } from '../../envoy/trace_context.ts';
import { meshWith } from '../engine/fixture.ts';
import { answerTo, bytesOf, outcomeOf, type Wire } from './fixture.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';
const VALID = `00-${TRACE}-${SPAN}-01`;
const MESH = meshWith([
  { id: 'a', effect: 'permit', from: { trustDomains: ['prod.example'] }, to: {} },
]);

describe('a traceparent', () => {
  it('is a trace, a parent, and whether it is recorded', () => {
    const context = { traceId: TRACE, parentId: SPAN };
    assert.deepEqual(parseTraceparent(VALID), { ...context, sampled: true });
    for (const [flags, sampled] of [
      ['00', false],
      ['01', true],
      ['02', false],
      ['03', true],
      ['ff', true],
      ['fe', false],
    ] as const) {
      const value = `00-${TRACE}-${SPAN}-${flags}`;
      assert.deepEqual(parseTraceparent(value), { ...context, sampled });
    }
  });

  const invalid: Record<string, string> = {
    'is missing': '',
    'has a trace id of zeros': `00-${'0'.repeat(32)}-${SPAN}-01`,
    'has a parent id of zeros': `00-${TRACE}-${'0'.repeat(16)}-01`,
    'is of version ff': `ff-${TRACE}-${SPAN}-01`,
    'is of a version that we do not know': `01-${TRACE}-${SPAN}-01`,
    'says more than version 00 does': `${VALID}-x`,
    'is in upper case': VALID.toUpperCase(),
    'has spaces around it': ` ${VALID}`,
    'ends with a line feed': `${VALID}\n`,
    'is two, joined': `${VALID},${VALID}`,
    'is two, joined to a trace of the right length': `${VALID},`,
    'is too short': VALID.slice(0, -1),
    'has other separators': VALID.replaceAll('-', '_'),
  };
  for (const [name, value] of Object.entries(invalid)) {
    it(`is none when it ${name}`, () => {
      assert.equal(parseTraceparent(value), undefined);
    });
  }

  it('holds hex digits in lower case: every other byte in every position makes it none', () => {
    const form = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;
    for (let at = 0; at < VALID.length; at++) {
      for (let code = 0; code < 256; code++) {
        const value = VALID.slice(0, at) + String.fromCharCode(code) + VALID.slice(at + 1);
        assert.equal(parseTraceparent(value) !== undefined, form.test(value), `${at}: ${code}`);
      }
    }
  });
});

describe('the traceparent of a request', () => {
  const other = VALID.replace('4', '5');
  const cases: { name: string; wire: Wire; want: string | undefined }[] = [
    { name: 'is read from `headers`', wire: { headers: { traceparent: VALID } }, want: TRACE },
    { name: 'is read from `header_map`', wire: { lines: [['traceparent', VALID]] }, want: TRACE },
    { name: 'is read in any case', wire: { lines: [['TraceParent', VALID]] }, want: TRACE },
    {
      name: 'is none when it came twice',
      wire: {
        lines: [
          ['traceparent', VALID],
          ['traceparent', other],
        ],
      },
      want: undefined,
    },
    {
      name: 'is none when it came three times, which is no odd way to have one',
      wire: {
        lines: [
          ['traceparent', VALID],
          ['TRACEPARENT', VALID],
          ['traceparent', VALID],
        ],
      },
      want: undefined,
    },
    {
      name: 'is none when it came twice and the first is empty',
      wire: {
        lines: [
          ['traceparent', ''],
          ['traceparent', VALID],
        ],
      },
      want: undefined,
    },
    {
      name: 'is none when Envoy has joined two',
      wire: { headers: { traceparent: `${VALID},${other}` } },
      want: undefined,
    },
    {
      name: 'is none when it is a megabyte',
      wire: { headers: { traceparent: VALID.repeat(20_000) } },
      want: undefined,
    },
  ];
  for (const { name, wire, want } of cases) {
    it(`${name}, and decides nothing`, () => {
      const answer = answerTo(MESH, bytesOf(wire));
      assert.equal(outcomeOf(answer), 'allow');
      assert.equal(parseTraceparent(answer.view?.headers.traceparent ?? '')?.traceId, want);
    });
  }
});
