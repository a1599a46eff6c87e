// Random bundles that load: every kind of the policy language but Issuer (no generated bundle can
// verify a certificate). Each kind has a generator of its own; enforcers are here.

import type { NaiveSettings } from '../naive/request.ts';
import { callersOf, identities } from './identity_generator.ts';
import { passengers } from './passenger_generator.ts';
import { exceptions, policies } from './policy_generator.ts';
import type { Random } from './random.ts';
import { roles } from './role_generator.ts';
import { type GeneratedService, services } from './service_generator.ts';
import {
  ACCOUNTS,
  type Block,
  type Doc,
  ENVIRONMENTS,
  HOME,
  spiffeId,
  TENANTS,
} from './vocabulary.ts';

export interface GeneratedBundle {
  readonly documents: readonly Doc[];
  readonly settings: NaiveSettings;
  readonly services: readonly GeneratedService[];
  readonly enforcerIds: readonly string[];
  /** SPIFFE IDs that the inventory knows. */
  readonly callers: readonly string[];
}

/** What it may say of peers and circumstances. */
function assertions(random: Random): Block {
  const peer = random.some(['principal', 'anonymous', 'metadata', 'xfcc'], 1, 4);
  if (random.chance(0.9) && !peer.includes('principal')) peer.push('principal');
  const asserts: Block = { peer };
  if (random.chance(0.6)) asserts['environment'] = random.some(ENVIRONMENTS, 1, 3);
  if (random.chance(0.6)) asserts['tenant'] = random.some(TENANTS, 1, 2);
  if (random.chance(0.8)) asserts['runtime'] = random.some(['cluster', 'zone'], 1, 2);
  return asserts;
}

function enforcers(random: Random, all: readonly GeneratedService[]): Doc[] {
  const destination = () =>
    random.pick(all.flatMap((it) => it.destinations).concat(spiffeId(random)));
  const gatewayDestinations = () =>
    random.chance(0.8)
      ? ['*']
      : [`spiffe://${HOME}/ns/*/sa/${random.pick(ACCOUNTS)}`, destination()];
  const types = ['gateway', 'gateway', 'gateway', 'gateway', 'gateway', 'waypoint', 'sidecar'];
  const local = random.pick([...types, ...types, 'none']);
  const far = random.chance(0.5) ? `spiffe://${HOME}/ns/*/sa/*` : destination();
  const documents: Doc[] = [
    {
      kind: 'Enforcer',
      metadata: { name: 'far', namespace: 'mesh' },
      spec: { type: 'sidecar', identities: [far], asserts: assertions(random) },
    },
  ];
  if (local === 'none') return documents;
  const asserts = assertions(random);
  const spec: Block = { type: local, local: true, asserts };
  if (local === 'sidecar') {
    const beside = destination();
    // Nobody is two enforcers.
    if (beside === far) return documents;
    spec['identities'] = [beside];
  } else asserts['destinations'] = gatewayDestinations();
  return [...documents, { kind: 'Enforcer', metadata: { name: 'near' }, spec }];
}

export function generateBundle(random: Random): GeneratedBundle {
  const homeOnly = random.chance(0.3);
  const all = services(random);
  const ofRoles = roles(random, all);
  const inventory = identities(random, all, ofRoles, homeOnly);
  const ofPolicies = policies(random, all, ofRoles);
  return {
    documents: [
      ...all.map((it) => it.document),
      ...ofRoles.map((it) => it.document),
      ...inventory,
      ...enforcers(random, all),
      ...ofPolicies,
      ...exceptions(random, all, ofPolicies),
      ...passengers(random, all),
    ],
    settings: {
      trustDomain: homeOnly && random.chance(0.5) ? undefined : HOME,
      pathNormalization: random.pick([
        'NONE',
        'BASE',
        'MERGE_SLASHES',
        'DECODE_AND_MERGE_SLASHES',
        'DECODE_AND_MERGE_SLASHES',
      ]),
      ambiguousPaths: random.chance(0.75) ? 'deny' : 'match',
      overdueReviews: random.chance(0.5) ? 'deny' : 'warn',
    },
    services: all,
    enforcerIds: ['mesh/far', 'near'],
    callers: callersOf(random, inventory),
  };
}
