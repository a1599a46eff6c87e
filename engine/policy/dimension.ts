// The dimensions in which a rule can fail to match, a bit each, in the order of docs/semantics.md:
// the first one gives the reason when a permit fails in nothing else (DESIGN 5.1).

import type { Reason } from '../reason.ts';

export const PROOF = 1 << 0;
export const BOUNDARY = 1 << 1;
export const ENVIRONMENT = 1 << 2;
export const WINDOW = 1 << 3;
export const RUNTIME = 1 << 4;
export const RESOURCE = 1 << 5;
export const ROLE = 1 << 6;
export const TASK = 1 << 7;
export const APPROVAL = 1 << 8;
export const CONDITION = 1 << 9;
/** Last: a permit for another operation is less near than one that names this operation. */
export const VERB = 1 << 10;
/** A rule that fails in one of these does not speak of the principal, or of the service. */
export const WHO = 1 << 11;
export const SERVICE = 1 << 12;

/** Bits of one or more dimensions. */
export type Dimensions = number;

export const DIMENSION_NAMES: readonly string[] = [
  'proof',
  'boundary',
  'environment',
  'window',
  'runtime',
  'resource',
  'role',
  'task',
  'approval',
  'condition',
  'verb',
  'who',
  'service',
];

const REASONS: readonly Reason[] = [
  'authn.assurance',
  'authz.boundary',
  'authz.environment',
  'authz.time_window',
  'authz.runtime',
  'authz.resource',
  'authz.role',
  'authz.task_required',
  'authz.approval_required',
  'authz.condition',
  'authz.verb',
];

/** The reason of the lowest bit. */
export function reasonOf(dimensions: Dimensions): Reason {
  return REASONS[31 - Math.clz32(dimensions & -dimensions)] ?? 'authz.no_match';
}

export function namesOf(dimensions: Dimensions): readonly string[] {
  return DIMENSION_NAMES.filter((_, bit) => (dimensions & (1 << bit)) !== 0);
}

/** One dimension and no other. */
export function isSingle(dimensions: Dimensions): boolean {
  return dimensions !== 0 && (dimensions & (dimensions - 1)) === 0;
}
