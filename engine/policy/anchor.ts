// Under which keys a rule stands in the index, and under which keys a request looks: three tokens,
// of the principal (its most selective exact dimension), of what is reached (operation, service, or
// all of a namespace), and of the resource. A rule that a key of a request does not lead to cannot
// match that request.

import type { Operation, Principal, Resource } from '../access_request.ts';
import type { SpiffeId } from '../spiffe_id.ts';
import type { SpiffePattern } from '../spiffe_pattern.ts';
import type { FromRecord, RuleRecord, ToRecord } from './rule_record.ts';
import { isTextPattern } from './text_pattern.ts';

/** Stands for anybody, and for any resource. */
export const ANY = '*';
/** A rule with resource keys stands under this one too, so that requests know to look for them. */
export const KEYED = '!';

/** More keys than this for one rule, and a dimension is left out of its key. */
const KEYS_MAX = 512;

export interface RuleKeys {
  readonly principals: readonly string[];
  readonly targets: readonly string[];
  readonly resources: readonly string[];
  /** The same for the reasons of denials: who lacks a role, or is of another trust domain. */
  readonly nearPrincipals: readonly string[];
  readonly nearTargets: readonly string[];
}

export function keysOf(rule: RuleRecord): RuleKeys {
  const own = rule.anonymous ? ['a'] : identityKeys(rule.from);
  const { roles, trustDomains } = rule.from;
  const nearPrincipals = own ?? [ANY];
  const principals = own ??
    roles?.map((role) => `r:${role}`) ??
    trustDomains?.map((name) => `d:${name}`) ?? [ANY];
  const nearTargets = reachedKeys(rule);
  let targets = operationKeys(rule.to) ?? nearTargets;
  let resources = resourceKeys(rule.to) ?? [ANY];
  if (principals.length * targets.length * resources.length > KEYS_MAX) resources = [ANY];
  if (principals.length * targets.length > KEYS_MAX) targets = nearTargets;
  return { principals, targets, resources, nearPrincipals, nearTargets };
}

/** Undefined unless each operation is named without a pattern, and so is its service. */
function operationKeys({ services, operations }: ToRecord): readonly string[] | undefined {
  const keys: string[] = [];
  for (const { service, name } of operations ?? []) {
    const of = service === undefined ? services : [service];
    if (of === undefined || isTextPattern(name)) return undefined;
    keys.push(...of.map((id) => `o:${id}/${name}`));
  }
  return keys.length === 0 ? undefined : keys;
}

/** Services, or all of the rule's namespace. */
function reachedKeys({ namespace, to }: RuleRecord): readonly string[] {
  const { services, operations } = to;
  if (services !== undefined) return services.map((id) => `s:${id}`);
  const named = new Set((operations ?? []).map(({ service }) => service && `s:${service}`));
  const keys = [...named].filter((key) => key !== undefined);
  return operations === undefined || named.has(undefined) ? [`n:${namespace}`, ...keys] : keys;
}

/** An index that finds it by nothing has to look at it for each request of the service. */
export function isUnindexed({ principals, targets, resources }: RuleKeys): boolean {
  return (
    principals[0] === ANY && resources[0] === ANY && targets.every((it) => !it.startsWith('o:'))
  );
}

function identityKeys(from: FromRecord): readonly string[] | undefined {
  const { principals, serviceAccounts, namespaces, kinds, claims } = from;
  if (principals) return principals.map((text) => `p:${text}`);
  if (serviceAccounts) return serviceAccounts.map((name) => `s:${name}`);
  const [claim] = Object.entries(claims ?? {}).filter(([, values]) => !values.some(isTextPattern));
  if (claim !== undefined) return claim[1].map((value) => `c:${claim[0]}=${value}`);
  if (namespaces && !namespaces.some(isTextPattern)) return namespaces.map((name) => `n:${name}`);
  return kinds?.map((kind) => `k:${kind}`);
}

/** `type/id` whole, or `type/first-segment/` where wildcards follow. */
function resourceKeys({ resources }: ToRecord): readonly string[] | undefined {
  const keys: string[] = [];
  for (const text of resources ?? []) {
    const [type, first = ''] = text.split('/');
    if (!text.includes('*')) keys.push(`=${text}`);
    else if (!first.includes('*')) keys.push(`^${type}/${first}/`);
    else return undefined;
  }
  return keys.length === 0 ? undefined : keys;
}

/** @param shapes a pattern of each mask that rules use */
export function principalKeys(
  principal: Principal,
  shapes: readonly SpiffePattern[],
): readonly string[] {
  const { spiffe, entry, id } = principal;
  if (id === '') return ['a', ANY];
  const keys = [ANY, `p:${id}`, `k:${entry.kind}`];
  if (spiffe !== undefined) keys.push(...spiffeKeys(spiffe, shapes));
  for (const role of entry.roles) keys.push(`r:${role}`);
  for (const [name, value] of entry.attributes) {
    const items = Array.isArray(value) ? (value as readonly string[]) : [String(value)];
    for (const item of items) keys.push(`c:${name}=${item}`);
  }
  return keys;
}

function spiffeKeys(spiffe: SpiffeId, shapes: readonly SpiffePattern[]): readonly string[] {
  const keys = [`d:${spiffe.trustDomain}`];
  for (const shape of shapes) {
    const masked = shape.maskedKey(spiffe);
    if (masked !== undefined && masked !== spiffe.id) keys.push(`p:${masked}`);
  }
  const { kubernetes } = spiffe;
  if (kubernetes !== undefined) keys.push(`s:${kubernetes.qualified}`);
  if (spiffe.namespace !== undefined) keys.push(`n:${spiffe.namespace}`);
  return keys;
}

export function targetKeys({ id, service, namespace }: Operation): readonly string[] {
  return [`o:${id}`, `s:${service}`, `n:${namespace}`];
}

export function resourceKeysOf({ type, id }: Resource): readonly string[] {
  const slash = id.indexOf('/');
  const whole = `=${type}/${id}`;
  return slash === -1 ? [whole] : [whole, `^${type}/${id.slice(0, slash)}/`];
}
