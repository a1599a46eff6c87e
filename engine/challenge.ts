// Challenges: what `WWW-Authenticate` asks for when a token could change the answer (RFC 9110
// section 11.6.1, RFC 6750 section 3, RFC 9449 sections 7.1 and 9, RFC 9470 section 3). A client
// learns the codes of OAuth from it, and nothing more of why it was denied.

import type { Verdict } from './check.ts';
import { type DpopNonces, NO_NONCES } from './dpop_nonces.ts';
import type { Evidence, Method } from './evidence.ts';
import { PROOF_ALGORITHMS } from './identity/token/algorithm.ts';
import type { TokenIssuers } from './identity/token_issuers.ts';
import type { Service } from './policy/service.ts';
import { challengedStatus, REASONS, type Reason } from './reason.ts';

export interface Challenge {
  /** 401, and 403 for a scope (RFC 6750 section 3.1). */
  readonly status: 401 | 403;
  /** The value of the header. */
  readonly text: string;
  /** What the next proof has to hold, where the challenge asks for it. */
  readonly nonce?: string | undefined;
}

/** Codes of OAuth; empty where nothing was presented, which is no error. */
type ErrorCode =
  | ''
  | 'invalid_token'
  | 'invalid_dpop_proof'
  | 'use_dpop_nonce'
  | 'insufficient_scope'
  | 'insufficient_user_authentication';

const DPOP_ALGORITHMS = [...PROOF_ALGORITHMS].join(' ');

/**
 * Undefined where no token that the service takes could change the answer.
 * @param nonces of now, for whoever is asked for one
 */
export function challengeOf(
  verdict: Verdict,
  tokens: TokenIssuers,
  nonces: DpopNonces = NO_NONCES,
  now = 0,
): Challenge | undefined {
  const { decision, evidence, service } = verdict;
  const { reason } = decision;
  if (reason === undefined || service === undefined) return undefined;
  // Nearly all denials of a mesh.
  if (REASONS[reason].challenge === 'none') return undefined;
  const nonce = reason === 'authn.nonce' ? nonceFor(evidence, tokens, nonces, now) : undefined;
  const error = nonce === undefined ? errorOf(reason, verdict) : 'use_dpop_nonce';
  if (error === undefined) return undefined;
  const text = textOf(error, schemesOf(service, tokens, evidence), verdict);
  return text === '' ? undefined : { status: challengedStatus(reason), text, nonce };
}

/** The newest, for tokens of the Issuer whose token came. */
function nonceFor(
  { issuer }: Evidence,
  tokens: TokenIssuers,
  nonces: DpopNonces,
  now: number,
): string | undefined {
  const id = tokens.ofIssuer(issuer)?.id;
  return id === undefined ? undefined : nonces.valid(id, now)[0];
}

/** Of a denied response; 401 stands with a challenge only. */
export function httpStatus(reason: Reason | undefined, challenge: Challenge | undefined): number {
  return reason === undefined ? 200 : (challenge?.status ?? REASONS[reason].http);
}

/** Undefined where no token mends it. */
function errorOf(reason: Reason, { evidence, access }: Verdict): ErrorCode | undefined {
  switch (REASONS[reason].challenge) {
    case 'none':
      return undefined;
    case 'scope':
      return 'insufficient_scope';
    case 'step_up':
      // Who is nobody yet does not step up: he is asked who he is.
      if (evidence.result === 'anonymous') return '';
      return access?.operation.requestable === true
        ? 'insufficient_user_authentication'
        : undefined;
    case 'token':
      return tokenErrorOf(reason, evidence);
  }
}

const TOKEN_METHODS: ReadonlySet<Method> = new Set(['jwt', 'jwt_svid', 'jwt_metadata']);

function tokenErrorOf(
  reason: Reason,
  { result, method, shownBy }: Evidence,
): ErrorCode | undefined {
  if (result === 'verified') {
    // The identity is not for this destination, or its certificate lives too long.
    return TOKEN_METHODS.has(method) && reason === 'authn.lifetime_exceeded'
      ? 'invalid_token'
      : undefined;
  }
  if (shownBy === 'other') return undefined;
  if (shownBy === 'nothing') return '';
  return shownBy === 'dpop_proof' ? 'invalid_dpop_proof' : 'invalid_token';
}

type Scheme = 'Bearer' | 'DPoP';

/** By which schemes of `Authorization` the service takes tokens; the one that was used first. */
function schemesOf(
  { accepts, origin, passesAuthorization }: Service,
  tokens: TokenIssuers,
  evidence: Evidence,
): Scheme[] {
  if (passesAuthorization) return [];
  const takes = accepts ?? EVERY_KIND;
  const { jwt, svid } = tokens.schemes;
  const schemes: Scheme[] = [];
  if ((takes.has('jwt') && jwt.bearer) || (takes.has('jwt-svid') && svid)) schemes.push('Bearer');
  // A proof names the service's URL, so one that has none can verify none.
  if (!takes.has('jwt') || !jwt.dpop || origin === '') return schemes;
  if (isByDpop(evidence)) schemes.unshift('DPoP');
  else if (jwt.boundOnly) schemes.push('DPoP');
  return schemes;
}

function isByDpop({ shownBy }: Evidence): boolean {
  return shownBy === 'dpop' || shownBy === 'dpop_proof';
}

/** Of what was shown; it is told of the scheme by which it was. */
const SHOWN_WRONG: ReadonlySet<ErrorCode> = new Set([
  'invalid_token',
  'invalid_dpop_proof',
  'use_dpop_nonce',
]);
const EVERY_KIND: NonNullable<Service['accepts']> = new Set(['jwt', 'jwt-svid']);

/** One field with a challenge for each scheme; the error stands with the scheme that was used. */
function textOf(error: ErrorCode, schemes: readonly Scheme[], verdict: Verdict): string {
  // A token that was shown by a scheme which the service cannot take is no error of the others.
  const isOfToken = SHOWN_WRONG.has(error);
  const used = isOfToken && isByDpop(verdict.evidence) ? 'DPoP' : schemes[0];
  return schemes
    .map((scheme) => {
      const parameters = scheme === used && error !== '' ? [quoted('error', error)] : [];
      if (scheme === used && error === 'insufficient_scope') {
        parameters.push(...scopeOf(verdict));
      }
      if (scheme === 'DPoP') parameters.push(quoted('algs', DPOP_ALGORITHMS));
      const metadata = verdict.service?.resourceMetadata ?? '';
      if (metadata !== '') parameters.push(quoted('resource_metadata', metadata));
      return parameters.length === 0 ? scheme : `${scheme} ${parameters.join(', ')}`;
    })
    .join(', ');
}

/** The first: one suffices, and a client that is told all of them asks for all of them. */
function scopeOf({ access }: Verdict): string[] {
  const [scope] = access?.operation.scopes ?? [];
  return scope === undefined ? [] : [quoted('scope', scope)];
}

/** INVARIANT: values are of our own words, or the loader let neither quote nor backslash pass. */
function quoted(name: string, value: string): string {
  return `${name}="${value}"`;
}
