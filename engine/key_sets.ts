// Keys that come from outside the bundle: JWKS that an issuer publishes at a URL (RFC 7517 section
// 5), trust bundles of the SPIFFE Workload API. Deciding sees them through this port: all sets
// together have one version, nothing in them changes, and each says how current it is.

export type KeyKind = 'jwks' | 'x509_bundle' | 'jwt_bundle';

/** Which set it is: of what kind, whose, and from where. */
export interface KeySetName {
  readonly kind: KeyKind;
  /** The id of an Issuer, a trust domain, or `ALL_OTHERS`. */
  readonly owner: string;
  /** The URL it was fetched from; empty for the Workload API. */
  readonly origin: string;
}

/** Of a bundle: of every trust domain that no other bundle of its kind is of. */
export const ALL_OTHERS = '';

/** How current a set is; only `fresh` and `stale` hold keys. */
export type KeyState =
  /** Nothing was ever obtained. */
  | 'never'
  | 'fresh'
  /** The source fails at present; the last good set is used for a bounded time. */
  | 'stale'
  /** The source has failed for longer than that: the set is gone. */
  | 'expired';

interface Common extends KeySetName {
  /** Position among all sets of the version. */
  readonly index: number;
  /** When it came into this state, in milliseconds since the epoch. */
  readonly sinceMs: number;
}

export interface HeldKeySet extends Common {
  readonly state: 'fresh' | 'stale';
  /** SHA-256 of the text: what was verified with another text was verified with other keys. */
  readonly digest: string;
  /** What the parser of its kind made of the text. */
  readonly keys: unknown;
}

/** Verifying with it is `sys.keys_unavailable`: nobody can tell whether the proof is good. */
export interface AbsentKeySet extends Common {
  readonly state: 'never' | 'expired';
}

export type KeySet = HeldKeySet | AbsentKeySet;

/** Undefined: nobody provides such a set, which is no better than one that is absent. */
export interface KeySets {
  /** Counts up with each change; 0 while there has been none. */
  readonly version: number;
  /**
   * INVARIANT: a set is found only under the URL it came from. After an Issuer's URL has changed
   * the keys of the former one verify nothing.
   */
  jwks(issuerId: string, url: string): KeySet | undefined;
  x509Bundle(trustDomain: string): KeySet | undefined;
  jwtBundle(trustDomain: string): KeySet | undefined;
}

export const NO_KEYS: KeySets = {
  version: 0,
  jwks: () => undefined,
  x509Bundle: () => undefined,
  jwtBundle: () => undefined,
};

/** From a text that its source has checked to what verifying takes. Throws on any other text. */
export type KeyParser = (kind: KeyKind, text: string) => unknown;

/** One string for a name; neither ids nor URLs hold a line feed. */
export function keySetId({ kind, owner, origin }: KeySetName): string {
  return `${kind}\n${owner}\n${origin}`;
}

export function isHeld(set: KeySet | undefined): set is HeldKeySet {
  return set !== undefined && (set.state === 'fresh' || set.state === 'stale');
}
