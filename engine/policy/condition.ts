// The condition of a rule: compiled by each thread that needs it, and evaluated when all else about
// the rule matches (DESIGN 5.3).

import type { AccessRequest } from '../access_request.ts';
import { Condition as CelCondition, compileCondition } from '../cel/condition.ts';
import { CelFailure } from '../cel/failure.ts';
import type { Effect } from '../decision.ts';
import { activationOf, conditionEnvironment } from './condition_variables.ts';
import type { ConditionRecord } from './rule_record.ts';

export class Condition {
  readonly #condition: CelCondition;
  /** Its answer may be another one a moment later. */
  readonly readsTime: boolean;
  readonly #reads: readonly string[];

  /** Throws when it does not compile: it was checked where the bundle was loaded. */
  constructor({ text, body, reads }: ConditionRecord, effect: Effect) {
    const forbid = effect === 'forbid';
    const compiled = compileCondition(text, conditionEnvironment(body), { forbid });
    if (!(compiled instanceof CelCondition)) throw new Error('a condition does not compile');
    this.#condition = compiled;
    this.#reads = reads;
    this.readsTime = reads.some((path) => path === 'context' || path === 'context.time');
  }

  /** A text says in one word why there is no answer. */
  evaluate(access: AccessRequest): boolean | string {
    access.reads.push(this.#reads);
    const result = this.#condition.evaluate(activationOf(access));
    if (!(result instanceof CelFailure)) return result;
    // Only the body is there and cannot be read; the message is its problem.
    return result.kind === 'unreadable' ? `body_unreadable ${result.message}` : result.kind;
  }
}
