// What a role covers (docs/semantics.md, "Roles"): never what is strong by a pattern.

import { namesOperation, toMatches } from './blocks.ts';
import type { NaiveOperation } from './operation.ts';
import { isOverdue, namesInFull, reviewEnd } from './rules.ts';
import type { Situation } from './situation.ts';

const STRONG_VERBS = ['admin', 'rotate', 'delegate', 'escalate'];

export function isStrong({ verb }: NaiveOperation): boolean {
  return STRONG_VERBS.includes(verb);
}

/** @param id `namespace/name` */
export function roleCovers(
  id: string,
  effect: 'permit' | 'forbid',
  { roles, operation, settings, now }: Situation,
): boolean {
  const role = roles.find(({ metadata }) => `${metadata.namespace}/${metadata.name}` === id);
  if (role === undefined) return false;
  const { namespace, reviewBy } = role.metadata;
  if (effect === 'permit' && isOverdue(reviewEnd(reviewBy), settings, now)) return false;
  return role.spec.covers.some((entry) => {
    if (operation.namespace !== namespace && !namesInFull(entry, operation)) return false;
    if (!toMatches(entry, operation, namespace)) return false;
    const strong = isStrong(operation) || operation.resourceType === 'admin';
    return !strong || namesOperation(entry, operation, namespace);
  });
}
