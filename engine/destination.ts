// Which Service a request is for (DESIGN section 6, "Choosing the Service"). Three may speak: the
// destination's identity, a name in Envoy's own configuration, and, from a gateway, the host. Those
// that do speak have to agree.

import { type Enforcer, mayAskAbout } from './identity/enforcer.ts';
import type { PolicyImage } from './policy/policy_image.ts';
import type { Service } from './policy/service.ts';
import type { Reason } from './reason.ts';

export interface Destination {
  /** AttributeContext.Peer.principal of the destination: of the certificate that Envoy served. */
  readonly principal: string;
  /** The caller's choice, so it counts only where a gateway may ask about what it names. */
  readonly host: string;
  /** `context_extensions["remit.service"]`: set by Envoy's configuration, never by the caller. */
  readonly extension: string;
}

export interface Choice {
  readonly service: Service | undefined;
  readonly fault: Extract<Reason, 'authn.enforcer_scope' | 'ctx.destination_conflict'> | undefined;
}

const NOBODY_SPEAKS: Choice = { service: undefined, fault: undefined };
const OUT_OF_SCOPE: Choice = { service: undefined, fault: 'authn.enforcer_scope' };
const CONFLICT: Choice = { service: undefined, fault: 'ctx.destination_conflict' };

export function chooseService(
  enforcer: Enforcer,
  { principal, host, extension }: Destination,
  policy: PolicyImage,
): Choice {
  const byPrincipal = principal === '' ? undefined : policy.ofDestination(principal);
  if (enforcer.type === 'sidecar' ? principal !== '' : byPrincipal !== undefined) {
    if (!mayAskAbout(enforcer, principal)) return OUT_OF_SCOPE;
  }
  // A sidecar that names neither its destination nor a service could be asking about anybody.
  if (enforcer.type === 'sidecar' && principal === '' && extension === '') return OUT_OF_SCOPE;
  let byExtension: Service | undefined;
  if (extension !== '') {
    byExtension = policy.byId(extension);
    if (byExtension !== undefined && !covers(enforcer, byExtension)) return OUT_OF_SCOPE;
    if (byExtension === undefined) return byPrincipal === undefined ? NOBODY_SPEAKS : CONFLICT;
  }
  let byHost: Service | undefined;
  if (enforcer.type === 'gateway' && host !== '' && policy.hasHosts) {
    byHost = findHost(policy, host);
    if (byHost !== undefined && !covers(enforcer, byHost)) byHost = undefined;
  }
  const service = byExtension ?? byPrincipal ?? byHost;
  if (service === undefined) return NOBODY_SPEAKS;
  const agreed =
    (byPrincipal === undefined || byPrincipal === service) &&
    (byHost === undefined || byHost === service);
  return agreed ? { service, fault: undefined } : CONFLICT;
}

function covers(enforcer: Enforcer, service: Service): boolean {
  if (enforcer.destinations.includes('*')) return true;
  const { destinations } = service;
  return destinations.length > 0 && destinations.every((it) => mayAskAbout(enforcer, it));
}

/** As it stands, or else without its port; host names ignore case. */
function findHost(policy: PolicyImage, host: string): Service | undefined {
  // ASCII letters only: Unicode has others whose lower case is one of them (U+212A is `k`).
  const name = host.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
  return policy.ofHost(name) ?? policy.ofHost(name.replace(/:\d{1,5}$/, ''));
}
