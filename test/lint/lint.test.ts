// Each rule of the lint finds what it is for and lets pass the nearest thing that is right
// (C-006, C-030, C-072, C-073, C-076, C-089, C-090, C-102).

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatDiagnostic } from '../../engine/diagnostic.ts';
import { LINT_RULES } from '../../engine/lint/lint_rules.ts';
import {
  bundleOf,
  CHECKOUT,
  codesOf,
  type Document,
  exception,
  identity,
  lint,
  NOW,
  OPERATIONS,
  PERMIT,
  policy,
  READ,
  role,
  service,
} from './fixture.ts';

/** What an operator reads of each finding. */
const TOLD = join(import.meta.dirname, 'told.txt');

interface Case {
  readonly code: string;
  readonly name: string;
  readonly invalid: readonly Document[];
  readonly valid: readonly Document[];
  /** Findings beside it that the change cannot do without. */
  readonly beside?: readonly string[];
}

const permit = (from: Document, to: Document = READ, more: Document = {}) => {
  return policy([{ ...PERMIT, from, to, ...more }]);
};
const reader = role('reader', [{ services: ['payments'] }]);
const ofReader = (spec: Document = {}) => identity('checkout', { roles: ['pay/reader'], ...spec });
const byRole = { roles: ['reader'] };
const publicOnly = { 'refund.read': { http: 'GET /v1/refunds', dataClass: 'public' } };
const forbid = (more: Document = {}) => ({
  id: 'never',
  effect: 'forbid',
  from: { namespaces: ['shop'] },
  to: { services: ['payments'] },
  ...more,
});
const trial = (until: string) => ({ mode: { shadow: true, until } });
const ends = (expiresAt: string) => exception({ expiresAt });

const cases: Case[] = [
  ...[
    { kinds: ['workload'] },
    { trustDomains: ['prod.example'] },
    { namespaces: ['*'] },
    { principals: ['spiffe://prod.example/ns/*/sa/*'] },
    { kinds: ['workload'], ipBlocks: ['10.0.0.0/8'] },
  ].map((from) => ({
    code: 'lint.any_authenticated',
    name: `a permit from ${JSON.stringify(from)}`,
    invalid: [permit(from)],
    valid: [permit(from), service(publicOnly)],
    beside: 'namespaces' in from ? ['lint.unindexed_rule'] : [],
  })),
  {
    code: 'lint.any_authenticated',
    name: 'a permit of everybody under a condition that does not ask who',
    invalid: [permit({ kinds: ['workload'] }, READ, { condition: 'request.method == "GET"' })],
    valid: [permit({ kinds: ['workload'] }, READ, { condition: 'principal.tenant == "a"' })],
  },
  {
    code: 'lint.wildcard_verb',
    name: 'every verb for an identity without a lifetime',
    invalid: [
      identity('checkout', { maxLifetime: '7d' }),
      permit(CHECKOUT, { services: ['payments'] }),
    ],
    valid: [
      identity('checkout', { maxLifetime: '24h' }),
      permit(CHECKOUT, { services: ['payments'] }),
    ],
  },
  {
    code: 'lint.wildcard_verb',
    name: 'operations by pattern for one whose lifetime nobody bounds',
    invalid: [
      identity('checkout', { maxLifetime: undefined }),
      permit(CHECKOUT, { operations: ['payments/refund.*'] }),
    ],
    valid: [
      identity('checkout', { maxLifetime: undefined }),
      permit(CHECKOUT, { operations: ['payments/refund.read'] }),
    ],
  },
  {
    code: 'lint.role_only',
    name: 'a role alone for what is confidential',
    invalid: [ofReader(), reader, permit(byRole, { operations: ['payments/refund.create'] })],
    valid: [ofReader(), reader, permit(byRole)],
  },
  {
    code: 'lint.role_only',
    name: 'a role alone for an agent',
    invalid: [ofReader({ kind: 'agent' }), reader, permit(byRole)],
    valid: [
      ofReader({ kind: 'agent' }),
      reader,
      permit(byRole, READ, { condition: 'principal.tenant == ""' }),
    ],
  },
  {
    code: 'lint.expired_copy',
    name: 'a permanent permit equal to an exception that expired',
    invalid: [
      exception({ expiresAt: '2026-11-01T00:00:00Z' }),
      permit({ serviceAccounts: ['shop/checkout'] }, { verbs: ['read'], services: ['payments'] }),
    ],
    valid: [
      exception({ expiresAt: '2026-11-30T00:00:00Z' }),
      permit({ serviceAccounts: ['shop/checkout'] }, { verbs: ['read'], services: ['payments'] }),
    ],
  },
  {
    code: 'lint.exception_too_long',
    name: 'an exception of more than 90 days',
    invalid: [ends('2027-02-20T12:00:01Z')],
    valid: [ends('2027-02-20T12:00:00Z')],
  },
  {
    code: 'lint.shadow_ends',
    name: 'a trial that ends within a week',
    invalid: [policy([{ ...PERMIT, ...trial('2026-11-29T12:00:00Z') }])],
    valid: [policy([{ ...PERMIT, ...trial('2026-11-29T12:00:01Z') }])],
  },
  {
    code: 'lint.unreachable_principal',
    name: 'a caller that stands in no inventory',
    invalid: [permit({ serviceAccounts: ['shop/chekout'] })],
    valid: [
      identity('*', { spiffe: 'spiffe://prod.example/ns/*/sa/*' }, { name: 'all' }),
      permit({ serviceAccounts: ['shop/chekout'] }),
    ],
  },
  {
    code: 'lint.unreachable_operation',
    name: 'a verb that no operation of the service has',
    invalid: [permit(CHECKOUT, { services: ['payments'], verbs: ['rotate'] })],
    valid: [permit(CHECKOUT, { services: ['payments'], verbs: ['write'] })],
  },
  {
    code: 'lint.always_forbidden',
    name: 'a permit of what is forbidden whatever happens',
    invalid: [policy([PERMIT, forbid()])],
    valid: [policy([PERMIT, forbid({ to: { operations: ['payments/refund.create'] } })])],
  },
  {
    code: 'lint.always_forbidden',
    name: 'the same by a forbid that may be lifted',
    invalid: [policy([PERMIT, forbid()])],
    valid: [policy([PERMIT, forbid({ suspendable: true })])],
  },
  {
    code: 'lint.unindexed_rule',
    name: 'a forbid of everybody for a whole service',
    invalid: [policy([forbid({ from: {}, to: { services: ['payments'] } })])],
    valid: [policy([forbid({ from: {}, to: { operations: ['payments/refund.read'] } })])],
  },
  {
    code: 'lint.no_owner',
    name: 'an identity of nobody',
    invalid: [identity('checkout', {}, { owner: undefined })],
    valid: [identity('checkout')],
  },
  {
    code: 'lint.review_missing',
    name: 'a policy that nobody has to review',
    invalid: [policy([PERMIT], { reviewBy: undefined })],
    valid: [policy([PERMIT], { reviewBy: '2028-01-01' })],
  },
  {
    code: 'lint.review_overdue',
    name: 'a review that was due yesterday',
    invalid: [policy([PERMIT], { reviewBy: '2026-11-21' })],
    valid: [policy([PERMIT], { reviewBy: '2026-11-22' })],
  },
  ...[
    ['checkout', 'check0ut'],
    ['modern', 'rnodern'],
    ['pay-out', 'payout'],
    ['billing', 'biling'],
    ['al', 'a1'],
  ].map(([one = '', other = '']) => ({
    code: 'lint.confusable_name',
    name: `${one} beside ${other}`,
    invalid: [identity(one), identity(other)],
    valid: [identity(one), identity(`${other}er`)],
  })),
  {
    code: 'lint.confusable_name',
    name: 'an owner in letters of two scripts',
    invalid: [policy([PERMIT], { owner: 'tеam-pay' })],
    valid: [policy([PERMIT], { owner: 'équipe-pay' })],
    beside: ['lint.confusable_name'],
  },
  {
    code: 'lint.foreign_workload',
    name: 'a destination in the namespace of somebody else',
    invalid: [service(OPERATIONS, { destinations: ['spiffe://prod.example/ns/bi/sa/reports'] })],
    valid: [service(OPERATIONS, { destinations: ['spiffe://prod.example/ns/pay/sa/reports'] })],
  },
];

describe('the lint', () => {
  it('finds nothing in a bundle with nothing to find', () => {
    assert.deepEqual(lint(bundleOf(policy([PERMIT]))), []);
  });

  for (const { code, name, invalid, valid, beside = [] } of cases) {
    it(`finds ${code}: ${name}`, () => {
      assert.deepEqual(codesOf(bundleOf(...invalid)).sort(), [code, ...beside].sort());
      assert.equal(codesOf(bundleOf(...valid)).includes(code), false);
    });
  }

  it('has a valid and an invalid bundle for each of its rules', () => {
    const tested = new Set(cases.map(({ code }) => code));
    assert.deepEqual(
      LINT_RULES.filter(({ code }) => !tested.has(code)),
      [],
    );
    assert.equal(new Set(LINT_RULES.map(({ code }) => code)).size, LINT_RULES.length);
  });

  it('tells of each what is wrong, where, and what is expected instead', () => {
    const told = cases.flatMap(({ code, invalid }) =>
      lint(bundleOf(...invalid)).flatMap((it) => (it.code === code ? formatDiagnostic(it) : [])),
    );
    assert.deepEqual(told, readFileSync(TOLD, 'utf8').trimEnd().split('\n'));
  });

  it('tells where', () => {
    const [finding] = lint(bundleOf(permit({ kinds: ['workload'] })));
    const { file, line, column, severity, message } = finding!;
    assert.deepEqual([file, line, severity], ['b.yaml', 5, 'error']);
    assert.ok(column > 100, `${column}`);
    assert.equal(
      message,
      '`pay/refunds/checkout` permits `pay/payments/refund.read` to everybody with a credential',
    );
  });

  it('does not look for the end of what has ended', () => {
    const over = policy([{ ...PERMIT, ...trial('2026-11-01T00:00:00Z') }]);
    assert.deepEqual(codesOf(bundleOf(over), NOW), []);
  });

  it('tells the first findings of each code, and how many more there are', () => {
    const many = Array.from({ length: 205 }, (_, n) =>
      identity(`w-x${n}y`, {}, { owner: undefined }),
    );
    const findings = lint(bundleOf(...many));
    assert.equal(findings.length, 201);
    assert.equal(findings.at(-1)?.message, 'and 5 more of this code');
  });

  it('takes seconds for thousands of rules and identities', () => {
    const many = Array.from({ length: 3_000 }, (_, n) => identity(`w-x${n}y`));
    const rules = many.map((_, n) => ({
      ...PERMIT,
      id: `r${n}`,
      from: { serviceAccounts: [`shop/w-x${n}y`] },
    }));
    const before = process.cpuUsage();
    const documents = bundleOf(
      ...many,
      policy([...rules, forbid({ from: { namespaces: ['bi'] } })]),
    );
    const codes = new Set(codesOf(documents));
    const { user } = process.cpuUsage(before);
    assert.deepEqual([...codes], ['lint.unreachable_principal']);
    assert.ok(user < 20_000_000, `${user} µs`);
  });
});
