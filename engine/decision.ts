// A decision: what a policy said of one AccessRequest, and why (DESIGN section 5).

import type { Reason } from './reason.ts';

export type Effect = 'permit' | 'forbid';
export type Outcome = 'allow' | 'deny';

/** A shadow rule that matched, and the outcome the request would have had with it in force. */
export interface ShadowResult {
  readonly rule: string;
  readonly outcome: Outcome;
}

/** What the enforcer is told to do besides, by the rules that decided. */
export interface Obligations {
  /** Set on the request that goes on. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly metadata: readonly (readonly [name: string, value: string | number | boolean])[];
  /** What the client of a forbidden request is told; empty when nothing. */
  readonly denialBody: string;
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
  /** `rule: what`, of conditions that failed; or what was missing. At most `RULES_NAMED_MAX`. */
  readonly errors: readonly string[];
  readonly obligations: Obligations;
  /** Milliseconds since the epoch: until then the same request is decided alike. */
  readonly validUntil: number;
}

export const RULES_NAMED_MAX = 16;

export const NOTHING: readonly never[] = Object.freeze([]);
export const NO_OBLIGATIONS: Obligations = Object.freeze({
  headers: NOTHING,
  metadata: NOTHING,
  denialBody: '',
});

/** A denial that no rule took part in. */
export function denied(
  reason: Reason,
  validUntil: number,
  errors: readonly string[] = NOTHING,
): Decision {
  return {
    outcome: 'deny',
    reason,
    rules: NOTHING,
    ruleCount: 0,
    shadow: NOTHING,
    errors,
    obligations: NO_OBLIGATIONS,
    validUntil,
  };
}
