// C-088: a connection that nobody looks into is an operation by server name and port, may be
// permitted to connect and nothing else, and is denied by default.

import assert from 'node:assert/strict';
import { ConnectionTable, parseSniPattern } from '../../engine/policy/connection_table.ts';
import {
  type Ask,
  answerTo,
  CHECKOUT,
  type Document,
  enforcer,
  GATEWAY,
  identity,
  meshWith,
  PAYMENTS,
  policy,
  REPORTS,
  service,
  snapshotOf,
  verdictOn,
} from './fixture.ts';

const PERMIT = { id: 'a', effect: 'permit', from: { principals: [CHECKOUT] }, to: {} };

/** The operation that a connection is, although all are permitted. */
function operationOf(operations: Document, ask: Ask): string {
  const { access, decision } = verdictOn(meshWith([PERMIT], operations), { http: null, ...ask });
  return access?.operation.name ?? String(decision.reason);
}

const OPERATIONS = {
  exact: { l4: { sni: 'db.eu.example' } },
  'exact.port': { l4: { sni: 'db.eu.example', port: 5432 } },
  only: { l4: { sni: 'only.example', port: 1 } },
  deep: { l4: { sni: '*.eu.example' } },
  wide: { l4: { sni: '*.example' } },
  'wide.port': { l4: { sni: '*.example', port: 5432 } },
  port: { l4: { port: 5432 } },
  any: { l4: {} },
};
const UNMAPPED = 'ctx.unmapped_operation';

const matches: { name: string; sni?: string; port?: number; want: string }[] = [
  { name: 'an exact name', sni: 'db.eu.example', want: 'exact' },
  { name: 'an exact name and its port', sni: 'db.eu.example', port: 5432, want: 'exact.port' },
  { name: 'an exact name before the port', sni: 'db.eu.example', port: 5433, want: 'exact' },
  { name: 'a name in another case', sni: 'DB.EU.Example', port: 5432, want: 'exact.port' },
  { name: 'a longer wildcard before a shorter one', sni: 'x.eu.example', want: 'deep' },
  { name: 'a wildcard before its port', sni: 'x.eu.example', port: 5432, want: 'deep' },
  { name: 'a wildcard for several labels', sni: 'a.b.c.eu.example', want: 'deep' },
  { name: 'a wildcard never for its own suffix', sni: 'eu.example', want: 'wide' },
  { name: 'a wildcard with its port', sni: 'x.us.example', port: 5432, want: 'wide.port' },
  { name: 'an exact name of another port: the next', sni: 'only.example', port: 2, want: 'wide' },
  { name: 'a name that no operation has', sni: 'db.other', want: 'any' },
  { name: 'a name that only ends alike', sni: 'notexample', want: 'any' },
  { name: 'a port without a name', port: 5432, want: 'port' },
  { name: 'neither', want: 'any' },
  { name: 'a port beyond all ports', port: 2 ** 32 - 1, want: 'any' },
];

const noHostNames: readonly string[] = [
  'db.eu.example.',
  '.',
  '.example',
  'a..example',
  'db.eu.example\0',
  'db.eu.example\0.evil.example',
  '*.example',
  'db.eu.e\u212aample',
  '[::1]',
  'db.eu.example:5432',
  ' db.eu.example',
  `${'a'.repeat(64)}.example`,
  `${'a.'.repeat(130)}example`,
];

describe('C-088: the operation of a connection', () => {
  for (const { name, want, ...ask } of matches) {
    it(`is found by ${name}`, () => {
      assert.equal(operationOf(OPERATIONS, ask), want);
    });
  }

  it('is none when no operation matches, although everything is permitted', () => {
    const { any, port, ...named } = OPERATIONS;
    for (const ask of [{}, { sni: 'db.other' }, { port: 5432 }, { port: 5433, sni: 'other' }]) {
      assert.equal(operationOf(named, ask), UNMAPPED);
    }
    assert.equal(operationOf({ port }, { port: 5433 }), UNMAPPED);
    assert.equal(operationOf({ any }, { port: 5433 }), 'any');
  });

  it('is none for what is no host name, so that nobody slips past a name by a dot at the end', () => {
    for (const sni of noHostNames) assert.equal(operationOf(OPERATIONS, { sni }), UNMAPPED, sni);
  });

  it('does not depend on the name where no operation of the service has one', () => {
    for (const sni of noHostNames) {
      assert.equal(operationOf({ any: { l4: {} } }, { sni }), 'any', sni);
    }
  });

  it('is never one of requests, and a request never one of connections', () => {
    const both = { http: { http: 'GET /a' }, l4: { l4: {} } };
    const mesh = meshWith([PERMIT], both);
    const name = (ask: Ask) => verdictOn(mesh, ask).access?.operation.name;
    assert.deepEqual([name({}), name({ http: null })], ['http', 'l4']);
    assert.equal(answerTo(meshWith([PERMIT], { http: both.http }), { http: null }), UNMAPPED);
    for (const http of ['GET /a', 'CONNECT ', 'CONNECT /', 'POST /a.B/C']) {
      assert.equal(answerTo(meshWith([PERMIT], { l4: both.l4 }), { http }), UNMAPPED);
    }
  });
});

describe('C-088: a connection', () => {
  const operations = { db: { l4: { port: 5432 } } };
  const ask: Ask = { http: null, port: 5432 };

  it('is denied by default', () => {
    assert.equal(answerTo(meshWith([], operations), ask), 'authz.no_match');
    const other = { ...ask, caller: REPORTS };
    assert.equal(answerTo(meshWith([PERMIT], operations), other), 'authz.no_match');
    assert.equal(
      answerTo(meshWith([PERMIT], operations), { ...ask, caller: '' }),
      'authz.no_match',
    );
  });

  it('is allowed by identity, service, and the verb connect', () => {
    for (const to of [{}, { verbs: ['connect'] }, { operations: ['db'] }, { services: ['*'] }]) {
      assert.equal(answerTo(meshWith([{ ...PERMIT, to }], operations), ask), 'allow');
    }
    const { access } = verdictOn(meshWith([PERMIT], operations), ask);
    assert.equal(access?.operation.verb, 'connect');
    assert.deepEqual(access?.resource, { type: 'service', id: 'payments', tenant: '' });
  });

  it('is reached by a permit of no other verb', () => {
    const verbs = ['read', 'write', 'invoke', 'delegate', 'rotate', 'admin', 'escalate'];
    const mesh = meshWith([{ ...PERMIT, to: { verbs } }], operations);
    assert.equal(answerTo(mesh, ask), 'authz.verb');
  });

  it('is forbidden like anything else, and an agent needs a task for it', () => {
    const forbid = { id: 'f', effect: 'forbid', from: {}, to: { verbs: ['connect'] } };
    assert.equal(answerTo(meshWith([PERMIT, forbid], operations), ask), 'authz.forbidden');
    const documents = (operation: Document) => [
      service('payments', { destinations: [PAYMENTS], operations: { db: operation } }),
      policy('p', [PERMIT]),
      identity(CHECKOUT, { kind: 'agent' }),
      GATEWAY,
    ];
    assert.equal(answerTo(snapshotOf(documents({ l4: {} })), ask), 'authz.task_required');
    assert.equal(answerTo(snapshotOf(documents({ l4: {}, taskFree: true })), ask), 'allow');
  });
});

describe('C-088: the server name', () => {
  const LEDGER = 'spiffe://prod.example/ns/pay/sa/ledger';
  const sidecar = enforcer('sidecar', {
    type: 'sidecar',
    local: true,
    identities: [PAYMENTS],
    asserts: { peer: ['principal'] },
  });
  const mesh = (asker: Document) =>
    snapshotOf([
      service('payments', { destinations: [PAYMENTS], operations: { any: { l4: {} } } }),
      service('ledger', {
        destinations: [LEDGER],
        hosts: ['ledger.example'],
        operations: { own: { l4: { sni: 'ledger.example' } } },
      }),
      policy('p', [{ ...PERMIT, to: { services: ['payments'] } }]),
      identity(CHECKOUT),
      asker,
    ]);

  it('never chooses the service: that is the caller’s word, also before a gateway', () => {
    const ask: Ask = { http: null, sni: 'ledger.example' };
    for (const asker of [GATEWAY, sidecar]) {
      assert.equal(verdictOn(mesh(asker), ask).access?.operation.id, 'pay/payments/any');
    }
    assert.equal(answerTo(mesh(GATEWAY), { ...ask, destination: '' }), 'authz.no_policy');
    assert.equal(answerTo(mesh(sidecar), { ...ask, destination: '' }), 'authn.enforcer_scope');
  });

  it('selects among the operations of a service that Envoy’s configuration names', () => {
    const ask: Ask = { http: null, destination: '', extension: 'pay/ledger' };
    assert.equal(answerTo(mesh(GATEWAY), ask), UNMAPPED);
    assert.equal(answerTo(mesh(GATEWAY), { ...ask, sni: 'LEDGER.example' }), 'authz.no_match');
  });

  it('compares every byte: those of host names match themselves and their case, nothing else', () => {
    for (let code = 0; code < 256; code++) {
      const letter = String.fromCharCode(code);
      const pattern = parseSniPattern(`a${letter}b`);
      const allowed = /[A-Za-z0-9_.-]/.test(letter);
      assert.equal(pattern !== undefined, allowed, `pattern ${code}`);
      const table = new ConnectionTable<string>();
      table.add({ name: 'axb', wildcard: false }, undefined, 'x');
      table.add(undefined, undefined, 'any');
      const want = allowed ? (/[xX]/.test(letter) ? 'x' : 'any') : undefined;
      assert.equal(table.find(`a${letter}b`, 0), want, `name ${code}`);
    }
  });
});
