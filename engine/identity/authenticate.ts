// Authentication: from what was presented, and what its enforcer may assert, to evidence and a
// principal (DESIGN 5.8). Nothing here can grant: what comes out is who, never what.
//
// INVARIANT: a credential that was presented and failed never falls back to a weaker one, and two
// credentials both verify and agree (docs/authentication.md).

import { ANONYMOUS, type Principal } from '../access_request.ts';
import { type Evidence, NO_OTHERS, NOT_EVALUATED, type ShownBy } from '../evidence.ts';
import type { Proof } from '../facts.ts';
import type { Reason } from '../reason.ts';
import type { X509Svid } from '../svid.ts';
import type { TokenActor } from '../token.ts';
import { callerOf, ignoredOf } from './caller.ts';
import { type Credentials, cameWithPayload, type Terms } from './credentials.ts';
import type { Enforcer } from './enforcer.ts';
import { besidePayload } from './jwt_payload.ts';
import type { PeerRefusal, ProofFacts } from './peer.ts';
import { unusableShownBy } from './presented_tokens.ts';
import type { ProofImage } from './proof_image.ts';
import { type Agreed, agree, bindingOf, isGateway, type Proved } from './proved.ts';
import { type TokenOutcomes, tokensOf } from './request_tokens.ts';
import {
  type TokenOutcome,
  type TokenRefusal,
  toldOf,
  verifiedShownBy,
} from './token_credential.ts';
import { actorPrincipal } from './token_principal.ts';

export interface Authentication {
  readonly evidence: Evidence;
  /** Undefined when proof failed; `evidence.reason` says why. */
  readonly principal: Principal | undefined;
}

/** Proofs that have to be verified first. */
export interface Needed {
  readonly proofs: readonly Proof[];
}

export function authenticate(
  credentials: Credentials,
  enforcer: Enforcer,
  terms: Terms,
  image: ProofImage,
  facts: ProofFacts,
  now: number,
): Authentication | Needed {
  const ignored = ignoredOf(credentials, enforcer);
  const tokensRead = !image.issuers.tokens.isEmpty || !image.issuers.apiKeys.isEmpty;
  const { authorization, headers } = credentials;
  // One that nobody here reads is explained by nobody.
  if (authorization && !terms.passesAuthorization && !headers.has('authorization')) {
    return failed('authn.untrusted_issuer', enforcer, credentials.peerPrincipal, '', ignored);
  }
  const caller = callerOf(credentials, enforcer, image, facts, now);
  // Nearly all requests of a mesh.
  if (!tokensRead || (headers.size === 0 && !cameWithPayload(credentials))) {
    if (caller === undefined) return unshown(credentials, enforcer, ignored);
    if ('proofs' in caller) return caller;
    if ('refused' in caller) return refusedPeer(caller, enforcer, ignored);
    return verified(caller, enforcer, ignored, now);
  }
  // Until the certificate is known nobody knows what a token may be bound to: all of it waits.
  const svid = caller !== undefined && 'named' in caller ? bindableOf(caller.named) : undefined;
  const outcomes = tokensOf(credentials, terms, enforcer, image, facts, now, svid);
  const needs = Object.values(outcomes).flatMap((it: TokenOutcome | Reason | undefined) => {
    return it !== undefined && typeof it === 'object' && 'need' in it ? [it.need] : [];
  });
  if (caller !== undefined && 'proofs' in caller) return { proofs: [...caller.proofs, ...needs] };
  if (needs.length > 0) return { proofs: needs };
  return together(caller, outcomes, credentials, enforcer, image, ignored, now);
}

function together(
  caller: Agreed | PeerRefusal | undefined,
  { wit, token, payload, transaction }: TokenOutcomes,
  credentials: Credentials,
  enforcer: Enforcer,
  image: ProofImage,
  ignored: number,
  now: number,
): Authentication {
  if (caller !== undefined && 'refused' in caller) return refusedPeer(caller, enforcer, ignored);
  if (typeof token === 'string') {
    const shownBy = unusableShownBy(credentials.headers);
    return failed(token, enforcer, '', '', ignored, shownBy);
  }
  for (const it of [wit, token, payload, transaction]) {
    if (it !== undefined && 'refused' in it) return refusedToken(it, enforcer, ignored);
  }
  const [shown, asserted, byWit] = [token, payload, wit] as (Proved | undefined)[];
  const bearer = besidePayload(shown, asserted);
  if (bearer === undefined) return contradicted(asserted, enforcer, ignored);
  const resolve = (actor: TokenActor) => actorPrincipal(actor, image);
  const first = agree(caller?.named, byWit, resolve);
  if (typeof first === 'string') return failed(first, enforcer, '', '', ignored);
  const agreed = joined(first, bearer.token, resolve);
  if (agreed === undefined) return unshown(credentials, enforcer, ignored);
  if (typeof agreed === 'string') {
    // Whose token it showed tells misuse from compromise.
    const shownBeside = first === undefined ? NO_OTHERS : [first.named, ...first.others];
    return contradicted(bearer.token, enforcer, ignored, agreed, shownBeside);
  }
  const beside = [...(caller?.others ?? []), ...bearer.others];
  const all = beside.length === 0 ? agreed : { ...agreed, others: [...agreed.others, ...beside] };
  return verified(withContext(all, transaction as Proved | undefined), enforcer, ignored, now);
}

/** @param contradicting what does not fit to the rest; a workload alone contradicts nothing */
function contradicted(
  contradicting: Proved | undefined,
  enforcer: Enforcer,
  ignored: number,
  reason: Reason = 'authn.identity_conflict',
  others: Evidence['others'] = NO_OTHERS,
): Authentication {
  const { evidence } = failed(reason, enforcer, '', '', ignored);
  if (contradicting === undefined) return { principal: undefined, evidence };
  const { method, subject, issuer, credential, token } = contradicting;
  const what = { method, subject, issuer, credential, token, others };
  return { principal: undefined, evidence: { ...evidence, ...what } };
}

/** A transaction token names nobody; that it was verified is told, and ends what it ends. */
function withContext(agreed: Agreed, transaction: Proved | undefined): Agreed {
  if (transaction === undefined) return agreed;
  return { ...agreed, others: [...agreed.others, transaction] };
}

/** A request's token beside whoever holds the connection, or proved his key. */
function joined(
  workload: Agreed | undefined,
  token: Proved | undefined,
  resolve: (actor: TokenActor) => Principal,
): Agreed | Reason | undefined {
  if (workload === undefined) return agree(undefined, token, resolve);
  const shown = { ...workload.named, principal: workload.principal };
  const agreed = agree(shown, token, resolve);
  if (agreed === undefined || typeof agreed === 'string') return agreed;
  return { ...agreed, others: [...agreed.others, ...workload.others] };
}

/** Nothing that is believed came. */
function unshown(
  { peerPrincipal, hasCertificate }: Credentials,
  enforcer: Enforcer,
  ignored: number,
): Authentication {
  // A peer that shows something, which the enforcer may not pass on, is no anonymous one.
  const showsNothing = peerPrincipal === '' && !hasCertificate;
  if (!showsNothing || !enforcer.peer.has('anonymous')) {
    return failed('authn.missing', enforcer, '', '', ignored, 'nothing');
  }
  const evidence: Evidence = {
    ...NOT_EVALUATED,
    result: 'anonymous',
    enforcer: enforcer.id,
    ignored,
    shownBy: 'nothing',
  };
  return { principal: ANONYMOUS, evidence };
}

/** A gateway sends the tokens of its clients, and its certificate is not theirs. */
function bindableOf({ svid, principal }: Proved): X509Svid | undefined {
  return isGateway(principal) ? undefined : svid;
}

/** Until when it is known that a gateway, or a workload beside a shared identity, is one. */
function standsUntil({ token, principal: { entry } }: Proved): number {
  const isWorkload = token === undefined || token.kind === 'wit';
  return isWorkload ? Math.min(entry.expiresAt, entry.reviewUntil) : Number.POSITIVE_INFINITY;
}

/** Also of those above a certificate. */
function endOf({ svid, notAfter }: Proved): number {
  return svid?.pathNotAfter ?? notAfter ?? Number.POSITIVE_INFINITY;
}

/** Whoever a token names is the caller, or one on whose behalf he acts. */
function isOrphaned({ entry }: Principal, now: number): boolean {
  return now >= entry.workloadUntil;
}

function verified(
  { principal, named, others }: Agreed,
  enforcer: Enforcer,
  ignored: number,
  now: number,
): Authentication {
  const isGone = (it: Proved) => it.principal.id !== principal.id && now >= standsUntil(it);
  if (others.some(isGone)) {
    return contradicted(named, enforcer, ignored, 'authn.identity_conflict', others);
  }
  if (isOrphaned(principal, now) || principal.actors.some((it) => isOrphaned(it, now))) {
    const all = [named, ...others];
    const orphan = all.find((it) => isOrphaned(it.principal, now)) ?? named;
    const rest = all.filter((it) => it !== orphan);
    return contradicted(orphan, enforcer, ignored, 'authn.orphaned', rest);
  }
  const { method, subject, issuer, credential, svid, notBefore, notAfter } = named;
  let token = named.token;
  let holdsUntil = endOf(named);
  for (const other of others) {
    token ??= other.token;
    holdsUntil = Math.min(holdsUntil, endOf(other));
    if (standsUntil(other) > now) holdsUntil = Math.min(holdsUntil, standsUntil(other));
  }
  const binding = token === undefined ? 'none' : bindingOf(token);
  const evidence: Evidence = {
    result: 'verified',
    method,
    assurance: principal.assurance,
    subject,
    issuer,
    enforcer: enforcer.id,
    credential,
    svid,
    token,
    binding,
    notBefore,
    notAfter,
    holdsUntil,
    others: others.length === 0 ? NO_OTHERS : others,
    ignored,
    shownBy: token === undefined ? 'other' : verifiedShownBy(token),
    reason: undefined,
  };
  return { principal, evidence };
}

function refusedPeer(
  { refused, method, subject, issuer, credential, svid }: PeerRefusal,
  enforcer: Enforcer,
  ignored: number,
): Authentication {
  const { evidence } = failed(refused, enforcer, subject, issuer, ignored);
  return { principal: undefined, evidence: { ...evidence, method, credential, svid } };
}

function refusedToken(refusal: TokenRefusal, enforcer: Enforcer, ignored: number): Authentication {
  const { evidence } = failed(refusal.refused, enforcer, '', '', ignored);
  return { principal: undefined, evidence: { ...evidence, ...toldOf(refusal) } };
}

/** Evidence of a proof that failed, also for an asker that is no enforcer. */
export function failed(
  reason: Reason,
  enforcer: Enforcer | undefined,
  subject: string,
  issuer: string,
  ignored = 0,
  shownBy: ShownBy = 'other',
): Authentication {
  const evidence: Evidence = {
    ...NOT_EVALUATED,
    result: 'failed',
    method: subject === '' ? 'none' : 'peer_principal',
    subject,
    issuer,
    enforcer: enforcer?.id ?? '',
    ignored,
    shownBy,
    reason,
  };
  return { principal: undefined, evidence };
}
