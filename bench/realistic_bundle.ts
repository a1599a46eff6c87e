// A bundle as an organisation would have it: 50 services of 40 rules, by principals, service
// accounts, namespaces and roles, a fifth of them with conditions. check.json meets rules of every
// kind, and two conditions that have to be evaluated.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CHECKOUT, TRUST_DOMAIN } from './bundle.ts';

const SERVICES = 50;
const RULES_A_SERVICE = 40;
export const REALISTIC_RULES = SERVICES * RULES_A_SERVICE;

export function writeRealisticBundle(folder: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'callers.yaml'), [ENFORCER, ...identities()].join('---\n'));
  for (let index = 0; index < SERVICES; index++) {
    const documents = [service(index), role(index), policy(index)];
    writeFileSync(join(folder, `service-${index}.yaml`), documents.join('---\n'));
  }
}

const ENFORCER = `kind: Enforcer
metadata: {name: gateway, owner: platform}
spec: {type: gateway, local: true, asserts: {peer: [principal], destinations: ["*"]}}
`;

const caller = (index: number) =>
  index === 0 ? CHECKOUT : `spiffe://${TRUST_DOMAIN}/ns/shop/sa/caller-${index}`;

function identities(): string[] {
  return Array.from(
    { length: SERVICES },
    (_, index) => `kind: Identity
metadata: {name: caller-${index}, namespace: shop, owner: team-shop}
spec:
  spiffe: "${caller(index)}"
  environment: prod
  tenant: acme
  roles: [pay/reader-${index}]
  attributes: {region: eu, limit: ${500 + index}}
`,
  );
}

const name = (index: number) => (index === 0 ? 'payments' : `payments-${index}`);

const service = (index: number) => `kind: Service
metadata: {name: ${name(index)}, namespace: pay, owner: team-pay}
spec:
  destinations: ["spiffe://${TRUST_DOMAIN}/ns/pay/sa/${name(index)}"]
  environment: prod
  operations:
    account.read: {http: "GET /v1/tenants/{tenant}/accounts/{account}", resource: "account/{path.account}", tenant: "{path.tenant}"}
    account.update: {http: "PUT /v1/tenants/{tenant}/accounts/{account}", resource: "account/{path.account}", tenant: "{path.tenant}"}
    refund.create: {http: "POST /v1/tenants/{tenant}/accounts/{account}/refunds", resource: "account/{path.account}", tenant: "{path.tenant}", dataClass: confidential, body: {amount: int}}
    report.read: {http: "GET /v1/reports/{report}", resource: "report/{path.report}"}
    ledger.get: {grpc: "/pay.v1.Ledger/Get", resource: "ledger/main"}
    keys.rotate: {http: "POST /v1/keys/{key}/rotation", verb: rotate, resource: "key/{path.key}"}
`;

const role = (index: number) => `kind: Role
metadata: {name: reader-${index}, namespace: pay, owner: team-pay}
spec: {covers: [{services: [${name(index)}], operations: ["account.read", "report.*"]}]}
`;

/** Eight of the forty have a condition. */
function policy(index: number): string {
  const to = `services: [${name(index)}]`;
  const rules = [
    `{id: caller, effect: permit, from: {principals: ["${caller(index)}"]}, to: {${to}, operations: [account.read, account.update]},
     condition: "resource.tenant == principal.tenant && principal.attributes.region == 'eu'"}`,
    `{id: refunds, effect: permit, from: {principals: ["${caller(index)}"]}, to: {${to}, operations: [refund.create]},
     condition: "request.body.amount <= principal.attributes.limit"}`,
    `{id: readers, effect: permit, from: {roles: [reader-${index}]}, to: {${to}, verbs: [read]}}`,
    `{id: shop, effect: permit, from: {namespaces: [shop], trustDomains: [${TRUST_DOMAIN}]}, to: {${to}, operations: [report.read]}}`,
    `{id: disputed, effect: forbid, from: {}, to: {${to}, resources: [account/17]}}`,
    `{id: frozen, effect: forbid, from: {}, to: {${to}, verbs: [write]}, condition: "resource.id.startsWith('frozen-')"}`,
    `{id: outside, effect: forbid, from: {kinds: [workload]}, to: {${to}, verbs: [read]}, condition: "request.path.contains('/internal/')"}`,
  ];
  for (let other = rules.length; other < RULES_A_SERVICE; other++) {
    const who = `principals: ["spiffe://${TRUST_DOMAIN}/ns/team-${other % 7}/sa/job-${index}-${other}"]`;
    const condition = other < 11 ? `, condition: "principal.attributes.limit > ${other}"` : '';
    const what = other % 3 === 0 ? 'verbs: [read]' : 'operations: [account.read, ledger.get]';
    rules.push(
      `{id: job-${other}, effect: permit, from: {${who}}, to: {${to}, ${what}}${condition}}`,
    );
  }
  return `kind: Policy
metadata: {name: ${name(index)}, namespace: pay, owner: team-pay}
spec:
  rules:
${rules.map((rule) => `  - ${rule}`).join('\n')}
`;
}
