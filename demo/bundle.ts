// The demo's policies, as a user would write them: one service, what is known about its callers,
// who may ask Remit, and the rules. The script in requests.ts plays against exactly these.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The mesh of the demo. */
export const TRUST_DOMAIN = 'demo.example';

/** SPIFFE IDs of the demo; only the first four stand in its policies. */
export const IDS = {
  payments: `spiffe://${TRUST_DOMAIN}/ns/pay/sa/payments`,
  checkout: `spiffe://${TRUST_DOMAIN}/ns/shop/sa/checkout`,
  reporting: `spiffe://${TRUST_DOMAIN}/ns/bi/sa/reporting`,
  batch: `spiffe://${TRUST_DOMAIN}/ns/ops/sa/batch`,
  newcomer: `spiffe://${TRUST_DOMAIN}/ns/lab/sa/newcomer`,
  stranger: 'spiffe://other.example/ns/shop/sa/checkout',
} as const;

/** Who calls; `payments` is the service that is called. */
export type Workload = Exclude<keyof typeof IDS, 'payments'>;

const SHADOW_DAYS = 90;

const SERVICE = `# What is protected: the operations of one service; who may use them is elsewhere
apiVersion: remit.mesh/v1
kind: Service
metadata: {name: payments, namespace: pay, owner: team-pay}
spec:
  # Chosen by the identity that Envoy itself proves, never by the Host header.
  destinations: ["${IDS.payments}"]
  environment: demo
  accepts: [x509-svid]
  operations:
    account.read:
      http: "GET /v1/tenants/{tenant}/accounts/{account}"
      verb: read
      resource: "account/{path.account}"
      tenant: "{path.tenant}"
      dataClass: internal
    refund.create:
      http: "POST /v1/tenants/{tenant}/accounts/{account}/refunds"
      verb: write
      resource: "account/{path.account}"
      tenant: "{path.tenant}"
      dataClass: confidential
    report.read:
      http: "GET /v1/reports/{report}"
      verb: read
      resource: "report/{path.report}"
      dataClass: internal
    balance.read:
      grpc: "/demo.ledger.v1.Ledger/GetBalance"
      verb: read
      resource: "ledger/main"
      dataClass: internal
`;

const IDENTITIES = `# Who is known. That grants nothing: rules do, and only to those who stand here.
apiVersion: remit.mesh/v1
kind: Identity
metadata: {name: checkout, namespace: shop, owner: team-shop}
spec: {spiffe: "${IDS.checkout}", kind: workload,
  environment: demo, tenant: acme, purpose: "takes orders and pays them back"}
---
apiVersion: remit.mesh/v1
kind: Identity
metadata: {name: reporting, namespace: bi, owner: team-bi}
spec: {spiffe: "${IDS.reporting}", kind: workload,
  environment: demo, tenant: acme, purpose: "reads accounts for the monthly report"}
---
apiVersion: remit.mesh/v1
kind: Identity
metadata: {name: batch, namespace: ops, owner: team-ops}
spec: {spiffe: "${IDS.batch}", kind: workload,
  environment: demo, tenant: acme, purpose: "sweeps one clearing account"}
`;

const ENFORCER = `# Who may ask Remit, and what it may say of others: Envoy on this host, which asks
# over loopback, about peers whose certificates it has verified. It may not present anonymous peers.
apiVersion: remit.mesh/v1
kind: Enforcer
metadata: {name: on-this-host}
spec: {type: gateway, local: true, asserts: {peer: [principal], destinations: ["*"]}}
`;

const policies = (shadowUntil: string) => `# Who may do what. Whatever no rule permits is denied.
apiVersion: remit.mesh/v1
kind: Policy
metadata: {name: accounts, namespace: pay, owner: team-pay}
spec:
  rules:
  - id: checkout
    effect: permit
    from: {principals: ["${IDS.checkout}"]}
    to: {services: [payments], operations: [account.read, refund.create], resources: ["account/*"]}
  - id: reporting
    effect: permit
    from: {namespaces: [bi]}
    to: {services: [payments], verbs: [read], resources: ["account/*", "report/*"]}
  - id: ledger
    effect: permit
    from: {serviceAccounts: [shop/checkout]}
    to: {services: [payments], operations: [balance.read]}
  - id: batch-sweep
    effect: permit
    from: {principals: ["${IDS.batch}"]}
    to: {services: [payments], operations: [account.read], resources: [account/clearing]}
---
# A forbid overrides every permit, wherever it stands.
apiVersion: remit.mesh/v1
kind: Policy
metadata: {name: freeze, namespace: pay, owner: team-risk}
spec:
  rules:
  - id: disputed
    effect: forbid
    from: {}
    to: {services: [payments], verbs: [write], resources: [account/17]}
---
# A rule on trial: it decides nothing yet, and the records say what it would have decided.
apiVersion: remit.mesh/v1
kind: Policy
metadata: {name: trial, namespace: pay, owner: team-pay}
spec:
  rules:
  - id: no-reports
    effect: forbid
    from: {namespaces: [bi]}
    to: {services: [payments], resources: ["report/*"]}
    mode: {shadow: true, until: "${shadowUntil}"}
`;

/** Writes the bundle into `folder`; its shadow rule stays one for 90 days. */
export async function writeBundle(folder: string, now = new Date()): Promise<void> {
  await mkdir(folder, { recursive: true });
  const until = new Date(now.getTime() + SHADOW_DAYS * 86_400_000);
  const shadowUntil = `${until.toISOString().slice(0, 10)}T00:00:00Z`;
  await writeFile(join(folder, 'payments.yaml'), SERVICE);
  await writeFile(join(folder, 'identities.yaml'), IDENTITIES);
  await writeFile(join(folder, 'enforcer.yaml'), ENFORCER);
  await writeFile(join(folder, 'policies.yaml'), policies(shadowUntil));
}
