// A rule as the lint looks at it: compiled as for requests, with the place where it is written.

import type { RuleDocument } from '../bundle/rule_kind.ts';
import type { Path } from '../bundle/yaml_document.ts';
import type { Position } from '../diagnostic.ts';
import type { RuleKeys } from '../policy/anchor.ts';
import type { FromMatcher } from '../policy/from_matcher.ts';
import type { Rule } from '../policy/rule.ts';
import type { ToMatcher } from '../policy/to_matcher.ts';

/** A rule or an exception where it stands. */
export interface PlacedRule {
  readonly rule: Rule;
  readonly keys: RuleKeys;
  readonly from: FromMatcher;
  readonly to: ToMatcher;
  readonly isException: boolean;
  /** Of a part of it. */
  readonly at: (path: Path) => Position;
  /** Until when it is on trial, as it is written. */
  readonly mode: RuleDocument['mode'];
}
