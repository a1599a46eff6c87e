// The tokens and keys of one request, each looked at by itself: whom each of them names is for
// `authenticate` to put together.

import type { Reason } from '../reason.ts';
import type { X509Svid } from '../svid.ts';
import { apiKeyProved } from './api_key_credential.ts';
import { readAuthorization } from './credential_location.ts';
import type { Credentials, Terms } from './credentials.ts';
import type { Enforcer } from './enforcer.ts';
import { payloadProved } from './jwt_payload.ts';
import type { ProofFacts } from './peer.ts';
import { presentedToken, TXN_TOKEN_HEADER } from './presented_tokens.ts';
import type { ProofImage } from './proof_image.ts';
import {
  type TokenCircumstances,
  type TokenOutcome,
  tokenProved,
  transactionProved,
  witProved,
} from './token_credential.ts';

export interface TokenOutcomes {
  /** With the proof of its key. */
  readonly wit: TokenOutcome | undefined;
  /** Of one of the places that Issuers name, or an API key. */
  readonly token: TokenOutcome | Reason | undefined;
  /** Of one that the enforcer verified. */
  readonly payload: TokenOutcome | undefined;
  readonly transaction: TokenOutcome | undefined;
}

/** @param svid of the caller's certificate, where it was verified */
export function tokensOf(
  { headers, method, path, jwtPayloads, peerPrincipal }: Credentials,
  { passesAuthorization, origin, audiences }: Terms,
  { id, peer }: Enforcer,
  image: ProofImage,
  { verified: results, keys, nonces }: ProofFacts,
  now: number,
  svid: X509Svid | undefined,
): TokenOutcomes {
  const query = path.search(/[?#]/);
  const around: TokenCircumstances = {
    image,
    keys,
    nonces,
    results,
    now,
    headers,
    method,
    audiences,
    svid,
    payer: `${id} ${peerPrincipal}`,
    uri: origin === '' ? undefined : origin + (query === -1 ? path : path.slice(0, query)),
    txnToken: headers.get(TXN_TOKEN_HEADER),
  };
  const { tokens, apiKeys } = image.issuers;
  const presented = presentedToken(tokens.places, { headers, path }, !passesAuthorization);
  const key = apiKeyProved(headers, apiKeys, image, now);
  const text = typeof presented === 'object' ? presented.text : undefined;
  const wit = witProved(text, passesAuthorization ? passedOn(headers) : undefined, around);
  const transaction = transactionProved(around);
  const payload = peer.has('metadata') ? payloadProved(jwtPayloads, around) : undefined;
  if (presented === undefined || typeof presented === 'string') {
    return { wit, payload, transaction, token: presented ?? key };
  }
  if (key !== undefined) return { wit, payload, transaction, token: 'authn.identity_conflict' };
  return { wit, payload, transaction, token: tokenProved(presented, around) };
}

/** A token that the destination reads itself: a proof beside it may cover it all the same. */
function passedOn(headers: ReadonlyMap<string, string>): string | undefined {
  const shown = readAuthorization(headers.get('authorization') ?? '');
  return shown.kind === 'token' ? shown.text : undefined;
}
