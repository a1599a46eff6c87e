// What the naive evaluator looks at: a CheckRequest as the official .proto files decode it, reduced
// to the few things that this version of the policy language can speak of.

import type { Reason } from '../../engine/reason.ts';
import type { Validity } from './bounds.ts';

interface OfficialHeader {
  readonly key?: string;
  readonly value?: string;
  readonly raw_value?: Uint8Array;
}

interface OfficialAddress {
  readonly socket_address?: { readonly address?: string; readonly port_value?: number };
}

/** The part of the official CheckRequest that is read, with the field names of the .proto files. */
export interface OfficialRequest {
  readonly attributes?: {
    readonly source?: {
      readonly principal?: string;
      readonly certificate?: string;
      readonly address?: OfficialAddress;
    };
    readonly destination?: { readonly principal?: string; readonly address?: OfficialAddress };
    readonly request?: {
      readonly http?: {
        readonly method?: string;
        readonly path?: string;
        readonly host?: string;
        readonly headers?: Readonly<Record<string, string>>;
        readonly header_map?: { readonly headers?: readonly OfficialHeader[] };
        readonly body?: string;
        readonly raw_body?: Uint8Array;
      };
    };
    readonly context_extensions?: Readonly<Record<string, string>>;
    readonly tls_session?: { readonly sni?: string };
  };
}

/** Name and value of one header; a value is compared byte for byte, so it is kept as latin1. */
export type HeaderLine = readonly [name: string, value: string];

export interface NaiveRequest {
  readonly source: string;
  readonly hasCertificate: boolean;
  /** Of the peer that the enforcer saw; empty when it saw none. */
  readonly sourceAddress: string;
  readonly destination: string;
  /** What the enforcer asserts, by its whole name, such as `remit.service`. */
  readonly extensions: Readonly<Record<string, string>>;
  readonly http:
    | { readonly method: string; readonly path: string; readonly host: string }
    | undefined;
  readonly body: Buffer;
  /** What there is to say of a request without `http`; port 0 is none. */
  readonly connection: { readonly sni: string; readonly port: number };
  readonly headers: readonly HeaderLine[];
}

export interface NaiveSettings {
  readonly trustDomain: string | undefined;
  readonly pathNormalization: 'NONE' | 'BASE' | 'MERGE_SLASHES' | 'DECODE_AND_MERGE_SLASHES';
  readonly ambiguousPaths: 'deny' | 'match';
  /** `warn` where it is not said. */
  readonly overdueReviews?: 'warn' | 'deny';
}

export type NaiveAsker =
  | { readonly kind: 'local' }
  | { readonly kind: 'remote' }
  | { readonly kind: 'peer'; readonly id: string }
  | { readonly kind: 'named'; readonly enforcer: string }
  | { readonly kind: 'everything' };

/** The closed list, with the codes that came with the complete policy language. */
export type NaiveReason =
  | Reason
  | 'authz.review_overdue'
  | 'authz.ceiling'
  | 'authz.role'
  | 'authz.approval_required'
  | 'authz.condition';

export type Scalar = string | number | boolean;

export interface NaiveObligations {
  /** By name. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly metadata: readonly (readonly [name: string, value: Scalar])[];
  readonly denialBody: string;
}

export interface NaiveDecision {
  readonly outcome: 'allow' | 'deny';
  readonly reason: NaiveReason | undefined;
  /** Sorted, at most 16. */
  readonly rules: readonly string[];
  readonly ruleCount: number;
  readonly shadow: readonly { readonly rule: string; readonly outcome: 'allow' | 'deny' }[];
  /** The rules whose condition failed, in force or on trial; sorted. */
  readonly errors: readonly string[];
  readonly obligations: NaiveObligations;
  /** Undefined when proof failed, empty for an anonymous caller. */
  readonly principal: string | undefined;
  /** `namespace/service/operation`, once the request is known to be one. */
  readonly operation: string | undefined;
}

/** Until when it holds is computed where it is asked for. */
export type NaiveResult = NaiveDecision & Validity;

/**
 * @param lines the headers line by line, where the caller knows them: a decoded map has lost the
 *   repeated ones.
 */
export function naiveRequest(
  { attributes }: OfficialRequest,
  lines?: readonly HeaderLine[],
): NaiveRequest {
  const http = attributes?.request?.http;
  const raw = http?.raw_body;
  return {
    source: attributes?.source?.principal ?? '',
    hasCertificate: (attributes?.source?.certificate ?? '') !== '',
    sourceAddress: attributes?.source?.address?.socket_address?.address ?? '',
    destination: attributes?.destination?.principal ?? '',
    extensions: attributes?.context_extensions ?? {},
    // A decoder says null where nothing was sent.
    http: http
      ? { method: http.method ?? '', path: http.path ?? '', host: http.host ?? '' }
      : undefined,
    body: raw && raw.length > 0 ? Buffer.from(raw) : Buffer.from(http?.body ?? ''),
    connection: {
      sni: attributes?.tls_session?.sni ?? '',
      port: attributes?.destination?.address?.socket_address?.port_value ?? 0,
    },
    headers: lines ?? [
      ...Object.entries(http?.headers ?? {}).map(([key, value]) => line(key, Buffer.from(value))),
      ...(http?.header_map?.headers ?? []).map(({ key, value, raw_value: raw }) =>
        line(key ?? '', raw !== undefined && raw.length > 0 ? raw : Buffer.from(value ?? '')),
      ),
    ],
  };
}

function line(name: string, value: Uint8Array): HeaderLine {
  return [name, Buffer.from(value).toString('latin1')];
}
