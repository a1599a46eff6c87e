// Random policies and exceptions over the services of a bundle: rules in force, on trial before and
// after its date, overdue. Broad permits are common, or nothing would be allowed.

import { between, from, fromRoles, requirement, type Scope, to } from './block_generator.ts';
import { condition } from './condition_generator.ts';
import type { Random } from './random.ts';
import type { GeneratedRole } from './role_generator.ts';
import type { GeneratedService } from './service_generator.ts';
import { type Block, type Doc, HOME, INSTANTS, NAMESPACES, REVIEWS } from './vocabulary.ts';

/** Everybody with an identity may do everything that needs no naming. */
function broadPermit(index: number): Block {
  const everybody = { trustDomains: [HOME, 'other.example'] };
  return { id: `broad${index}`, effect: 'permit', from: everybody, to: {} };
}

function obligations(random: Random, permit: boolean): Block {
  if (!permit) return { denialBody: random.pick(['ask the owner', 'frozen until monday']) };
  const headers: Block = { 'x-grade': random.pick(['gold', 'silver']) };
  if (random.chance(0.5)) headers['x-quota'] = String(random.below(9));
  const metadata: Block = { level: random.below(3), note: random.pick(['a', 'b']), flag: true };
  if (random.chance(0.3)) return { headers };
  return random.chance(0.5) ? { metadata } : { headers, metadata };
}

/** What is conditional in policies and exceptions alike. */
function circumstances(random: Random, permit: boolean, block: Block): void {
  if (random.chance(0.45)) {
    const bodies = random.chance(0.25);
    block['condition'] = condition(random, permit, bodies);
    // Where a body comes along, most of the time.
    const { verbs } = block['to'] as Block; // As it was generated.
    if (bodies && verbs === undefined && random.chance(0.7)) {
      block['to'] = { ...(block['to'] as Block), verbs: ['write', 'invoke'] };
    }
  }
  if (random.chance(0.15)) block['between'] = between(random);
  if (permit && random.chance(0.15)) block['require'] = requirement(random);
}

function rule(random: Random, scope: Scope, index: number, trials: boolean): Block {
  const permit = random.chance(0.7);
  const byRole = permit && random.chance(0.15) ? fromRoles(random, scope) : undefined;
  const block: Block = {
    id: `r${index}`,
    effect: permit ? 'permit' : 'forbid',
    from: byRole ?? from(random, permit, scope),
    to: byRole && !scope.foreign ? {} : to(random, permit, scope),
  };
  if (byRole === undefined) circumstances(random, permit, block);
  if (trials && random.chance(0.2)) {
    block['mode'] = { shadow: true, until: random.pick(INSTANTS) };
  }
  if (permit && random.chance(0.3)) block['crossTenant'] = random.chance(0.8);
  if (random.chance(0.3)) block['obligations'] = obligations(random, permit);
  if (!permit && random.chance(0.6)) block['suspendable'] = true;
  return block;
}

/** What a policy of the namespace reaches: its own services, or also those exported to it. */
function scopeOf(
  random: Random,
  namespace: string,
  all: readonly GeneratedService[],
  roles: readonly GeneratedRole[],
): Scope | undefined {
  const own = all.filter((it) => it.namespace === namespace);
  const exported = all.filter((it) => it.exports.includes(namespace));
  const foreign = exported.length > 0 && (own.length === 0 || random.chance(0.3));
  const services = foreign ? [...exported, ...own] : own;
  return services.length === 0 ? undefined : { namespace, services, foreign, roles };
}

export function policies(
  random: Random,
  all: readonly GeneratedService[],
  roles: readonly GeneratedRole[],
): Doc[] {
  return NAMESPACES.flatMap((namespace) =>
    Array.from({ length: 1 + random.below(2) }, (_, index): Doc | undefined => {
      const scopeOfOne = () => scopeOf(random, namespace, all, roles);
      if (scopeOfOne() === undefined) return undefined;
      const metadata: Block = { name: `policy-${index}`, namespace };
      if (random.chance(0.15)) metadata['reviewBy'] = random.pick(REVIEWS);
      const trials = metadata['reviewBy'] === undefined;
      const rules = Array.from({ length: 2 + random.below(7) }, (_item, at) =>
        rule(random, scopeOfOne()!, at, trials),
      );
      // Now and then so many that not all that match can be named.
      const broad = random.chance(0.06) ? 20 : random.chance(0.2) ? 1 : 0;
      for (let at = 0; at < broad; at++) rules.push(broadPermit(at));
      const spec: Block = { rules };
      if (trials && random.chance(0.08)) {
        spec['mode'] = { shadow: true, until: random.pick(INSTANTS) };
      }
      return { kind: 'Policy', metadata, spec };
    }).filter((it) => it !== undefined),
  );
}

/** Each may suspend forbids of its namespace that say so and are on no trial. */
export function exceptions(
  random: Random,
  all: readonly GeneratedService[],
  ofPolicies: readonly Doc[],
): Doc[] {
  return NAMESPACES.flatMap((namespace) => {
    const scope = scopeOf(random, namespace, all, []);
    if (scope === undefined) return [];
    const suspendable = ofPolicies.flatMap(({ metadata, spec }) => {
      const { name, namespace: owner } = metadata as { name: string; namespace: string };
      if (owner !== namespace || spec['mode'] !== undefined) return [];
      return (spec['rules'] as readonly Block[])
        .filter((it) => it['suspendable'] === true && it['mode'] === undefined)
        .map((it) => `${owner}/${name}/${it['id']}`);
    });
    return Array.from({ length: random.below(3) }, (_, index): Doc => {
      const broad = random.chance(0.5);
      const everybody = { trustDomains: [HOME, 'other.example'] };
      const spec: Block = {
        reason: `INC-${index}`,
        expiresAt: random.pick(INSTANTS.filter((it) => it < '2027-02')),
        from: broad ? everybody : from(random, true, scope),
        to: to(random, true, scope),
      };
      circumstances(random, true, spec);
      if (suspendable.length > 0 && random.chance(0.8)) {
        spec['suspends'] = random.some(suspendable, 1, 3);
      }
      if (random.chance(0.5)) spec['crossTenant'] = true;
      const metadata: Block = { name: `exception-${index}`, namespace, owner: 'sre-oncall' };
      if (random.chance(0.15)) metadata['reviewBy'] = random.pick(REVIEWS);
      return { kind: 'Exception', metadata, spec };
    });
  });
}
