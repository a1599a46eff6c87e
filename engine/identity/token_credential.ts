// What the tokens of a request prove: verified, meant for us, of this moment, and held by whoever
// they are bound to (RFC 8705, RFC 9449, WIMSE). A token that may be anybody's is a bearer token.

import { ANONYMOUS, type Principal } from '../access_request.ts';
import type { DpopNonces } from '../dpop_nonces.ts';
import type { ShownBy } from '../evidence.ts';
import type { Proof, ProofResults } from '../facts.ts';
import { isFailure } from '../failure.ts';
import type { KeySets } from '../key_sets.ts';
import { CLOCK_SKEW_MS_MAX, DPOP_AGE_MS_MAX, WPT_AHEAD_MS_MAX } from '../limits.ts';
import type { Reason } from '../reason.ts';
import type { X509Svid } from '../svid.ts';
import {
  audienceFault,
  bindingFault,
  lifetimeFault,
  TokenFailure,
  timeFault,
  type VerifiedToken,
  x5tS256Of,
} from '../token.ts';
import { DPOP_HEADER, type PresentedToken, WIT_HEADER, WPT_HEADER } from './presented_tokens.ts';
import { dpopProof, tokenProof, wptProof } from './proof.ts';
import type { ProofImage } from './proof_image.ts';
import type { Proved } from './proved.ts';
import { subjectPrincipal } from './token_principal.ts';

/** What tokens are looked at with. */
export interface TokenCircumstances {
  readonly image: ProofImage;
  readonly keys: KeySets;
  readonly nonces: DpopNonces;
  readonly results: ProofResults;
  readonly now: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly method: string;
  /** What the destination is called by its callers, with the path; undefined: not configured. */
  readonly uri: string | undefined;
  /** Of the destination; undefined: what each Issuer says. */
  readonly audiences: ReadonlySet<string> | undefined;
  /** The certificate of the peer, where it was verified. */
  readonly svid: X509Svid | undefined;
  readonly txnToken: string | undefined;
  /** The peer, as its enforcer names it: who pays for tokens that prove nothing. */
  readonly payer: string;
}

/** Why a token proves nothing, with what it claims. */
export interface TokenRefusal {
  readonly refused: Reason;
  readonly claim: TokenFailure | VerifiedToken | undefined;
  /** Where there is no claim; `jwt` unless said. */
  readonly method?: Proved['method'];
  readonly credential?: string;
  /** `other` unless said. */
  readonly shownBy?: ShownBy;
}

export type TokenOutcome = Proved | TokenRefusal | { readonly need: Proof };

const METHODS = { jwt: 'jwt', jwt_svid: 'jwt_svid', wit: 'wit', txn_token: 'jwt' } as const;

function refusal(refused: Reason, claim?: TokenFailure | VerifiedToken): TokenRefusal {
  // What is no token of any kind counts as one that anybody could have issued.
  const method = claim !== undefined && 'kind' in claim ? METHODS[claim.kind] : 'jwt';
  return { refused, claim, method };
}

/** An access token, a token of a CI system, or a JWT-SVID. */
export function tokenProved(presented: PresentedToken, around: TokenCircumstances): TokenOutcome {
  const outcome = tokenOutcome(presented, around);
  if (!('refused' in outcome)) return outcome;
  return { shownBy: presented.scheme === 'dpop' ? 'dpop' : 'bearer', ...outcome };
}

function tokenOutcome(
  { text, scheme, issuers }: PresentedToken,
  around: TokenCircumstances,
): TokenOutcome {
  const token = verified(text, around);
  if ('need' in token || 'refused' in token) return token;
  if (token.kind !== 'jwt' && token.kind !== 'jwt_svid')
    return refusal('authn.invalid_token', token);
  const terms = termsOf(token, around);
  if (terms === undefined) return refusal('authn.untrusted_issuer', token);
  // A token stands where its issuer says; a JWT-SVID is a bearer token and nothing else.
  const standsWell = token.kind === 'jwt' ? issuers.has(terms.id) : scheme === 'bearer';
  if (!standsWell) return refusal('authn.untrusted_issuer', token);
  const fault =
    timeFault(token, around.now, CLOCK_SKEW_MS_MAX) ??
    audienceFault(token, around.audiences ?? terms.audiences) ??
    lifetimeFault(token, terms.maxLifetimeMs);
  if (fault !== undefined) return refusal(fault, token);
  const held = possession(token, text, scheme, terms, around);
  if (typeof held !== 'string') {
    if ('need' in held) return held;
    const ofProof = scheme === 'dpop' && token.confirmation?.jkt !== undefined;
    return { ...refusal(held.refused, token), ...(ofProof && { shownBy: 'dpop_proof' }) };
  }
  if (held === 'bearer' && terms.boundOnly) return refusal('authn.binding', token);
  return provedBy(token, subjectPrincipal(token, held, around.image), around.now);
}

interface Terms {
  readonly id: string;
  readonly audiences: ReadonlySet<string>;
  readonly maxLifetimeMs: number;
  readonly boundOnly: boolean;
  readonly dpopNonce: boolean;
}

function termsOf(token: VerifiedToken, { image }: TokenCircumstances): Terms | undefined {
  const { tokens } = image.issuers;
  if (token.kind === 'jwt') return tokens.ofIssuer(token.issuer);
  const issuer = tokens.ofTrustDomain(token.issuer);
  return issuer && { ...issuer, boundOnly: false, dpopNonce: false };
}

/** RFC 7800: all that a token is bound to has to be proved; a binding that is not known fails. */
function possession(
  token: VerifiedToken,
  text: string,
  scheme: string,
  { id, dpopNonce }: Terms,
  around: TokenCircumstances,
): 'bearer' | 'bound' | { readonly need: Proof } | { readonly refused: Reason } {
  const { confirmation } = token;
  const dpop = around.headers.get(DPOP_HEADER);
  // RFC 9449 section 7.1: a token bound to a key comes with that scheme and a proof, and none else.
  const demandsDpop = confirmation?.jkt !== undefined;
  if ((scheme === 'dpop') !== demandsDpop || (dpop !== undefined) !== demandsDpop) {
    return { refused: 'authn.binding' };
  }
  if (confirmation === undefined) return 'bearer';
  let jkt: string | undefined;
  if (demandsDpop) {
    const shown = dpopShown(dpop!, text, confirmation.jkt!, dpopNonce ? id : undefined, around);
    if (typeof shown !== 'string') return shown;
    jkt = shown;
  }
  const { svid } = around;
  const x5tS256 = svid && x5tS256Of(svid.credential);
  const fault = bindingFault(token, { x5tS256, jkt, wpt: undefined });
  return fault === undefined ? 'bound' : { refused: fault };
}

/**
 * The thumbprint of the key that was proved.
 * @param demanding the Issuer that demands a nonce
 */
function dpopShown(
  dpop: string,
  accessToken: string,
  jkt: string,
  demanding: string | undefined,
  { method, uri, results, nonces, now }: TokenCircumstances,
): string | { readonly need: Proof } | { readonly refused: Reason } {
  if (uri === undefined) return { refused: 'authn.binding' };
  const expected = {
    ...{ method, uri, accessToken, jkt },
    nonces: demanding === undefined ? undefined : nonces.valid(demanding, now),
    ...{ ageMsMax: DPOP_AGE_MS_MAX, skewMs: CLOCK_SKEW_MS_MAX },
  };
  const need = dpopProof(dpop, expected);
  const result = results.get(need.key, now);
  if (result === undefined) return { need };
  return isFailure(result) ? { refused: result.reason } : jkt;
}

/**
 * A workload identity token with its proof; undefined where neither came.
 * @param accessToken which has to be covered by the proof; `passedToken` may be
 */
export function witProved(
  accessToken: string | undefined,
  passedToken: string | undefined,
  around: TokenCircumstances,
): TokenOutcome | undefined {
  const wit = around.headers.get(WIT_HEADER);
  const wpt = around.headers.get(WPT_HEADER);
  if (wit === undefined && wpt === undefined) return undefined;
  if (wit === undefined || wpt === undefined) {
    return { ...refusal('authn.binding'), method: 'wit' };
  }
  const token = verified(wit, around);
  if ('refused' in token) return { ...token, method: 'wit' };
  if ('need' in token) return token;
  if (token.kind !== 'wit') return refusal('authn.invalid_token', token);
  const issuer = around.image.issuers.tokens.ofTrustDomain(token.issuer);
  if (issuer === undefined) return refusal('authn.untrusted_issuer', token);
  const fault =
    timeFault(token, around.now, CLOCK_SKEW_MS_MAX) ?? lifetimeFault(token, issuer.maxLifetimeMs);
  if (fault !== undefined) return refusal(fault, token);
  if (around.uri === undefined) return refusal('authn.binding', token);
  const { uri, txnToken } = around;
  const { confirmation } = token;
  const expected = {
    ...{ wit, confirmation, uri, accessToken, passedToken, txnToken },
    ...{ aheadMsMax: WPT_AHEAD_MS_MAX, skewMs: CLOCK_SKEW_MS_MAX },
  };
  const need = wptProof(wpt, expected);
  const result = around.results.get(need.key, around.now);
  if (result === undefined) return { need };
  if (isFailure(result)) return refusal(result.reason, token);
  return provedBy(token, subjectPrincipal(token, 'bound', around.image), around.now);
}

/** A transaction token, verified as context; undefined where none came or nobody issues them. */
export function transactionProved(around: TokenCircumstances): TokenOutcome | undefined {
  const { txnToken, image, now } = around;
  const issues = image.issuers.tokens.all.some(({ uses }) => uses.has('transaction'));
  if (txnToken === undefined || !issues) return undefined;
  const token = verified(txnToken, around);
  if ('need' in token || 'refused' in token) return token;
  if (token.kind !== 'txn_token') return refusal('authn.invalid_token', token);
  const fault = timeFault(token, now, CLOCK_SKEW_MS_MAX);
  return fault === undefined ? provedBy(token, ANONYMOUS, now) : refusal(fault, token);
}

/** The claims of a token that is whoever's; only a signature was looked at. */
export function verified(
  text: string,
  { image, keys, results, now, payer }: TokenCircumstances,
): VerifiedToken | TokenRefusal | { readonly need: Proof } {
  const need = tokenProof(text, image, keys, payer);
  const result = results.get(need.key, now);
  if (result === undefined) return { need };
  if (isFailure(result)) {
    return refusal(result.reason, result instanceof TokenFailure ? result : undefined);
  }
  return result as VerifiedToken; // Its key is that of a token.
}

/** What evidence tells of a token that was refused. */
export function toldOf({ claim, method = 'jwt', credential = '', shownBy }: TokenRefusal) {
  const by: ShownBy = shownBy ?? (method === 'api_key' ? 'nothing' : 'other');
  if (claim === undefined) return { method, credential, shownBy: by };
  const told = { method, credential: claim.credential, shownBy: by };
  if ('claimedIssuer' in claim) {
    return { ...told, issuer: claim.claimedIssuer, subject: claim.claimedSubject };
  }
  return { ...told, issuer: claim.issuer, subject: claim.subject, token: claim };
}

/** How a token came that was verified. */
export function verifiedShownBy({ kind, confirmation }: VerifiedToken): ShownBy {
  if (kind !== 'jwt' && kind !== 'jwt_svid') return 'other';
  return confirmation?.jkt === undefined ? 'bearer' : 'dpop';
}

export function provedBy(token: VerifiedToken, principal: Principal, now: number): Proved {
  const { kind, issuer, subject, credential, issuedAt, notBefore, expiresAt } = token;
  return {
    method: METHODS[kind],
    principal,
    issuer,
    subject,
    credential,
    svid: undefined,
    token,
    notBefore: issuedAt ?? notBefore,
    // Within the skew an expired one still holds, and the next pass asks again.
    notAfter: Math.max(expiresAt, now),
  };
}
