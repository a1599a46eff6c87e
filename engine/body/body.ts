// What a rule may know of a request's body: a value, or why there is none. DESIGN 5.10: a body that
// is truncated, too large, encoded or malformed is never read in part.

import {
  BODY_BYTES_MAX,
  BODY_DEPTH_MAX,
  BODY_ELEMENTS_MAX,
  BODY_KEYS_MAX,
  MULTIPART_PARTS_MAX,
} from '../limits.ts';

/** A body as it came, and the headers that say what it is; a header that did not come is empty. */
export interface RawBody {
  readonly bytes: Uint8Array;
  readonly contentType: string;
  readonly contentEncoding: string;
  readonly contentLength: string;
  /** `x-envoy-auth-partial-body`, which Envoy sets itself. */
  readonly partial: string;
}

/** What the content type says that the body is. */
export type BodyKind = 'json' | 'form' | 'multipart' | 'grpc' | 'none';

/** Integers are bigint and exact; what was written with a fraction or an exponent is a number. */
export type BodyValue =
  | bigint
  | number
  | string
  | boolean
  | null
  | readonly BodyValue[]
  | ReadonlyMap<string, BodyValue>;

/** A body that was read whole. Values of a form are lists, by name. */
export interface Body {
  readonly kind: Exclude<BodyKind, 'grpc' | 'none'>;
  readonly value: BodyValue;
}

/**
 * `absent`: no body. `truncated`: not all of it came. `error`: malformed, beyond a limit, or not
 * what the operation declares. `unread`: nothing here reads such a body.
 */
export type BodyState = 'absent' | 'truncated' | 'error' | 'unread';

/** Every way in which a body is without a value, and the state that this is. */
const STATES = {
  /** Nothing came, and `content-length` or Envoy says that nothing was sent. */
  empty: 'absent',
  /**
   * Nothing came, and nothing says that nothing was sent: so is a request without a body, and one
   * in chunks where Envoy is not told to send bodies.
   */
  untold: 'absent',
  /** Envoy says that it cut the body. */
  partial: 'truncated',
  /** Fewer bytes came than `content-length` says. */
  short: 'truncated',
  /** `content-length` is no number, or says less than came. */
  content_length: 'error',
  too_large: 'error',
  content_type: 'error',
  charset: 'error',
  utf8: 'error',
  syntax: 'error',
  /** Half of a surrogate pair. */
  surrogate: 'error',
  duplicate_key: 'error',
  depth: 'error',
  keys: 'error',
  elements: 'error',
  /** Neither an int64 nor a double. */
  number: 'error',
  percent: 'error',
  /** Old parsers separate fields with it, newer ones do not. */
  semicolon: 'error',
  boundary: 'error',
  parts: 'error',
  part: 'error',
  /** It is not what the operation declares. */
  shape: 'error',
  grpc: 'unread',
  /** Compressed. */
  encoding: 'unread',
  media_type: 'unread',
} as const satisfies Readonly<Record<string, BodyState>>;

export type BodyDetail = keyof typeof STATES;

/** Why a body has no value. */
export class BodyProblem {
  readonly state: BodyState;
  readonly detail: BodyDetail;

  constructor(detail: BodyDetail) {
    this.state = STATES[detail];
    this.detail = detail;
  }
}

/** One of each, as they are all alike. */
export const BODY_PROBLEMS = Object.fromEntries(
  Object.keys(STATES).map((detail) => [detail, new BodyProblem(detail as BodyDetail)]),
) as Readonly<Record<BodyDetail, BodyProblem>>; // The keys are those of STATES.

export interface BodyLimits {
  readonly bytes: number;
  /** Levels of objects and arrays. */
  readonly depth: number;
  /** Members of all objects together; fields of a form. */
  readonly keys: number;
  /** Elements of all arrays together. */
  readonly elements: number;
  /** Of a multipart body. */
  readonly parts: number;
  /** `folded`: keys that differ only in case are one key written twice, as is right for MCP. */
  readonly keyCase: 'distinct' | 'folded';
}

export const DEFAULT_BODY_LIMITS: BodyLimits = {
  bytes: BODY_BYTES_MAX,
  depth: BODY_DEPTH_MAX,
  keys: BODY_KEYS_MAX,
  elements: BODY_ELEMENTS_MAX,
  parts: MULTIPART_PARTS_MAX,
  keyCase: 'distinct',
};
