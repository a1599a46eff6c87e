// Random identities: the inventory, with what bounds it and what is said of it.

import type { Random } from './random.ts';
import type { GeneratedRole } from './role_generator.ts';
import type { GeneratedService } from './service_generator.ts';
import {
  ACCOUNTS,
  type Block,
  DATA_CLASSES,
  type Doc,
  ENVIRONMENTS,
  HOME,
  INSTANTS,
  LATER_INSTANTS,
  REVIEWS,
  spiffePattern,
  TENANTS,
  textPattern,
  VERBS,
} from './vocabulary.ts';

/** Some ids that each entry of the inventory is about. */
export function callersOf(random: Random, inventory: readonly Doc[]): string[] {
  return inventory.flatMap(({ spec }) =>
    [1, 2].map(() => String(spec['spiffe']).replaceAll('*', () => random.pick(ACCOUNTS))),
  );
}

export function identities(
  random: Random,
  services: readonly GeneratedService[],
  roles: readonly GeneratedRole[],
  homeOnly: boolean,
): Doc[] {
  const texts = new Set(Array.from({ length: 10 }, () => spiffePattern(random)));
  return [...texts]
    .filter((spiffe) => !homeOnly || spiffe.startsWith(`spiffe://${HOME}/`))
    .map((spiffe, index) => {
      const metadata: Block = { name: `id-${index}` };
      const spec: Block = { spiffe };
      whoItIs(random, spec, metadata, roles);
      bounds(random, spec, metadata, services);
      return { kind: 'Identity', metadata, spec };
    });
}

function whoItIs(
  random: Random,
  spec: Block,
  metadata: Block,
  roles: readonly GeneratedRole[],
): void {
  const kinds = ['workload', 'workload', 'ci', 'gateway', 'human', 'third_party'];
  if (!String(spec['spiffe']).includes('*')) kinds.push('agent');
  if (random.chance(0.7)) spec['kind'] = random.pick(kinds);
  if (random.chance(0.35)) spec['environment'] = random.pick(ENVIRONMENTS);
  if (random.chance(0.7)) spec['tenant'] = random.pick(TENANTS);
  if (random.chance(0.2)) spec['purpose'] = 'takes orders';
  if (random.chance(0.1)) spec['shared'] = true;
  if (random.chance(0.7)) {
    const held = random.some(roles, 1, 3);
    const { namespace } = held[0]!;
    // Now and then in the namespace of a role, which it then names by its name alone.
    const inside = random.chance(0.3);
    if (inside) metadata['namespace'] = namespace;
    spec['roles'] = held.map((it) =>
      inside && it.namespace === namespace ? it.name : `${it.namespace}/${it.name}`,
    );
  }
  if (random.chance(0.7)) {
    spec['attributes'] = {
      ...(random.chance(0.8) ? { team: random.pick(['red', 'blue']) } : {}),
      level: random.chance(0.1) ? 'high' : 1 + random.below(5),
      ...(random.chance(0.5) ? { cleared: random.chance(0.7) } : {}),
      ...(random.chance(0.5) ? { groups: random.some(['a', 'b', 'c'], 1, 2) } : {}),
    };
  }
}

function bounds(
  random: Random,
  spec: Block,
  metadata: Block,
  services: readonly GeneratedService[],
): void {
  if (spec['kind'] === 'third_party' || random.chance(0.1)) {
    const service = random.pick(services);
    const keys: Block = {
      dataClasses: random.chance(0.7) ? DATA_CLASSES.slice(0, 3) : ['public', 'internal'],
      verbs: random.some(VERBS, 4, 8),
      services: [textPattern(random, `${service.namespace}/${service.name}`), 'pay/*'],
    };
    const kept = random.some(Object.keys(keys), 1, 3);
    spec['ceiling'] = Object.fromEntries(kept.map((key) => [key, keys[key]]));
  }
  if (random.chance(0.1)) {
    spec['audiences'] = random.some(services, 1, 3).map((service) => {
      const id = `${service.namespace}/${service.name}`;
      return random.pick([id, ...service.destinations]);
    });
  }
  if (random.chance(0.02)) spec['maxLifetime'] = '1h';
  if (random.chance(0.2)) {
    spec['expiresAt'] = random.pick(random.chance(0.7) ? LATER_INSTANTS : INSTANTS);
  }
  if (random.chance(0.1)) spec['reviewBy'] = random.pick(REVIEWS);
  else if (random.chance(0.11)) metadata['reviewBy'] = random.pick(REVIEWS);
}
