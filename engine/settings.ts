// The part of remit.yaml that decisions depend on, and what a context handler has to read.

import type { DataClass, PrincipalKind } from './access_request.ts';
import type { Assurance } from './evidence.ts';
import { RESTRICTED_LIFETIME_MS_MAX } from './limits.ts';

/** Istio's four levels, `MeshConfig.pathNormalization.normalization`. */
export const PATH_NORMALIZATIONS = [
  'NONE',
  'BASE',
  'MERGE_SLASHES',
  'DECODE_AND_MERGE_SLASHES',
] as const;
export type PathNormalization = (typeof PATH_NORMALIZATIONS)[number];

export interface Settings {
  /** The mesh's own trust domain. */
  readonly trustDomain: string | undefined;
  readonly pathNormalization: PathNormalization;
  readonly ambiguousPaths: 'deny' | 'match';
  /** What happens once a `reviewBy` is over. */
  readonly overdueReviews: 'warn' | 'deny';
  readonly classFloor: ClassFloor;
  readonly lifetimes: Lifetimes;
}

/** The weakest proof with which data of a class may be reached (DESIGN section 6). */
export interface ClassFloor {
  readonly public: Assurance;
  readonly internal: Assurance;
  readonly confidential: Assurance;
  readonly restricted: Assurance;
}

/** From notBefore (of a token `iat`) to the end of a credential at most, in milliseconds. */
export interface Lifetimes {
  /** Of whoever shows it; what is not named is not bounded. */
  readonly kinds: Readonly<Partial<Record<PrincipalKind, number>>>;
  /** Of what it reaches. */
  readonly classes: Readonly<Partial<Record<DataClass, number>>>;
}

export const DEFAULT_SETTINGS: Settings = {
  trustDomain: undefined,
  pathNormalization: 'DECODE_AND_MERGE_SLASHES',
  ambiguousPaths: 'deny',
  overdueReviews: 'warn',
  classFloor: { public: 'none', internal: 'none', confidential: 'asserted', restricted: 'svid' },
  lifetimes: { kinds: {}, classes: { restricted: RESTRICTED_LIFETIME_MS_MAX } },
};

/** What a context handler has to read of a request; nothing else becomes a string. */
export interface AttributesRead {
  readonly host: boolean;
  /** The peer's certificate; whether there is one is always seen. */
  readonly certificate: boolean;
  readonly sni: boolean;
  readonly port: boolean;
  readonly body: boolean;
  readonly sourceAddress: boolean;
  /** Names in lower case. */
  readonly headers: ReadonlySet<string>;
  /** Names in lower case of headers in which proof comes; apart from what rules read of them. */
  readonly proofHeaders: ReadonlySet<string>;
  /** What `jwt_authn` says of tokens in `metadata_context`. */
  readonly metadata: boolean;
  /** Context extensions that start with `remit.`, besides `remit.service`. */
  readonly extensions: boolean;
}
