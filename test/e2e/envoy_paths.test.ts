// Path confusion through a real Envoy. Each row says who refuses a path that two parsers could read
// differently. With Envoy's normalisation off, nothing stands between the caller's path and Remit.

import assert from 'node:assert/strict';
import type { Echo } from '../../demo/upstream.ts';
import { type Rig, START_MS_MAX, startRig } from './rig.ts';

type Row = {
  readonly name: string;
  readonly path: string;
  readonly method?: string;
} & (
  | { readonly by: 'envoy'; readonly status: number }
  | { readonly by: 'remit'; readonly reason: string; readonly status?: number }
  /** Nobody refuses it; the upstream gets the path that was decided, unless `decidedAs` differs. */
  | { readonly by: 'nobody'; readonly upstreamPath: string; readonly decidedAs?: string }
);

const ACME = '/v1/tenants/acme/accounts';
const ambiguous = { by: 'remit', reason: 'ctx.ambiguous_path', status: 400 } as const;
const unmapped = { by: 'remit', reason: 'ctx.unmapped_operation' } as const;
const boundary = { by: 'remit', reason: 'authz.boundary' } as const;
const nobody = (upstreamPath: string) => ({ by: 'nobody', upstreamPath }) as const;

// checkout may read any account of tenant acme; it may refund none with the number 17.
const asWritten: readonly Row[] = [
  { name: 'an encoded slash', path: `${ACME}/42%2f43`, ...ambiguous },
  { name: 'an encoded slash in upper case', path: `${ACME}/42%2F43`, ...ambiguous },
  { name: 'encoded slashes around dots', path: `${ACME}/42%2f..%2F17`, ...ambiguous },
  { name: 'an encoded backslash', path: `${ACME}/42%5c17`, ...ambiguous },
  { name: 'a backslash', path: `${ACME}/42\\17`, ...ambiguous },
  { name: 'dot segments', path: '/v1/tenants/acme/../globex/accounts/42', ...ambiguous },
  { name: 'dot segments that end where they began', path: `${ACME}/x/../42`, ...ambiguous },
  { name: 'a single dot segment', path: `${ACME}/./42`, ...ambiguous },
  { name: 'dot segments at the end', path: `${ACME}/42/..`, ...ambiguous },
  { name: 'encoded dots', path: '/v1/tenants/acme/%2e%2e/globex/accounts/42', ...ambiguous },
  { name: 'encoded dots, mixed case', path: `${ACME}/x/%2E%2e/42`, ...ambiguous },
  { name: 'a dot and an encoded dot', path: `${ACME}/x/.%2E/42`, ...ambiguous },
  { name: 'a double slash', path: '/v1//tenants/acme/accounts/42', ...ambiguous },
  { name: 'a double slash at the start', path: `/${ACME}/42`, ...ambiguous },
  { name: 'a double slash at the end', path: `${ACME}/42//`, ...ambiguous },
  { name: 'a path parameter', path: `${ACME}/42;v=2`, ...ambiguous },
  { name: 'a path parameter behind dots', path: `${ACME}/x/..;/42`, ...ambiguous },
  { name: 'an encoded percent', path: `${ACME}/42%252f17`, ...ambiguous },
  { name: 'an encoded NUL', path: `${ACME}/42%00`, ...ambiguous },
  { name: 'an encoded line feed', path: `${ACME}/42%0a`, ...ambiguous },
  { name: 'overlong UTF-8', path: `${ACME}/42%c0%af17`, ...ambiguous },
  { name: 'a fragment', path: `${ACME}/42#17`, by: 'envoy', status: 400 },
  { name: 'another case', path: '/V1/tenants/acme/accounts/42', ...unmapped },
  { name: 'a trailing slash', path: `${ACME}/42/`, ...unmapped },
  {
    name: 'an encoded letter of another tenant, decoded once',
    path: '/v1/tenants/%67lobex/accounts/42',
    ...boundary,
  },
  {
    name: 'an encoded digit of a forbidden object, decoded once',
    path: `${ACME}/%31%37/refunds`,
    method: 'POST',
    by: 'remit',
    reason: 'authz.forbidden',
  },
  { name: 'nothing strange', path: `${ACME}/42`, ...nobody(`${ACME}/42`) },
  {
    name: 'dots and slashes in the query, which is no part of the path',
    path: `${ACME}/42?next=/../..//%2f;`,
    ...nobody(`${ACME}/42?next=/../..//%2f;`),
  },
];

// What Envoy makes of a path is what Remit decides on and what the upstream gets.
const normalised: readonly Row[] = [
  { name: 'an encoded slash', path: `${ACME}/42%2f43`, by: 'envoy', status: 400 },
  { name: 'an encoded slash in upper case', path: `${ACME}/42%2F43`, by: 'envoy', status: 400 },
  { name: 'an encoded backslash', path: `${ACME}/42%5C17`, by: 'envoy', status: 400 },
  { name: 'dot segments', path: '/v1/tenants/acme/../globex/accounts/42', ...boundary },
  {
    name: 'dot segments back to the own tenant',
    path: '/v1/tenants/globex/../acme/accounts/42',
    ...nobody(`${ACME}/42`),
  },
  { name: 'encoded dots', path: `${ACME}/x/%2E%2e/42`, ...nobody(`${ACME}/42`) },
  { name: 'a double slash', path: '/v1//tenants/acme/accounts/42', ...nobody(`${ACME}/42`) },
  { name: 'a path parameter', path: `${ACME}/42;v=2`, ...ambiguous },
  { name: 'a path parameter behind dots', path: `${ACME}/x/..;/42`, ...nobody(`${ACME}/42`) },
  // Envoy looks for `/..;/` before it decodes, so it forwards one; read again, it would vanish.
  { name: 'a path parameter behind encoded dots', path: `${ACME}/x/%2e%2e;/42`, ...ambiguous },
  { name: 'an encoded semicolon behind dots', path: `${ACME}/x/..%3B/42`, ...ambiguous },
  { name: 'an encoded percent', path: `${ACME}/42%252f17`, ...ambiguous },
  { name: 'a fragment', path: `${ACME}/42#17`, by: 'envoy', status: 400 },
];

// A mistake of the operator: remit.yaml says that Envoy normalises, and it does not. Remit decides
// on a path which the upstream never gets, and nobody refuses. What cannot be read in one way even
// so is still refused.
const mismatched: readonly Row[] = [
  ...[
    '/v1/tenants/globex/../acme/accounts/42',
    `${ACME}/x/%2e%2e/42`,
    '/v1//tenants/acme/accounts/42',
  ].map((path) => ({
    name: path,
    path,
    by: 'nobody' as const,
    upstreamPath: path,
    decidedAs: `${ACME}/42`,
  })),
  { name: 'an encoded slash', path: `${ACME}/42%2f43`, ...ambiguous },
  { name: 'a path parameter behind dots', path: `${ACME}/x/..;/42`, ...ambiguous },
  {
    name: 'dot segments to another tenant',
    path: '/v1/tenants/acme/../globex/accounts/42',
    ...boundary,
  },
];

let rig: Rig;

async function check(row: Row, listener: string, remit: string): Promise<void> {
  const before = rig.received();
  const answer = await rig.http(
    'checkout',
    { method: row.method ?? 'GET', path: row.path },
    listener,
  );
  const id = answer.headers['x-remit-decision-id'];
  if (row.by === 'nobody') {
    assert.equal(answer.status, 200, answer.body);
    // Only the upstream answers 200.
    assert.equal((JSON.parse(answer.body) as Echo).path, row.upstreamPath);
    return;
  }
  assert.equal(rig.received(), before, 'it must not reach the upstream');
  if (row.by === 'envoy') {
    assert.equal(answer.status, row.status);
    assert.equal(id, undefined, 'Remit was not asked');
    return;
  }
  assert.equal(answer.status, row.status ?? 403, answer.body);
  assert.ok(typeof id === 'string', 'Remit names its decision');
  const { decision } = await rig.remit(remit).records(id);
  assert.deepEqual(decision.reasons, [row.reason]);
}

describe('path confusion through a real Envoy', () => {
  before(async function () {
    this.timeout(START_MS_MAX);
    rig = await startRig({
      remits: { as_written: 'NONE', normalised: 'MERGE_SLASHES' },
      listeners: {
        as_written: { normalizePath: false, authz: { server: 'as_written' } },
        normalised: { normalizePath: true, authz: { server: 'normalised' } },
        mismatched: { normalizePath: false, authz: { server: 'normalised' } },
      },
    });
  });
  after(async () => rig?.stop());

  describe('with Envoy forwarding paths as they are written', () => {
    for (const row of asWritten) {
      it(`${row.name}: ${verdict(row)}`, () => check(row, 'as_written', 'as_written'));
    }
  });
  describe('with Envoy normalising paths', () => {
    for (const row of normalised) {
      it(`${row.name}: ${verdict(row)}`, () => check(row, 'normalised', 'normalised'));
    }
  });
  describe('with Envoy forwarding paths as written, though remit.yaml says it normalises', () => {
    for (const row of mismatched) {
      it(`${row.name}: ${verdict(row)}`, () => check(row, 'mismatched', 'normalised'));
    }
  });
});

function verdict(row: Row): string {
  if (row.by === 'envoy') return `Envoy refuses with ${row.status}`;
  if (row.by === 'remit') return `Remit refuses, ${row.reason}`;
  if (row.decidedAs === undefined) return 'is allowed as the upstream gets it';
  return `nobody refuses, decided as ${row.decidedAs}`;
}
