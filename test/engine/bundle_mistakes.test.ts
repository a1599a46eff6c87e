// What only several documents together get wrong, and how several mistakes are told at once.

import assert from 'node:assert/strict';
import { compileSnapshot } from '../../engine/compile_snapshot.ts';
import { Diagnostics } from '../../engine/diagnostic.ts';
import { BUNDLE_FILE_BYTES_MAX } from '../../engine/limits.ts';
import { DEFAULT_SETTINGS } from '../../engine/settings.ts';
import { enforcer, GATEWAY, identity, policy, service, textOf, told } from './fixture.ts';
import { describeMistakes, type Mistake, type Told, toldOf } from './mistakes.ts';

const SERVICES = `
kind: Service
metadata: {name: payments, namespace: pay}
spec: {operations: {refund.create: {http: POST /r}, refund.read: {http: GET /r}}}
---
kind: Service
metadata: {name: ledger, namespace: pay}
spec: {operations: {balance.read: {grpc: /bank.Ledger/Get}}}
---
kind: Service
metadata: {name: crm, namespace: crm}
spec: {operations: {customer.read: {http: GET /c}}}
---
kind: Policy
metadata: {name: p, namespace: pay}
`;
// What follows stands on line 16.
const R = (to: string) =>
  `${SERVICES}spec: {rules: [{id: a, effect: forbid, from: {}, to: {${to}}}]}`;
const SERVICE_NAMES = 'one of payments, ledger';
const ALL = 'one of refund.create, refund.read, balance.read';
const NOT_EXPORTED = (at: string): Told => [
  at,
  '`crm/crm` is not exported to namespace `pay`',
  '`exports: [pay]` in that Service',
];

const references: Mistake[] = [
  {
    name: 'a misspelt service',
    text: R('services: [payment]'),
    want: [['16:66', 'no service `payment` in namespace `pay`', SERVICE_NAMES, 'payments']],
  },
  {
    name: 'a service of another namespace, by its name',
    text: R('services: [crm]'),
    want: [['16:66', 'no service `crm` in namespace `pay`', SERVICE_NAMES]],
  },
  {
    name: 'a service of another namespace, by its id',
    text: R('services: [crm/crm]'),
    want: [NOT_EXPORTED('16:66')],
  },
  {
    name: 'a misspelt service of another namespace',
    text: R('services: [crm/crn]'),
    want: [['16:66', 'no service `crm/crn` in namespace `pay`', 'one of crm']],
  },
  {
    name: 'a service with something before its namespace',
    text: R('services: [x/pay/payments]'),
    want: [['16:66', '`x/pay/payments`: expected `service` or `namespace/service`']],
  },
  {
    name: 'a service pattern with its star inside',
    text: R('services: ["pay*s"]'),
    want: [['16:66', 'no service `pay*s` in namespace `pay`', SERVICE_NAMES]],
  },
  {
    name: 'a misspelt operation',
    text: R('operations: [refund.creat]'),
    want: [['16:68', 'no operation `refund.creat` in namespace `pay`', ALL, 'refund.create']],
  },
  {
    name: 'an operation of another service',
    text: R('operations: [ledger/refund.read]'),
    want: [
      ['16:68', 'no operation `ledger/refund.read` in namespace `pay`', 'one of balance.read'],
    ],
  },
  {
    name: 'an operation of a service that the rule does not reach',
    text: R('services: [ledger], operations: [refund.read]'),
    want: [['16:88', 'no operation `refund.read` in namespace `pay`', 'one of balance.read']],
  },
  {
    name: 'an operation of another namespace',
    text: R('operations: [crm/crm/customer.read]'),
    want: [NOT_EXPORTED('16:68')],
  },
  {
    name: 'an operation pattern in another namespace, which would never match',
    text: R('operations: ["crm/crm/*"]'),
    want: [NOT_EXPORTED('16:68')],
  },
  {
    name: 'an operation pattern in a misspelt service, which would never match',
    text: R('operations: ["payment/*"]'),
    want: [['16:68', 'no operation `payment/*` in namespace `pay`', ALL]],
  },
  {
    name: 'an operation pattern over services',
    text: R('operations: ["*/refund.read"]'),
    want: [['16:68', '`*/refund.read`: expected `operation` or `service/operation`']],
  },
  {
    name: 'an operation with too many parts, or an empty one',
    text: R('operations: [a/b/c/d, /a]'),
    want: [
      ['16:68', '`a/b/c/d`: expected `operation` or `service/operation`'],
      ['16:77', '`/a`: expected `operation` or `service/operation`'],
    ],
  },
  {
    name: 'a misspelt operation within a not',
    text: R('not: {operations: [refund.red]}'),
    want: [['16:74', 'no operation `refund.red` in namespace `pay`', ALL, 'refund.read']],
  },
];

describeMistakes('a reference', references);

describe('several documents', () => {
  it('of one kind may not have one id; the first is named', () => {
    const twice = [policy('p', []), policy('p', []), policy('p', [], 'other')];
    assert.deepEqual(told(textOf(twice)), [
      'b.yaml:3:37: error: a second Policy `pay/p`; the first stands at b.yaml:1',
    ]);
  });

  it('of two kinds may have one id', () => {
    assert.deepEqual(told(textOf([policy('p', []), service('p', { operations: {} })])), []);
  });

  it('in two files may not have one id; the file of the first is named', () => {
    const text = textOf([policy('p', [])]);
    const diagnostics = new Diagnostics();
    const files = ['a.yaml', 'b.yaml'].map((name) => ({ name, text }));
    compileSnapshot({ files, keyFiles: new Map() }, DEFAULT_SETTINGS, 1, diagnostics);
    const [only, ...more] = diagnostics.list;
    assert.deepEqual([only?.file, more.length], ['b.yaml', 0]);
    assert.equal(only?.message, 'a second Policy `pay/p`; the first stands at a.yaml:1');
  });

  it('may not name one SPIFFE ID, or one pattern, twice', () => {
    const ids = ['spiffe://a/b', 'spiffe://a/b', 'spiffe://a/*', 'spiffe://a/*'];
    const messages = toldOf(textOf(ids.map((id) => identity(id)))).map(([, message]) => message);
    assert.deepEqual(messages, [
      'a second Identity for `spiffe://a/b`',
      'a second Identity for `spiffe://a/*`',
    ]);
  });

  it('may not both be the local enforcer', () => {
    const second = { ...GATEWAY, metadata: { name: 'other' } };
    assert.deepEqual(
      toldOf(textOf([GATEWAY, second])).map(([, ...rest]) => rest),
      [['two enforcers are local: `gateway` and this one', 'one for the whole bundle']],
    );
  });

  it('may not be Services of one destination or one host, whatever its case', () => {
    const spec = { destinations: ['spiffe://a/b'], hosts: ['A.example'], operations: {} };
    const other = { ...spec, hosts: ['a.EXAMPLE'] };
    const messages = toldOf(textOf([service('one', spec), service('two', other)]));
    assert.deepEqual(
      messages.map(([, message]) => message),
      ['`spiffe://a/b` belongs to `pay/one` already', '`a.example` belongs to `pay/one` already'],
    );
  });

  it('may not be Services of two namespaces with one host, whatever port each names', () => {
    const one = service('one', { hosts: ['a.example'], operations: {} });
    const spec = { hosts: ['a.example:8443'], operations: {} };
    const [[, message] = []] = toldOf(textOf([one, service('two', spec, 'shop')]));
    assert.equal(message, '`a.example:8443` belongs to `pay/one` already');
    assert.deepEqual(toldOf(textOf([one, service('two', spec)])), []);
  });

  it('may be Services of two namespaces with addresses that begin alike', () => {
    const one = service('one', { hosts: ['[2001:db8::1]:443'], operations: {} });
    const at = (host: string) => service('two', { hosts: [host], operations: {} }, 'shop');
    assert.deepEqual(toldOf(textOf([one, at('[2001:db8::2]')])), []);
    const [[, message] = []] = toldOf(textOf([one, at('[2001:db8::1]')]));
    assert.equal(message, '`[2001:db8::1]` belongs to `pay/one` already');
  });

  it('are told of a Service that claims a workload of another namespace', () => {
    const spec = { destinations: ['spiffe://a/ns/shop/sa/cart'], operations: {} };
    const [line = ''] = told(textOf([service('one', spec)]));
    assert.match(line, /warning: a Service of `pay` claims a workload of `shop`/);
  });

  it('with several trust domains do not say which one a namespace is in', () => {
    const rule = { id: 'a', effect: 'permit', from: { namespaces: ['shop'] }, to: {} };
    const documents = [identity('spiffe://a/b'), identity('spiffe://c/d'), policy('p', [rule])];
    const [first, ...more] = toldOf(textOf(documents));
    assert.equal(first?.[1].slice(0, 45), 'namespaces mean something else in each trust ');
    assert.equal(first?.[2], '`trustDomains` beside it, or `trustDomain` in remit.yaml');
    assert.equal(more.length, 0);
    assert.deepEqual(toldOf(textOf(documents), 'a'), []);
  });

  it('are all told their mistakes at once, in the order in which they stand', () => {
    const text = [
      'kind: Polciy',
      'kind: AuthorizationPolicy',
      'kind: Service\nmetadata: {name: S, namespace: n}\nspec: {hsots: [a], operations: {}}',
      textOf([enforcer('e', { type: 'gateway', local: true, asserts: {} })]),
    ].join('\n---\n');
    assert.deepEqual(
      toldOf(text).map(([at, message]) => `${at} ${message}`),
      [
        '1:7 unknown kind `Polciy`',
        '3:7 kind `AuthorizationPolicy` is not available in this version',
        '6:18 metadata.name: must be 1 to 63 of a-z, 0-9, `.` and `-`',
        '7:8 unknown field `hsots` in spec',
        '9:92 a gateway asks about many destinations',
      ],
    );
  });
});

describe('a bundle that is too large', () => {
  it('is refused before it is parsed', () => {
    const text = `kind: Policy #${'x'.repeat(BUNDLE_FILE_BYTES_MAX)}`;
    const want = ['1:1', 'the bundle is too large', '16 MiB a file and 64 MiB together'];
    assert.deepEqual(toldOf(text), [want]);
  });

  it('is refused also when no single file is', () => {
    const text = `#${'x'.repeat(BUNDLE_FILE_BYTES_MAX - 1)}`;
    const files = ['a', 'b', 'c', 'd', 'e'].map((name) => ({ name, text }));
    const diagnostics = new Diagnostics();
    const source = { files, keyFiles: new Map() };
    assert.equal(compileSnapshot(source, DEFAULT_SETTINGS, 1, diagnostics), undefined);
    assert.deepEqual(
      diagnostics.list.map(({ file, message }) => [file, message]),
      [['e', 'the bundle is too large']],
    );
  });
});
