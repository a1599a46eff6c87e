// What is meant to end and may not: exceptions that last, permanent copies of expired ones (C-073),
// trials whose end is near.

import { EXCEPTION_DAYS_MAX, TRIAL_NOTICE_DAYS } from '../limits.ts';
import { tellLongExceptions } from './exception_days.ts';
import type { LintRule } from './lint_rule.ts';
import type { PlacedRule } from './placed_rule.ts';

const DAY_MS = 86_400_000;

export const EXPIRED_COPY: LintRule = {
  code: 'lint.expired_copy',
  severity: 'error',
  finds:
    'a permanent permit with the `from`, `to` and `condition` of an exception that has expired',
  why: 'An exception ended because nobody was to have it for good. A copy of it as a rule has no end and no reason.',
  fix: 'Remove the rule; or write a new exception with a reason; or give the rule a narrower `to`, with the review that a rule gets.',
  check: ({ rules, now }, tell) => {
    const expired = new Map<string, string>();
    for (const placed of rules) {
      const { expiresAt, id } = placed.rule.record;
      if (placed.isException && (expiresAt ?? 0) <= now) expired.set(meaningOf(placed), id);
    }
    if (expired.size === 0) return;
    for (const placed of rules) {
      if (placed.isException || placed.rule.effect !== 'permit' || placed.mode) continue;
      const exception = expired.get(meaningOf(placed));
      if (exception === undefined) continue;
      const message = `\`${placed.rule.id}\` says for good what the exception \`${exception}\` said until it expired`;
      tell(placed.at([]), message);
    }
  },
};

/** The same text for the same meaning, whatever the order of keys and items. */
function meaningOf({ rule }: PlacedRule): string {
  const { namespace, from, fromNot, to, toNot, condition } = rule.record;
  return canonical([namespace, from, fromNot ?? {}, to, toNot ?? {}, condition?.text ?? '']);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => {
    if (typeof inner !== 'object' || inner === null) return inner;
    if (Array.isArray(inner)) return [...inner].sort(byText);
    return Object.fromEntries(Object.entries(inner).sort());
  });
}

function byText(a: unknown, b: unknown): number {
  const [first, second] = [JSON.stringify(a), JSON.stringify(b)];
  return first === second ? 0 : first < second ? -1 : 1;
}

export const EXCEPTION_TOO_LONG: LintRule = {
  code: 'lint.exception_too_long',
  severity: 'error',
  finds: `an exception that ends more than ${EXCEPTION_DAYS_MAX} days from now; a server refuses it as well`,
  why: 'What lasts for a season is no exception: it is policy without a review.',
  fix: 'Let it end sooner, and renew it with a new reason if it has to be.',
  check: ({ bundle, now }, tell) => tellLongExceptions(bundle, now, tell),
};

export const SHADOW_ENDS: LintRule = {
  code: 'lint.shadow_ends',
  severity: 'warning',
  finds: `a rule on trial whose trial ends within ${TRIAL_NOTICE_DAYS} days`,
  why: 'At that moment a forbid begins to deny and a permit is gone, without anybody changing a file.',
  fix: 'Look at its shadow results: remove `mode` to enforce it, remove the rule, or prolong the trial.',
  check: ({ rules, now }, tell) => {
    for (const { rule, mode, at } of rules) {
      const until = mode && Date.parse(mode.until);
      if (until === undefined || until <= now || until - now > TRIAL_NOTICE_DAYS * DAY_MS) continue;
      const then = rule.effect === 'forbid' ? 'it denies' : 'it is gone';
      tell(at([]), `the trial of \`${rule.id}\` ends at ${mode?.until}; from then on ${then}`);
    }
  },
};
