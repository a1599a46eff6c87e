// Every kind and every field of this version is accepted, and means what its document says.

import assert from 'node:assert/strict';
import { parseBundle } from '../../engine/bundle/parse_bundle.ts';
import { Diagnostics } from '../../engine/diagnostic.ts';
import { answerTo, CHECKOUT, GATEWAY, identity, snapshotOfText, textOf, told } from './fixture.ts';

const SERVICE = `
apiVersion: remit.mesh/v1
kind: Service
metadata: {name: payments, namespace: pay, owner: team-pay, reviewBy: 2027-03-01}
spec:
  destinations: ["spiffe://prod.example/ns/pay/sa/payments"]
  hosts: [payments.example, "payments.example:8443"]
  environment: prod
  accepts: [x509-svid]
  authorization: passThrough
  operations:
    refund.create:
      http: "POST /v1/tenants/{tenant}/accounts/{account}/refunds"
      verb: write
      resource: "account/{path.account}"
      tenant: "{path.tenant}"
      dataClass: confidential
    ping: {http: GET /ping, taskFree: true, dataClass: public}
    balance: {grpc: /bank.v1.Ledger/GetBalance, verb: read}
`;

const POLICY = `
apiVersion: remit.mesh/v1
kind: Policy
metadata: {name: refunds, namespace: pay, owner: team-pay}
spec:
  mode: {shadow: true, until: 2027-01-01T00:00:00+01:00}
  rules:
  - id: everything
    effect: permit
    from:
      principals: ["spiffe://prod.example/ns/shop/sa/*"]
      trustDomains: [prod.example]
      namespaces: [shop, "team-*"]
      serviceAccounts: [shop/checkout]
      kinds: [workload, agent, ci, third_party, gateway, human]
      not: {principals: ["spiffe://prod.example/ns/shop/sa/old"], trustDomains: [old.example],
        namespaces: ["*-test"], serviceAccounts: [shop/older], kinds: [ci]}
    to:
      services: [payments, "pay*", pay/payments]
      operations: [refund.create, "payments/ref*", pay/payments/ping]
      verbs: [read, write, invoke, delegate, rotate, admin, escalate, connect]
      resources: ["account/*", "account/7", "service/**"]
      environments: [prod, "*-eu"]
      not: {services: [payments], operations: [ping], verbs: [read], resources: [account/17],
        environments: [test]}
    crossTenant: true
    mode: {shadow: true, until: "2027-02-01T00:00:00.5Z"}
  - {id: nobody, effect: forbid, from: {anonymous: true}, to: {}}
  - {id: all, effect: forbid, from: {}, to: {services: ["*"]}}
`;

const IDENTITY = `
apiVersion: remit.mesh/v1
kind: Identity
metadata: {name: checkout, namespace: shop, owner: team-shop}
spec: {spiffe: spiffe://prod.example/ns/shop/sa/checkout, kind: workload, environment: prod,
  tenant: acme, purpose: "takes orders", reviewBy: 2027-03-01}
`;

const ENFORCERS = `
kind: Enforcer
metadata: {name: sidecars}
spec: {type: sidecar, identities: ["spiffe://prod.example/ns/*/sa/*"], asserts: {peer: [principal]}}
---
kind: Enforcer
metadata: {name: waypoints, namespace: mesh}
spec: {type: waypoint, identities: ["spiffe://prod.example/ns/mesh/sa/waypoint"],
  asserts: {peer: [principal, anonymous], destinations: ["spiffe://prod.example/ns/pay/sa/*"]}}
---
kind: Enforcer
metadata: {name: on-this-host}
spec: {type: gateway, local: true, asserts: {peer: [principal, anonymous], destinations: ["*"]}}
`;

const WHOLE = [SERVICE, POLICY, IDENTITY, ENFORCERS].join('---');

describe('a bundle', () => {
  it('may use every kind and every field of this version', () => {
    assert.deepEqual(told(WHOLE), []);
  });

  it('gives each document to its kind, with what is not written filled in', () => {
    const diagnostics = new Diagnostics();
    const bundle = parseBundle([{ name: 'b.yaml', text: WHOLE }], diagnostics);
    const counts = Object.entries(bundle).map(([kind, documents]) => [kind, documents.length]);
    assert.deepEqual(Object.fromEntries(counts), {
      services: 1,
      policies: 1,
      roles: 0,
      exceptions: 0,
      identities: 1,
      issuers: 0,
      enforcers: 3,
      taskProfiles: 0,
      tests: 0,
      keyFiles: 0,
    });
    const { operations, authorization } = bundle.services[0]!.document.spec;
    assert.equal(authorization, 'passThrough');
    assert.deepEqual(operations['balance'], {
      grpc: '/bank.v1.Ledger/GetBalance',
      verb: 'read',
      dataClass: 'internal',
      source: false,
      requestable: false,
      taskFree: false,
    });
    assert.equal(bundle.policies[0]!.document.spec.rules[1]!.crossTenant, false);
  });

  it('may be several files, a document a file or all in one', () => {
    const documents = WHOLE.split('---');
    const files = documents.map((text, index) => ({ name: `${index}.yaml`, text }));
    const apart = new Diagnostics();
    parseBundle(files, apart);
    assert.deepEqual(apart.list, []);
  });

  it('may be empty, or hold nothing but comments and empty documents', () => {
    for (const text of ['', '# nothing yet\n', '---\n---\n# nothing\n...\n', '~', 'null']) {
      assert.deepEqual(told(text), [], JSON.stringify(text));
      assert.equal(answerTo(snapshotOfText(text)), 'authn.untrusted_enforcer');
    }
  });

  it('without policies answers, and permits nothing', () => {
    const snapshot = snapshotOfText(textOf([GATEWAY, identity(CHECKOUT)]));
    assert.equal(answerTo(snapshot), 'authz.no_policy');
  });

  it('may be written as JSON, with CRLF, and with a byte order mark', () => {
    for (const text of [textOf([GATEWAY]), WHOLE.replaceAll('\n', '\r\n'), `\uFEFF${WHOLE}`]) {
      assert.deepEqual(told(text), []);
    }
  });

  it('may use anchors and aliases', () => {
    const text = `
kind: Policy
metadata: {name: p, namespace: n}
spec:
  rules:
  - {id: a, effect: forbid, from: &who {namespaces: [shop]}, to: &what {}}
  - {id: b, effect: forbid, from: *who, to: *what}
`;
    assert.deepEqual(told(text), []);
  });

  it('may have a Service of another namespace with the same name', () => {
    const other = SERVICE.replace('namespace: pay', 'namespace: pay-eu')
      .replace(/ {2}destinations.*\n/, '')
      .replace(/ {2}hosts.*\n/, '');
    assert.deepEqual(told(`${SERVICE}---${other}`), []);
  });

  it('may name words that other YAML versions read as truth values', () => {
    const text = 'kind: Policy\nmetadata: {name: on, namespace: no}\nspec: {rules: []}';
    assert.deepEqual(told(text), []);
  });
});
