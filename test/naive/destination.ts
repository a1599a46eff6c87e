// Who asks, and for which Service (DESIGN 5.7; section 6, "Choosing the Service").

import type { EnforcerDocument } from '../../engine/bundle/identity_kind.ts';
import type { ServiceDocument } from '../../engine/bundle/service_kind.ts';
import type { NaiveAsker, NaiveRequest } from './request.ts';
import { idMatches, readId } from './spiffe.ts';
import { lower } from './text.ts';

export interface NaiveEnforcer {
  /** `namespace/name`, or the name alone. */
  readonly id: string;
  readonly type: 'sidecar' | 'waypoint' | 'gateway';
  /** What it may assert of a peer. */
  readonly peer: readonly string[];
  /** Patterns of the destinations it may ask about; `*` is all, also those without an identity. */
  readonly askable: readonly string[];
  /** Which values, and which names of facts, it may assert; `*` is any. */
  readonly environments: readonly string[];
  readonly tenants: readonly string[];
  readonly runtime: readonly string[];
}

/** Known by the connection alone; a plaintext connection from elsewhere is nobody's. */
export function enforcerOf(
  asker: NaiveAsker,
  enforcers: readonly EnforcerDocument[],
): NaiveEnforcer | undefined {
  if (asker.kind === 'remote') return undefined;
  if (asker.kind === 'everything') {
    const all = ['*'];
    const may = { askable: all, environments: all, tenants: all, runtime: all };
    return { id: 'everything', type: 'gateway', peer: ['principal', 'anonymous'], ...may };
  }
  if (asker.kind === 'peer') return enforcerOfPeer(asker.id, enforcers);
  const found = enforcers.find((it) =>
    asker.kind === 'local' ? it.spec.local : asker.enforcer === idOf(it),
  );
  // A sidecar asks about the workload it stands beside, and that is what it is itself.
  return found && naiveEnforcer(found, found.spec.identities);
}

function naiveEnforcer(
  document: EnforcerDocument,
  itself: readonly string[] | undefined,
): NaiveEnforcer {
  const { type, asserts } = document.spec;
  return {
    id: idOf(document),
    type,
    peer: asserts.peer,
    askable: (type === 'sidecar' ? itself : asserts.destinations) ?? [],
    environments: asserts.environment ?? [],
    tenants: asserts.tenant ?? [],
    runtime: asserts.runtime ?? [],
  };
}

/** By its certificate: whoever names it exactly, else by the pattern that is literal earlier. */
function enforcerOfPeer(
  text: string,
  enforcers: readonly EnforcerDocument[],
): NaiveEnforcer | undefined {
  const id = readId(text);
  const claims = enforcers.flatMap((document) =>
    (document.spec.identities ?? [])
      .filter((pattern) => id !== undefined && idMatches(pattern, id))
      .map((pattern) => ({ document, order: pattern.includes('*') ? maskOf(pattern) : '' })),
  );
  const [first] = claims.sort((a, b) => (a.order < b.order ? -1 : 1));
  // Whatever its pattern covers: a sidecar's certificate names the one workload beside it.
  return first && naiveEnforcer(first.document, [text]);
}

function maskOf(pattern: string): string {
  return pattern
    .split('/')
    .map((segment) => (segment === '*' ? '2' : '1'))
    .join('');
}

type Choice = ServiceDocument | undefined | 'authn.enforcer_scope' | 'ctx.destination_conflict';

/** Whoever speaks has to agree; undefined when nobody does. */
export function chooseService(
  enforcer: NaiveEnforcer,
  { destination, extensions, http }: NaiveRequest,
  services: readonly ServiceDocument[],
): Choice {
  const { type } = enforcer;
  const extension = extensions['remit.service'] ?? '';
  const byPrincipal = services.find((it) => it.spec.destinations?.includes(destination));
  if (type === 'sidecar' && destination === '' && extension === '') return 'authn.enforcer_scope';
  // What a sidecar names is always itself; from the others only a Service's destination matters.
  const named = type === 'sidecar' ? destination !== '' : byPrincipal !== undefined;
  if (named && !mayAsk(enforcer, destination)) return 'authn.enforcer_scope';

  const byExtension = services.find((it) => idOf(it) === extension);
  if (byExtension !== undefined && !covers(enforcer, byExtension)) return 'authn.enforcer_scope';
  if (extension !== '' && byExtension === undefined) {
    return byPrincipal === undefined ? undefined : 'ctx.destination_conflict';
  }
  // The Host header is the caller's choice, so it counts only where a gateway vouches for it.
  const byHost = type === 'gateway' ? serviceOfHost(services, http?.host ?? '') : undefined;
  const vouched = byHost !== undefined && covers(enforcer, byHost) ? byHost : undefined;

  const speaking = [byPrincipal, byExtension, vouched].filter((it) => it !== undefined);
  return new Set(speaking).size > 1 ? 'ctx.destination_conflict' : speaking[0];
}

function idOf({ metadata: { name, namespace } }: ServiceDocument | EnforcerDocument): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

function mayAsk({ askable }: NaiveEnforcer, destination: string): boolean {
  const id = readId(destination);
  return askable.some((it) => it === '*' || (id !== undefined && idMatches(it, id)));
}

function covers(enforcer: NaiveEnforcer, { spec }: ServiceDocument): boolean {
  if (enforcer.type !== 'sidecar' && enforcer.askable.includes('*')) return true;
  const destinations = spec.destinations ?? [];
  return destinations.length > 0 && destinations.every((it) => mayAsk(enforcer, it));
}

/** By the name as it stands, else by the name without its port; case does not matter. */
function serviceOfHost(
  services: readonly ServiceDocument[],
  host: string,
): ServiceDocument | undefined {
  const named = (name: string) =>
    services.find((it) => it.spec.hosts?.some((other) => lower(other) === name));
  const name = lower(host);
  return named(name) ?? named(name.replace(/:\d{1,5}$/, ''));
}
