// What a request presents, raw, and what its destination says of credentials.

import type { BodyValue } from '../body/body.ts';
import { type Failure, isFailure } from '../failure.ts';

/**
 * Claims of tokens by the key that the enforcer was given for them; a Failure when they are beyond
 * the bounds.
 */
export type JwtPayloads = ReadonlyMap<string, BodyValue> | Failure;

/** Not yet believed. */
export interface Credentials {
  /** AttributeContext.Peer.principal of the source: first URI SAN, else DNS SAN, else Subject. */
  readonly peerPrincipal: string;
  /** AttributeContext.Peer.certificate came along. */
  readonly hasCertificate: boolean;
  /** URL-encoded PEM, as it came; empty where the snapshot does not read it. */
  readonly peerCertificate: string;
  /** An `Authorization` header came along. */
  readonly authorization: boolean;
  /** Headers in which proof may come, by name in lower case, as far as the snapshot reads them. */
  readonly headers: ReadonlyMap<string, string>;
  /** What the enforcer says of tokens that it verified; empty where the snapshot reads none. */
  readonly jwtPayloads: JwtPayloads;
  readonly method: string;
  /** Raw, with its query. */
  readonly path: string;
}

export function cameWithPayload({ jwtPayloads }: Credentials): boolean {
  return isFailure(jwtPayloads) || jwtPayloads.size > 0;
}

/** What the destination says of credentials; of no service, nothing. */
export interface Terms {
  /** It reads `Authorization` itself, so the header is not presented to us. */
  readonly passesAuthorization: boolean;
  /** Scheme and authority by which callers reach it; empty when it names none. */
  readonly origin: string;
  /** Whom tokens have to be meant for, instead of what their Issuer says. */
  readonly audiences: ReadonlySet<string> | undefined;
}
