// A decision: what a policy said of one AccessRequest, and why (DESIGN section 5).

import type { Reason } from './reason.ts';

export type Effect = 'permit' | 'forbid';
export type Outcome = 'allow' | 'deny';

/** A shadow rule that matched, and the outcome the request would have had with it in force. */
export interface ShadowResult {
  readonly rule: string;
  readonly outcome: Outcome;
}

export interface Decision {
  readonly outcome: Outcome;
  /** Undefined on allow. */
  readonly reason: Reason | undefined;
  /** The rules that decided, `namespace/policy/rule`, at most `RULES_NAMED_MAX`. */
  readonly rules: readonly string[];
  /** How many matched, also beyond those named. */
  readonly ruleCount: number;
  readonly shadow: readonly ShadowResult[];
}

export const RULES_NAMED_MAX = 16;

const NOTHING: readonly never[] = Object.freeze([]);

/** A denial that no rule took part in. */
export function denied(reason: Reason): Decision {
  return { outcome: 'deny', reason, rules: NOTHING, ruleCount: 0, shadow: NOTHING };
}
