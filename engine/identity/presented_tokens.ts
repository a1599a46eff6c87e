// Which token a request presents, and where: at the places that Issuers name and nowhere else.
// What stands there and is no credential has failed; nothing weaker takes its place.

import type { ShownBy } from '../evidence.ts';
import type { Reason } from '../reason.ts';
import {
  type CredentialLocation,
  onlyJws,
  type Presented,
  presentedAt,
  type RequestTexts,
  readAuthorization,
  type Unusable,
} from './credential_location.ts';

/** Headers that a specification has for one kind of token. */
export const WIT_HEADER = 'workload-identity-token';
export const WPT_HEADER = 'workload-proof-token';
export const DPOP_HEADER = 'dpop';
export const TXN_TOKEN_HEADER = 'txn-token';

export interface TokenPlace {
  readonly location: CredentialLocation;
  /** Ids of the Issuers whose tokens may stand there. */
  readonly issuers: ReadonlySet<string>;
}

/** One token of the request. */
export interface PresentedToken {
  readonly text: string;
  /** `bearer`, `dpop`, or empty outside of `Authorization`. */
  readonly scheme: string;
  readonly issuers: ReadonlySet<string>;
}

const REASONS_OF: Readonly<Record<Unusable, Reason>> = {
  // Nobody here could explain them.
  basic: 'authn.untrusted_issuer',
  opaque: 'authn.untrusted_issuer',
  several: 'authn.invalid_token',
  malformed: 'authn.invalid_token',
  too_long: 'authn.invalid_token',
};

/** Nobody here reads what came in this way. */
const OTHER_SCHEME: Reason = 'authn.untrusted_issuer';

/**
 * The one token, undefined where none came, or why what came is none.
 * @param readsAuthorization the destination does not read that header itself
 */
export function presentedToken(
  places: readonly TokenPlace[],
  request: RequestTexts,
  readsAuthorization: boolean,
): PresentedToken | Reason | undefined {
  let found: PresentedToken | undefined;
  for (const { location, issuers } of places) {
    if (location.in === 'authorization' && !readsAuthorization) continue;
    const shown = onlyJws(presentedAt(location, request));
    if (shown.kind === 'none') continue;
    if (shown.kind === 'unusable') return REASONS_OF[shown.why];
    const { text, scheme } = shown;
    if (found !== undefined && found.text !== text) return 'authn.identity_conflict';
    // The same token twice is one; whoever reads either place may have issued it.
    found ??= { text, scheme, issuers };
  }
  const passedOver = readsAuthorization ? unexplained(places, request) : undefined;
  if (passedOver !== undefined) return passedOver;
  return places.some((it) => isPassedOver(it, places, request)) ? OTHER_SCHEME : found;
}

/**
 * How a text came that is no token, for the challenge: where another scheme was tried, the answer
 * names ours and no error (RFC 6750 section 3.1).
 */
export function unusableShownBy(headers: ReadonlyMap<string, string>): ShownBy {
  const [, scheme = ''] = /^([a-z]*) /i.exec(headers.get('authorization') ?? 'bearer ') ?? [];
  const name = scheme.toLowerCase();
  return name === 'bearer' || name === 'dpop' ? name : 'nothing';
}

/** INVARIANT: an `Authorization` header that no place explains is a credential that failed. */
function unexplained(places: readonly TokenPlace[], request: RequestTexts): Reason | undefined {
  const value = request.headers.get('authorization');
  if (value === undefined) return undefined;
  const shown: Presented = readAuthorization(value);
  if (shown.kind === 'unusable') return REASONS_OF[shown.why];
  const explained =
    shown.kind === 'token' &&
    places.some(({ location: it }) => it.in === 'authorization' && it.scheme === shown.scheme);
  return explained ? undefined : OTHER_SCHEME;
}

/** So is a header that Issuers name and that holds what stands behind none of their prefixes. */
function isPassedOver(
  { location }: TokenPlace,
  places: readonly TokenPlace[],
  request: RequestTexts,
): boolean {
  if (location.in !== 'header' || (request.headers.get(location.name) ?? '') === '') return false;
  return !places.some(({ location: it }) => {
    const isSame = it.in === 'header' && it.name === location.name;
    return isSame && presentedAt(it, request).kind !== 'none';
  });
}
