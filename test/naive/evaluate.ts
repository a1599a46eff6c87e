// The naive evaluator: the specification of a decision in code (docs/semantics.md). It takes parsed
// documents and tries every rule on every request, without an index or a compiled form. Whatever
// the engine answers has to be what this answers; test/agreement and test/fuzz compare the two.

import type { Bundle } from '../../engine/bundle/bundle.ts';
import type { ServiceDocument } from '../../engine/bundle/service_kind.ts';
import { bodyOf } from './body.ts';
import { validityOf } from './bounds.ts';
import { asserted, missing, runtimeFacts } from './context.ts';
import { decide, NO_OBLIGATIONS } from './decide.ts';
import { chooseService, enforcerOf } from './destination.ts';
import { type NaiveOperation, operationOf } from './operation.ts';
import { ambiguous, canonical } from './path.ts';
import { homeDomains, type NaivePrincipal, principalOf } from './principal.ts';
import type {
  HeaderLine,
  NaiveAsker,
  NaiveDecision,
  NaiveReason,
  NaiveRequest,
  NaiveResult,
  NaiveSettings,
} from './request.ts';
import { isOverdue, type NaiveRule, naiveRules, reviewEnd } from './rules.ts';
import { queryOf, type Situation } from './situation.ts';
import { lower, textMatches } from './text.ts';

/**
 * The documents of a bundle that loads without an error. Without issuers: certificates are compared
 * with data of other projects, and no generated bundle can verify one.
 */
export type NaiveBundle = {
  readonly [K in Exclude<
    keyof Bundle,
    'issuers' | 'policies' | 'exceptions' | 'taskProfiles' | 'tests' | 'keyFiles'
  >]: readonly Bundle[K][number]['document'][];
} & {
  /** Of all policies and exceptions. */
  readonly rules: readonly NaiveRule[];
};

export function naiveBundle(bundle: Bundle): NaiveBundle {
  return {
    services: bundle.services.map(({ document }) => document),
    rules: naiveRules(
      bundle.policies.map(({ document }) => document),
      bundle.exceptions.map(({ document }) => document),
    ),
    roles: bundle.roles.map(({ document }) => document),
    identities: bundle.identities.map(({ document }) => document),
    enforcers: bundle.enforcers.map(({ document }) => document),
  };
}

export function evaluate(
  request: NaiveRequest,
  bundle: NaiveBundle,
  settings: NaiveSettings,
  asker: NaiveAsker,
  now: number,
): NaiveResult {
  const at = (time: number) => decisionAt(request, bundle, settings, asker, time);
  const decision = at(now);
  return Object.assign(validityOf(bundle, decision, at, now), decision);
}

/** The questions in their order; the first that denies gives the reason. */
function decisionAt(
  request: NaiveRequest,
  bundle: NaiveBundle,
  settings: NaiveSettings,
  asker: NaiveAsker,
  now: number,
): NaiveDecision {
  const { services, identities, enforcers } = bundle;
  const enforcer = enforcerOf(asker, enforcers);
  if (enforcer === undefined) return denied('authn.untrusted_enforcer');
  const service = chooseService(enforcer, request, services);
  if (service === 'authn.enforcer_scope') return denied(service);
  const passes = isService(service) && service.spec.authorization === 'passThrough';
  const principal = principalOf(request, enforcer, passes, identities, settings);
  if (typeof principal === 'string') return denied(principal);
  const unproved = boundOnProof(principal, isService(service) ? service : undefined);
  if (unproved !== undefined) return denied(unproved, principal);

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
  const declared = operationOf(service, request, path);
  if (declared === undefined) return denied('ctx.unmapped_operation', principal);
  const operation = asserted(declared, request, enforcer);
  if (operation === undefined) return denied('ctx.destination_conflict', principal, declared);
  const situation: Situation = {
    now,
    settings,
    principal,
    operation,
    roles: bundle.roles,
    home: homeDomains(identities, settings),
    request,
    path: path ?? '',
    query: queryOf(http?.path ?? ''),
    body: bodyOf(request, operation.document.body),
    enforcer: enforcer.id,
    runtime: runtimeFacts(request, enforcer),
  };
  const refused = refusedBeforeRules(situation, service);
  if (refused !== undefined) return denied(refused, principal, operation);
  const ruling = decide(bundle.rules, situation);
  return { ...denied('authz.no_match', principal, operation), ...ruling };
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

/** What service and identity demand of the proof, and where the identity may be used. */
function boundOnProof(
  { id, entry }: NaivePrincipal,
  service: ServiceDocument | undefined,
): NaiveReason | undefined {
  // What an enforcer asserts of its peer counts as the certificate that it verified.
  const taken = service?.spec.accepts?.includes('x509-svid') ?? true;
  if (id !== undefined && !taken) return 'authn.wrong_principal_kind';
  if (entry === undefined) return undefined;
  const { maxLifetime, audiences } = entry.spec;
  // What an enforcer asserts cannot show how long it lives.
  if (maxLifetime !== undefined) return 'authn.assurance';
  if (audiences === undefined || service === undefined) return undefined;
  const { metadata, spec } = service;
  const names = [`${metadata.namespace}/${metadata.name}`, ...(spec.destinations ?? [])];
  return names.some((it) => audiences.includes(it)) ? undefined : 'authn.audience';
}

function refusedBeforeRules(
  situation: Situation,
  service: ServiceDocument,
): NaiveReason | undefined {
  const { principal, operation, settings, now } = situation;
  // An enforcer's word is `asserted`: enough for confidential data, not for restricted.
  const weak = operation.dataClass === 'confidential' && principal.id === undefined;
  if (weak || operation.dataClass === 'restricted') return 'authn.assurance';
  // Which job a CI system's identity stands for only a token could say, and none comes.
  if (principal.kind === 'ci' && operation.dataClass === 'confidential') return 'authn.assurance';
  const lacking = missing(situation);
  if (lacking !== undefined) return lacking;
  if (!principal.known) return 'authz.unknown_identity';
  const { entry } = principal;
  const expiresAt = entry?.spec.expiresAt;
  if (expiresAt !== undefined && now >= Date.parse(expiresAt)) return 'authz.unknown_identity';
  const reviews = [entry?.spec.reviewBy, entry?.metadata.reviewBy, service.metadata.reviewBy];
  if (reviews.some((it) => isOverdue(reviewEnd(it), settings, now))) return 'authz.review_overdue';
  if (!underCeiling(principal, operation)) return 'authz.ceiling';
  // No workload shows itself beside a shared identity: that takes two credentials.
  const baseline =
    operation.verb === 'read' && ['public', 'internal'].includes(operation.dataClass);
  return entry?.spec.shared && !baseline ? 'authz.shared_identity' : undefined;
}

function underCeiling({ entry }: NaivePrincipal, operation: NaiveOperation): boolean {
  const { dataClasses, verbs, services } = entry?.spec.ceiling ?? {};
  const service = `${operation.namespace}/${operation.service}`;
  return (
    (dataClasses === undefined || dataClasses.includes(operation.dataClass)) &&
    (verbs === undefined || verbs.some((it) => it === operation.verb)) &&
    (services === undefined || services.some((it) => textMatches(it, service)))
  );
}

function denied(
  reason: NaiveReason,
  principal?: NaivePrincipal,
  operation?: NaiveOperation,
): NaiveDecision {
  return {
    outcome: 'deny',
    reason,
    rules: [],
    ruleCount: 0,
    shadow: [],
    errors: [],
    obligations: NO_OBLIGATIONS,
    principal: principal && (principal.id?.text ?? ''),
    operation: operation?.id,
  };
}
