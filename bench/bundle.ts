// Bundles of any number of rules. They come in blocks of ten for one service, of several kinds, as
// teams write them, and the request of check.json has three candidates whatever the number: so a
// cost that grows with it is a fault of the index and not of the bundle.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const RULES_A_SERVICE = 10;
const SERVICES_A_FILE = 1000;
export const TRUST_DOMAIN = 'demo.example';
const PAYMENTS = `spiffe://${TRUST_DOMAIN}/ns/pay/sa/payments`;
/** Who asks in check.json. */
export const CHECKOUT = `spiffe://${TRUST_DOMAIN}/ns/shop/sa/checkout`;
/** An Enforcer that shows a certificate. */
export const GATEWAY = `spiffe://${TRUST_DOMAIN}/ns/edge/sa/gateway`;

export interface BundleOptions {
  /** A multiple of ten. */
  readonly rules: number;
  /** Vouches for certificates, which may then be sent. */
  readonly authorityPem?: string | undefined;
  /** Who may ask, by the SPIFFE ID of a certificate; default whoever is on this host. */
  readonly enforcerId?: string | undefined;
  /** Each makes another policy of as many rules for each service; default 0. */
  readonly generation?: number;
  /** By what else the first caller is known: an Issuer's name and a subject. */
  readonly token?: { readonly issuer: string; readonly subject: string };
}

/** Writes a bundle with exactly so many rules, that allows check.json. */
export function writeBundle(
  folder: string,
  { rules, authorityPem, enforcerId, generation = 0, token }: BundleOptions,
): void {
  if (rules < RULES_A_SERVICE || rules % RULES_A_SERVICE !== 0) {
    throw new Error(`${rules} rules: expected a multiple of ${RULES_A_SERVICE}`);
  }
  mkdirSync(folder, { recursive: true });
  const who = enforcerId === undefined ? 'local: true' : `identities: ["${enforcerId}"]`;
  const says = authorityPem === undefined ? 'principal' : 'principal, certificate';
  const proof = [enforcer(who, says)];
  if (authorityPem !== undefined) {
    writeFileSync(join(folder, 'authority.pem'), authorityPem);
    proof.push(ISSUER);
  }
  writeFileSync(join(folder, 'callers.yaml'), [...proof, identity(0, token)].join('---\n'));
  const services = rules / RULES_A_SERVICE;
  for (let first = 0; first < services; first += SERVICES_A_FILE) {
    const documents: string[] = [];
    for (let index = first; index < Math.min(services, first + SERVICES_A_FILE); index++) {
      documents.push(service(index), policy(index, generation));
      if (index > 0) documents.push(identity(index));
    }
    writeFileSync(join(folder, `services-${first}.yaml`), documents.join('---\n'));
  }
}

/** Places of at most so many services, evenly over all that a bundle of so many rules has. */
export function servicesOf(rules: number, most: number): readonly number[] {
  const services = rules / RULES_A_SERVICE;
  const count = Math.min(services, most);
  return Array.from({ length: count }, (_, index) => Math.floor((index * services) / count));
}

const enforcer = (who: string, peer: string) => `apiVersion: remit.mesh/v1
kind: Enforcer
metadata: {name: gateway}
spec: {type: gateway, ${who}, asserts: {peer: [${peer}], destinations: ["*"]}}
`;

const ISSUER = `apiVersion: remit.mesh/v1
kind: Issuer
metadata: {name: workloads}
spec: {x509: {trustDomain: ${TRUST_DOMAIN}, bundle: ./authority.pem, maxLifetime: 24h}}
`;

/** The first service is the one that check.json asks about. */
export const destination = (index: number) => (index === 0 ? PAYMENTS : `${PAYMENTS}-${index}`);
export const caller = (index: number) => (index === 0 ? CHECKOUT : `${CHECKOUT}-${index}`);

const identity = (index: number, token?: BundleOptions['token']) => `apiVersion: remit.mesh/v1
kind: Identity
metadata: {name: caller-${index}, namespace: shop}
spec: {spiffe: "${caller(index)}", kind: workload, environment: prod, tenant: acme${
  token === undefined ? '' : `, issuer: ${token.issuer}, subject: ${token.subject}`
}}
`;

const service = (index: number) => `apiVersion: remit.mesh/v1
kind: Service
metadata: {name: payments-${index}, namespace: pay}
spec:
  destinations: ["${destination(index)}"]
  environment: prod
  accepts: [x509-svid, jwt]
  operations:
    account.read:
      http: "GET /v1/tenants/{tenant}/accounts/{account}"
      verb: read
      resource: "account/{path.account}"
      tenant: "{path.tenant}"
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
`;

const policy = (index: number, generation: number) => {
  const to = `services: [payments-${index}]`;
  const others = Array.from(
    { length: RULES_A_SERVICE - 5 },
    (_, other) => `  - id: other-${other}
    effect: permit
    from: {principals: ["spiffe://${TRUST_DOMAIN}/ns/bi/sa/other-${generation}-${index}-${other}"]}
    to: {${to}, operations: [report.read, account.read]}
`,
  );
  return `apiVersion: remit.mesh/v1
kind: Policy
metadata: {name: payments-${index}, namespace: pay}
spec:
  rules:
  - id: caller
    effect: permit
    from: {principals: ["${caller(index)}"]}
    to: {${to}, operations: [account.read, refund.create], resources: ["account/*"]}
  - id: reports
    effect: permit
    from: {namespaces: [shop]}
    to: {${to}, verbs: [read], resources: ["report/*", account/shared]}
  - id: nightly
    effect: permit
    from: {serviceAccounts: [ops/batch]}
    to: {${to}, verbs: [read]}
  - id: disputed
    effect: forbid
    from: {}
    to: {${to}, resources: [account/17]}
  - id: frozen
    effect: forbid
    from: {}
    to: {${to}, verbs: [write], resources: [account/99]}
${others.join('')}`;
};
