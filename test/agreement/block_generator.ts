// Random parts of rules: `from`, `to`, `require`, `between`, with every key of each.

import { INTENT, PROFILE } from './passenger_generator.ts';
import type { Random } from './random.ts';
import type { GeneratedRole } from './role_generator.ts';
import type { GeneratedService } from './service_generator.ts';
import {
  ACCOUNTS,
  type Block,
  DATA_CLASSES,
  ENVIRONMENTS,
  HOME,
  IP_BLOCKS,
  KINDS,
  NAMESPACES,
  RUNTIME,
  spiffePattern,
  textPattern,
  VERBS,
} from './vocabulary.ts';

/** What a rule may speak of. */
export interface Scope {
  /** Of the policy. */
  readonly namespace: string;
  /** Services of that namespace, or with `foreign` others that are exported to it as well. */
  readonly services: readonly GeneratedService[];
  /** Then everything is named in full. */
  readonly foreign: boolean;
  readonly roles: readonly GeneratedRole[];
}

const RESOURCES = [
  'item/*',
  'item/main',
  'item/42',
  'item/*/**',
  'doc/**',
  'doc/*/*',
  'admin/**',
  'admin/main',
  'queue/*',
  'queue/main/**',
  'service/*',
  'item/**',
];

function pick(random: Random, values: Readonly<Record<string, () => unknown>>, count: number) {
  const keys = random.some(Object.keys(values), count, count);
  return Object.fromEntries(keys.map((key) => [key, values[key]!()]));
}

function usableRoles({ namespace, foreign, roles }: Scope): readonly GeneratedRole[] {
  return roles.filter((it) => !it.local || (it.namespace === namespace && !foreign));
}

function roleNames(random: Random, { namespace }: Scope, usable: readonly GeneratedRole[]) {
  return random
    .some(usable, 1, 3)
    .map((it) =>
      it.namespace === namespace && random.chance(0.5) ? it.name : `${it.namespace}/${it.name}`,
    );
}

/** By roles alone, where there are any. */
export function fromRoles(random: Random, scope: Scope): Block | undefined {
  const usable = usableRoles(scope);
  return usable.length === 0 ? undefined : { roles: roleNames(random, scope, usable) };
}

/** Keys that name somebody. */
function whoKeys(random: Random, scope: Scope, min: number, max: number): Block {
  const usable = usableRoles(scope);
  const values: Record<string, () => unknown> = {
    principals: () => random.some([0, 1, 2], 1, 3).map(() => spiffePattern(random)),
    trustDomains: () => random.some([HOME, 'other.example'], 1, 2),
    namespaces: () => random.some(NAMESPACES, 1, 2).map((it) => textPattern(random, it)),
    serviceAccounts: () =>
      random.some(NAMESPACES, 1, 3).map((it) => `${it}/${random.pick(ACCOUNTS)}`),
    kinds: () => random.some(KINDS, 2, 5),
    claims: () => claims(random),
  };
  if (usable.length > 0) values['roles'] = () => roleNames(random, scope, usable);
  const count = min + random.below(max - min + 1);
  return pick(random, values, count);
}

function claims(random: Random): Block {
  const values: Record<string, () => unknown> = {
    team: () => random.pick([['red'], ['blue', 'r*'], ['*'], ['*ed']]),
    level: () => random.pick([['1', '2'], ['3', '4', '5'], ['*']]),
    cleared: () => ['true'],
    groups: () => random.pick([['a'], ['b', 'c'], ['*']]),
  };
  return pick(random, values, random.chance(0.8) ? 1 : 2);
}

/** Keys about where the request comes from; never alone in a permit. */
function whereKeys(random: Random): Block {
  const block: Block = {};
  if (random.chance(0.6)) {
    const names = random.some(Object.keys(RUNTIME), 1, 1);
    block['runtime'] = Object.fromEntries(
      names.map((name) => [
        name,
        random.some(RUNTIME[name]!, 1, 2).map((it) => textPattern(random, it)),
      ]),
    );
  }
  if (block['runtime'] === undefined || random.chance(0.2)) {
    block['ipBlocks'] = random.some(IP_BLOCKS, 1, 4);
  }
  return block;
}

export function from(random: Random, permit: boolean, scope: Scope): Block {
  if (random.chance(0.08)) return { anonymous: true };
  const block: Block =
    permit && random.chance(0.3)
      ? { trustDomains: [HOME, 'other.example'] }
      : whoKeys(random, scope, permit ? 1 : 0, 2);
  if (permit && (block['kinds'] ?? random.chance(0.2))) block['kinds'] = KINDS;
  if (random.chance(0.15)) Object.assign(block, whereKeys(random));
  if (random.chance(0.02)) block['actors'] = [spiffePattern(random)];
  if (random.chance(0.2)) {
    const not = whoKeys(random, scope, 1, 2);
    if (random.chance(0.2)) Object.assign(not, whereKeys(random));
    block['not'] = not;
  } else if (permit && random.chance(0.03)) block['not'] = whereKeys(random);
  return block;
}

export function toKeys(random: Random, scope: Scope, min: number, max: number): Block {
  const { foreign, services } = scope;
  const chosen = random.some(services, 1, 2);
  const operations = chosen.flatMap((service) =>
    service.operations.map((it) => ({ name: it.name, service })),
  );
  const values: Record<string, () => unknown> = {
    services: () =>
      chosen.map(({ name, namespace }) =>
        foreign || random.chance(0.3)
          ? `${namespace}/${name}`
          : random.pick([name, name, `${name[0]}*`, '*']),
      ),
    operations: () =>
      random.some(operations, 1, 8).map(({ name, service }) => {
        const full = `${service.namespace}/${service.name}/`;
        if (foreign) return `${full}${name}`;
        const last = random.chance(0.7) ? name : random.pick(['op.*', '*', '*1', 'zz*']);
        return `${random.pick(['', '', `${service.name}/`, full])}${last}`;
      }),
    verbs: () => random.some(VERBS, 2, 6),
    resources: () => random.some(RESOURCES, 2, 8),
    dataClasses: () => random.some(DATA_CLASSES, 1, 3),
    tiers: () => random.some([0, 1, 2, 3, 4], 2, 4),
    environments: () => random.some(ENVIRONMENTS, 1, 2).map((it) => textPattern(random, it)),
  };
  return pick(random, values, min + random.below(max - min + 1));
}

export function to(random: Random, permit: boolean, scope: Scope): Block {
  const block = toKeys(random, scope, permit ? 0 : 1, permit ? 2 : 3);
  if (scope.foreign && !block['services'] && !block['operations']) {
    block['services'] = scope.services.map((it) => `${it.namespace}/${it.name}`);
  }
  if (random.chance(0.2)) block['not'] = toKeys(random, scope, 1, 2);
  return block;
}

/** Of a permit; what cannot hold in this version is rare. */
export function requirement(random: Random): Block {
  const choice = random.next();
  if (choice < 0.6) return { assurance: random.pick(['asserted', 'none', 'bearer']) };
  if (choice < 0.66) return { assurance: random.pick(['svid', 'bound']) };
  if (choice < 0.71) return { maxAge: '1h' };
  if (choice < 0.75) return { bound: true };
  if (choice < 0.81) return { task: PROFILE };
  if (choice < 0.86) return { task: PROFILE, intent: INTENT };
  return { approval: 'sre-oncall' };
}

const ZONES = [
  'UTC',
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Asia/Kolkata',
  'Pacific/Chatham',
  'America/St_Johns',
  'Australia/Lord_Howe',
];
const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const MINUTES = ['00', '01', '03', '15', '30', '45', '59'];
/** Around the time of most decisions, in some zone. */
const EDGES = ['12:02', '12:03', '13:03', '07:02', '17:32', '02:00', '02:30', '03:00'];

export function between(random: Random): Block {
  const block: Block = {};
  if (random.chance(0.8)) block['tz'] = random.pick(ZONES);
  if (random.chance(0.5)) block['days'] = random.some(DAYS, 4, 6);
  if (block['days'] !== undefined && random.chance(0.2)) return block;
  const hour = random.below(24);
  const clock = (it: number) => `${String(it % 24).padStart(2, '0')}:${random.pick(MINUTES)}`;
  const [begin, end] = [clock(hour), clock(hour + 6 + random.below(17))];
  block['from'] = random.chance(0.3) ? random.pick(EDGES) : begin;
  block['to'] = random.chance(0.3) ? random.pick([...EDGES, '24:00']) : end;
  if (block['to'] === '00:00') block['to'] = '24:00';
  // Neither nothing nor the whole day.
  if (block['from'] === '00:00' || block['from'] === block['to']) block['from'] = '04:04';
  return block;
}
