// Bundles that differ in one document from another: what an explanation decides with to see whether
// a change would have changed the outcome. The bundle itself stays as it is.

import { type Bundle, documentId, type Located } from '../../engine/bundle/bundle.ts';
import type { IdentityDocument } from '../../engine/bundle/identity_kind.ts';
import type {
  ExceptionDocument,
  PolicyDocument,
  RoleDocument,
  RuleDocument,
} from '../../engine/bundle/rule_kind.ts';
import type { ServiceDocument } from '../../engine/bundle/service_kind.ts';
import { parseSpiffeId, SpiffeId } from '../../engine/spiffe_id.ts';
import {
  compareSpecificity,
  parseSpiffePattern,
  SpiffePattern,
} from '../../engine/spiffe_pattern.ts';

/** What the rules of policies and exceptions have in common. */
export type EditableRule = Pick<
  RuleDocument,
  'from' | 'to' | 'require' | 'condition' | 'between' | 'crossTenant'
>;

const NOWHERE = { file: '', at: () => ({ file: '', line: 0, column: 0 }) };

function replaced<D extends { readonly metadata: { readonly name: string } }>(
  list: readonly Located<D>[],
  id: string,
  edit: (document: D) => void,
): readonly Located<D>[] | undefined {
  const index = list.findIndex(({ document }) => documentId(document) === id);
  const found = list[index];
  if (found === undefined) return undefined;
  const document = structuredClone(found.document);
  edit(document);
  return list.with(index, { ...found, document });
}

/** @param id `namespace/policy/rule`, or `namespace/exception` */
export function editRule(
  bundle: Bundle,
  id: string,
  edit: (rule: EditableRule) => void,
): Bundle | undefined {
  if (id.split('/').length === 2) {
    const exceptions = replaced(bundle.exceptions, id, ({ spec }) => edit(spec));
    return exceptions && { ...bundle, exceptions };
  }
  return editPolicyOf(bundle, id, (policy, name) => {
    for (const rule of policy.spec.rules) if (rule.id === name) edit(rule);
  });
}

export function removeRule(bundle: Bundle, id: string): Bundle | undefined {
  if (id.split('/').length === 2) {
    const exceptions = bundle.exceptions.filter(({ document }) => documentId(document) !== id);
    return { ...bundle, exceptions };
  }
  // An exception cannot suspend what is gone.
  const exceptions = bundle.exceptions.map(({ document, ...where }) => {
    const suspends = document.spec.suspends?.filter((it) => it !== id);
    const spec = { ...document.spec, suspends: suspends?.length === 0 ? undefined : suspends };
    return { document: { ...document, spec }, ...where };
  });
  return editPolicyOf({ ...bundle, exceptions }, id, (policy, name) => {
    policy.spec.rules = policy.spec.rules.filter((rule) => rule.id !== name);
  });
}

function editPolicyOf(
  bundle: Bundle,
  id: string,
  edit: (policy: PolicyDocument, rule: string) => void,
): Bundle | undefined {
  const end = id.lastIndexOf('/');
  const name = id.slice(end + 1);
  const policies = replaced(bundle.policies, id.slice(0, end), (policy) => edit(policy, name));
  return policies && { ...bundle, policies };
}

export function editService(
  bundle: Bundle,
  id: string,
  edit: (service: ServiceDocument) => void,
): Bundle | undefined {
  const services = replaced(bundle.services, id, edit);
  return services && { ...bundle, services };
}

export function editRole(
  bundle: Bundle,
  id: string,
  edit: (role: RoleDocument) => void,
): Bundle | undefined {
  const roles = replaced(bundle.roles, id, edit);
  return roles && { ...bundle, roles };
}

/** The entry of the inventory that speaks of a principal: the exact one, or the closest pattern. */
export function identityOf(bundle: Bundle, principal: string): IdentityDocument | undefined {
  const id = parseSpiffeId(principal);
  if (!(id instanceof SpiffeId)) return undefined;
  let best: { readonly pattern: SpiffePattern; readonly document: IdentityDocument } | undefined;
  for (const { document } of bundle.identities) {
    const pattern = parseSpiffePattern(document.spec.spiffe ?? '');
    if (!(pattern instanceof SpiffePattern) || !pattern.matches(id)) continue;
    if (pattern.isExact) return document;
    if (best === undefined || compareSpecificity(pattern, best.pattern) < 0) {
      best = { pattern, document };
    }
  }
  return best?.document;
}

export function editIdentity(
  bundle: Bundle,
  principal: string,
  edit: (identity: IdentityDocument) => void,
): Bundle | undefined {
  const found = identityOf(bundle, principal);
  if (found === undefined) return undefined;
  const identities = replaced(bundle.identities, documentId(found), edit);
  return identities && { ...bundle, identities };
}

export function addIdentity(bundle: Bundle, identity: IdentityDocument): Bundle {
  return { ...bundle, identities: [...bundle.identities, { document: identity, ...NOWHERE }] };
}

/** A name that no document of a bundle has. */
export const ADDED = 'added-to-see';

export function addRule(bundle: Bundle, namespace: string, rule: RuleDocument): Bundle {
  const metadata = { name: ADDED, namespace };
  const document: PolicyDocument = { kind: 'Policy', metadata, spec: { rules: [rule] } };
  return { ...bundle, policies: [...bundle.policies, { document, ...NOWHERE }] };
}

export function addException(bundle: Bundle, exception: ExceptionDocument): Bundle {
  return { ...bundle, exceptions: [...bundle.exceptions, { document: exception, ...NOWHERE }] };
}
