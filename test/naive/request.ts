// What the naive evaluator looks at: a CheckRequest as the official .proto files decode it, reduced
// to the few texts that this version of the policy language can speak of.

import type { Reason } from '../../engine/reason.ts';

interface OfficialHeader {
  readonly key?: string;
  readonly value?: string;
  readonly raw_value?: Uint8Array;
}

/** The part of the official CheckRequest that is read, with the field names of the .proto files. */
export interface OfficialRequest {
  readonly attributes?: {
    readonly source?: { readonly principal?: string; readonly certificate?: string };
    readonly destination?: {
      readonly principal?: string;
      readonly address?: {
        readonly socket_address?: { readonly address?: string; readonly port_value?: number };
      };
    };
    readonly request?: {
      readonly http?: {
        readonly method?: string;
        readonly path?: string;
        readonly host?: string;
        readonly headers?: Readonly<Record<string, string>>;
        readonly header_map?: { readonly headers?: readonly OfficialHeader[] };
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
  readonly destination: string;
  readonly extension: string;
  readonly http:
    | { readonly method: string; readonly path: string; readonly host: string }
    | undefined;
  /** What there is to say of a request without `http`; port 0 is none. */
  readonly connection: { readonly sni: string; readonly port: number };
  readonly headers: readonly HeaderLine[];
}

export interface NaiveSettings {
  readonly trustDomain: string | undefined;
  readonly pathNormalization: 'NONE' | 'BASE' | 'MERGE_SLASHES' | 'DECODE_AND_MERGE_SLASHES';
  readonly ambiguousPaths: 'deny' | 'match';
}

export type NaiveAsker =
  | { readonly kind: 'local' }
  | { readonly kind: 'remote' }
  | { readonly kind: 'peer'; readonly id: string }
  | { readonly kind: 'named'; readonly enforcer: string }
  | { readonly kind: 'everything' };

export interface NaiveResult {
  readonly outcome: 'allow' | 'deny';
  readonly reason: Reason | undefined;
  /** Sorted, at most 16. */
  readonly rules: readonly string[];
  readonly ruleCount: number;
  readonly shadow: readonly { readonly rule: string; readonly outcome: 'allow' | 'deny' }[];
  /** Undefined when proof failed, empty for an anonymous caller. */
  readonly principal: string | undefined;
  /** `namespace/service/operation`, once the request is known to be one. */
  readonly operation: string | undefined;
}

/**
 * @param lines the headers line by line, where the caller knows them: a decoded map has lost the
 *   repeated ones.
 */
export function naiveRequest(
  { attributes }: OfficialRequest,
  lines?: readonly HeaderLine[],
): NaiveRequest {
  const http = attributes?.request?.http;
  return {
    source: attributes?.source?.principal ?? '',
    hasCertificate: (attributes?.source?.certificate ?? '') !== '',
    destination: attributes?.destination?.principal ?? '',
    extension: attributes?.context_extensions?.['remit.service'] ?? '',
    // A decoder says null where nothing was sent.
    http: http
      ? { method: http.method ?? '', path: http.path ?? '', host: http.host ?? '' }
      : undefined,
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
