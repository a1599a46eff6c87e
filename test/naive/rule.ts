// Does a rule speak of this request? Keys of a block AND, items of a list OR, `not` negates its
// whole block, and a negation matches what is absent (DESIGN section 6).

import type { FromBlock, RuleDocument, ToBlock } from '../../engine/bundle/kinds.ts';
import type { NaiveOperation } from './operation.ts';
import type { NaivePrincipal } from './principal.ts';
import { idMatches } from './spiffe.ts';
import { resourceMatches, textMatches } from './text.ts';

const STRONG_VERBS = ['admin', 'rotate', 'delegate', 'escalate'];

/**
 * @param home the trust domains that a permit, or a forbid's `not`, means by a namespace or a
 *   service account, unless it names whom it means itself.
 */
export function ruleMatches(
  rule: RuleDocument,
  policyNamespace: string,
  principal: NaivePrincipal,
  operation: NaiveOperation,
  home: readonly string[],
): boolean {
  if (operation.namespace !== policyNamespace) return false;
  if (!fromMatches(rule, principal, home) || !toMatches(rule.to, operation)) return false;
  if (rule.to.not !== undefined && toMatches(rule.to.not, operation)) return false;
  if (rule.effect === 'forbid') return true;
  return (
    namesWhatIsStrong(rule.to, operation) &&
    namesGateways(rule.from, principal) &&
    staysAtHome(rule.from, principal, home)
  );
}

function fromMatches(
  { effect, from }: RuleDocument,
  principal: NaivePrincipal,
  home: readonly string[],
): boolean {
  const { not, anonymous, ...block } = from;
  if (principal.id === undefined) {
    // Such a caller has none of the things a block asks for, and a permit has to name it.
    return anonymous === true || (effect === 'forbid' && Object.keys(block).length === 0);
  }
  if (anonymous) return false;
  if (!principalMatches(block, principal)) return false;
  if (not === undefined || !principalMatches(not, principal)) return true;
  // What a forbid spares by a namespace is spared at home only.
  return effect === 'forbid' && !staysAtHome(not, principal, home);
}

function principalMatches(block: FromBlock, { id, kind }: NaivePrincipal): boolean {
  if (id === undefined) return false;
  const { principals, trustDomains, namespaces, serviceAccounts, kinds } = block;
  const account = `${id.namespace}/${id.serviceAccount}`;
  return (
    (principals === undefined || principals.some((it) => idMatches(it, id))) &&
    (trustDomains === undefined || trustDomains.includes(id.trustDomain)) &&
    (namespaces === undefined || namespaces.some((it) => textMatches(it, id.namespace))) &&
    (serviceAccounts === undefined ||
      (id.namespace !== undefined && serviceAccounts.includes(account))) &&
    (kinds === undefined || kinds.includes(kind))
  );
}

function toMatches(block: Omit<ToBlock, 'not'>, operation: NaiveOperation): boolean {
  const { services, operations, verbs, resources, environments } = block;
  const { resourceType, resourceId, environment } = operation;
  return (
    (services === undefined || services.some((it) => serviceMatches(it, operation))) &&
    (operations === undefined || operations.some((it) => operationMatches(it, operation))) &&
    (verbs === undefined || verbs.some((it) => it === operation.verb)) &&
    (resources === undefined ||
      resources.some((it) => resourceMatches(it, resourceType, resourceId))) &&
    (environments === undefined || environments.some((it) => textMatches(it, environment)))
  );
}

/** `name` or `namespace/name`. */
function serviceMatches(text: string, { namespace, service }: NaiveOperation): boolean {
  const [name, owner] = text.split('/').reverse();
  return (owner === undefined || owner === namespace) && textMatches(name!, service);
}

/** `name`, `service/name` or `namespace/service/name`; only the name may be a pattern. */
function operationMatches(text: string, { namespace, service, name }: NaiveOperation): boolean {
  const [wanted, ofService, ofNamespace] = text.split('/').reverse();
  return (
    textMatches(wanted!, name) &&
    (ofService === undefined || ofService === service) &&
    (ofNamespace === undefined || ofNamespace === namespace)
  );
}

/** Strong verbs and `admin` resources are permitted by naming them, or else the operation. */
function namesWhatIsStrong(to: ToBlock, operation: NaiveOperation): boolean {
  const exact = to.operations?.filter((it) => !it.includes('*')) ?? [];
  if (exact.some((it) => operationMatches(it, operation))) return true;
  const verbNamed = to.verbs !== undefined || !STRONG_VERBS.includes(operation.verb);
  const resourceNamed = to.resources !== undefined || operation.resourceType !== 'admin';
  return verbNamed && resourceNamed;
}

/** A gateway's own identity is permitted nothing in passing: behind it stands somebody else. */
function namesGateways(from: FromBlock, { kind }: NaivePrincipal): boolean {
  return kind !== 'gateway' || (from.kinds?.includes('gateway') ?? false);
}

function staysAtHome(from: FromBlock, { id }: NaivePrincipal, home: readonly string[]): boolean {
  const byKubernetesName = from.namespaces !== undefined || from.serviceAccounts !== undefined;
  if (!byKubernetesName || from.trustDomains || from.principals) return true;
  return id !== undefined && home.includes(id.trustDomain);
}
