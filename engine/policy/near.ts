// The reason of a default deny (DESIGN 5.1): when the nearest permit fails in exactly one
// dimension, that dimension. Computed on denials only, over a bounded number of rules.

import type { AccessRequest } from '../access_request.ts';
import type { Reason } from '../reason.ts';
import { CONDITION, isSingle, reasonOf, SERVICE, WHO } from './dimension.ts';
import type { Found } from './route_rules.ts';

interface Missed {
  readonly conditionMissed: boolean;
  readonly bodyUnreadable: boolean;
}

interface Nearest {
  readonly reason: Reason;
  /** The first time at which one of the rules that were looked at may change. */
  readonly changesAt: number;
}

export function nearestReason(access: AccessRequest, found: Found, missed: Missed): Nearest {
  let nearest = missed.conditionMissed ? CONDITION : 0;
  let changesAt = Number.POSITIVE_INFINITY;
  for (const { rule, failed } of found.near) {
    if (rule.isTimed) changesAt = Math.min(changesAt, rule.changesAt(access));
    if (!rule.isThere(access.now) || rule.isOnTrial(access.now)) continue;
    const all = failed | rule.dynamicFailures(access);
    // The lower bit is the earlier dimension.
    if (isSingle(all) && (all & (WHO | SERVICE)) === 0 && (nearest === 0 || all < nearest)) {
      nearest = all;
    }
  }
  if (nearest === 0) return { reason: 'authz.no_match', changesAt };
  const unreadable = nearest === CONDITION && missed.bodyUnreadable;
  return { reason: unreadable ? 'ctx.body_unreadable' : reasonOf(nearest), changesAt };
}
