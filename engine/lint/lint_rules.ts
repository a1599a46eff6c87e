// All rules of the lint: the one list of them, from which come `--strict`, SARIF and docs/lint.md.

import { ANY_AUTHENTICATED, ROLE_ONLY, WILDCARD_VERB } from './broad_permits.ts';
import { CONFUSABLE_NAME } from './confusable_names.ts';
import type { LintRule } from './lint_rule.ts';
import { NO_OWNER, REVIEW_MISSING, REVIEW_OVERDUE } from './ownership.ts';
import { FOREIGN_WORKLOAD, UNREACHABLE_OPERATION, UNREACHABLE_PRINCIPAL } from './reach.ts';
import { EXCEPTION_TOO_LONG, EXPIRED_COPY, SHADOW_ENDS } from './temporary.ts';
import { ALWAYS_FORBIDDEN, UNINDEXED_RULE } from './useless_rules.ts';

export const LINT_RULES: readonly LintRule[] = [
  ANY_AUTHENTICATED,
  WILDCARD_VERB,
  ROLE_ONLY,
  EXPIRED_COPY,
  EXCEPTION_TOO_LONG,
  SHADOW_ENDS,
  UNREACHABLE_PRINCIPAL,
  UNREACHABLE_OPERATION,
  ALWAYS_FORBIDDEN,
  UNINDEXED_RULE,
  NO_OWNER,
  REVIEW_MISSING,
  REVIEW_OVERDUE,
  CONFUSABLE_NAME,
  FOREIGN_WORKLOAD,
];
