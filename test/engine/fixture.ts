// Bundles for the tests of the engine, written as objects (JSON is YAML) or as text, and one way to
// ask a snapshot: what is not said has a harmless default.

import assert from 'node:assert/strict';
import {
  AccessRequest,
  type Operation,
  type Principal,
  type RequestAttributes,
} from '../../engine/access_request.ts';
import { BodyProblem } from '../../engine/body/body.ts';
import { parseQuery } from '../../engine/body/query.ts';
import { readBody } from '../../engine/body/read_body.ts';
import { check, type Inquiry, type Verdict } from '../../engine/check.ts';
import { compileSnapshot } from '../../engine/compile_snapshot.ts';
import { Diagnostics, formatDiagnostic } from '../../engine/diagnostic.ts';
import { NO_FACTS, type ProofResult } from '../../engine/facts.ts';
import type { Failure } from '../../engine/failure.ts';
import type { JwtPayloads } from '../../engine/identity/credentials.ts';
import type { Asker } from '../../engine/identity/enforcer.ts';
import { verifyProof } from '../../engine/identity/proof.ts';
import type { KeySets } from '../../engine/key_sets.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../engine/settings.ts';
import type { Snapshot } from '../../engine/snapshot.ts';
import { recorded } from '../support/recorded.ts';

export type Document = Readonly<Record<string, unknown>>;

export const TRUST_DOMAIN = 'prod.example';
export const NOW = Date.parse('2026-11-22T12:00:00Z');

export const CHECKOUT = `spiffe://${TRUST_DOMAIN}/ns/shop/sa/checkout`;
export const REPORTS = `spiffe://${TRUST_DOMAIN}/ns/bi/sa/reports`;
export const PAYMENTS = `spiffe://${TRUST_DOMAIN}/ns/pay/sa/payments`;

export function service(name: string, spec: Document, namespace = 'pay'): Document {
  return { kind: 'Service', metadata: { name, namespace }, spec };
}

export function policy(name: string, rules: readonly Document[], namespace = 'pay'): Document {
  return { kind: 'Policy', metadata: { name, namespace }, spec: { rules } };
}

let names = 0;

export function identity(spiffe: string, spec: Document = {}): Document {
  return { kind: 'Identity', metadata: { name: `identity-${names++}` }, spec: { spiffe, ...spec } };
}

export function enforcer(name: string, spec: Document): Document {
  return { kind: 'Enforcer', metadata: { name }, spec };
}

/** Who asks in most tests: a gateway on this host that may say everything this version reads. */
export const GATEWAY = enforcer('gateway', {
  type: 'gateway',
  local: true,
  asserts: { peer: ['principal', 'anonymous'], destinations: ['*'] },
});

/** Who vouches by certificates for the one trust domain, with the files it names. */
export function issuer(spec: Document = {}): Document {
  const x509 = { trustDomain: TRUST_DOMAIN, bundle: './root.pem', maxLifetime: '24h', ...spec };
  return { kind: 'Issuer', metadata: { name: 'workloads' }, spec: { x509 } };
}

export function textOf(documents: readonly Document[]): string {
  return documents.map((document) => JSON.stringify(document)).join('\n---\n');
}

/** Everything there is to say about a bundle, one line each, as an operator sees it. */
export function told(text: string, settings: Partial<Settings> = {}): string[] {
  const diagnostics = new Diagnostics();
  const source = { files: [{ name: 'b.yaml', text }], keyFiles: NO_KEY_FILES };
  const snapshot = compileSnapshot(source, { ...DEFAULT_SETTINGS, ...settings }, 1, diagnostics);
  assert.equal(snapshot === undefined, diagnostics.hasErrors, 'a snapshot exactly without errors');
  return diagnostics.list.map(formatDiagnostic);
}

export type KeyFiles = ReadonlyMap<string, string>;
const NO_KEY_FILES: KeyFiles = new Map();

export function snapshotOfText(
  text: string,
  settings: Partial<Settings> = {},
  keyFiles = NO_KEY_FILES,
): Snapshot {
  const diagnostics = new Diagnostics();
  const source = { files: [{ name: 'b.yaml', text }], keyFiles };
  const snapshot = compileSnapshot(source, { ...DEFAULT_SETTINGS, ...settings }, 1, diagnostics);
  assert.ok(snapshot, diagnostics.list.map(formatDiagnostic).join('\n'));
  return snapshot;
}

/** A snapshot of a mesh with one trust domain. */
export function snapshotOf(
  documents: readonly Document[],
  settings: Partial<Settings> = {},
  keyFiles = NO_KEY_FILES,
): Snapshot {
  return snapshotOfText(textOf(documents), { trustDomain: TRUST_DOMAIN, ...settings }, keyFiles);
}

export interface Ask {
  readonly caller?: string;
  /** As Envoy sends it, URL-encoded PEM. */
  readonly certificate?: string;
  readonly authorization?: boolean;
  readonly destination?: string;
  readonly host?: string;
  readonly extension?: string;
  /** `METHOD /path`; null for a connection without HTTP. */
  readonly http?: string | null;
  /** Of a connection without HTTP. */
  readonly sni?: string;
  readonly port?: number;
  readonly fault?: Failure;
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON, or text that is sent as it is. */
  readonly body?: unknown;
  /** Headers in which proof comes, names in lower case. */
  readonly proof?: Readonly<Record<string, string>>;
  /** What `jwt_authn` says of tokens, by its key. */
  readonly payloads?: JwtPayloads;
  readonly sourceAddress?: string;
  /** `context_extensions` by whole name. */
  readonly extensions?: Readonly<Record<string, string>>;
  readonly asker?: Asker;
  readonly now?: number;
  /** Keys that come from outside the bundle. */
  readonly keys?: KeySets;
  /** What was proved before; what is proved now is kept in it as well. */
  readonly verified?: Map<string, ProofResult>;
}

export function inquiryOf(ask: Ask): Inquiry {
  const [method, path] = (ask.http ?? 'GET /a').split(' ');
  return {
    credentials: {
      peerPrincipal: ask.caller ?? CHECKOUT,
      hasCertificate: (ask.certificate ?? '') !== '',
      peerCertificate: ask.certificate ?? '',
      authorization: ask.authorization ?? 'authorization' in (ask.proof ?? {}),
      headers: new Map(Object.entries(ask.proof ?? {})),
      jwtPayloads: ask.payloads ?? new Map(),
      method: method ?? '',
      path: path ?? '',
    },
    destination: {
      principal: ask.destination ?? PAYMENTS,
      host: ask.host ?? '',
      extension: ask.extension ?? '',
    },
    action:
      ask.http === null
        ? { kind: 'connection', sni: ask.sni ?? '', port: ask.port ?? 0 }
        : { kind: 'request', method: method!, path: (path ?? '').replace(/[?#].*/, '') },
    request: attributesOf(ask),
    extensions: new Map(Object.entries(ask.extensions ?? {})),
    fault: ask.fault,
  };
}

function attributesOf(ask: Ask): RequestAttributes {
  const [method = '', target = ''] = (ask.http === null ? '' : (ask.http ?? 'GET /a')).split(' ');
  const headers = new Map(Object.entries({ 'content-type': 'application/json', ...ask.headers }));
  const { body } = ask;
  const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
  return {
    method,
    path: target.replace(/[?#].*/, ''),
    host: ask.host ?? '',
    sourceAddress: ask.sourceAddress ?? '',
    headers: () => headers,
    query: () => {
      const query = parseQuery(target);
      return query instanceof BodyProblem ? undefined : query;
    },
    body: () =>
      readBody({
        bytes: Buffer.from(text),
        contentType: headers.get('content-type') ?? '',
        contentEncoding: headers.get('content-encoding') ?? '',
        contentLength: headers.get('content-length') ?? '',
        partial: headers.get('x-envoy-auth-partial-body') ?? '',
      }),
  };
}

/** A request of nobody that any enforcer has to vouch for. */
export function accessBy(principal: Principal, operation: Operation): AccessRequest {
  return new AccessRequest({
    principal,
    operation,
    resource: { type: operation.resourceType, id: 'payments', tenant: '' },
    context: {
      ...{ enforcer: '', runtime: new Map(), notBefore: undefined, notAfter: undefined },
      scopes: undefined,
    },
    request: attributesOf({}),
    captureNames: [],
    captures: [],
    now: NOW,
    bodyShape: undefined,
  });
}

export function verdictOn(snapshot: Snapshot, ask: Ask = {}): Verdict {
  const { asker = { kind: 'local' }, now = NOW, keys = NO_FACTS.keys } = ask;
  const inquiry = inquiryOf(ask);
  const { verified = new Map<string, ProofResult>() } = ask;
  const facts = { ...NO_FACTS, keys, verified };
  let step = check(inquiry, asker, snapshot, facts, now);
  for (let pass = 1; pass < 3 && step.kind === 'need'; pass++) {
    for (const proof of step.proofs) {
      verified.set(proof.key, verifyProof(proof, snapshot.proof, facts.keys, now).result);
    }
    step = check(inquiry, asker, snapshot, facts, now);
  }
  assert.ok(step.kind === 'answer');
  const [method = '', path = ''] = (ask.http ?? 'GET /a').split(' ');
  const { host, destination } = ask;
  recorded(step.answer, snapshot, now, { method, path, host, destination });
  return step.answer;
}

/** `allow`, or the reason of the denial. */
export function answerTo(snapshot: Snapshot, ask: Ask = {}): string {
  const { outcome, reason } = verdictOn(snapshot, ask).decision;
  assert.equal(outcome === 'allow', reason === undefined, 'a reason exactly on deny');
  return reason ?? 'allow';
}

/** A mesh with one service `pay/payments`, two known callers, and the given rules. */
export function meshWith(
  rules: readonly Document[],
  operations: Document = { read: { http: 'GET /a' }, write: { http: 'POST /a' } },
  settings: Partial<Settings> = {},
): Snapshot {
  return snapshotOf(
    [
      service('payments', { destinations: [PAYMENTS], operations }),
      policy('p', rules),
      identity(CHECKOUT),
      identity(REPORTS),
      GATEWAY,
    ],
    settings,
  );
}
