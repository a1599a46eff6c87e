// Rules that reach nobody or nothing, and Services that speak for the workload of another
// namespace: all of them mostly slips of the pen.

import { parseSpiffeId, SpiffeId } from '../spiffe_id.ts';
import type { LintRule } from './lint_rule.ts';
import type { PlacedRule } from './placed_rule.ts';

export const UNREACHABLE_PRINCIPAL: LintRule = {
  code: 'lint.unreachable_principal',
  severity: 'warning',
  finds: 'a rule whose `from` means no identity of the inventory',
  why: 'Whoever stands in no inventory is denied `authz.unknown_identity`, so the rule matches nobody: the name is wrong, or the Identity is missing.',
  fix: 'Mend the name, add the Identity, or remove the rule.',
  check: ({ rules, population }, tell) => {
    for (const placed of rules) {
      if (meansAnonymous(placed) || !population.whom(placed).next().done) continue;
      tell(placed.at(['from']), `\`${placed.rule.id}\` means no identity that there is`);
    }
  },
};

/** Callers without an identity need not stand in an inventory; a bare forbid means them too. */
function meansAnonymous({ rule }: PlacedRule): boolean {
  const { anonymous, from } = rule.record;
  return anonymous === true || (rule.effect === 'forbid' && Object.keys(from).length === 0);
}

export const UNREACHABLE_OPERATION: LintRule = {
  code: 'lint.unreachable_operation',
  severity: 'warning',
  finds: 'a rule whose `to` means no operation that there is',
  why: 'Each key of it may be right, and together they mean nothing: an operation of another verb, a resource of a type that no such operation has.',
  fix: 'Mend the key that excludes the others, or remove the rule.',
  check: ({ rules, operationsOf }, tell) => {
    for (const placed of rules) {
      if (operationsOf(placed).length > 0) continue;
      tell(placed.at(['to']), `\`${placed.rule.id}\` means no operation that there is`);
    }
  },
};

export const FOREIGN_WORKLOAD: LintRule = {
  code: 'lint.foreign_workload',
  severity: 'error',
  finds: 'a Service with a destination in the Kubernetes namespace of somebody else',
  why: 'Whoever claims a workload decides who may call it. That is for those who run it.',
  fix: 'Move the Service to the namespace of its workload, or take the destination out.',
  check: ({ bundle }, tell) => {
    for (const { document, at } of bundle.services) {
      const { namespace } = document.metadata;
      for (const [index, text] of (document.spec.destinations ?? []).entries()) {
        const id = parseSpiffeId(text);
        if (!(id instanceof SpiffeId) || (id.namespace ?? namespace) === namespace) continue;
        const message = `a Service of \`${namespace}\` claims a workload of \`${id.namespace}\``;
        tell(at(['spec', 'destinations', index]), message);
      }
    }
  },
};
