// What the proofs of possession have in common (RFC 9449, WIMSE WPT): a short-lived JWT signed by
// the client's own key, which covers the credentials beside it by their digests and is good once.

import { hash } from 'node:crypto';
import { Failure } from '../../failure.ts';

/** A proof that was right. Good for one request, so its use has to be remembered until it ends. */
export interface Possession {
  /** RFC 7638 thumbprint of the key that was proved, base64url. */
  readonly thumbprint: string;
  /** Names the proof in a replay cache, at a length that its sender does not choose. */
  readonly replayKey: string;
  /** From then on the proof is refused by its age, in milliseconds. */
  readonly refusedFrom: number;
}

/** Why a proof proves nothing. */
export class PossessionFailure extends Failure {}

/** `ath`, `wth` and `tth`: base64url of the SHA-256 of a token as it was sent. */
export function tokenHash(token: string): string {
  return hash('sha256', token, 'base64url');
}

export function replayKeyOf(thumbprint: string, jti: string): string {
  // A thumbprint has no space, so no two pairs are one text.
  return hash('sha256', `${thumbprint} ${jti}`, 'base64url');
}

/** That a proof covers a credential exactly when it came with one; else what is wrong. */
export function coverFault(
  claim: string,
  claimed: unknown,
  token: string | undefined,
): string | undefined {
  if (token === undefined) {
    return claimed === undefined ? undefined : `\`${claim}\` covers a token that did not come`;
  }
  return claimed === tokenHash(token) ? undefined : `\`${claim}\` does not cover the token`;
}
