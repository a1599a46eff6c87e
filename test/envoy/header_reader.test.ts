// The few headers that are read, from either form in which Envoy sends them: what may stand once
// and came twice, whatever its case, is refused; what a client writes elsewhere changes nothing
// (C-024).

import assert from 'node:assert/strict';
import {
  CHECKOUT,
  GATEWAY,
  identity,
  meshWith,
  PAYMENTS,
  policy,
  service,
  snapshotOf,
} from '../engine/fixture.ts';
import { secret } from '../support/secret.ts';
import { answerTo, bytesOf, encode, field, messageOf, outcomeOf, type Wire } from './fixture.ts';

const A = `Bearer ${secret('a')}`;
const B = `Bearer ${secret('b')}`;

const RULE = { id: 'a', effect: 'permit', from: { principals: [CHECKOUT] }, to: {} };
const SNAPSHOT = meshWith([RULE]);
/** Here `Authorization` is the service's own, so that only duplicates are told. */
const PASSES = snapshotOf([
  service('payments', {
    destinations: [PAYMENTS],
    authorization: 'passThrough',
    operations: { read: { http: 'GET /a' } },
  }),
  policy('p', [RULE]),
  identity(CHECKOUT),
  GATEWAY,
]);

const DUPLICATE = 'ctx.duplicate_header';

type Row = { name: string; wire: Wire; want: string };

const rows: Row[] = [
  { name: 'none of them', wire: { headers: {} }, want: 'allow' },
  { name: 'one authorization', wire: { headers: { authorization: A } }, want: 'allow' },
  {
    name: 'one authorization, raw',
    wire: { lines: [['authorization', A]] },
    want: 'allow',
  },
  {
    name: 'two authorizations, raw',
    wire: {
      lines: [
        ['authorization', A],
        ['authorization', B],
      ],
    },
    want: DUPLICATE,
  },
  {
    name: 'two equal authorizations, raw',
    wire: {
      lines: [
        ['authorization', A],
        ['authorization', A],
      ],
    },
    want: DUPLICATE,
  },
  {
    name: 'two authorizations of another case, raw',
    wire: {
      lines: [
        ['Authorization', A],
        ['AUTHORIZATION', B],
      ],
    },
    want: DUPLICATE,
  },
  {
    name: 'two authorizations of another case in the map',
    wire: { headers: { authorization: A, Authorization: B } },
    want: DUPLICATE,
  },
  {
    name: 'an authorization in each form',
    wire: { headers: { authorization: A }, lines: [['authorization', A]] },
    want: DUPLICATE,
  },
  {
    name: 'two authorizations of which one is empty',
    wire: {
      lines: [
        ['authorization', ''],
        ['authorization', B],
      ],
    },
    want: DUPLICATE,
  },
  {
    name: 'two hosts, raw',
    wire: {
      lines: [
        ['host', 'a'],
        ['host', 'a'],
      ],
    },
    want: DUPLICATE,
  },
  {
    name: 'two authorities, raw',
    wire: {
      lines: [
        [':authority', 'a'],
        [':authority', 'b'],
      ],
    },
    want: DUPLICATE,
  },
  {
    name: 'a host and an authority that agree',
    wire: { headers: { host: 'a', ':authority': 'a' } },
    want: 'allow',
  },
  {
    name: 'a host and an authority that do not',
    wire: { headers: { host: 'a', ':authority': 'b' } },
    want: DUPLICATE,
  },
  {
    name: 'a host and an authority that differ in case',
    wire: { headers: { host: 'a', ':authority': 'A' } },
    want: DUPLICATE,
  },
  {
    name: 'an empty host beside an authority',
    wire: { headers: { Host: '', ':authority': 'a' } },
    want: DUPLICATE,
  },
  {
    name: 'two cookies, raw, as any may come often',
    wire: {
      lines: [
        ['cookie', secret('a')],
        ['cookie', secret('b')],
      ],
    },
    want: 'allow',
  },
  {
    name: 'a name that is longer, or has something before it',
    wire: { headers: { 'authorization-x': 'a', 'x-authorization': 'b', authorizatio: 'c' } },
    want: 'allow',
  },
];

describe('a request with', () => {
  for (const { name, wire, want } of rows) {
    it(`${name} is answered ${want}`, () => {
      assert.equal(outcomeOf(answerTo(PASSES, bytesOf(wire))), want);
    });
  }
});

describe('an Authorization header that nobody reads is a credential that failed', () => {
  const wires: [string, Wire][] = [
    ['in the map', { headers: { authorization: A } }],
    ['raw', { lines: [['authorization', A]] }],
    ['in another case', { headers: { AuThOrIzAtIoN: A } }],
    ['without a value', { headers: { authorization: '' } }],
    ['without a value, raw', { lines: [['authorization', '']] }],
    ['of a scheme that nobody knows', { headers: { authorization: 'x' } }],
  ];
  for (const [name, wire] of wires) {
    it(name, () => {
      assert.equal(outcomeOf(answerTo(SNAPSHOT, bytesOf(wire))), 'authn.untrusted_issuer');
    });
  }

  it('whose entry has its value before its name', () => {
    const entry = field(3, field(2, A), field(1, 'authorization'));
    const http = field(4, field(2, field(2, 'GET'), field(4, '/a'), entry));
    const peers = [field(1, field(4, CHECKOUT)), field(2, field(4, PAYMENTS))];
    const answer = answerTo(SNAPSHOT, field(1, ...peers, http));
    assert.equal(outcomeOf(answer), 'authn.untrusted_issuer');
  });

  it('is told before its duplicate: whoever is not proved is told that', () => {
    const wire: Wire = { headers: { authorization: A, Authorization: B } };
    assert.equal(outcomeOf(answerTo(SNAPSHOT, bytesOf(wire))), 'authn.untrusted_issuer');
  });
});

describe('C-024: what a client writes into a header', () => {
  const names = [
    'x-env',
    'x-environment',
    'x-tenant',
    'x-forwarded-client-cert',
    'x-forwarded-for',
    'x-remit-principal',
    'x-remit-decision-id',
    'remit.service',
    'x-http-method-override',
    'x-original-url',
    'txn-token',
    ':path',
    ':method',
    'x-envoy-original-path',
  ];
  const environment = { destinations: [PAYMENTS], environment: 'prod' };
  const tested = snapshotOf([
    service('payments', {
      ...environment,
      operations: { read: { http: 'GET /{t}', tenant: '{path.t}' } },
    }),
    policy('p', [RULE]),
    identity(CHECKOUT, { environment: 'test', tenant: 'globex' }),
    GATEWAY,
  ]);

  for (const name of names) {
    it(`changes nothing: ${name}`, () => {
      for (const value of ['prod', 'acme', CHECKOUT, 'POST', '/b', 'pay/payments']) {
        const wire: Wire = { http: 'GET /acme', headers: { [name]: value } };
        assert.equal(outcomeOf(answerTo(tested, bytesOf(wire))), 'authz.boundary');
        const allowed: Wire = { headers: { [name]: value } };
        assert.equal(outcomeOf(answerTo(SNAPSHOT, bytesOf(allowed))), 'allow');
      }
    });
  }
});

describe('a header that is read', () => {
  const viewOf = (wire: Wire) => answerTo(SNAPSHOT, bytesOf(wire)).view;

  it('is the request id, in any case and either form', () => {
    assert.equal(viewOf({ headers: { 'X-Request-Id': 'r-1' } })?.headers.requestId, 'r-1');
    assert.equal(viewOf({ lines: [['x-request-id', 'r-2']] })?.headers.requestId, 'r-2');
    assert.equal(viewOf({})?.headers.requestId, '');
  });

  it('may be text or bytes where it is raw', () => {
    const http = {
      ...messageOf({}),
      attributes: {
        request: { http: { header_map: { headers: [{ key: 'x-request-id', value: 'text' }] } } },
      },
    };
    assert.equal(answerTo(SNAPSHOT, encode(http)).view?.headers.requestId, 'text');
  });

  it('is the content type, which says how a client is told no', () => {
    const kinds: [string, string][] = [
      ['application/grpc', 'grpc'],
      ['application/grpc+proto', 'grpc'],
      ['APPLICATION/GRPC;x=y', 'grpc'],
      ['application/grpc-web', 'http'],
      ['application/grpcx', 'http'],
      ['application/json', 'http'],
      ['text/plain, application/grpc', 'http'],
      ['', 'http'],
    ];
    for (const [contentType, kind] of kinds) {
      const answer = answerTo(SNAPSHOT, bytesOf({ headers: { 'content-type': contentType } }));
      assert.equal(answer.client, kind, contentType);
    }
  });
});

describe('the host', () => {
  const withHosts = snapshotOf([
    service('payments', {
      hosts: ['payments.example'],
      operations: { read: { http: 'GET /a' } },
    }),
    policy('p', [RULE]),
    identity(CHECKOUT),
    GATEWAY,
  ]);
  const wire: Wire = { destination: '', host: 'payments.example' };

  it('is read where a Service has hosts, and nowhere else', () => {
    assert.equal(withHosts.attributesRead.host, true);
    assert.equal(SNAPSHOT.attributesRead.host, false);
    const answer = answerTo(withHosts, bytesOf(wire));
    assert.equal(answer.view?.host, 'payments.example');
    assert.equal(outcomeOf(answer), 'allow');
    assert.equal(answerTo(SNAPSHOT, bytesOf(wire)).view?.host, '');
  });

  it('is that of the request, never of a header', () => {
    const headers = { host: 'payments.example', ':authority': 'payments.example' };
    const other: Wire = { ...wire, host: 'elsewhere.example', headers };
    assert.equal(outcomeOf(answerTo(withHosts, bytesOf(other))), 'authz.no_policy');
  });
});
