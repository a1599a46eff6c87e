// Which Service a request is for (DESIGN section 6, "Choosing the Service"): the destination's
// identity, Envoy's configuration, and from a gateway the host. Those that speak have to agree.

import assert from 'node:assert/strict';
import { assertProportional } from '../support/linear.ts';
import {
  type Ask,
  CHECKOUT,
  enforcer,
  GATEWAY,
  identity,
  PAYMENTS,
  policy,
  service,
  snapshotOf,
  TRUST_DOMAIN,
  verdictOn,
} from './fixture.ts';

const LEDGER = `spiffe://${TRUST_DOMAIN}/ns/pay/sa/ledger`;
const EDGE = `spiffe://${TRUST_DOMAIN}/ns/edge/sa/gateway`;

const operations = { read: { http: 'GET /a' } };
const SERVICES = [
  service('payments', {
    destinations: [PAYMENTS],
    hosts: ['payments.example', 'Pay.Example'],
    operations,
  }),
  service('ledger', {
    destinations: [LEDGER],
    hosts: ['ledger.example', 'ledger.example:8443', 'kafka.example', '[::1]'],
    operations,
  }),
  service('other', { hosts: ['payments.example:9000'], operations }),
  policy('p', [{ id: 'a', effect: 'permit', from: { trustDomains: [TRUST_DOMAIN] }, to: {} }]),
  identity(CHECKOUT),
];

const spec = (type: string, destinations: string[]) => {
  return { type, local: true, asserts: { peer: ['principal'], destinations } };
};
const enforcers = {
  gateway: GATEWAY,
  'gateway of payments': enforcer('e', spec('gateway', [PAYMENTS])),
  waypoint: enforcer('e', spec('waypoint', ['*'])),
};

/** `pay/payments` speaks for itself in none of these unless the row says so. */
type Row = { by?: keyof typeof enforcers; name: string; ask: Ask; want: string };

const NONE = 'authz.no_policy';
const CONFLICT = 'ctx.destination_conflict';

const rows: Row[] = [
  { name: 'by its identity', ask: { destination: PAYMENTS }, want: 'pay/payments' },
  { name: 'by an identity that nobody has', ask: { destination: EDGE }, want: NONE },
  { name: 'by what is no identity', ask: { destination: 'payments' }, want: NONE },
  {
    name: 'by an identity in another case',
    ask: { destination: PAYMENTS.toUpperCase() },
    want: NONE,
  },
  { name: 'by a name that every object has', ask: { destination: 'constructor' }, want: NONE },
  { name: 'by nothing', ask: { destination: '' }, want: NONE },
  {
    name: 'by the configuration',
    ask: { destination: '', extension: 'pay/ledger' },
    want: 'pay/ledger',
  },
  {
    name: 'by the configuration, behind the gateway’s own certificate',
    ask: { destination: EDGE, extension: 'pay/ledger' },
    want: 'pay/ledger',
  },
  {
    name: 'by a name without its namespace',
    ask: { destination: '', extension: 'ledger' },
    want: NONE,
  },
  {
    name: 'by a service that there is not',
    ask: { destination: '', extension: 'pay/x' },
    want: NONE,
  },
  {
    name: 'by the configuration and the identity, which agree',
    ask: { destination: PAYMENTS, extension: 'pay/payments' },
    want: 'pay/payments',
  },
  {
    name: 'by the configuration and the identity, which do not',
    ask: { destination: PAYMENTS, extension: 'pay/ledger' },
    want: CONFLICT,
  },
  {
    name: 'by the identity, where the configuration names what there is not',
    ask: { destination: PAYMENTS, extension: 'pay/x' },
    want: CONFLICT,
  },
  {
    name: 'by the host, from a gateway',
    ask: { destination: EDGE, host: 'payments.example' },
    want: 'pay/payments',
  },
  {
    name: 'by the host in another case, whoever wrote it so',
    ask: { destination: '', host: 'PAY.example' },
    want: 'pay/payments',
  },
  {
    name: 'by the host without its port',
    ask: { destination: '', host: 'payments.example:443' },
    want: 'pay/payments',
  },
  {
    name: 'by the host with its port, before the one without',
    ask: { destination: '', host: 'payments.example:9000' },
    want: 'pay/other',
  },
  {
    name: 'by the host with a port of its own',
    ask: { destination: '', host: 'LEDGER.example:8443' },
    want: 'pay/ledger',
  },
  { name: 'by an IPv6 address', ask: { destination: '', host: '[::1]:8080' }, want: 'pay/ledger' },
  { name: 'by a longer host', ask: { destination: '', host: 'x.payments.example' }, want: NONE },
  {
    name: 'by a host with a dot at its end',
    ask: { destination: '', host: 'payments.example.' },
    want: NONE,
  },
  {
    name: 'by a host with a port of six digits',
    ask: { destination: '', host: 'payments.example:999999' },
    want: NONE,
  },
  {
    name: 'by a host with two ports',
    ask: { destination: '', host: 'payments.example:1:2' },
    want: NONE,
  },
  {
    name: 'by a host whose letters only Unicode takes for these',
    ask: { destination: '', host: '\u212Aafka.example' },
    want: NONE,
  },
  {
    name: 'by the host and the identity, which agree',
    ask: { destination: PAYMENTS, host: 'payments.example' },
    want: 'pay/payments',
  },
  {
    name: 'by the host and the identity, which do not',
    ask: { destination: LEDGER, host: 'payments.example' },
    want: CONFLICT,
  },
  {
    name: 'by the identity, whatever the host, when no Service has it',
    ask: { destination: PAYMENTS, host: 'elsewhere.example' },
    want: 'pay/payments',
  },
  {
    name: 'by the configuration and the host, which do not agree',
    ask: { destination: '', extension: 'pay/ledger', host: 'payments.example' },
    want: CONFLICT,
  },
  {
    name: 'by three that agree',
    ask: { destination: LEDGER, extension: 'pay/ledger', host: 'ledger.example' },
    want: 'pay/ledger',
  },
  {
    name: 'by two of three',
    ask: { destination: LEDGER, extension: 'pay/ledger', host: 'payments.example' },
    want: CONFLICT,
  },
  {
    by: 'waypoint',
    name: 'never by the host, which is the caller’s choice',
    ask: { destination: '', host: 'payments.example' },
    want: NONE,
  },
  {
    by: 'waypoint',
    name: 'by the identity, and the host does not contradict it',
    ask: { destination: LEDGER, host: 'payments.example' },
    want: 'pay/ledger',
  },
  {
    by: 'gateway of payments',
    name: 'by a host that the gateway may ask about',
    ask: { destination: EDGE, host: 'payments.example' },
    want: 'pay/payments',
  },
  {
    by: 'gateway of payments',
    name: 'not by a host that it may not ask about',
    ask: { destination: EDGE, host: 'ledger.example' },
    want: NONE,
  },
  {
    by: 'gateway of payments',
    name: 'not by the host of a Service that no identity names',
    ask: { destination: '', host: 'payments.example:9000' },
    want: NONE,
  },
];

describe('a Service is chosen', () => {
  for (const { by = 'gateway', name, ask, want } of rows) {
    it(`${name}: ${want} (${by})`, () => {
      const snapshot = snapshotOf([...SERVICES, enforcers[by]]);
      const { decision, service: chosen } = verdictOn(snapshot, ask);
      assert.equal(decision.reason ?? chosen?.id, want);
    });
  }

  it('from the whole host, however long, in one pass', () => {
    const snapshot = snapshotOf([...SERVICES, GATEWAY]);
    assertProportional(
      100_000,
      (size) => ':1'.repeat(size),
      (host) => assert.equal(verdictOn(snapshot, { destination: '', host }).decision.reason, NONE),
    );
  });
});
