// A small mesh for tests: one service, who is known, who may ask, one permit and one forbid; and
// the CheckRequests of its callers.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SourceFile } from '../../engine/bundle/bundle.ts';
import { parseBundle } from '../../engine/bundle/parse_bundle.ts';
import type { BundleImage } from '../../engine/bundle_image.ts';
import { compileBundle } from '../../engine/compile_bundle.ts';
import { compileSnapshot } from '../../engine/compile_snapshot.ts';
import { Diagnostics, formatDiagnostic } from '../../engine/diagnostic.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../engine/settings.ts';
import type { Snapshot } from '../../engine/snapshot.ts';
import { checkRequestFromJson } from '../../proto/protojson.ts';

export const IDS = {
  payments: 'spiffe://mesh.example/ns/pay/sa/payments',
  /** Known and permitted. */
  checkout: 'spiffe://mesh.example/ns/shop/sa/checkout',
  /** Known and permitted nothing. */
  reporting: 'spiffe://mesh.example/ns/bi/sa/reporting',
  /** Of a domain that nobody vouches for. */
  stranger: 'spiffe://other.example/ns/shop/sa/checkout',
} as const;

export const SERVICE = `
kind: Service
metadata: {name: payments, namespace: pay}
spec:
  destinations: ["${IDS.payments}"]
  operations:
    account.read: {http: "GET /v1/accounts/{account}", verb: read, resource: "account/{path.account}"}
    refund.create: {http: "POST /v1/accounts/{account}/refunds", verb: write,
      resource: "account/{path.account}", dataClass: confidential}
`;

export const IDENTITIES = `
kind: Identity
metadata: {name: checkout, namespace: shop}
spec: {spiffe: "${IDS.checkout}"}
---
kind: Identity
metadata: {name: reporting, namespace: bi}
spec: {spiffe: "${IDS.reporting}"}
`;

/** Whoever asks over loopback or a unix socket may assert every peer, but no anonymous one. */
export const ENFORCER = `
kind: Enforcer
metadata: {name: on-this-host}
spec: {type: gateway, local: true, asserts: {peer: [principal], destinations: ["*"]}}
`;

export const POLICY = `
kind: Policy
metadata: {name: accounts, namespace: pay}
spec:
  rules:
  - {id: checkout, effect: permit, from: {principals: ["${IDS.checkout}"]},
     to: {services: [payments], operations: [account.read, refund.create]}}
  - {id: disputed, effect: forbid, from: {}, to: {services: [payments], resources: [account/17]}}
`;

/** The same with its permit taken away. */
export const POLICY_WITHOUT_PERMIT = `
kind: Policy
metadata: {name: accounts, namespace: pay}
spec:
  rules:
  - {id: disputed, effect: forbid, from: {}, to: {services: [payments], resources: [account/17]}}
`;

export type BundleFiles = Readonly<Record<string, string>>;

export const BUNDLE: BundleFiles = {
  'service.yaml': SERVICE,
  'identities.yaml': IDENTITIES,
  'enforcer.yaml': ENFORCER,
  'policy.yaml': POLICY,
};

/** Writes a bundle into a folder that need not exist. */
export function writeBundle(folder: string, files: BundleFiles = BUNDLE): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
}

export function sourceFiles(files: BundleFiles = BUNDLE): SourceFile[] {
  return Object.entries(files).map(([name, text]) => ({ name, text }));
}

export function makeSnapshot(
  files: BundleFiles = BUNDLE,
  settings: Settings = DEFAULT_SETTINGS,
  keyFiles: ReadonlyMap<string, string> = new Map(),
): Snapshot {
  const diagnostics = new Diagnostics();
  const source = { files: sourceFiles(files), keyFiles };
  const snapshot = compileSnapshot(source, settings, 1, diagnostics);
  if (snapshot === undefined) throw new Error(diagnostics.list.map(formatDiagnostic).join('\n'));
  return snapshot;
}

export function makeImage(
  files: BundleFiles = BUNDLE,
  settings: Settings = DEFAULT_SETTINGS,
  version = 1,
  keyFiles: ReadonlyMap<string, string> = new Map(),
): BundleImage {
  const diagnostics = new Diagnostics();
  const bundle = parseBundle(sourceFiles(files), diagnostics);
  const image = compileBundle(bundle, keyFiles, settings, version, diagnostics);
  if (image === undefined) throw new Error(diagnostics.list.map(formatDiagnostic).join('\n'));
  return image;
}

export interface Call {
  /** SPIFFE ID of the caller; default checkout, which is permitted. */
  readonly from?: string;
  /** As Envoy sends it; default none. */
  readonly certificate?: string;
  readonly to?: string;
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A CheckRequest in protojson; by default one that the mesh allows. */
export function callJson(call: Call = {}): object {
  const { from = IDS.checkout, to = IDS.payments, method = 'GET' } = call;
  const { certificate, headers, body } = call;
  const path = call.path ?? '/v1/accounts/42';
  return {
    attributes: {
      source: { principal: from, ...(certificate !== undefined && { certificate }) },
      destination: { principal: to },
      request: {
        http: {
          method,
          path,
          ...(headers !== undefined && { headers }),
          ...(body !== undefined && { body }),
        },
      },
    },
  };
}

export function encodeCall(call: Call = {}): Buffer {
  return Buffer.from(checkRequestFromJson(callJson(call)));
}

/** One way through each stage: what is asked, and how it ends. */
export const WAYS: readonly {
  readonly name: string;
  readonly call: Call;
  readonly want: string;
}[] = [
  { name: 'a permitted read', call: {}, want: 'allow' },
  {
    name: 'a permitted write',
    call: { method: 'POST', path: '/v1/accounts/42/refunds' },
    want: 'allow',
  },
  { name: 'a caller without a permit', call: { from: IDS.reporting }, want: 'authz.no_match' },
  { name: 'a forbidden resource', call: { path: '/v1/accounts/17' }, want: 'authz.forbidden' },
  {
    name: 'a caller of an unknown domain',
    call: { from: IDS.stranger },
    want: 'authn.untrusted_issuer',
  },
  { name: 'a caller without identity', call: { from: '' }, want: 'authn.missing' },
  { name: 'a path of no operation', call: { path: '/v2' }, want: 'ctx.unmapped_operation' },
  {
    name: 'a path of two meanings',
    call: { path: '/v1/accounts/42;v=2' },
    want: 'ctx.ambiguous_path',
  },
  { name: 'an unknown destination', call: { to: IDS.checkout }, want: 'authz.no_policy' },
];
