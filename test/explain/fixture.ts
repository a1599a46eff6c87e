// A bundle with something of everything that a decision may fail in, and how requests to it are
// explained.

import assert from 'node:assert/strict';
import { type ConsideredRule, considerRules } from '../../cli/explain/considered.ts';
import { type Flip, findFlip } from '../../cli/explain/find_flip.ts';
import { decideChanged, type Origin } from '../../cli/explain/situation.ts';
import { rehearse } from '../../cli/rehearsal/rehearse.ts';
import { parseBundle } from '../../engine/bundle/parse_bundle.ts';
import type { TestRequest } from '../../engine/bundle/test_kind.ts';
import type { Verdict } from '../../engine/check.ts';
import { compileBundle } from '../../engine/compile_bundle.ts';
import { Diagnostics, formatDiagnostic } from '../../engine/diagnostic.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../engine/settings.ts';
import { openSnapshot } from '../../engine/snapshot.ts';

export const NOW = Date.parse('2026-12-01T12:00:00Z');
export const id = (name: string) => `spiffe://mesh.example/ns/shop/sa/${name}`;

const identity = (name: string, more = '') =>
  `kind: Identity\nmetadata: {name: ${name}, namespace: shop, owner: team-shop}\n` +
  `spec: {spiffe: "${id(name)}", environment: prod, tenant: acme${more}}\n`;

export const INVENTORY = [
  identity('reader'),
  identity('writer'),
  identity('clerk'),
  identity('officer', ', roles: [pay/officer]'),
  identity('bot', ', kind: agent'),
  identity('vendor', ', kind: third_party, ceiling: {verbs: [read]}'),
  identity('short', ', maxLifetime: 10m'),
  identity('elsewhere', ', audiences: [pay/other]'),
  identity('old', ', expiresAt: "2026-11-01T00:00:00Z"'),
  identity('late', ', reviewBy: "2026-11-01"'),
  identity('stage').replace('environment: prod', 'environment: stage'),
  identity('foreign').replace('tenant: acme', 'tenant: other'),
].join('---\n');

export const SERVICES = `
kind: Service
metadata: {name: payments, namespace: pay, owner: team-pay}
spec:
  destinations: ["spiffe://mesh.example/ns/pay/sa/payments"]
  environment: prod
  operations:
    account.read: {http: "GET /v1/{tenant}/accounts/{account}", resource: "account/{path.account}",
      tenant: "{path.tenant}"}
    refund.create: {http: "POST /v1/{tenant}/accounts/{account}/refunds",
      resource: "account/{path.account}", tenant: "{path.tenant}", body: {"amount?": int}}
    secret.read: {http: "GET /v1/secrets/{name}", resource: "secret/{path.name}",
      dataClass: restricted}
    order.create: {http: "POST /v1/orders", resource: "order/new",
      requires: [request.headers.x-reason]}
`;

export const POLICIES = `
kind: Role
metadata: {name: officer, namespace: pay}
spec: {covers: [{services: [payments], resources: ["account/17"]}]}
---
kind: Role
metadata: {name: auditor, namespace: pay}
spec: {covers: [{services: [payments]}]}
---
kind: Policy
metadata: {name: p, namespace: pay}
spec:
  rules:
  - {id: reads, effect: permit, from: {namespaces: [shop], not:
     {principals: ["${id('writer')}", "${id('clerk')}"]}}, to: {operations: [account.read],
     resources: ["account/17", "account/18"]}}
  - {id: refunds, effect: permit, from: {principals: ["${id('writer')}", "${id('bot')}",
     "${id('vendor')}", "${id('short')}", "${id('elsewhere')}", "${id('old')}", "${id('late')}",
     "${id('clerk')}"]},
     to: {operations: [refund.create]}, condition: "request.body.amount < 100"}
  - {id: secrets, effect: permit, from: {principals: ["${id('writer')}"]},
     to: {operations: [secret.read]}}
  - {id: orders, effect: permit, from: {principals: ["${id('writer')}"]},
     to: {operations: [order.create]}, between: {from: "08:00", to: "18:00"}}
  - {id: frozen, effect: forbid, from: {}, to: {operations: [account.read],
     resources: [account/18]}}
`;

export interface Explained {
  readonly verdict: Verdict;
  readonly rules: readonly ConsideredRule[];
  readonly flip: Flip | number;
  readonly origin: Origin;
  /** Decides the flip once more. */
  readonly again: () => Verdict | undefined;
}

export function originOf(policies: string, settings: Partial<Settings> = {}): Origin {
  const files = [
    { name: 'inventory.yaml', text: INVENTORY },
    { name: 'services.yaml', text: SERVICES },
    { name: 'policies.yaml', text: policies },
  ];
  const diagnostics = new Diagnostics();
  const bundle = parseBundle(files, diagnostics);
  const all = { ...DEFAULT_SETTINGS, ...settings };
  const image = compileBundle(bundle, new Map(), all, 1, diagnostics);
  assert.ok(image, diagnostics.list.map(formatDiagnostic).join('\n'));
  return { bundle, keyFiles: new Map(), settings: all, snapshot: openSnapshot(image) };
}

export function explained(request: TestRequest, origin: Origin): Explained {
  const rehearsal = { request, namespace: 'pay', now: NOW };
  const verdict = rehearse(rehearsal, origin.snapshot);
  const rules = considerRules(verdict, origin.snapshot);
  const flip = findFlip({ rehearsal, verdict, rules }, origin);
  const again = () =>
    typeof flip === 'number' ? undefined : decideChanged(flip.change, rehearsal, origin);
  return { verdict, rules, flip, origin, again };
}
