// Bounds on proof: what the inventory demands of an identity's credentials, and what a data class
// demands of any (DESIGN section 6, "Class floor").

import type { AccessRequest, DataClass, Principal } from './access_request.ts';
import type { CredentialKind } from './bundle/service_kind.ts';
import { assuranceAtLeast, type Evidence, type Method } from './evidence.ts';
import type { Service } from './policy/service.ts';
import type { Reason } from './reason.ts';
import type { Lifetimes, Settings } from './settings.ts';

const CREDENTIAL_KIND: Readonly<Record<Method, CredentialKind | undefined>> = {
  none: undefined,
  peer_principal: 'x509-svid',
  x509_svid: 'x509-svid',
  xfcc: 'x509-svid',
  client_cert: 'x509-svid',
  jwt: 'jwt',
  jwt_metadata: 'jwt',
  jwt_svid: 'jwt-svid',
  wit: 'wit',
  api_key: 'api-key',
};
const FOREVER = Number.POSITIVE_INFINITY;
const SENSITIVE: ReadonlySet<DataClass> = new Set(['confidential', 'restricted']);
/** C-080: a runner works for many; which job it is, only the token of the job says. */
const JOB_ATTRIBUTES = ['repository', 'ref', 'workflow', 'run-id'];

function namesJob({ entry: { attributes }, variant, actors }: Principal): boolean {
  // For whom it acts is a variant as well, and no claim.
  return (
    variant !== '' && actors.length === 0 && JOB_ATTRIBUTES.every((name) => attributes.has(name))
  );
}

/**
 * C-083: what several workloads use tells nobody who acts, so it is good for reading what anybody
 * inside may see, unless the workload that acts shows itself as well.
 */
export function sharedBeyondBaseline({ principal, operation }: AccessRequest): boolean {
  if (!principal.entry.shared || principal.accompanied) return false;
  return operation.verb !== 'read' || SENSITIVE.has(operation.dataClass);
}

/**
 * C-060 C-099: an identity is good for its own audiences, while its credentials live as long as it
 * says, and its kind.
 */
export function identityWeakness(
  { entry: { kind: principalKind, maxLifetimeMs, audiences }, known }: Principal,
  { method, notBefore, notAfter }: Evidence,
  service: Service | undefined,
  { kinds }: Lifetimes,
): Reason | undefined {
  const kind = CREDENTIAL_KIND[method];
  if (kind !== undefined && service?.accepts?.has(kind) === false) {
    return 'authn.wrong_principal_kind';
  }
  // Nobody shows nothing, and who is unknown is of no kind.
  const ofKind = known && method !== 'none' ? kinds[principalKind] : undefined;
  if (maxLifetimeMs !== undefined || ofKind !== undefined) {
    // A limit that no proof shows to be kept is not kept.
    if (notBefore === undefined || notAfter === undefined) return 'authn.assurance';
    const limit = Math.min(maxLifetimeMs ?? FOREVER, ofKind ?? FOREVER);
    if (notAfter - notBefore > limit) return 'authn.lifetime_exceeded';
  }
  if (audiences === undefined || service === undefined) return undefined;
  const meant = audiences.has(service.id) || service.destinations.some((it) => audiences.has(it));
  return meant ? undefined : 'authn.audience';
}

/** What the proof lacks for data of this class. */
export function classWeakness(
  { principal, operation, context }: AccessRequest,
  { classFloor, lifetimes }: Settings,
): Reason | undefined {
  const { dataClass } = operation;
  if (!assuranceAtLeast(principal.assurance, classFloor[dataClass])) return 'authn.assurance';
  if (principal.entry.kind === 'ci' && SENSITIVE.has(dataClass) && !namesJob(principal)) {
    return 'authn.assurance';
  }
  const limit = lifetimes.classes[dataClass];
  if (limit === undefined) return undefined;
  const { notBefore = Number.NEGATIVE_INFINITY, notAfter = Number.POSITIVE_INFINITY } = context;
  const shortLived = notAfter - notBefore <= limit;
  return shortLived ? undefined : 'authn.lifetime_exceeded';
}
