// In which dimensions does a rule fail? It matches when it fails in none (docs/semantics.md, "When
// a rule matches").

import {
  environmentMatches,
  fromMatches,
  heldRoles,
  namesOperation,
  namespaceOf,
  operationsMatch,
  resourceKeysMatch,
  runtimeMatches,
  servicesMatch,
  staysAtHome,
  toMatches,
  trustDomainMatches,
  verbMatches,
  whoMatches,
} from './blocks.ts';
import type { NaiveOperation } from './operation.ts';
import { isStrong, roleCovers } from './role.ts';
import type { NaiveRule } from './rules.ts';
import type { Situation } from './situation.ts';
import { windowHolds } from './window.ts';

/** How strongly a caller can be proved, in rising order. */
const ASSURANCES: readonly string[] = ['none', 'apikey', 'bearer', 'asserted', 'svid', 'bound'];

/** In the order of the table; the condition, which is looked at last, is not among them. */
export const DIMENSIONS = [
  'proof',
  'boundary',
  'environment',
  'window',
  'runtime',
  'resource',
  'role',
  'task',
  'approval',
  'verb',
  'who',
  'service',
] as const;
export type Dimension = (typeof DIMENSIONS)[number];

export function failingDimensions(rule: NaiveRule, situation: Situation): Dimension[] {
  return DIMENSIONS.filter((dimension) => !HOLDS[dimension](rule, situation));
}

type Holds = (rule: NaiveRule, situation: Situation) => boolean;

const HOLDS: Readonly<Record<Dimension, Holds>> = {
  // What an enforcer asserts shows no age and is bound to nothing.
  proof: ({ require: { assurance, maxAge, bound } }, { principal }) =>
    ASSURANCES.indexOf(principal.assurance) >= ASSURANCES.indexOf(assurance ?? 'none') &&
    maxAge === undefined &&
    bound === undefined,

  boundary: (rule, situation) =>
    trustDomainMatches(rule.from, situation.principal) &&
    (!rule.permit || (staysAtHome(rule.from, situation) && !crosses(rule, situation))),

  environment: ({ to }, { operation }) => environmentMatches(to, operation),

  window: ({ between }, { now }) => between === undefined || windowHolds(between, now),

  runtime: ({ from }, situation) => runtimeMatches(from, situation),

  verb: ({ permit, to, namespace }, { operation }) =>
    verbMatches(to, operation) &&
    operationsMatch(to, operation, namespace) &&
    (!permit ||
      !isStrong(operation) ||
      to.verbs !== undefined ||
      namesOperation(to, operation, namespace)),

  resource: ({ permit, to, namespace }, { operation }) =>
    resourceKeysMatch(to, operation) &&
    (to.not === undefined || !toMatches(to.not, operation, namespace, operation.namespace)) &&
    (!permit ||
      operation.resourceType !== 'admin' ||
      to.resources !== undefined ||
      namesOperation(to, operation, namespace)),

  role: ({ permit, from, namespace }, situation) =>
    from.roles === undefined ||
    heldRoles(from, situation.principal, namespace).some((role) => {
      return roleCovers(role, permit ? 'permit' : 'forbid', situation);
    }),

  task: ({ require: { task, intent } }) => task === undefined && intent === undefined,

  approval: ({ require: { approval } }) => approval === undefined,

  who,

  service: ({ to, namespace }, { operation }) =>
    servicesMatch(to, operation, namespace) && reaches(to, operation, namespace),
};

/** What `operations` says of services; a bare name means the own ones, or those of `services`. */
function reaches(
  { services, operations }: NaiveRule['to'],
  operation: NaiveOperation,
  namespace: string,
): boolean {
  const own = services !== undefined || operation.namespace === namespace;
  if (operations === undefined) return own;
  return operations.some((text) => {
    const [, service] = text.split('/').reverse();
    if (service === undefined) return own;
    const owner = namespaceOf(text, namespace);
    return owner === operation.namespace && service === operation.service;
  });
}

/** An environment is crossed by no permit, a tenant only by one that says so. */
function crosses({ crossTenant }: NaiveRule, { principal, operation }: Situation): boolean {
  const environments = [principal.environment, operation.environment].filter((it) => it !== '');
  if (new Set(environments).size > 1) return true;
  return operation.tenant !== '' && operation.tenant !== principal.tenant && !crossTenant;
}

function who({ permit, from, namespace }: NaiveRule, situation: Situation): boolean {
  const { principal } = situation;
  const { not, anonymous, ...block } = from;
  if (principal.id === undefined) {
    // Such a caller has none of the things a block asks for, and a permit has to name it.
    const everybody = !permit && Object.keys(block).length === 0;
    if (!anonymous && !everybody) return false;
  } else if (anonymous) return false;
  if (!whoMatches(block, principal)) return false;
  // A gateway's own identity is permitted nothing in passing: behind it stands somebody else.
  const gateway = permit && principal.kind === 'gateway';
  if (gateway && !from.kinds?.includes('gateway')) return false;
  if (not === undefined || !fromMatches(not, situation, namespace)) return true;
  // What a forbid spares by a namespace is spared at home only.
  return !permit && !staysAtHome(not, situation);
}
