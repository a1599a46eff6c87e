// Bundles for the lint: one with nothing to find, and what a test changes of it.

import assert from 'node:assert/strict';
import { parseBundle } from '../../engine/bundle/parse_bundle.ts';
import { compileBundle } from '../../engine/compile_bundle.ts';
import { type Diagnostic, Diagnostics, formatDiagnostic } from '../../engine/diagnostic.ts';
import { lintBundle } from '../../engine/lint/lint_bundle.ts';
import { DEFAULT_SETTINGS } from '../../engine/settings.ts';

export type Document = Readonly<Record<string, unknown>>;

export const NOW = Date.parse('2026-11-22T12:00:00Z');
const CARE = { owner: 'team-pay', reviewBy: '2027-06-01' };

const document = (kind: string, name: string, spec: Document, metadata: Document = {}) => ({
  kind,
  metadata: { name, namespace: 'pay', ...CARE, ...metadata },
  spec,
});

export function service(operations: Document, spec: Document = {}, metadata?: Document) {
  const destinations = ['spiffe://prod.example/ns/pay/sa/payments'];
  return document('Service', 'payments', { destinations, ...spec, operations }, metadata);
}

export function policy(rules: readonly Document[], metadata?: Document, spec: Document = {}) {
  return document('Policy', 'refunds', { ...spec, rules }, metadata);
}

export function identity(account: string, spec: Document = {}, metadata?: Document) {
  const spiffe = `spiffe://prod.example/ns/shop/sa/${account}`;
  return document('Identity', account, { spiffe, maxLifetime: '1h', ...spec }, metadata);
}

export function role(name: string, covers: readonly Document[]) {
  return document('Role', name, { covers });
}

export function exception(spec: Document, name = 'incident') {
  return document('Exception', name, { reason: 'INC-1', from: CHECKOUT, to: READ, ...spec });
}

export const CHECKOUT = { serviceAccounts: ['shop/checkout'] };
export const READ = { services: ['payments'], verbs: ['read'] };
export const OPERATIONS = {
  'refund.read': { http: 'GET /v1/refunds' },
  'refund.create': { http: 'POST /v1/refunds', dataClass: 'confidential' },
};
export const PERMIT = { id: 'checkout', effect: 'permit', from: CHECKOUT, to: READ };

/** Of each test: a service, an identity, and what is given. */
export function bundleOf(...more: readonly Document[]): Document[] {
  const kinds = new Set(more.map(({ kind }) => kind));
  return [
    ...(kinds.has('Service') ? [] : [service(OPERATIONS)]),
    ...(kinds.has('Identity') ? [] : [identity('checkout')]),
    ...more,
  ];
}

/** Findings as `code line:column`, each document on a line of its own. */
export function lint(documents: readonly Document[], now = NOW): Diagnostic[] {
  const text = documents.map((it) => JSON.stringify(it)).join('\n---\n');
  const diagnostics = new Diagnostics();
  const settings = { ...DEFAULT_SETTINGS, trustDomain: 'prod.example' };
  const bundle = parseBundle([{ name: 'b.yaml', text }], diagnostics);
  const image = compileBundle(bundle, new Map(), settings, 1, diagnostics);
  assert.ok(image, diagnostics.list.map(formatDiagnostic).join('\n'));
  return lintBundle(bundle, settings, now);
}

export function codesOf(documents: readonly Document[], now = NOW): string[] {
  return lint(documents, now).map(({ code }) => code ?? '');
}
