// Bounds on proof: what the inventory demands of an identity's credentials, and what a data class
// demands of any (DESIGN section 6, "Class floor").

import type { AccessRequest, IdentityEntry } from './access_request.ts';
import { assuranceAtLeast, type Evidence } from './evidence.ts';
import { RESTRICTED_LIFETIME_MS_MAX } from './limits.ts';
import type { Service } from './policy/service.ts';
import type { Reason } from './reason.ts';
import type { ClassFloor } from './settings.ts';
import { lifetimeMs } from './svid.ts';

/** C-099: an identity is good for its own audiences, while its credentials live as long as said. */
export function identityWeakness(
  { maxLifetimeMs, audiences }: IdentityEntry,
  { svid }: Evidence,
  service: Service | undefined,
): Reason | undefined {
  if (maxLifetimeMs !== undefined) {
    // A limit that no proof shows to be kept is not kept.
    if (svid === undefined) return 'authn.assurance';
    if (lifetimeMs(svid) > maxLifetimeMs) return 'authn.lifetime_exceeded';
  }
  if (audiences === undefined || service === undefined) return undefined;
  const meant = audiences.has(service.id) || service.destinations.some((it) => audiences.has(it));
  return meant ? undefined : 'authn.audience';
}

/** What the proof lacks for data of this class. */
export function classWeakness(
  { principal, operation, context }: AccessRequest,
  floor: ClassFloor,
): Reason | undefined {
  const { dataClass } = operation;
  if (!assuranceAtLeast(principal.assurance, floor[dataClass])) return 'authn.assurance';
  if (dataClass !== 'restricted') return undefined;
  const { notBefore = Number.NEGATIVE_INFINITY, notAfter = Number.POSITIVE_INFINITY } = context;
  const shortLived = notAfter - notBefore <= RESTRICTED_LIFETIME_MS_MAX;
  return shortLived ? undefined : 'authn.lifetime_exceeded';
}
