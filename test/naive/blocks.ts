// The blocks of a rule, key by key: keys AND, items of a list OR, and a key that is not there
// matches everything.

import type { FromBlock, ToBlock } from '../../engine/bundle/rule_kind.ts';
import { blockHolds } from './address.ts';
import type { NaiveOperation } from './operation.ts';
import type { NaivePrincipal } from './principal.ts';
import type { Situation } from './situation.ts';
import { idMatches } from './spiffe.ts';
import { resourceMatches, textMatches } from './text.ts';

type From = Omit<FromBlock, 'not' | 'anonymous'>;
type To = Omit<ToBlock, 'not'>;

/** Does a key's list hold something that matches, or is there none? */
function some<T>(items: readonly T[] | undefined, matches: (item: T) => boolean): boolean {
  return items === undefined || items.some(matches);
}

export function trustDomainMatches({ trustDomains }: From, { id }: NaivePrincipal): boolean {
  return some(trustDomains, (it) => it === id?.trustDomain);
}

/** The keys of `from` that have no dimension of their own. */
export function whoMatches(block: From, principal: NaivePrincipal): boolean {
  const { id, kind, attributes } = principal;
  const { principals, namespaces, serviceAccounts, kinds, actors, claims } = block;
  const account = id?.namespace && `${id.namespace}/${id.serviceAccount}`;
  return (
    // `ISSUER#SUBJECT` is no SPIFFE ID, and nobody else calls here.
    some(principals, (it) => id !== undefined && idMatches(it, id)) &&
    some(namespaces, (it) => textMatches(it, id?.namespace)) &&
    some(serviceAccounts, (it) => it === account) &&
    some(kinds, (it) => id !== undefined && it === kind) &&
    // Only a token says on whose behalf somebody acts, and no token is verified here.
    some(actors, () => false) &&
    Object.entries(claims ?? {}).every(([name, values]) => {
      const has = Object.hasOwn(attributes, name) ? [attributes[name]!].flat().map(String) : [];
      return has.some((text) => values.some((it) => textMatches(it, text)));
    })
  );
}

/** Where the request comes from: what the enforcer asserts and saw. */
export function runtimeMatches(
  { runtime, ipBlocks }: From,
  { runtime: facts, request }: Situation,
): boolean {
  return (
    Object.entries(runtime ?? {}).every(([name, values]) => {
      const fact = Object.hasOwn(facts, name) ? facts[name] : undefined;
      return values.some((it) => textMatches(it, fact));
    }) && some(ipBlocks, (it) => blockHolds(it, request.sourceAddress))
  );
}

/** The roles of the block that the principal has; `namespace` is the rule's own. */
export function heldRoles(
  { roles }: From,
  { roles: held }: NaivePrincipal,
  namespace: string,
): string[] {
  return (roles ?? [])
    .map((role) => (role.includes('/') ? role : `${namespace}/${role}`))
    .filter((role) => held.includes(role));
}

/** A block that is negated, as a whole. */
export function fromMatches(block: From, situation: Situation, namespace: string): boolean {
  const { principal } = situation;
  return (
    trustDomainMatches(block, principal) &&
    whoMatches(block, principal) &&
    runtimeMatches(block, situation) &&
    (block.roles === undefined || heldRoles(block, principal, namespace).length > 0)
  );
}

/** By a namespace or an account alone only those at home are meant. */
export function staysAtHome(block: From, { principal: { id }, home }: Situation): boolean {
  const byKubernetesName = block.namespaces !== undefined || block.serviceAccounts !== undefined;
  if (!byKubernetesName || block.trustDomains || block.principals) return true;
  return id !== undefined && home.includes(id.trustDomain);
}

/** A block that is negated, as a whole. */
/** @param bare the namespace of an operation by its name alone, where `to` does not say it */
export function toMatches(
  block: To,
  operation: NaiveOperation,
  namespace: string,
  bare?: string,
): boolean {
  return (
    servicesMatch(block, operation, namespace) &&
    operationsMatch(block, operation, namespace, bare) &&
    verbMatches(block, operation) &&
    resourceKeysMatch(block, operation) &&
    environmentMatches(block, operation)
  );
}

/** `name` in the own namespace, or `namespace/name`. */
export function servicesMatch(
  { services }: To,
  operation: NaiveOperation,
  namespace: string,
): boolean {
  return some(services, (text) => {
    const [name, owner = namespace] = text.split('/').reverse();
    return owner === operation.namespace && textMatches(name!, operation.service);
  });
}

/**
 * `name` and `service/name` in the own namespace, or `namespace/service/name`.
 * @param bare the namespace of a name alone
 */
export function operationMatches(
  text: string,
  operation: NaiveOperation,
  namespace: string,
  bare: string,
): boolean {
  const [name, service = operation.service] = text.split('/').reverse();
  const owner = text.includes('/') ? namespaceOf(text, namespace) : bare;
  return (
    owner === operation.namespace &&
    service === operation.service &&
    textMatches(name!, operation.name)
  );
}

export function namespaceOf(operation: string, own: string): string {
  const parts = operation.split('/');
  return parts.length === 3 ? parts[0]! : own;
}

export function operationsMatch(
  { services, operations }: To,
  operation: NaiveOperation,
  namespace: string,
  bare?: string,
): boolean {
  const own = bare ?? (services === undefined ? namespace : operation.namespace);
  return some(operations, (it) => operationMatches(it, operation, namespace, own));
}

/** By a text that is no pattern. */
export function namesOperation(
  { services, operations }: To,
  operation: NaiveOperation,
  namespace: string,
): boolean {
  const own = services === undefined ? namespace : operation.namespace;
  const exact = operations?.filter((it) => !it.includes('*')) ?? [];
  return exact.some((it) => operationMatches(it, operation, namespace, own));
}

export function verbMatches({ verbs }: To, { verb }: NaiveOperation): boolean {
  return some(verbs, (it) => it === verb);
}

export function environmentMatches({ environments }: To, operation: NaiveOperation): boolean {
  return some(environments, (it) => textMatches(it, operation.environment));
}

export function resourceKeysMatch(block: To, operation: NaiveOperation): boolean {
  const { resourceType, resourceId, dataClass, document } = operation;
  return (
    some(block.resources, (it) => resourceMatches(it, resourceType, resourceId)) &&
    some(block.dataClasses, (it) => it === dataClass) &&
    some(block.tiers, (it) => it === document.tier)
  );
}
