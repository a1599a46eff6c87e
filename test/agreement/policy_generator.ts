// Random policies over the services of a bundle: every field of `from` and `to`, `not`, patterns,
// rules on trial before and after their date. Broad permits are common, or nothing would be
// allowed.

import {
  ACCOUNTS,
  type Doc,
  ENVIRONMENTS,
  type GeneratedService,
  HOME,
  NAMESPACES,
  spiffePattern,
} from './bundle_generator.ts';
import type { Random } from './random.ts';

type Block = Record<string, unknown>;

/** The time at which decisions are made; rules on trial end before or after it. */
export const NOW = Date.parse('2026-11-22T12:00:00Z');
const UNTIL = [
  '2026-11-22T12:00:00Z',
  '2026-11-22T12:00:00.001Z',
  '2026-11-22T11:00:00+01:00',
  '2027-01-01T00:00:00Z',
  '2026-01-01T00:00:00Z',
];

const KINDS = ['workload', 'agent', 'ci', 'gateway', 'human', 'third_party'];
const VERBS = ['read', 'write', 'invoke', 'delegate', 'rotate', 'admin', 'escalate', 'connect'];
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

/** A pattern around a text: whole, a prefix, a suffix, or anything. */
function textPattern(random: Random, text: string): string {
  const cut = 1 + random.below(text.length - 1);
  return random.pick([text, text, `${text.slice(0, cut)}*`, `*${text.slice(cut)}`, '*']);
}

function fromKeys(random: Random, min: number, max: number): Block {
  const values: Record<string, () => unknown> = {
    principals: () => random.some([0, 1, 2], 1, 3).map(() => spiffePattern(random)),
    trustDomains: () => random.some([HOME, 'other.example'], 1, 2),
    namespaces: () =>
      random.some(NAMESPACES, 1, 2).map((namespace) => textPattern(random, namespace)),
    serviceAccounts: () =>
      random.some(NAMESPACES, 1, 3).map((namespace) => `${namespace}/${random.pick(ACCOUNTS)}`),
    kinds: () => random.some(KINDS, 1, 4),
  };
  const keys = random.some(Object.keys(values), min, max);
  return Object.fromEntries(keys.map((key) => [key, values[key]!()]));
}

function from(random: Random, permit: boolean): Block {
  if (random.chance(0.1)) return { anonymous: true };
  const block: Block =
    permit && random.chance(0.5)
      ? { trustDomains: [HOME, 'other.example'] }
      : fromKeys(random, permit ? 1 : 0, 2);
  if (permit && (block['kinds'] ?? random.chance(0.2))) block['kinds'] = KINDS;
  if (random.chance(0.25)) block['not'] = fromKeys(random, 1, 2);
  return block;
}

function toKeys(random: Random, own: readonly GeneratedService[], min: number, max: number): Block {
  const { namespace } = own[0]!;
  const chosen = random.some(own, 1, 2);
  const operations = chosen.flatMap(({ name, operations }) =>
    operations.map((it) => ({ name: it.name, service: name })),
  );
  const values: Record<string, () => unknown> = {
    services: () =>
      chosen.map(({ name }) =>
        random.chance(0.3) ? `${namespace}/${name}` : random.pick([name, name, `${name[0]}*`, '*']),
      ),
    operations: () =>
      random.some(operations, 1, 6).map(({ name, service }) => {
        const last = random.chance(0.7) ? name : random.pick(['op.*', '*', '*1', 'zz*']);
        const prefix = random.pick(['', '', `${service}/`, `${namespace}/${service}/`]);
        return `${prefix}${last}`;
      }),
    verbs: () => random.some(VERBS, 2, 6),
    resources: () => random.some(RESOURCES, 2, 7),
    environments: () =>
      random.some(ENVIRONMENTS, 1, 2).map((environment) => textPattern(random, environment)),
  };
  const keys = random.some(Object.keys(values), min, max);
  return Object.fromEntries(keys.map((key) => [key, values[key]!()]));
}

/** Everybody with an identity may do everything that needs no naming. */
function broadPermit(index: number): Block {
  const from = { trustDomains: [HOME, 'other.example'] };
  return { id: `broad${index}`, effect: 'permit', from, to: {} };
}

function rule(random: Random, own: readonly GeneratedService[], index: number): Block {
  const permit = random.chance(0.75);
  const to = toKeys(random, own, permit ? 0 : 1, permit ? 2 : 3);
  if (random.chance(0.25)) to['not'] = toKeys(random, own, 1, 2);
  const block: Block = {
    id: `r${index}`,
    effect: permit ? 'permit' : 'forbid',
    from: from(random, permit),
    to,
  };
  if (random.chance(0.2)) block['mode'] = { shadow: true, until: random.pick(UNTIL) };
  if (random.chance(0.3)) block['crossTenant'] = random.chance(0.7);
  return block;
}

export function policies(random: Random, all: readonly GeneratedService[]): Doc[] {
  return [...new Set(all.map((it) => it.namespace))].flatMap((namespace) => {
    const own = all.filter((it) => it.namespace === namespace);
    // Now and then so many that not all that match can be named.
    return Array.from({ length: 1 + random.below(2) }, (_, index): Doc => {
      const rules = Array.from({ length: 1 + random.below(6) }, (_item, at) => {
        return rule(random, own, at);
      });
      const broad = random.chance(0.06) ? 20 : random.chance(0.3) ? 1 : 0;
      for (let at = 0; at < broad; at++) rules.push(broadPermit(at));
      const spec: Doc['spec'] = { rules };
      if (random.chance(0.08)) spec['mode'] = { shadow: true, until: random.pick(UNTIL) };
      return { kind: 'Policy', metadata: { name: `policy-${index}`, namespace }, spec };
    });
  });
}
