// How far an identity reaches by policy alone, against what it is meant for: its ceiling, its
// audiences, and what it was ever permitted (C-069). The other dimension of risk (C-065).

import type { Principal } from '../../engine/access_request.ts';
import { BlastRadius } from '../review/blast_radius.ts';
import type { OperationReach } from '../review/grants.ts';
import type { Subject } from './subject.ts';

export interface Scope {
  readonly operations: number;
  /** Of these, those that change something. */
  readonly changing: number;
  /** Rules give it these, and only its ceiling or its audiences stand against them. */
  readonly beyondCeiling: readonly string[];
  readonly beyondAudiences: readonly string[];
  /** It could, and never did; null: not known. */
  readonly unused: readonly string[] | null;
}

/** @param isUseKnown records of decisions were looked at, for long enough */
export function scopeOf(
  { principal, used }: Subject,
  reaches: readonly OperationReach[],
  isUseKnown: boolean,
): Scope | undefined {
  if (principal?.known !== true) return undefined;
  const { ceiling, audiences } = principal.entry;
  const unbounded = withoutCeiling(principal);
  const radius = new BlastRadius();
  const beyondCeiling: string[] = [];
  const beyondAudiences: string[] = [];
  const unused: string[] = [];
  for (const reach of reaches) {
    const { operation } = reach.route;
    const { id } = operation;
    const grants = reach.grantsOf(principal);
    if (grants.length === 0) {
      const isHeld = ceiling !== undefined && reach.grantsOf(unbounded).length > 0;
      if (isHeld) beyondCeiling.push(`${id} (${operation.verb}, ${operation.dataClass})`);
      continue;
    }
    const { service } = reach;
    const isMeant =
      audiences === undefined ||
      audiences.has(service.id) ||
      service.destinations.some((it) => audiences.has(it));
    if (!isMeant) {
      beyondAudiences.push(id);
      continue;
    }
    radius.add(operation, grants);
    if (!used.has(id)) unused.push(id);
  }
  const { operations, changing } = radius.fields;
  return {
    ...{ operations, changing, beyondCeiling, beyondAudiences },
    unused: isUseKnown ? unused : null,
  };
}

function withoutCeiling(principal: Principal): Principal {
  return { ...principal, entry: { ...principal.entry, ceiling: undefined } };
}

export function isOverPrivileged({ beyondCeiling, beyondAudiences, unused }: Scope): boolean {
  return beyondCeiling.length + beyondAudiences.length + (unused?.length ?? 0) > 0;
}

export function scopeText(scope: Scope | undefined): string {
  if (scope === undefined) return 'unknown';
  const { operations, changing, beyondCeiling, beyondAudiences, unused } = scope;
  return [
    `reaches ${operations} (${changing} change something)`,
    ...listed('beyond its ceiling', beyondCeiling),
    ...listed('beyond its audiences', beyondAudiences),
    ...listed('never used', unused ?? []),
  ].join('; ');
}

const LISTED_MAX = 4;

function listed(what: string, operations: readonly string[]): string[] {
  if (operations.length === 0) return [];
  const left = operations.length - LISTED_MAX;
  const more = left > 0 ? ` and ${left} more` : '';
  return [`${what}: ${operations.slice(0, LISTED_MAX).join(', ')}${more}`];
}
