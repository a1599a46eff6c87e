// The CheckResponse (DESIGN 5.4, 5.6, 5.11): always with an explicit status (C-111), headers that
// replace what was there, and to each client the kind of denial it understands.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type Verdict, verdictOf } from '../../engine/check.ts';
import { denied } from '../../engine/decision.ts';
import { NOT_EVALUATED } from '../../engine/evidence.ts';
import { Failure } from '../../engine/failure.ts';
import { grpcCode, REASON_CODES, type Reason } from '../../engine/reason.ts';
import * as exported from '../../envoy/check_response.ts';
import { encodeCheckResponse } from '../../envoy/check_response.ts';
import { REMOVED_HEADERS } from '../../envoy/reserved_headers.ts';
import { CHECKOUT, meshWith, REPORTS } from '../engine/fixture.ts';
import { metadataOf, statusOf } from './answered.ts';
import {
  answerTo,
  bytesOf,
  DECISION_ID,
  decode,
  type HeaderOption,
  type Response,
  responseTo,
  type Wire,
} from './fixture.ts';
import { goldenNames, matchesGolden } from './golden.ts';

const SNAPSHOT = meshWith([
  { id: 'a', effect: 'permit', from: { principals: [CHECKOUT] }, to: {} },
  { id: 'b', effect: 'permit', from: { anonymous: true }, to: {} },
  {
    id: 'c',
    effect: 'permit',
    from: { principals: [REPORTS] },
    to: { operations: ['write'] },
    obligations: {
      headers: { 'x-log-level': 'full', 'x-budget': '5' },
      metadata: { cost: 0.5, billed: true, team: 'Büro' },
    },
  },
  {
    id: 'd',
    effect: 'permit',
    from: { principals: [REPORTS] },
    to: {},
    obligations: { headers: { 'x-budget': '7', 'x-more': 'd' }, metadata: { cost: 9 } },
  },
  {
    id: 'f',
    effect: 'forbid',
    from: { principals: [CHECKOUT] },
    to: { operations: ['write'] },
    obligations: {
      denialBody: 'Writing is "closed" \\ until Monday.',
      metadata: { ticket: 'T-1' },
    },
  },
]);
const CLIENTS = ['http', 'grpc'] as const;
const CONTENT_TYPE = { http: 'application/json', grpc: 'application/grpc' } as const;

/** One denial of each class, and both ways to be allowed. */
const pairs: Readonly<Record<string, Wire>> = {
  allow: {},
  'allow-anonymous': { caller: '' },
  'deny-authn': { caller: 'spiffe://evil.example/a' },
  'deny-authz': { caller: CHECKOUT.replace('checkout', 'stranger') },
  'deny-ctx': { http: 'GET /nothing' },
  'deny-ctx-400': { http: 'GET /a;b' },
  'allow-obliged': { http: 'POST /a', caller: REPORTS },
  'deny-obliged': { http: 'POST /a' },
};

describe('the answer to', () => {
  for (const [name, wire] of Object.entries(pairs)) {
    for (const client of CLIENTS) {
      it(`a ${client} client is as in golden/${name}-${client}.json`, () => {
        const headers = { 'content-type': CONTENT_TYPE[client] };
        const answer = answerTo(SNAPSHOT, bytesOf({ ...wire, headers }));
        assert.equal(answer.client, client);
        matchesGolden(`${name}-${client}`, responseTo(answer));
      });
    }
  }

  for (const client of CLIENTS) {
    it(`a ${client} client, when it is our fault, is as in golden/deny-sys-${client}.json`, () => {
      const verdict = verdictOf(new Failure('sys.overloaded', 'no room'));
      const response = decode(encodeCheckResponse(verdict, DECISION_ID, client));
      matchesGolden(`deny-sys-${client}`, response);
    });
  }

  it('nobody else has a golden file', () => {
    const names = [...Object.keys(pairs), 'deny-sys'].flatMap((name) =>
      CLIENTS.map((client) => `${name}-${client}`),
    );
    assert.deepEqual(goldenNames(), names.sort());
  });
});

function responseFor(reason: Reason, client: 'http' | 'grpc'): Response {
  const verdict = verdictOf(new Failure(reason, 'why'));
  return decode(encodeCheckResponse(verdict, DECISION_ID, client));
}

describe('C-111: no response is without a status', () => {
  it('on allow it is there and zero', () => {
    const response = responseTo(answerTo(SNAPSHOT, bytesOf()));
    assert.equal(response.status?.code, 0);
    assert.ok(response.ok_response);
    assert.equal(response.denied_response, undefined);
  });

  for (const reason of REASON_CODES) {
    it(`on deny it is that of the class, and never zero: ${reason}`, () => {
      for (const client of CLIENTS) {
        const response = responseFor(reason, client);
        assert.equal(response.status?.code, grpcCode(reason));
        assert.notEqual(response.status?.code, 0);
        assert.equal(response.ok_response, undefined);
        assert.ok((statusOf(response) ?? 0) >= 400);
      }
    });
  }

  it('and its bytes begin with it, so that no other part can come before', () => {
    const starts = [
      encodeCheckResponse(verdictOf(new Failure('sys.internal', '')), DECISION_ID, 'http'),
      encodeCheckResponse(answerTo(SNAPSHOT, bytesOf()).verdict, DECISION_ID, 'http'),
    ].map((bytes) => bytes.subarray(0, 4).toString('hex'));
    assert.deepEqual(starts, ['0a02080e', '0a020800']);
  });

  it('nothing makes one without a verdict', () => {
    const functions = Object.entries(exported).filter(([, it]) => typeof it === 'function');
    assert.deepEqual(
      functions.map(([name]) => name),
      ['encodeCheckResponse'],
    );
    assert.equal(encodeCheckResponse.length, 3, 'no argument has a default');
    for (const verdict of [undefined, null, {}, { decision: undefined }]) {
      assert.throws(() => encodeCheckResponse(verdict as never, DECISION_ID, 'http'));
    }
  });

  it('a reason that is not in the table allows nobody', () => {
    const verdict = { ...verdictOf(new Failure('sys.internal', '')) };
    const unknown: Verdict = { ...verdict, decision: denied('authz.nothing' as Reason, 0) };
    assert.throws(() => encodeCheckResponse(unknown, DECISION_ID, 'http'));
  });
});

describe('the headers of a response', () => {
  const allOf = ({ ok_response: ok, denied_response: no }: Response): readonly HeaderOption[] => [
    ...(ok?.headers ?? []),
    ...(no?.headers ?? []),
  ];

  it('replace what was there, in both ways of saying so, old and new', () => {
    const responses = [
      responseTo(answerTo(SNAPSHOT, bytesOf())),
      responseTo(answerTo(SNAPSHOT, bytesOf({ caller: '' }))),
      ...REASON_CODES.flatMap((reason) => CLIENTS.map((client) => responseFor(reason, client))),
    ];
    for (const response of responses) {
      assert.ok(allOf(response).length > 0);
      for (const { append, append_action } of allOf(response)) {
        assert.ok(append !== undefined && !append.value, 'append: false');
        assert.equal(append_action, 'OVERWRITE_IF_EXISTS_OR_ADD');
      }
    }
  });

  it('on allow name the principal, or remove whoever the caller says it is', () => {
    const known = responseTo(answerTo(SNAPSHOT, bytesOf())).ok_response;
    const anonymous = responseTo(answerTo(SNAPSHOT, bytesOf({ caller: '' }))).ok_response;
    const names = (response: typeof known) => response?.headers?.map(({ header }) => header.key);
    assert.deepEqual(names(known), ['x-remit-decision-id', 'x-remit-principal']);
    assert.deepEqual(names(anonymous), ['x-remit-decision-id']);
    const removed = [...REMOVED_HEADERS, 'x-remit-identity'];
    assert.deepEqual(known?.headers_to_remove, removed);
    assert.deepEqual(anonymous?.headers_to_remove, [...removed, 'x-remit-principal']);
    assert.equal(known?.headers?.[1]?.header.value, CHECKOUT);
  });

  it('that would override method or path are removed, and Authorization is not', () => {
    assert.deepEqual([...REMOVED_HEADERS].sort(), [
      'x-http-method',
      'x-http-method-override',
      'x-method-override',
      'x-original-url',
      'x-rewrite-url',
    ]);
  });

  it('when it is our fault tell Envoy not to try again', () => {
    for (const reason of REASON_CODES) {
      const names = allOf(responseFor(reason, 'http')).map(({ header }) => header.key);
      const marked = ['x-envoy-ratelimited', 'x-envoy-overloaded'].map((it) => names.includes(it));
      assert.deepEqual(marked, Array(2).fill(reason.startsWith('sys.')));
    }
  });
});

describe('the body of a denial', () => {
  it('is problem details that tell the class and the decision’s id, and no more', () => {
    for (const reason of REASON_CODES) {
      const response = responseFor(reason, 'http');
      const body = JSON.parse(response.denied_response?.body ?? '');
      assert.deepEqual(Object.keys(body), ['type', 'title', 'status', 'decisionId']);
      assert.equal(body.status, statusOf(response));
      assert.equal(body.decisionId, DECISION_ID);
      assert.ok(!response.denied_response?.body?.includes(reason));
      const types = response.denied_response?.headers?.filter(({ header }) => {
        return header.key === 'content-type';
      });
      assert.deepEqual(
        types?.map(({ header }) => header.value),
        ['application/problem+json'],
      );
    }
  });

  it('is none for a gRPC client, and no content type either', () => {
    for (const reason of REASON_CODES) {
      const { denied_response: response } = responseFor(reason, 'grpc');
      assert.equal(response?.body, undefined);
      assert.ok(response?.headers?.every(({ header }) => header.key !== 'content-type'));
    }
  });
});

describe('the dynamic metadata', () => {
  it('says who, what came of it, why, and which rule', () => {
    assert.deepEqual(metadataOf(responseTo(answerTo(SNAPSHOT, bytesOf()))), {
      decision_id: DECISION_ID,
      outcome: 'allow',
      reason: '',
      principal: CHECKOUT,
      policy: 'pay/p/a',
    });
    assert.deepEqual(metadataOf(responseFor('authz.no_match', 'grpc')), {
      decision_id: DECISION_ID,
      outcome: 'deny',
      reason: 'authz.no_match',
      principal: '',
      policy: '',
    });
  });

  it('is right whatever the lengths are', () => {
    const ascii = fc.string({ unit: fc.constantFrom('a', '/', '.'), maxLength: 40_000 });
    fc.assert(
      fc.property(ascii, fc.array(ascii, { maxLength: 3 }), (id, rules) => {
        const verdict: Verdict = {
          evidence: NOT_EVALUATED,
          principal: { ...ANYBODY, id },
          service: undefined,
          access: undefined,
          decision: { ...ALLOWED, rules },
          evaluated: true,
        };
        const response = decode(encodeCheckResponse(verdict, DECISION_ID, 'http'));
        const { principal, policy } = metadataOf(response);
        assert.deepEqual([principal, policy], [id, rules[0] ?? '']);
        assert.equal(response.status?.code, 0);
      }),
      { numRuns: 50 },
    );
  });
});

const ANYBODY = answerTo(SNAPSHOT, bytesOf()).verdict.principal!;
const ALLOWED = answerTo(SNAPSHOT, bytesOf()).verdict.decision;
