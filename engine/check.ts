// The check: one synchronous, repeatable pass from what a context handler read to a verdict (DESIGN
// section 3). Authentication and authorization meet here and nowhere else; the order in which they
// may end a request is that of docs/semantics.md.

import {
  AccessRequest,
  type Action,
  type Principal,
  type RequestAttributes,
} from './access_request.ts';
import { type Assertions, assertedBy } from './assertion.ts';
import { classWeakness, identityWeakness, sharedBeyondBaseline } from './bounds.ts';
import { type Decision, denied } from './decision.ts';
import { chooseService, type Destination } from './destination.ts';
import { type Evidence, NOT_EVALUATED } from './evidence.ts';
import { type Effect, type Facts, NO_FACTS, type Proof } from './facts.ts';
import type { Failure } from './failure.ts';
import { type AssumedProof, assumeProof } from './identity/assumed_proof.ts';
import { authenticate, failed, type Needed } from './identity/authenticate.ts';
import type { Credentials, Terms } from './identity/credentials.ts';
import type { Asker, Enforcer } from './identity/enforcer.ts';
import { DECISION_VALID_MS_MAX } from './limits.ts';
import { decide } from './policy/decide.ts';
import { missingOf } from './policy/required.ts';
import type { Route } from './policy/route.ts';
import type { RouteRules } from './policy/route_rules.ts';
import { findOperation, type Service } from './policy/service.ts';
import { standingFault, standsUntil } from './policy/standing.ts';
import type { Reason } from './reason.ts';
import type { Snapshot } from './snapshot.ts';

/** What a context handler read of one request. */
export interface Inquiry {
  readonly credentials: Credentials;
  readonly destination: Destination;
  readonly action: Action;
  readonly request: RequestAttributes;
  /** Context extensions whose names start with `remit.`. */
  readonly extensions: ReadonlyMap<string, string>;
  /** What makes the request unusable although the caller may well be proved. */
  readonly fault: Failure | undefined;
}

/** Both halves of the answer, for the response and for the two records. */
export interface Verdict {
  readonly evidence: Evidence;
  readonly principal: Principal | undefined;
  readonly service: Service | undefined;
  readonly access: AccessRequest | undefined;
  readonly decision: Decision;
  /** False when the request ended before any policy was looked at. */
  readonly evaluated: boolean;
}

/**
 * One pass ends in an answer, needs proofs verified first, or has effects to commit before the
 * answer may leave. `commit` has no producer in this version.
 */
export type Step<A> =
  | { readonly kind: 'answer'; readonly answer: A }
  | { readonly kind: 'need'; readonly proofs: readonly Proof[] }
  | { readonly kind: 'commit'; readonly effects: readonly Effect[]; readonly ifCommitted: A };

export function check(
  inquiry: Inquiry,
  asker: Asker,
  snapshot: Snapshot,
  facts: Facts,
  now: number,
): Step<Verdict> {
  const concluded = conclude(inquiry, asker, snapshot, facts, now, authenticate);
  return 'proofs' in concluded
    ? { kind: 'need', proofs: concluded.proofs }
    : { kind: 'answer', answer: concluded };
}

/**
 * The same pass for tests and explanations, where a proof is supposed instead of verified: no test
 * can hold a private key.
 *
 * INVARIANT: offline only. What is supposed never comes out of a message: whoever reads messages
 * (envoy, workers, server) does not import this, which test/explain/offline.test.ts keeps.
 */
export function checkAssuming(
  inquiry: Inquiry,
  assumed: AssumedProof,
  snapshot: Snapshot,
  now: number,
): Verdict {
  const prove: typeof authenticate = (...given) =>
    assumeProof(assumed, authenticate(...given), now);
  const concluded = conclude(inquiry, { kind: 'everything' }, snapshot, NO_FACTS, now, prove);
  if ('proofs' in concluded) throw new Error('a certificate cannot be supposed');
  return concluded;
}

function conclude(
  inquiry: Inquiry,
  asker: Asker,
  snapshot: Snapshot,
  facts: Facts,
  now: number,
  prove: typeof authenticate,
): Verdict | Needed {
  const { credentials, destination, action, fault } = inquiry;
  const { proof, policy } = snapshot;
  const enforcer = proof.enforcers.of(asker);
  if (enforcer === undefined) {
    return unproved(failed('authn.untrusted_enforcer', undefined, '', '').evidence, now);
  }
  const choice = chooseService(enforcer, destination, policy);
  if (choice.fault === 'authn.enforcer_scope') {
    return unproved(failed(choice.fault, enforcer, '', '').evidence, now);
  }
  const { service } = choice;
  const shown = prove(credentials, enforcer, service ?? ANY_SERVICE, proof, facts, now);
  if ('proofs' in shown) return shown;
  const { evidence, principal } = shown;
  if (principal === undefined) return unproved(evidence, now, service);

  const ended = (reason: Reason, evaluated: boolean): Verdict => {
    const until = validUntil(principal, evidence, service, policy.overdueDenies, now);
    const decision = denied(reason, until);
    return { evidence, principal, service, access: undefined, decision, evaluated };
  };
  const unfit = identityWeakness(principal, evidence, service, snapshot.settings.lifetimes);
  if (unfit !== undefined) return ended(unfit, false);
  if (fault !== undefined) return ended(fault.reason, false);
  if (choice.fault !== undefined) return ended(choice.fault, false);
  if (service === undefined) return ended('authz.no_policy', true);
  const match = findOperation(service, action);
  if (match === undefined) return ended('ctx.unmapped_operation', false);
  const asserted = assertedBy(enforcer, inquiry.extensions);
  const { target: route, captures } = match;
  const access = accessTo(route, captures, {
    inquiry,
    enforcer,
    evidence,
    principal,
    asserted,
    now,
  });
  if (access === undefined) return ended('ctx.destination_conflict', false);
  return judge(access, route, evidence, service, snapshot);
}

interface Circumstances {
  readonly inquiry: Inquiry;
  readonly enforcer: Enforcer;
  readonly evidence: Evidence;
  readonly principal: Principal;
  readonly asserted: Assertions;
  readonly now: number;
}

/** Fills the route's texts in; undefined when the enforcer asserts something else. */
function accessTo(
  route: Route,
  captures: readonly string[],
  { inquiry, enforcer, evidence, principal, asserted, now }: Circumstances,
): AccessRequest | undefined {
  const { environment, tenant, runtime } = asserted;
  const declared = route.operation.environment;
  if (environment !== '' && declared !== '' && declared !== environment) return undefined;
  const { operation } = environment !== '' && declared === '' ? route.in(environment) : route;
  const resource = route.resource(captures, tenant);
  if (tenant !== '' && resource.tenant !== tenant) return undefined;
  return new AccessRequest({
    principal,
    operation,
    resource,
    context: {
      enforcer: enforcer.id,
      runtime,
      notBefore: evidence.notBefore,
      notAfter: evidence.notAfter,
      scopes: scopesOf(evidence),
    },
    request: inquiry.request,
    captureNames: route.captureNames,
    captures,
    now,
    bodyShape: route.body,
  });
}

/** INVARIANT: of the OAuth token that came along, also where it stands beside the caller's. */
function scopesOf({ token, others }: Evidence): ReadonlySet<string> | undefined {
  if (token?.kind === 'jwt') return token.scopes;
  return others.find((it) => it.token?.kind === 'jwt')?.token?.scopes;
}

/** From here on only the AccessRequest counts. */
export function judge(
  access: AccessRequest,
  route: Route,
  evidence: Evidence,
  service: Service,
  { policy, settings }: Snapshot,
): Verdict {
  const { principal, operation, now } = access;
  const verdict = (decision: Decision, evaluated: boolean): Verdict => {
    return { evidence, principal, service, access, decision, evaluated };
  };
  const end = validUntil(principal, evidence, service, policy.overdueDenies, now);
  const weakness = classWeakness(access, settings);
  if (weakness !== undefined) return verdict(denied(weakness, end), false);
  const missing = route.requires.length === 0 ? undefined : missingOf(route.requires, access);
  if (missing !== undefined) return verdict(denied(missing.reason, end, missing.errors), false);
  const standing = standingFault(access, service, policy.overdueDenies);
  if (standing !== undefined) return verdict(denied(standing, end), true);
  if (sharedBeyondBaseline(access)) return verdict(denied('authz.shared_identity', end), true);
  const judgedRoute = operation === route.operation ? route : route.in(operation.environment);
  const rules = judgedRoute.rules(policy.rules);
  const decision = decide(access, rules, end);
  if (decision.outcome === 'deny') return verdict(decision, true);
  return verdict(narrowed(access, decision, rules, service, policy.overdueDenies), true);
}

/**
 * INVARIANT: what a token says only takes away (DESIGN 5.12, 5.13): each one on whose behalf the
 * caller acts must be permitted himself, and a scope of the token must cover the operation.
 */
function narrowed(
  access: AccessRequest,
  decision: Decision,
  rules: RouteRules,
  service: Service,
  overdueDenies: boolean,
): Decision {
  const { principal, operation, context } = access;
  const { scopes } = context;
  let { validUntil: until } = decision;
  for (const actor of principal.actors) {
    const { assurance } = principal;
    const acting = access.by({ ...actor, assurance, actors: NO_ACTORS });
    const standing = standingFault(acting, service, overdueDenies);
    const own = standing === undefined ? decide(acting, rules, until) : denied(standing, until);
    if (own.reason !== undefined) return denied(own.reason, own.validUntil, [`actor ${actor.id}`]);
    until = Math.min(own.validUntil, standsUntil(actor.entry, service, overdueDenies, access.now));
  }
  if (scopes !== undefined && operation.scopes.length > 0) {
    const covered = operation.scopes.some((it) => scopes.has(it));
    if (!covered) return denied('authz.token_scope', until);
  }
  return until === decision.validUntil ? decision : { ...decision, validUntil: until };
}

const NO_ACTORS: readonly Principal[] = [];

/** Where no service speaks, nothing is said of credentials. */
const ANY_SERVICE: Terms = { passesAuthorization: false, origin: '', audiences: undefined };

/** Before any rule: of the credential, the identity and the service, whatever ends the request. */
function validUntil(
  { entry }: Principal,
  { holdsUntil }: Evidence,
  service: Service | undefined,
  overdueDenies: boolean,
  now: number,
): number {
  const end = Math.min(now + DECISION_VALID_MS_MAX, holdsUntil);
  return Math.min(end, standsUntil(entry, service, overdueDenies, now));
}

function unproved(evidence: Evidence, now: number, service?: Service): Verdict {
  const reason = evidence.reason ?? 'authn.missing';
  return {
    evidence,
    principal: undefined,
    service,
    access: undefined,
    decision: denied(reason, now + DECISION_VALID_MS_MAX),
    evaluated: false,
  };
}

/** The verdict on a request that could not be read, or that no evaluator reached. */
export function verdictOf(failure: Failure): Verdict {
  return {
    evidence: NOT_EVALUATED,
    principal: undefined,
    service: undefined,
    access: undefined,
    decision: denied(failure.reason, 0),
    evaluated: false,
  };
}
