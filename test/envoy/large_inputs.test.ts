// Large inputs cost time in proportion to their size and nothing more. A MiB is a quarter of what
// the check port lets through; anything quadratic in it would take minutes.

import assert from 'node:assert/strict';
import { recordLines } from '../../engine/record.ts';
import { encodeCheckResponse } from '../../envoy/check_response.ts';
import {
  CHECKOUT,
  GATEWAY,
  identity,
  NOW,
  PAYMENTS,
  policy,
  service,
  snapshotOf,
} from '../engine/fixture.ts';
import { answerTo, bytesOf, DECISION_ID, field, outcomeOf } from './fixture.ts';

const SNAPSHOT = snapshotOf([
  service('payments', {
    destinations: [PAYMENTS],
    hosts: ['payments.example'],
    operations: {
      read: { http: 'GET /a' },
      file: { http: 'GET /f/{rest=**}', resource: 'file/{path.rest}' },
      one: { http: 'GET /one/{id}', resource: 'one/{path.id}' },
    },
  }),
  policy('p', [
    { id: 'a', effect: 'permit', from: { principals: [CHECKOUT] }, to: {} },
    { id: 'b', effect: 'permit', from: { namespaces: ['*'] }, to: { resources: ['file/*/x/**'] } },
  ]),
  identity(CHECKOUT),
  GATEWAY,
]);

const MIB = 1024 * 1024;
/** Generous, for a busy machine: it takes a tenth of that. */
const MS_PER_MIB_MAX = 2000;

/** The whole way of one message, records and response included. */
function decide(bytes: Buffer): string {
  const answer = answerTo(SNAPSHOT, bytes);
  const { verdict, view } = answer;
  encodeCheckResponse(verdict, DECISION_ID, answer.client);
  const occasion = {
    decisionId: DECISION_ID,
    now: NOW,
    durationUs: 0,
    revision: 0,
    method: view?.method ?? '',
    path: view?.path ?? '',
    host: view?.host ?? '',
    destination: view?.destinationPrincipal ?? '',
    requestId: view?.headers.requestId ?? '',
    traceId: view?.headers.traceparent ?? '',
    sni: view?.sni ?? '',
    port: view?.port ?? 0,
  };
  const { evidence, decision } = recordLines(verdict, occasion, SNAPSHOT);
  assert.ok(evidence.length + decision.length < 64 * 1024, 'records stay short');
  return outcomeOf(answer);
}

const AMBIGUOUS = 'ctx.ambiguous_path';
const repeat = (text: string) => (bytes: number) => text.repeat(Math.floor(bytes / text.length));

/** What is repeated up to a MiB, and in which field. */
const paths: { name: string; path: (bytes: number) => string; want: string }[] = [
  { name: 'letters', path: (n) => `/f/${repeat('a')(n)}`, want: 'allow' },
  { name: 'segments', path: (n) => `/f${repeat('/a')(n)}`, want: 'allow' },
  { name: 'slashes', path: (n) => `/f${repeat('/')(n)}a`, want: 'allow' },
  { name: 'dot segments', path: (n) => `/f${repeat('/a/..')(n)}/a`, want: 'allow' },
  { name: 'dot segments upwards', path: (n) => `${repeat('/..')(n)}/f/a`, want: 'allow' },
  { name: 'encoded letters', path: (n) => `/f/${repeat('%61')(n)}`, want: 'allow' },
  { name: 'encoded characters', path: (n) => `/one/${repeat('%C3%A9')(n)}`, want: 'allow' },
  { name: 'encoded slashes', path: (n) => `/f/a${repeat('%2f')(n)}a`, want: 'allow' },
  { name: 'encoded percents', path: (n) => `/f/${repeat('%25')(n)}`, want: AMBIGUOUS },
  { name: 'percents', path: (n) => `/f/${repeat('%')(n)}`, want: AMBIGUOUS },
  { name: 'percents that meet', path: (n) => `/f/${repeat('%%34')(n)}`, want: AMBIGUOUS },
  { name: 'semicolons', path: (n) => `/f/${repeat(';')(n)}`, want: AMBIGUOUS },
  { name: 'dots with semicolons', path: (n) => `/f${repeat('/..;')(n)}`, want: AMBIGUOUS },
  { name: 'backslashes', path: (n) => `/f${repeat('\\')(n)}a`, want: 'allow' },
  { name: 'a query', path: (n) => `/a?${repeat('a=b&')(n)}`, want: 'allow' },
  { name: 'letters beyond ASCII', path: (n) => `/f/${repeat('é')(n / 2)}`, want: 'allow' },
];

/** As many of them as `bytes` hold. */
const many = (bytes: number, make: (index: number) => Buffer): Buffer =>
  Buffer.concat(Array.from({ length: bytes / make(0).length }, (_, index) => make(index)));
const field2 = (key: string, value: string) => field(3, field(1, key), field(2, value));
const withHttp = (...parts: Buffer[]): Buffer =>
  field(
    1,
    field(1, field(4, CHECKOUT)),
    field(2, field(4, PAYMENTS)),
    field(4, field(2, field(2, 'GET'), field(4, '/a'), ...parts)),
  );

const messages: { name: string; bytes: (n: number) => Buffer; want: string }[] = [
  {
    name: 'headers of two letters',
    bytes: (n) => withHttp(many(n, (i) => field2(`h${i % 9}`, 'v'))),
    want: 'allow',
  },
  {
    name: 'authorization headers',
    bytes: (n) => withHttp(many(n, () => field2('authorization', ''))),
    want: 'authn.untrusted_issuer',
  },
  {
    name: 'raw headers',
    bytes: (n) =>
      withHttp(
        field(
          13,
          many(n, () => field(1, field(1, 'a'), field(3, 'b'))),
        ),
      ),
    want: 'allow',
  },
  { name: 'one header', bytes: (n) => withHttp(field2('a', 'b'.repeat(n))), want: 'allow' },
  { name: 'one header name', bytes: (n) => withHttp(field2('a'.repeat(n), 'b')), want: 'allow' },
  { name: 'a body', bytes: (n) => withHttp(field(12, Buffer.alloc(n, 0xff))), want: 'allow' },
  {
    name: 'a host',
    bytes: (n) => bytesOf({ host: 'A:1'.repeat(n / 3) }),
    want: 'allow',
  },
  {
    name: 'a method',
    bytes: (n) => bytesOf({ http: `${'G'.repeat(n)} /a` }),
    want: 'ctx.unmapped_operation',
  },
  {
    name: 'a caller',
    bytes: (n) => bytesOf({ caller: `spiffe://prod.example${'/a'.repeat(n / 2)}` }),
    want: 'authn.invalid_identity',
  },
  {
    name: 'a caller that is one letter short of a pattern',
    bytes: (n) => bytesOf({ caller: `${CHECKOUT}${'x'.repeat(n)}` }),
    want: 'authn.invalid_identity',
  },
  {
    name: 'a destination',
    bytes: (n) => bytesOf({ destination: PAYMENTS.repeat(n / PAYMENTS.length), host: '' }),
    want: 'authz.no_policy',
  },
  {
    name: 'extensions',
    bytes: (n) => {
      const http = field(4, field(2, field(2, 'GET'), field(4, '/a')));
      const entry = field(10, field(1, 'remit.servicE'), field(2, 'x'));
      const peers = [field(1, field(4, CHECKOUT)), field(2, field(4, PAYMENTS))];
      return field(
        1,
        ...peers,
        http,
        many(n, () => entry),
      );
    },
    want: 'allow',
  },
  {
    name: 'a content type',
    bytes: (n) => bytesOf({ headers: { 'content-type': ' application/grpc'.repeat(n / 17) } }),
    want: 'allow',
  },
];

function timed(bytes: Buffer, want: string): number {
  const started = process.hrtime.bigint();
  assert.equal(decide(bytes), want);
  return Number(process.hrtime.bigint() - started) / 1e6;
}

describe('a MiB of', () => {
  for (const { name, path, want } of paths) {
    it(`${name} in a path is ${want}, in bounded time`, () => {
      const ms = timed(bytesOf({ http: `GET ${path(MIB)}` }), want);
      assert.ok(ms < MS_PER_MIB_MAX, `${ms} ms`);
    });
  }

  for (const { name, bytes, want } of messages) {
    it(`${name} is ${want}, in bounded time`, () => {
      const ms = timed(bytes(MIB), want);
      assert.ok(ms < MS_PER_MIB_MAX, `${ms} ms`);
    });
  }
});
