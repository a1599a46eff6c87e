// The naive evaluator: the specification of a decision in code. It takes parsed documents and tries
// every rule on every request, without an index, a cache or a compiled form. Whatever the engine
// answers has to be what this answers; test/agreement and test/fuzz compare the two.

import type { Bundle } from '../../engine/bundle/bundle.ts';
import type { ServiceDocument } from '../../engine/bundle/kinds.ts';
import type { Reason } from '../../engine/reason.ts';
import { chooseService, enforcerOf } from './destination.ts';
import { type NaiveOperation, operationOf } from './operation.ts';
import { ambiguous, canonical } from './path.ts';
import { homeDomains, type NaivePrincipal, principalOf } from './principal.ts';
import type {
  HeaderLine,
  NaiveAsker,
  NaiveRequest,
  NaiveResult,
  NaiveSettings,
} from './request.ts';
import { ruleMatches } from './rule.ts';
import { lower } from './text.ts';

const NAMED_MAX = 16;

/**
 * The documents of a bundle that loads without an error. Without issuers: certificates are compared
 * with data of other projects, and no generated bundle can verify one.
 */
export type NaiveBundle = {
  readonly [K in Exclude<
    keyof Bundle,
    'issuers' | 'keyFiles'
  >]: readonly Bundle[K][number]['document'][];
};

export function naiveBundle(bundle: Bundle): NaiveBundle {
  return {
    services: bundle.services.map(({ document }) => document),
    policies: bundle.policies.map(({ document }) => document),
    identities: bundle.identities.map(({ document }) => document),
    enforcers: bundle.enforcers.map(({ document }) => document),
  };
}

/** In the order of DESIGN 5.6: first who asks, then who calls, then what, then whether. */
export function evaluate(
  request: NaiveRequest,
  bundle: NaiveBundle,
  settings: NaiveSettings,
  asker: NaiveAsker,
  now: number,
): NaiveResult {
  const { services, identities, enforcers } = bundle;
  const enforcer = enforcerOf(asker, enforcers);
  if (enforcer === undefined) return denied('authn.untrusted_enforcer');
  const service = chooseService(enforcer, request, services);
  if (service === 'authn.enforcer_scope') return denied(service);
  const passes = isService(service) && service.spec.authorization === 'passThrough';
  const principal = principalOf(request, enforcer, passes, identities, settings);
  if (typeof principal === 'string') return denied(principal);

  const { http, headers } = request;
  if (repeats(headers)) return denied('ctx.duplicate_header', principal);
  const path = http && canonical(http.path, settings.pathNormalization);
  if (http !== undefined) {
    if (path === undefined) return denied('ctx.ambiguous_path', principal);
    const refused = settings.ambiguousPaths === 'deny' && ambiguous(http.path, path);
    if (refused) return denied('ctx.ambiguous_path', principal);
  }
  if (service === 'ctx.destination_conflict') return denied(service, principal);
  if (service === undefined) return denied('authz.no_policy', principal);
  const operation = operationOf(service, request, path);
  if (operation === undefined) return denied('ctx.unmapped_operation', principal);
  // An enforcer's word is `asserted`: enough for confidential data, not for restricted.
  const weak = operation.dataClass === 'confidential' && principal.id === undefined;
  if (weak || operation.dataClass === 'restricted') {
    return denied('authn.assurance', principal, operation);
  }
  if (!principal.known) return denied('authz.unknown_identity', principal, operation);
  return decide(principal, operation, bundle, settings, now);
}

function isService(service: ServiceDocument | string | undefined): service is ServiceDocument {
  return typeof service === 'object';
}

/** `authorization` and the host may stand once; the host under both its names has to be one. */
function repeats(headers: readonly HeaderLine[]): boolean {
  const values = (wanted: string) =>
    headers.filter(([name]) => lower(name) === wanted).map(([, value]) => value);
  const [host, authority] = [values('host'), values(':authority')];
  if ([values('authorization'), host, authority].some((lines) => lines.length > 1)) return true;
  return host.length === 1 && authority.length === 1 && host[0] !== authority[0];
}

/** Default deny; a forbid overrides every permit; what is on trial decides nothing. */
function decide(
  principal: NaivePrincipal,
  operation: NaiveOperation,
  bundle: NaiveBundle,
  settings: NaiveSettings,
  now: number,
): NaiveResult {
  const home = homeDomains(bundle.identities, settings);
  const matching = bundle.policies.flatMap(({ metadata, spec }) =>
    spec.rules
      .filter((rule) => ruleMatches(rule, metadata.namespace, principal, operation, home))
      .map((rule) => {
        const mode = rule.mode ?? spec.mode;
        const until = mode === undefined ? undefined : Date.parse(mode.until);
        return {
          id: `${metadata.namespace}/${metadata.name}/${rule.id}`,
          permit: rule.effect === 'permit',
          stopped: rule.effect === 'permit' && crosses(principal, operation, rule.crossTenant),
          onTrial: until !== undefined && now < until,
          expired: until !== undefined && now >= until && rule.effect === 'permit',
        };
      })
      .filter((it) => !it.expired),
  );
  const inForce = matching.filter((it) => !it.onTrial);
  const forbids = inForce.filter((it) => !it.permit);
  const permits = inForce.filter((it) => it.permit && !it.stopped);
  const taskMissing = principal.kind === 'agent' && !operation.taskFree;

  let reason: Reason | undefined;
  if (forbids.length > 0) reason = 'authz.forbidden';
  else if (permits.length > 0) reason = taskMissing ? 'authz.task_required' : undefined;
  else reason = inForce.some((it) => it.stopped) ? 'authz.boundary' : 'authz.no_match';

  const deciding = forbids.length > 0 ? forbids : permits;
  const wouldAllow = forbids.length === 0 && !taskMissing;
  const shadow = matching
    .filter((it) => it.onTrial && !it.stopped)
    .map((it) => ({ rule: it.id, outcome: outcome(it.permit && wouldAllow) }))
    .sort((a, b) => (a.rule < b.rule ? -1 : 1));
  return {
    ...denied('authz.no_match', principal, operation),
    outcome: outcome(reason === undefined),
    reason,
    rules: deciding
      .map((it) => it.id)
      .sort()
      .slice(0, NAMED_MAX),
    ruleCount: deciding.length,
    shadow: shadow.slice(0, NAMED_MAX),
  };
}

/** An environment is crossed by no rule, a tenant only by one that says so. */
function crosses(
  principal: NaivePrincipal,
  operation: NaiveOperation,
  crossTenant: boolean,
): boolean {
  const environments = [principal.environment, operation.environment].filter((it) => it !== '');
  if (new Set(environments).size > 1) return true;
  return operation.tenant !== '' && operation.tenant !== principal.tenant && !crossTenant;
}

function outcome(allow: boolean): 'allow' | 'deny' {
  return allow ? 'allow' : 'deny';
}

function denied(
  reason: Reason,
  principal?: NaivePrincipal,
  operation?: NaiveOperation,
): NaiveResult {
  return {
    outcome: 'deny',
    reason,
    rules: [],
    ruleCount: 0,
    shadow: [],
    principal: principal && (principal.id?.text ?? ''),
    operation: operation?.id,
  };
}
