// Reason codes: one closed union with one table, DESIGN section 5.6. The prefix is the class, a
// denial has exactly one. The same word stands in records, metrics and dynamic metadata.

export type ReasonClass = 'ctx' | 'sys' | 'authn' | 'authz';

/**
 * What a challenge (`WWW-Authenticate`) may ask for where the service takes tokens. `token`: one at
 * all, or another one (RFC 6750, RFC 9449); `step_up`: a stronger proof (RFC 9470); `scope`: one
 * with a scope that it lacks (RFC 6750 section 3.1). `none`: no token would change the answer.
 */
export type ChallengeKind = 'none' | 'token' | 'step_up' | 'scope';

/** One row: HTTP status of the denial, and what the code says, in one sentence. */
export interface ReasonRow {
  readonly http: 400 | 403 | 503;
  readonly challenge: ChallengeKind;
  readonly sentence: string;
}

const row = (http: ReasonRow['http'], sentence: string, challenge: ChallengeKind): ReasonRow => {
  return { http, challenge, sentence };
};
const bad = (sentence: string) => row(400, sentence, 'none');
const refused = (sentence: string) => row(403, sentence, 'none');
const fault = (sentence: string) => row(503, sentence, 'none');
const token = (sentence: string) => row(403, sentence, 'token');
const stepUp = (sentence: string) => row(403, sentence, 'step_up');
const scope = (sentence: string) => row(403, sentence, 'scope');

const table = {
  'ctx.malformed_request': bad('The message is not a CheckRequest that can be read in one way.'),
  'ctx.malformed_too_large': bad('The message is larger than 4 MiB.'),
  'ctx.duplicate_header': bad('A header that may stand once came more than once.'),
  'ctx.ambiguous_path': bad('Two parsers could read the path differently.'),
  'ctx.unmapped_operation': refused('No operation of the service matches the request.'),
  'ctx.destination_conflict': refused('Destination, host and listener name different services.'),
  'ctx.insufficient': refused('The operation requires context that did not come.'),
  'ctx.body_unreadable': refused('A rule needs the body, and it could not be read whole.'),

  'authn.missing': token('No identity came with the request, and one is required.'),
  'authn.untrusted_enforcer': refused('The asking proxy is no known enforcer.'),
  'authn.enforcer_scope': refused('The enforcer may not ask about this destination.'),
  'authn.untrusted_issuer': token('Nobody we trust vouches for the credential.'),
  'authn.invalid_identity': refused(
    'The identity is no SPIFFE ID of a workload, or its certificate no valid X509-SVID.',
  ),
  'authn.invalid_token': token(
    'The token is malformed, of another kind than is taken here, or not signed as it says.',
  ),
  'authn.expired': token('The credential has expired.'),
  'authn.not_yet_valid': token('The credential is not valid yet.'),
  'authn.audience': token('The credential is meant for somebody else.'),
  'authn.binding': token('The credential is bound to a key that was not proved.'),
  'authn.replay': token('The proof was used before.'),
  'authn.nonce': token('The proof holds no nonce of ours that is current; its sender is told one.'),
  'authn.identity_conflict': refused('Two credentials name different identities.'),
  'authn.assurance': stepUp('The proof is weaker than the data class demands.'),
  'authn.lifetime_exceeded': token('The credential lives longer than allowed.'),
  'authn.wrong_principal_kind': refused('This kind of principal may not use this way in.'),
  'authn.orphaned': refused('The workload that the credential was made for is gone.'),
  'authn.revoked': refused('The credential was revoked.'),

  'authz.no_policy': refused('Nothing speaks of this destination.'),
  'authz.no_match': refused('No permit matches.'),
  'authz.forbidden': refused('A forbid matches.'),
  'authz.unknown_identity': refused('The identity is proved but stands in no inventory.'),
  'authz.verb': refused('The nearest permit does not cover the verb or the operation.'),
  'authz.resource': refused('The nearest permit does not cover the resource.'),
  'authz.role': refused('The nearest permit asks for a role, or the role does not cover it.'),
  'authz.condition': refused('The condition of the nearest permit does not hold.'),
  'authz.environment': refused('The nearest permit does not cover the environment.'),
  'authz.time_window': refused('The nearest permit does not hold at this time.'),
  'authz.runtime': refused('The nearest permit asks for another runtime.'),
  'authz.boundary': refused('The request crosses a tenant or an environment.'),
  'authz.coarse_only': refused('Only a role permits it, and a rule beyond a role is needed.'),
  'authz.token_scope': scope('No scope of the token covers the operation.'),
  'authz.task_required': refused('The operation, or the nearest permit, needs a task.'),
  'authz.approval_required': refused('The nearest permit needs an approval.'),
  'authz.ceiling': refused('The operation is above the ceiling of the identity.'),
  'authz.shared_identity': refused(
    'Several share the identity, and which of them acts was not shown.',
  ),
  'authz.review_overdue': refused('The review of the identity or of the service is overdue.'),

  'sys.internal': fault('An error of ours.'),
  'sys.overloaded': fault('More requests wait than can be answered in time.'),
  'sys.deadline': fault('The answer would have come too late.'),
  'sys.worker_lost': fault('The worker that decided the request was lost.'),
  'sys.keys_unavailable': fault('Keys to verify the credential are not at hand.'),
  'sys.stale_state': fault('The state is older than its bound.'),
  'sys.clock': fault('The clock went back.'),
  'sys.audit': fault('The record could not be kept, and has to be.'),
} as const satisfies Record<`${ReasonClass}.${string}`, ReasonRow>;

/** The closed union of reason codes. */
export type Reason = keyof typeof table;

export const REASONS: Readonly<Record<Reason, ReasonRow>> = Object.freeze(
  Object.assign(Object.create(null), table),
);

/** All codes in table order; the position of a code is stable within one build. */
export const REASON_CODES: readonly Reason[] = Object.keys(table) as Reason[];

const GRPC_CODE = { authn: 16, authz: 7, ctx: 7, sys: 14 } as const;

/** What the client is told: the class only, never which check failed. */
const TITLE = {
  authn: 'Authentication failed',
  authz: 'Permission refused',
  ctx: 'Request cannot be authorized',
  sys: 'Authorization unavailable',
} as const;

export function reasonClass(reason: Reason): ReasonClass {
  return reason.slice(0, reason.indexOf('.')) as ReasonClass;
}

/** google.rpc.Status.code of a denial: 16 authn, 7 authz and ctx, 14 sys. */
export function grpcCode(reason: Reason): 7 | 14 | 16 {
  return GRPC_CODE[reasonClass(reason)];
}

/** RFC 9110 section 15.5.2: 401 says that there is a challenge, so it stands with one only. */
export function challengedStatus(reason: Reason): 401 | 403 {
  return reasonClass(reason) === 'authn' ? 401 : 403;
}

export function reasonTitle(reason: Reason): string {
  return TITLE[reasonClass(reason)];
}
