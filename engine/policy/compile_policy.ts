// What permits, of a whole bundle: services, roles, rules and profiles, checked against each other.

import { type Bundle, documentId, tokenIssuerIds } from '../bundle/bundle.ts';
import type { Diagnostics } from '../diagnostic.ts';
import { UNINDEXED_RULES_MAX } from '../limits.ts';
import type { Settings } from '../settings.ts';
import { isUnindexed, keysOf, type RuleKeys } from './anchor.ts';
import type { RuleContext } from './block_compiler.ts';
import { recordRoles, recordRules } from './record_rules.ts';
import type { RoleRecord, RuleRecord } from './rule_record.ts';
import { compileService, type Service } from './service.ts';
import { serviceNames } from './service_directory.ts';
import { checkTaskProfiles } from './task_profile.ts';

export interface CompiledPolicy {
  readonly services: readonly Service[];
  readonly names: ReadonlyMap<string, number>;
  readonly roles: readonly RoleRecord[];
  /** Sorted by id. */
  readonly records: readonly RuleRecord[];
  /** Of each record. */
  readonly keys: readonly RuleKeys[];
}

interface PolicySettings {
  readonly roleIds: ReadonlySet<string>;
  readonly homeTrustDomains: readonly string[];
  readonly settings: Settings;
}

export function compilePolicy(
  bundle: Bundle,
  { roleIds, homeTrustDomains, settings }: PolicySettings,
  diagnostics: Diagnostics,
): CompiledPolicy {
  const services = bundle.services.map((located) => compileService(located, diagnostics));
  const byNamespace = new Map<string, ReadonlyMap<string, Service>>();
  for (const [namespace, own] of Map.groupBy(services, (service) => service.namespace)) {
    byNamespace.set(namespace, new Map(own.map((service) => [service.name, service])));
  }
  const context: RuleContext = {
    services: byNamespace,
    homeTrustDomains,
    roleIds,
    profileIds: new Set(bundle.taskProfiles.map(({ document }) => documentId(document))),
    tokenIssuers: tokenIssuerIds(bundle.issuers),
    forbids: forbidsOf(bundle),
    overdueDenies: settings.overdueReviews === 'deny',
  };
  const records = recordRules(bundle, context, diagnostics);
  checkTaskProfiles(bundle.taskProfiles, context, diagnostics);
  const keys = records.map(keysOf);
  capUnindexed(bundle, records, keys, diagnostics);
  return {
    services,
    names: serviceNames(services, diagnostics),
    roles: recordRoles(bundle.roles, context, diagnostics),
    records,
    keys,
  };
}

function forbidsOf({ policies }: Bundle): RuleContext['forbids'] {
  const forbids = new Map<string, { readonly suspendable: boolean }>();
  for (const { document } of policies) {
    for (const { id, effect, suspendable } of document.spec.rules) {
      if (effect === 'forbid') forbids.set(`${documentId(document)}/${id}`, { suspendable });
    }
  }
  return forbids;
}

/** Each request of a service looks at all rules that no index catches, so they are few. */
function capUnindexed(
  { policies, exceptions }: Bundle,
  records: readonly RuleRecord[],
  keys: readonly RuleKeys[],
  diagnostics: Diagnostics,
): void {
  const counts = new Map<string, number>();
  for (const [index, record] of records.entries()) {
    if (!isUnindexed(keys[index]!)) continue;
    for (const target of keys[index]!.targets) {
      const count = (counts.get(target) ?? 0) + 1;
      counts.set(target, count);
      if (count !== UNINDEXED_RULES_MAX + 1) continue;
      const owner = [...policies, ...exceptions].find(({ document }) =>
        record.id.startsWith(documentId(document)),
      );
      const what = target.startsWith('n:') ? 'namespace' : 'service';
      diagnostics.error(
        owner!.at(['spec']),
        `\`${record.id}\` is one of more than ${UNINDEXED_RULES_MAX} rules that no index catches ` +
          `in ${what} \`${target.slice(2)}\``,
        'an exact principal, service account, operation or resource',
      );
    }
  }
}
