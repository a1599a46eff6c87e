// A mesh that takes every credential: two services, who is known by which name, and everybody who
// may vouch. For the tests through Envoy; the tokens are made in credential_tokens.ts.

import { createHmac } from 'node:crypto';
import { IDS, TRUST_DOMAIN } from '../../demo/bundle.ts';
import { keySet, SIGNERS } from './credential_tokens.ts';

export const EDGE = `spiffe://${TRUST_DOMAIN}/ns/edge/sa/gateway`;
export const AGENT = `spiffe://${TRUST_DOMAIN}/ns/ai/sa/agent`;
export const PAYMENTS_ORIGIN = 'https://payments.demo.example';
export const REPORTS_ORIGIN = 'https://reports.demo.example';
export const RESOURCE_METADATA = `${REPORTS_ORIGIN}/.well-known/oauth-protected-resource`;
export const ACCOUNT = '/v1/accounts/42';
/** Confidential: more than a bearer token is needed, and the caller is told so. */
export const EXPORT = '/v1/accounts/42/export';
export const REPORT = '/v1/reports/2026';
export const CI_SUBJECT = 'repo:acme/app:ref:refs/heads/main';
/** Of the issuer `keys`; what the bundle holds is its HMAC. */
export const API_KEY = 'rk_test_8dJ2mN4pQ6rS8tV0wX2y';
const HMAC_KEY = 'a key for one test, which is long enough';

const TAKES = 'accepts: [x509-svid, jwt, jwt-svid, wit, api-key]';

const SERVICES = `
kind: Service
metadata: {name: payments, namespace: pay}
spec:
  destinations: ["${IDS.payments}"]
  ${TAKES}
  origin: ${PAYMENTS_ORIGIN}
  audiences: ["${PAYMENTS_ORIGIN}"]
  operations:
    account.read: {http: "GET /v1/accounts/{account}", verb: read, taskFree: true}
    account.export: {http: "GET /v1/accounts/{account}/export", verb: read,
      dataClass: confidential, requestable: true}
    balance.read: {grpc: "/demo.ledger.v1.Ledger/GetBalance", verb: read}
---
kind: Service
metadata: {name: reports, namespace: pay}
spec:
  destinations: ["${IDS.reporting}"]
  ${TAKES}
  origin: ${REPORTS_ORIGIN}
  audiences: ["${REPORTS_ORIGIN}"]
  resourceMetadata: ${RESOURCE_METADATA}
  operations:
    report.read: {http: "GET /v1/reports/{report}", verb: read}
`;

const identity = (name: string, spec: string) => `
---
kind: Identity
metadata: {name: ${name}}
spec: {${spec}}`;

const IDENTITIES = [
  identity('edge', `spiffe: "${EDGE}", kind: gateway`),
  identity('checkout', `spiffe: "${IDS.checkout}"`),
  identity('reporting', `spiffe: "${IDS.reporting}"`),
  identity('agent', `spiffe: "${AGENT}", kind: agent`),
  // Known by its certificate and by its tokens.
  identity('batch', `spiffe: "${IDS.batch}", issuer: idp, subject: batch`),
  identity('app', 'issuer: idp, subject: app'),
  identity('alice', 'issuer: idp, subject: alice, kind: human'),
  identity('job', `issuer: ci, subject: "${CI_SUBJECT}", kind: ci`),
  identity('backup', 'issuer: keys, subject: backup'),
].join('');

const jwtIssuer = (name: keyof typeof SIGNERS, more: string) => `
---
kind: Issuer
metadata: {name: ${name}}
spec:
  jwt: {issuer: "${SIGNERS[name].issuer}", jwks: {file: ./${name}.json}, maxLifetime: 1h,
    audiences: ["${PAYMENTS_ORIGIN}", "${REPORTS_ORIGIN}"], ${more}}`;

const ISSUERS = `
kind: Issuer
metadata: {name: workloads}
spec: {x509: {trustDomain: ${TRUST_DOMAIN}, bundle: ../pki/ca.pem, maxLifetime: 24h}}
---
kind: Issuer
metadata: {name: svids}
spec:
  jwtSvid: {trustDomain: ${TRUST_DOMAIN}, bundle: ./svids.json, maxLifetime: 1h,
    audiences: ["${PAYMENTS_ORIGIN}"]}
---
kind: Issuer
metadata: {name: keys}
spec:
  apiKeys:
    hmacKey: ./hmac.key
    keys:
    - {id: backup-1, subject: backup, hmac: ${createHmac('sha256', HMAC_KEY).update(API_KEY).digest('hex')}}
${[
  jwtIssuer('idp', 'uses: [access]'),
  jwtIssuer('ci', 'uses: [id], algorithms: [RS256]'),
  jwtIssuer('tts', 'uses: [transaction]'),
].join('')}`;

const ENFORCER = `
kind: Enforcer
metadata: {name: on-this-host}
spec: {type: gateway, local: true,
  asserts: {peer: [principal, certificate, clientCert, metadata], destinations: ["*"]}}
`;

const POLICIES = `
kind: Policy
metadata: {name: everybody, namespace: pay}
spec:
  rules:
  - id: reads
    effect: permit
    from: {principals: ["${IDS.checkout}", "${IDS.reporting}", "${IDS.batch}", "${AGENT}",
      "idp#app", "idp#batch", "idp#alice", "ci#${CI_SUBJECT}", "keys#backup"]}
    to: {services: [payments, reports], verbs: [read]}
`;

/** In place of the demo's files. */
export const CREDENTIAL_BUNDLE = {
  'payments.yaml': SERVICES,
  'identities.yaml': IDENTITIES,
  'issuers.yaml': ISSUERS,
  'enforcer.yaml': ENFORCER,
  'policies.yaml': POLICIES,
  'hmac.key': HMAC_KEY,
  'idp.json': keySet(SIGNERS.idp),
  'ci.json': keySet(SIGNERS.ci),
  'tts.json': keySet(SIGNERS.tts),
  'svids.json': keySet(SIGNERS.svids, SIGNERS.wits),
};
