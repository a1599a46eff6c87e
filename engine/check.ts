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
import { RESTRICTED_LIFETIME_MS_MAX } from './limits.ts';
import { decide } from './policy/decide.ts';
import { accessRequest, findOperation, type Service } from './policy/service.ts';
import type { Reason } from './reason.ts';
import type { Snapshot } from './snapshot.ts';
import { lifetimeMs } from './svid.ts';

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
 * answer may leave. `commit` has no producer in this version.
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
  facts: Facts,
  now: number,
): Step<Verdict> {
  const concluded = conclude(inquiry, asker, snapshot, facts, now);
  return 'raw' in concluded
    ? { kind: 'need', proofs: [concluded] }
    : { kind: 'answer', answer: concluded };
}

function conclude(
  { credentials, destination, action, fault }: Inquiry,
  asker: Asker,
  snapshot: Snapshot,
  facts: Facts,
  now: number,
): Verdict | Proof {
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
  const shown = authenticate(credentials, enforcer, passes, proof, facts.verified, now);
  if ('raw' in shown) return shown;
  const { evidence, principal } = shown;
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
  const weakness = weaknessOf(evidence, route.operation.dataClass);
  if (weakness !== undefined) {
    const decision = denied(weakness);
    return { evidence, principal, service, access, decision, evaluated: false };
  }
  const decision = decide(access, route.rules);
  return { evidence, principal, service, access, decision, evaluated: true };
}

/** What the proof lacks for data of this class. */
function weaknessOf({ assurance, svid }: Evidence, dataClass: DataClass): Reason | undefined {
  if (!assuranceAtLeast(assurance, CLASS_FLOOR[dataClass])) return 'authn.assurance';
  if (dataClass !== 'restricted') return undefined;
  const shortLived = svid !== undefined && lifetimeMs(svid) <= RESTRICTED_LIFETIME_MS_MAX;
  return shortLived ? undefined : 'authn.lifetime_exceeded';
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
