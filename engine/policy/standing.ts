// Where a principal stands before any rule is looked at: known, reviewed, and under its ceiling
// (docs/semantics.md, questions 10 to 12).

import type { AccessRequest, Ceiling, IdentityEntry, Operation } from '../access_request.ts';
import type { Reason } from '../reason.ts';
import { dayEnd } from '../review.ts';
import type { Service } from './service.ts';
import { parseTextPattern } from './text_pattern.ts';

/** Milliseconds since the epoch: the first bound that has not passed, or Infinity. */
export function standsUntil(
  { expiresAt, reviewUntil, workloadUntil }: IdentityEntry,
  service: Service | undefined,
  overdueDenies: boolean,
  now: number,
): number {
  const reviewed = service === undefined ? NEVER : reviewOf(service, overdueDenies);
  let until = NEVER;
  for (const bound of [expiresAt, reviewUntil, workloadUntil, reviewed]) {
    if (bound > now && bound < until) until = bound;
  }
  return until;
}

export function standingFault(
  { principal, operation, now }: AccessRequest,
  service: Service,
  overdueDenies: boolean,
): Reason | undefined {
  const { entry, known } = principal;
  const { expiresAt, reviewUntil, ceiling } = entry;
  if (!known || now >= expiresAt) return 'authz.unknown_identity';
  if (now >= reviewUntil || now >= reviewOf(service, overdueDenies)) return 'authz.review_overdue';
  return ceiling !== undefined && exceeds(operation, ceiling) ? 'authz.ceiling' : undefined;
}

const NEVER = Number.POSITIVE_INFINITY;

function reviewOf({ reviewBy }: Service, overdueDenies: boolean): number {
  return overdueDenies && reviewBy !== undefined ? dayEnd(reviewBy) : NEVER;
}

/** INVARIANT: no rule permits what is above an identity's ceiling (C-093). */
function exceeds(
  { dataClass, verb, service }: Operation,
  { dataClasses, verbs, services }: Ceiling,
): boolean {
  if (dataClasses !== undefined && !dataClasses.includes(dataClass)) return true;
  if (verbs !== undefined && !verbs.includes(verb)) return true;
  return services?.some((it) => parseTextPattern(it)?.(service)) === false;
}
