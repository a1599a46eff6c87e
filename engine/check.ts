// The check: one synchronous, repeatable pass from what a context handler read to a verdict (DESIGN
// section 3). Authentication and authorization meet here and nowhere else; the order in which they
// may end a request is the precedence of DESIGN 5.6: sys, authn, ctx, authz.

import type { AccessRequest, Action, DataClass, Principal } from './access_request.ts';
import { type Decision, denied } from './decision.ts';
import { chooseService, type Destination } from './destination.ts';
import { type Assurance, assuranceAtLeast, type Evidence, NOT_EVALUATED } from './evidence.ts';
import type { Effect, Facts, Proof } from './facts.ts';
import type { Failure } from './failure.ts';
import { authenticate, type Credentials, failed } from './identity/authenticate.ts';
import type { Asker } from './identity/enforcer.ts';
import { decide } from './policy/decide.ts';
import { accessRequest, findOperation, type Service } from './policy/service.ts';
import type { Reason } from './reason.ts';
import type { Snapshot } from './snapshot.ts';

/** What a context handler read of one request. */
export interface Inquiry {
  readonly credentials: Credentials;
  readonly destination: Destination;
  readonly action: Action;
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
 * answer may leave. `need` and `commit` have no producer in this version.
 */
export type Step<A> =
  | { readonly kind: 'answer'; readonly answer: A }
  | { readonly kind: 'need'; readonly proofs: readonly Proof[] }
  | { readonly kind: 'commit'; readonly effects: readonly Effect[]; readonly ifCommitted: A };

/** DESIGN section 6, "Class floor": the weakest proof with which a class may be reached. */
const CLASS_FLOOR: Readonly<Record<DataClass, Assurance>> = {
  public: 'none',
  internal: 'none',
  confidential: 'asserted',
  restricted: 'svid',
};

export function check(
  inquiry: Inquiry,
  asker: Asker,
  snapshot: Snapshot,
  _facts: Facts,
  now: number,
): Step<Verdict> {
  return { kind: 'answer', answer: conclude(inquiry, asker, snapshot, now) };
}

function conclude(inquiry: Inquiry, asker: Asker, snapshot: Snapshot, now: number): Verdict {
  const { credentials, destination, action, fault } = inquiry;
  const { proof, policy } = snapshot;
  const enforcer = proof.enforcers.of(asker);
  if (enforcer === undefined) {
    return unproved(failed('authn.untrusted_enforcer', undefined, '', '').evidence);
  }
  const choice = chooseService(enforcer, destination, policy);
  if (choice.fault === 'authn.enforcer_scope') {
    return unproved(failed(choice.fault, enforcer, '', '').evidence);
  }
  const { service } = choice;
  const passes = service?.passesAuthorization ?? false;
  const { evidence, principal } = authenticate(credentials, enforcer, passes, proof);
  if (principal === undefined) return unproved(evidence, service);

  const ended = (reason: Reason, evaluated: boolean): Verdict => {
    return { evidence, principal, service, access: undefined, decision: denied(reason), evaluated };
  };
  if (fault !== undefined) return ended(fault.reason, false);
  if (choice.fault !== undefined) return ended(choice.fault, false);
  if (service === undefined) return ended('authz.no_policy', true);
  const match = findOperation(service, action);
  if (match === undefined) return ended('ctx.unmapped_operation', false);
  const route = match.target;
  const access = accessRequest(route, match.captures, principal, now);
  if (!assuranceAtLeast(principal.assurance, CLASS_FLOOR[route.operation.dataClass])) {
    const decision = denied('authn.assurance');
    return { evidence, principal, service, access, decision, evaluated: false };
  }
  const decision = decide(access, route.rules);
  return { evidence, principal, service, access, decision, evaluated: true };
}

function unproved(evidence: Evidence, service?: Service): Verdict {
  const reason = evidence.reason ?? 'authn.missing';
  return {
    evidence,
    principal: undefined,
    service,
    access: undefined,
    decision: denied(reason),
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
    decision: denied(failure.reason),
    evaluated: false,
  };
}
