// The demo's script: who asks for what, and what has to come of it. Each row shows one promise.

import type { Workload } from './bundle.ts';
import type { GrpcCall, HttpCall } from './client.ts';

/** Who refused, when it was not Remit: Envoy answers such a request without asking. */
export const REFUSED_BY_ENVOY = 'refused by envoy, remit not asked';

export interface Expectation {
  /** HTTP status; of a gRPC call the gRPC status code. */
  readonly status: number;
  /** Remit's reason code, `allow`, or REFUSED_BY_ENVOY. */
  readonly reason: string;
  /** The rule that decided, where one did. */
  readonly rule?: string;
  /** A shadow rule that must stand in the record. */
  readonly shadow?: string;
}

export type ScriptedRequest = {
  readonly who: Workload | 'anonymous';
  /** What the row is there to show. */
  readonly shows: string;
  readonly expect: Expectation;
} & ({ readonly http: HttpCall } | { readonly grpc: GrpcCall });

const get = (path: string, headers: Record<string, string> = {}): { http: HttpCall } => ({
  http: { method: 'GET', path, headers },
});
const refund = (account: string): { http: HttpCall } => ({
  http: {
    method: 'POST',
    path: `/v1/tenants/acme/accounts/${account}/refunds`,
    headers: { 'content-type': 'application/json' },
    body: '{"amount": 120}',
  },
});
const balance: { grpc: GrpcCall } = { grpc: { method: 'GetBalance', account: '42' } };
const closeBooks: { grpc: GrpcCall } = { grpc: { method: 'CloseBooks', account: '42' } };

const ACCOUNT = '/v1/tenants/acme/accounts/42';

/** The requests in the order in which they are sent. */
export const SCRIPT: readonly ScriptedRequest[] = [
  {
    who: 'checkout',
    shows: 'an allowed read',
    ...get(ACCOUNT),
    expect: { status: 200, reason: 'allow', rule: 'pay/accounts/checkout' },
  },
  {
    who: 'checkout',
    shows: 'an allowed write',
    ...refund('42'),
    expect: { status: 200, reason: 'allow', rule: 'pay/accounts/checkout' },
  },
  {
    who: 'checkout',
    shows: 'an allowed gRPC call',
    ...balance,
    expect: { status: 0, reason: 'allow', rule: 'pay/accounts/ledger' },
  },
  {
    who: 'checkout',
    shows: 'a gRPC method that no policy speaks of',
    ...closeBooks,
    expect: { status: 7, reason: 'ctx.unmapped_operation' },
  },
  {
    who: 'checkout',
    shows: 'a forged identity header, overwritten',
    ...get(ACCOUNT, { 'x-remit-principal': 'spiffe://demo.example/ns/ops/sa/root' }),
    expect: { status: 200, reason: 'allow', rule: 'pay/accounts/checkout' },
  },
  {
    who: 'checkout',
    shows: "another tenant's account",
    ...get('/v1/tenants/globex/accounts/42'),
    expect: { status: 403, reason: 'authz.boundary' },
  },
  {
    who: 'checkout',
    shows: 'a forbid that overrides a permit',
    ...refund('17'),
    expect: { status: 403, reason: 'authz.forbidden', rule: 'pay/freeze/disputed' },
  },
  {
    who: 'checkout',
    shows: 'an operation that nobody declared',
    ...get('/internal/debug'),
    expect: { status: 403, reason: 'ctx.unmapped_operation' },
  },
  {
    who: 'checkout',
    shows: 'a path that two parsers read differently',
    ...get(`${ACCOUNT};v=2`),
    expect: { status: 400, reason: 'ctx.ambiguous_path' },
  },
  {
    who: 'checkout',
    shows: 'an encoded slash',
    ...get('/v1/tenants/acme/accounts/42%2f..%2f17'),
    expect: { status: 400, reason: REFUSED_BY_ENVOY },
  },
  {
    who: 'reporting',
    shows: 'a verb that it was not given',
    ...refund('42'),
    expect: { status: 403, reason: 'authz.verb' },
  },
  {
    who: 'reporting',
    shows: 'a rule on trial, which only records',
    ...get('/v1/reports/2026-10'),
    expect: {
      status: 200,
      reason: 'allow',
      rule: 'pay/accounts/reporting',
      shadow: 'pay/trial/no-reports',
    },
  },
  {
    who: 'batch',
    shows: 'the one object that it may read',
    ...get('/v1/tenants/acme/accounts/clearing'),
    expect: { status: 200, reason: 'allow', rule: 'pay/accounts/batch-sweep' },
  },
  {
    who: 'batch',
    shows: 'any other object',
    ...get(ACCOUNT),
    expect: { status: 403, reason: 'authz.resource' },
  },
  {
    who: 'newcomer',
    shows: 'a proved identity that nobody registered',
    ...get(ACCOUNT),
    expect: { status: 403, reason: 'authz.unknown_identity' },
  },
  {
    who: 'stranger',
    shows: 'an SVID of another trust domain',
    ...get(ACCOUNT),
    expect: { status: 403, reason: 'authn.untrusted_issuer' },
  },
  {
    who: 'anonymous',
    shows: 'no certificate at all',
    ...get(ACCOUNT),
    expect: { status: 403, reason: 'authn.missing' },
  },
];
