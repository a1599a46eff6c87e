// A mesh whose callers a Workload API alone vouches for, and what they show: certificates,
// JWT-SVIDs and WITs by one generation or another of the authorities of their trust domain.

import { hash, randomUUID } from 'node:crypto';
import { jwk, jws } from '../identity/token_fixture.ts';
import { HOUR_MS, keysOf, makeSvid, sentForm } from '../support/certificates.ts';
import { type BundleFiles, encodeCall, IDENTITIES, IDS, SERVICE } from '../support/mesh.ts';
import { authorityOf, bundlesMessage } from './agent.ts';

const MESH = 'mesh.example';
const PARTNER = 'partner.example';
const PARTNER_ID = `spiffe://${PARTNER}/ns/shop/sa/billing`;
const ORIGIN = 'https://pay.example';
const PATH = '/v1/accounts/42';
const AUDIENCE = 'payments';

const issuersOf = (domain: string) => `
kind: Issuer
metadata: {name: certificates-of-${domain}}
spec: {x509: {trustDomain: ${domain}, workloadApi: true, maxLifetime: 24h}}
---
kind: Issuer
metadata: {name: tokens-of-${domain}}
spec: {jwtSvid: {trustDomain: ${domain}, audiences: [${AUDIENCE}], workloadApi: true, maxLifetime: 24h}}
`;

export const ROTATING_MESH: BundleFiles = {
  'service.yaml': SERVICE.replace('spec:\n', `spec:\n  origin: "${ORIGIN}"\n`),
  'identities.yaml': `${IDENTITIES}
---
kind: Identity
metadata: {name: billing, namespace: shop}
spec: {spiffe: "${PARTNER_ID}"}
`,
  'enforcer.yaml': `
kind: Enforcer
metadata: {name: on-this-host}
spec: {type: gateway, local: true,
  asserts: {peer: [principal, certificate, anonymous], destinations: ["*"]}}
`,
  'policy.yaml': `
kind: Policy
metadata: {name: accounts, namespace: pay}
spec:
  rules:
  - {id: callers, effect: permit, from: {principals: ["${IDS.checkout}", "${PARTNER_ID}"]},
     to: {services: [payments], operations: [account.read]}}
`,
  'issuers.yaml': [issuersOf(MESH), issuersOf(PARTNER)].join('---'),
};

/** Each is what a caller may show; the fresh ones no thread has seen before. */
export const CERTIFICATES = ['certificate', 'fresh certificate'] as const;
export const TOKENS = ['JWT-SVID', 'fresh JWT-SVID', 'WIT'] as const;
export const OF_PARTNER = ['certificate of a partner', 'JWT-SVID of a partner'] as const;
export type Shown =
  | (typeof CERTIFICATES)[number]
  | (typeof TOKENS)[number]
  | (typeof OF_PARTNER)[number];

/** The bundles that say so, as the Workload API sends them. */
export function certificateBundles(generations: readonly number[], withPartner = true) {
  return bundlesMessage({
    [MESH]: generations.map((generation) => authorityOf(MESH, generation)),
    ...(withPartner && { [PARTNER]: [authorityOf(PARTNER)] }),
  });
}

export function tokenBundles(generations: readonly number[], withPartner = true) {
  const bundle = (domain: string, of: readonly number[]) =>
    Buffer.from(JSON.stringify({ keys: of.flatMap((it) => keysOfGeneration(domain, it)) }));
  return {
    bundles: {
      [`spiffe://${MESH}`]: bundle(MESH, generations),
      ...(withPartner && { [`spiffe://${PARTNER}`]: bundle(PARTNER, [0]) }),
    },
  };
}

const keyId = (domain: string, kind: string, generation: number) =>
  `${kind} ${domain} ${generation}`;

function keysOfGeneration(domain: string, generation: number): object[] {
  // Agents leave out the `use` of keys for JWT-SVIDs.
  return [
    ['jwt', {}],
    ['wit', { use: 'wit-svid' }],
  ].map(([kind, more]) => {
    const kid = keyId(domain, kind as string, generation);
    return jwk(keysOf(kid).publicKey, { kid, ...(more as object) });
  });
}

const kept = new Map<string, string>();

/** The same text each time, so that threads may have kept what it proved. */
function once(name: string, make: () => string): string {
  const text = kept.get(name) ?? make();
  kept.set(name, text);
  return text;
}

function certificate(id: string, generation: number): string {
  const domain = id.split('/')[2]!;
  const serial = randomUUID().replaceAll('-', '').replace(/^./, '1');
  return sentForm(
    makeSvid(id, `${domain} ${generation}`, {
      notBefore: Date.now() - HOUR_MS,
      notAfter: Date.now() + HOUR_MS,
      serial,
    }),
  );
}

const seconds = () => Math.floor(Date.now() / 1000);

function token(id: string, generation: number): string {
  const kid = keyId(id.split('/')[2]!, 'jwt', generation);
  const times = { iat: seconds() - 60, exp: seconds() + 3600 };
  const claims = { sub: id, aud: [AUDIENCE], ...times, jti: randomUUID() };
  return jws({ alg: 'ES256', kid, typ: 'JWT' }, claims, keysOf(kid).privateKey);
}

function wit(generation: number): string {
  const kid = keyId(MESH, 'wit', generation);
  const times = { iat: seconds() - 60, exp: seconds() + 3600 };
  const cnf = { jwk: jwk(keysOf('caller').publicKey, { alg: 'ES256' }) };
  const claims = { sub: IDS.checkout, ...times, cnf };
  return jws({ alg: 'ES256', kid, typ: 'wit+jwt' }, claims, keysOf(kid).privateKey);
}

/** Its proof is good once. */
function witHeaders(generation: number): Record<string, string> {
  const shown = once(`wit ${generation}`, () => wit(generation));
  const wth = hash('sha256', shown, 'base64url');
  const claims = { aud: `${ORIGIN}${PATH}`, exp: seconds() + 60, jti: randomUUID(), wth };
  const proof = jws({ alg: 'ES256', typ: 'wpt+jwt' }, claims, keysOf('caller').privateKey);
  return { 'workload-identity-token': shown, 'workload-proof-token': proof };
}

/** A permitted CheckRequest by what a caller shows; a large one is for the pool to decide. */
export function callBy(shown: Shown, generation: number, isLarge: boolean): Buffer {
  const filler = isLarge ? { 'x-filler': 'x'.repeat(17_000) } : {};
  const byCertificate = (from: string, text: string) =>
    encodeCall({ from, certificate: text, path: PATH, headers: filler });
  const byHeaders = (headers: Record<string, string>) =>
    encodeCall({ from: '', path: PATH, headers: { ...headers, ...filler } });
  const bearer = (text: string) => byHeaders({ authorization: `Bearer ${text}` });
  const same = (make: (id: string, generation: number) => string, id: string) =>
    once(`${shown} ${generation}`, () => make(id, generation));
  switch (shown) {
    case 'certificate':
      return byCertificate(IDS.checkout, same(certificate, IDS.checkout));
    case 'fresh certificate':
      return byCertificate(IDS.checkout, certificate(IDS.checkout, generation));
    case 'JWT-SVID':
      return bearer(same(token, IDS.checkout));
    case 'fresh JWT-SVID':
      return bearer(token(IDS.checkout, generation));
    case 'WIT':
      return byHeaders(witHeaders(generation));
    case 'certificate of a partner':
      return byCertificate(PARTNER_ID, same(certificate, PARTNER_ID));
    case 'JWT-SVID of a partner':
      return bearer(same(token, PARTNER_ID));
  }
}
