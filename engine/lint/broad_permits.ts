// Permits that reach further than whoever wrote them would say aloud: to everybody with a
// credential (C-006, C-089), to every verb for long-lived identities (C-076), by a role alone where
// that is not enough (C-030).

import type { Operation } from '../access_request.ts';
import { needsFineRule } from '../policy/decide.ts';
import { isTextPattern } from '../policy/text_pattern.ts';
import type { LintContext } from './lint_context.ts';
import type { LintRule } from './lint_rule.ts';
import type { PlacedRule } from './placed_rule.ts';

function permits({ rules }: LintContext): readonly PlacedRule[] {
  return rules.filter(({ rule }) => rule.effect === 'permit' && !rule.record.anonymous);
}

export const ANY_AUTHENTICATED: LintRule = {
  code: 'lint.any_authenticated',
  severity: 'error',
  finds: 'a permit that means everybody who has a credential, of an operation that is not `public`',
  why: 'A valid credential says who somebody is. Where it is also all that is asked for, whatever is compromised anywhere in the mesh may call.',
  fix: 'Name the callers: `principals`, `serviceAccounts`, `namespaces`, `roles` or `claims`; or declare `dataClass: public` where everybody may know.',
  check: (context, tell) => {
    for (const placed of permits(context)) {
      if (!meansEverybody(placed)) continue;
      const found = context.operationsOf(placed).find(({ dataClass }) => dataClass !== 'public');
      if (found === undefined) continue;
      const message = `\`${placed.rule.id}\` permits \`${found.id}\` to everybody with a credential`;
      tell(placed.at(['from']), message, 'a key that names the callers');
    }
  },
};

/** Nothing in it, nor what its condition reads, tells one caller of a trust domain from another. */
function meansEverybody({ rule }: PlacedRule): boolean {
  const { principals, namespaces, serviceAccounts, roles, claims, actors } = rule.record.from;
  if (serviceAccounts || roles || claims || actors) return false;
  if (namespaces?.every((text) => text !== '*')) return false;
  const open = (text: string) => /^spiffe:\/\/[^/]+(?:\/(?:\*|ns|sa))*$/.test(text);
  if (principals?.every((text) => !open(text))) return false;
  return !(rule.record.condition?.reads ?? []).some((path) => path.startsWith('principal'));
}

export const WILDCARD_VERB: LintRule = {
  code: 'lint.wildcard_verb',
  severity: 'error',
  finds:
    'a permit without `verbs` and without exact `operations`, for an identity whose credentials may live longer than 24 h, or as long as they like',
  why: 'A credential that lives long is stolen with everything that it may do. What it may do has to be the least.',
  fix: 'Say `to.verbs` or name the operations; or bound the credential by `maxLifetime` of the Identity or its Issuer.',
  check: (context, tell) => {
    for (const placed of permits(context)) {
      const { verbs, operations = [] } = placed.rule.record.to;
      const exact = operations.length > 0 && operations.every(({ name }) => !isTextPattern(name));
      if (verbs !== undefined || exact || context.operationsOf(placed).length === 0) continue;
      for (const known of context.population.whom(placed)) {
        if (!known.isLongLived) continue;
        const message = `\`${placed.rule.id}\` permits every verb to \`${known.text}\`, which is long-lived`;
        tell(placed.at(['to']), message, '`verbs`, or exact `operations`');
        break;
      }
    }
  },
};

export const ROLE_ONLY: LintRule = {
  code: 'lint.role_only',
  severity: 'error',
  finds: 'a permit by role alone that reaches agents, writes, or what is `confidential` or above',
  why: 'A role says what somebody is for, not whether just this call makes sense. Agents change their plans, and strong operations need more: such a permit is coarse, and `authz.coarse_only` denies it.',
  fix: 'Add a `condition`, `require.task`, or whom exactly it means; or keep the role to reading what is `internal`.',
  check: (context, tell) => {
    for (const placed of permits(context)) {
      if (!placed.rule.coarse) continue;
      const reached = context.operationsOf(placed).filter((it) => covered(context, placed, it));
      if (reached.length === 0) continue;
      const fine = reached.find(needsFineRule);
      const agent = [...context.population.whom(placed)].find(
        ({ entry }) => entry.kind === 'agent',
      );
      if (fine === undefined && agent === undefined) continue;
      const what = fine === undefined ? `the agent \`${agent?.text}\`` : `\`${fine.id}\``;
      const message = `\`${placed.rule.id}\` rests on a role alone and reaches ${what}`;
      tell(placed.at(['from', 'roles']), message, '`condition`, `require.task`, or whom exactly');
    }
  },
};

function covered({ population }: LintContext, placed: PlacedRule, operation: Operation): boolean {
  for (const { principal } of population.whom(placed)) {
    // Of a pattern it is not known; then it is taken for covered.
    if (principal === undefined) return true;
    if (placed.rule.staticFailures(operation, principal) === 0) return true;
  }
  return false;
}
