// Random roles. `reader` and `writer` name the services they cover, also of other namespaces, and
// are used everywhere; `local` covers by resources alone and is used in its own namespace.

import type { Random } from './random.ts';
import type { GeneratedService } from './service_generator.ts';
import { type Block, type Doc, REVIEWS } from './vocabulary.ts';

export interface GeneratedRole {
  readonly namespace: string;
  readonly name: string;
  /** To be used in its own namespace only. */
  readonly local: boolean;
  readonly document: Doc;
}

const RESOURCES = ['item/*', 'item/**', 'doc/**', 'queue/*', 'service/*', 'item/main'];

/** An entry over a service of the own namespace, or one that is exported to it. */
function entry(random: Random, own: string, service: GeneratedService): Block {
  const { namespace, name, operations } = service;
  const names = random.some(operations, 1, 6).map((it) => it.name);
  if (namespace !== own) {
    if (random.chance(0.5)) return { services: [`${namespace}/${name}`] };
    return { operations: names.map((it) => `${namespace}/${name}/${it}`) };
  }
  const covered: Block = {};
  if (random.chance(0.6)) {
    covered['services'] = [random.pick([name, `${name[0]}*`, '*', `${namespace}/${name}`])];
  }
  if (covered['services'] === undefined || random.chance(0.4)) {
    covered['operations'] = random.chance(0.3)
      ? ['op.*']
      : names.map((it) => random.pick([it, `${name}/${it}`, `${namespace}/${name}/${it}`]));
  }
  if (random.chance(0.2)) covered['resources'] = random.some(RESOURCES, 2, 5);
  return covered;
}

export function roles(random: Random, all: readonly GeneratedService[]): GeneratedRole[] {
  return [...new Set(all.map((it) => it.namespace))].flatMap((namespace) => {
    const seen = all.filter((it) => it.namespace === namespace || it.exports.includes(namespace));
    const own = all.filter((it) => it.namespace === namespace);
    const names = random.some(['reader', 'writer', 'local'], 1, 3);
    return names.map((name): GeneratedRole => {
      const local = name === 'local';
      const covers = local
        ? [{ resources: random.some(RESOURCES, 2, 5) }, entry(random, namespace, random.pick(own))]
        : Array.from({ length: 1 + random.below(3) }, () =>
            entry(random, namespace, random.pick(random.chance(0.7) ? own : seen)),
          );
      const metadata: Block = { name, namespace };
      if (random.chance(0.2)) metadata['reviewBy'] = random.pick(REVIEWS);
      return { namespace, name, local, document: { kind: 'Role', metadata, spec: { covers } } };
    });
  });
}
