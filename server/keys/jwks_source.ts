// Where the keys of an issuer are fetched from, as its document says, and with which patience.

/** Plain data; `keyUrlProblem` has been asked about the URL. */
export interface JwksSource {
  readonly issuerId: string;
  readonly url: string;
  /** Authorities for this server instead of the system's; PEM. */
  readonly caFile: string | undefined;
  /** Also from a network of one's own, or from this host. */
  readonly allowPrivate: boolean;
  /** Plaintext, from this host only. */
  readonly allowHttp: boolean;
  /** How long the last good set is used after the source has begun to fail. */
  readonly staleMs: number;
  /** Not ready before it has been fetched once. */
  readonly required: boolean;
}

export const DEFAULT_STALE_MS = 24 * 3_600_000;
/** Longer than a revoked key should live. */
export const STALE_MS_MAX = 7 * 24 * 3_600_000;
