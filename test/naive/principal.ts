// Who calls (DESIGN 5.8): what the enforcer asserts of the peer, looked up in the inventory.

import type { IdentityDocument } from '../../engine/bundle/identity_kind.ts';
import type { Reason } from '../../engine/reason.ts';
import type { NaiveEnforcer } from './destination.ts';
import type { NaiveRequest, NaiveSettings } from './request.ts';
import { compareSpecificity, idMatches, type NaiveId, readId, trustDomainOf } from './spiffe.ts';
import { lower } from './text.ts';

export interface NaivePrincipal {
  /** Undefined for an anonymous caller. */
  readonly id: NaiveId | undefined;
  /** False when it is proved and stands in no inventory. */
  readonly known: boolean;
  readonly kind: NonNullable<IdentityDocument['spec']['kind']>;
  readonly tenant: string;
  readonly environment: string;
  readonly assurance: 'none' | 'asserted';
  /** `namespace/role` */
  readonly roles: readonly string[];
  readonly attributes: Attributes;
  /** What the inventory says of it. */
  readonly entry: IdentityDocument | undefined;
}

type Attributes = NonNullable<IdentityDocument['spec']['attributes']>;

const NOBODY = {
  id: undefined,
  kind: 'workload',
  tenant: '',
  environment: '',
  roles: [],
  attributes: {},
  entry: undefined,
} as const;

/** The principal, or why there is none. */
export function principalOf(
  { source, hasCertificate, headers }: NaiveRequest,
  enforcer: NaiveEnforcer,
  passThrough: boolean,
  identities: readonly IdentityDocument[],
  settings: NaiveSettings,
): NaivePrincipal | Reason {
  const authorization = headers.some(([name]) => lower(name) === 'authorization');
  // No generated bundle verifies tokens, so nobody vouches for what stands there.
  if (authorization && !passThrough) return 'authn.untrusted_issuer';
  if (source === '') {
    if (!enforcer.peer.includes('anonymous') || hasCertificate) return 'authn.missing';
    return { ...NOBODY, known: true, assurance: 'none' };
  }
  if (!enforcer.peer.includes('principal')) return 'authn.missing';
  const id = readId(source);
  if (id === undefined) return 'authn.invalid_identity';
  if (!trustDomains(identities, settings).includes(id.trustDomain)) return 'authn.untrusted_issuer';
  const entry = identities
    .filter(({ spec }) => idMatches(spec.spiffe ?? '', id))
    .sort((a, b) => compareSpecificity(a.spec.spiffe ?? '', b.spec.spiffe ?? ''))[0];
  if (entry === undefined) return { ...NOBODY, id, known: false, assurance: 'asserted' };
  const { kind, tenant, environment, roles, attributes } = entry.spec;
  return {
    id,
    known: true,
    kind,
    tenant: tenant ?? '',
    environment: environment ?? '',
    assurance: 'asserted',
    roles: (roles ?? []).map((role) => named(role, entry.metadata.namespace)),
    attributes: attributes ?? {},
    entry,
  };
}

/** A role by its whole name. */
function named(role: string, namespace: string | undefined): string {
  return role.includes('/') ? role : `${namespace}/${role}`;
}

/** Domains whose identities may be believed: the mesh's own and those of the inventory. */
function trustDomains(
  identities: readonly IdentityDocument[],
  { trustDomain }: NaiveSettings,
): readonly string[] {
  const named = identities.flatMap(({ spec }) => {
    return spec.spiffe === undefined ? [] : [trustDomainOf(spec.spiffe)];
  });
  return trustDomain === undefined ? named : [...named, trustDomain];
}

/** What a permit means by a namespace: the mesh's own domain, else the only one there is. */
export function homeDomains(
  identities: readonly IdentityDocument[],
  settings: NaiveSettings,
): readonly string[] {
  const { trustDomain } = settings;
  return trustDomain === undefined ? trustDomains(identities, settings) : [trustDomain];
}
