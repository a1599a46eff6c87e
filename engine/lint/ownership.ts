// Who answers for what, and until when it holds unreviewed (C-072, C-102).

import { type Bundle, documentId } from '../bundle/bundle.ts';
import { dayEnd } from '../review.ts';
import { documentsOf } from './lint_context.ts';
import type { LintRule } from './lint_rule.ts';

export const NO_OWNER: LintRule = {
  code: 'lint.no_owner',
  severity: 'error',
  finds: 'a document without `metadata.owner`; a Test needs none',
  why: 'What nobody answers for nobody reviews, and nobody takes away.',
  fix: 'Say `metadata.owner`: the team that is asked when it is in doubt.',
  check: ({ bundle }, tell) => {
    for (const { document, at } of documentsOf(bundle)) {
      if (document.metadata.owner !== undefined) continue;
      const message = `the ${document.kind} \`${documentId(document)}\` has no owner`;
      tell(at(['metadata']), message, '`owner: TEAM`');
    }
  },
};

/** What gives access, or may be given it: on all else a review is up to its owner. */
const REVIEWED: ReadonlySet<string> = new Set(['Identity', 'Policy', 'Role']);

export const REVIEW_MISSING: LintRule = {
  code: 'lint.review_missing',
  severity: 'warning',
  finds: 'an Identity, Policy or Role without `reviewBy`',
  why: 'Access that nobody looks at again outlives its reason.',
  fix: 'Say `metadata.reviewBy`: the last day on which it holds unreviewed.',
  check: ({ bundle }, tell) => {
    const reviewed = reviewedIdentities(bundle);
    for (const { document, at } of documentsOf(bundle)) {
      if (!REVIEWED.has(document.kind) || document.metadata.reviewBy !== undefined) continue;
      if (reviewed.has(document)) continue;
      const message = `nobody has to review the ${document.kind} \`${documentId(document)}\``;
      tell(at(['metadata']), message, '`reviewBy: DATE`');
    }
  },
};

function reviewedIdentities({ identities }: Bundle): ReadonlySet<unknown> {
  return new Set(identities.map((it) => it.document).filter(({ spec }) => spec.reviewBy));
}

export const REVIEW_OVERDUE: LintRule = {
  code: 'lint.review_overdue',
  severity: 'error',
  finds: 'a document whose `reviewBy` is over',
  why: 'It holds on nobody’s word. With `overdueReviews: deny` it gives access no longer.',
  fix: 'Review it, and set the next date; or remove it.',
  check: ({ bundle, now }, tell) => {
    for (const { document, at } of documentsOf(bundle)) {
      const { reviewBy } = document.metadata;
      if (reviewBy === undefined || dayEnd(reviewBy) > now) continue;
      const message = `the review of the ${document.kind} \`${documentId(document)}\` is overdue since ${reviewBy}`;
      tell(at(['metadata', 'reviewBy']), message);
    }
    for (const { document, at } of bundle.identities) {
      const { reviewBy } = document.spec;
      if (reviewBy === undefined || dayEnd(reviewBy) > now) continue;
      const message = `the review of the Identity \`${documentId(document)}\` is overdue since ${reviewBy}`;
      tell(at(['spec', 'reviewBy']), message);
    }
  },
};
