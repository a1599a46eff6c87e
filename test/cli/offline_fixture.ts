// The bundle of the tests of commands that decide offline, as files.

import { mkdirSync } from 'node:fs';
import type { Folder } from '../support/folder.ts';

export const CHECKOUT = 'spiffe://mesh.example/ns/shop/sa/checkout';
export const REPORTS = 'spiffe://mesh.example/ns/bi/sa/reports';

export const FILES: Readonly<Record<string, string>> = {
  'identities.yaml': `
kind: Identity
metadata: {name: checkout, namespace: shop, owner: team-shop}
spec: {spiffe: "${CHECKOUT}", environment: prod}
---
kind: Identity
metadata: {name: reports, namespace: bi, owner: team-bi}
spec: {spiffe: "${REPORTS}", environment: prod}
`,
  'services.yaml': `
kind: Service
metadata: {name: payments, namespace: pay, owner: team-pay}
spec:
  environment: prod
  operations:
    account.read: {http: "GET /v1/accounts/{account}", resource: "account/{path.account}"}
    refund.create: {http: "POST /v1/accounts/{account}/refunds",
      resource: "account/{path.account}", dataClass: confidential}
`,
  'policies.yaml': `
kind: Policy
metadata: {name: p, namespace: pay}
spec:
  rules:
  - {id: reads, effect: permit, from: {namespaces: [shop]}, to: {verbs: [read]}}
  - {id: refunds, effect: permit, from: {principals: ["${CHECKOUT}"]},
     to: {operations: [refund.create]}, condition: "request.body.amount < 100"}
  - {id: frozen, effect: forbid, from: {}, to: {resources: [account/18]}}
---
kind: Exception
metadata: {name: quarter, namespace: pay, owner: team-bi}
spec: {reason: figures, expiresAt: "2027-01-01T00:00:00Z", from: {principals: ["${REPORTS}"]},
  to: {operations: [account.read]}}
`,
  'tests.yaml': `
kind: Test
metadata: {name: accounts, namespace: pay}
spec:
  now: "2026-12-01T12:00:00Z"
  cases:
  - name: checkout reads
    request: {principal: "${CHECKOUT}", service: payments, path: /v1/accounts/17}
    expect: {outcome: allow, rules: [pay/p/reads]}
  - name: large refunds <need> somebody else
    request: {principal: "${CHECKOUT}", service: payments, method: POST,
      path: /v1/accounts/17/refunds, body: {amount: 500}}
    expect: {outcome: deny}
`,
};

/** @param changes other texts for some files */
export function writeOffline(
  folder: Folder,
  name = 'policies',
  changes: Readonly<Record<string, string>> = {},
): string {
  mkdirSync(folder.at(name), { recursive: true });
  for (const [file, text] of Object.entries({ ...FILES, ...changes })) {
    folder.write(`${name}/${file}`, text);
  }
  return name;
}
