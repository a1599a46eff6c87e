// Envoy's bootstrap configuration as plain objects: listeners with SPIFFE mTLS that ask an
// ext_authz v3 gRPC server about every request, before two upstreams (HTTP/1 and gRPC).

import { writeFile } from 'node:fs/promises';
import { type CredentialOptions, credentialFilters, forwardingOf } from './envoy_credentials.ts';
import { type TcpOptions, TLS_INSPECTOR, tcpFilters } from './envoy_tcp.ts';
import { downstreamTls, upstreamTls } from './envoy_tls.ts';

const LOOPBACK = '127.0.0.1';
const TYPE = 'type.googleapis.com/envoy';
const EXT_AUTHZ = 'envoy.filters.http.ext_authz';
const DECISION_ID = `%DYNAMIC_METADATA(${EXT_AUTHZ}:remit:decision_id)%`;

export type Json = { readonly [key: string]: unknown };

/** Certificate, key and trusted authority of one side of mTLS: paths of PEM files. */
export interface TlsFiles {
  readonly certificate: string;
  readonly key: string;
  readonly trustedCa: string;
}

/** mTLS to a server: Envoy's own certificate, and the SPIFFE ID that the server must have. */
export interface AuthzTls extends TlsFiles {
  readonly serverId: string;
}

/** How a listener asks; every field that can widen access is off unless it is named. */
export interface AuthzOptions {
  /** Which of `EnvoyOptions.authzServers` is asked; default `remit`. */
  readonly server?: string;
  /** Envoy's patience in milliseconds; default 1000. */
  readonly timeoutMs?: number;
  /** Lets a request through when the server cannot be asked; default false. */
  readonly failureModeAllow?: boolean;
  /** Sends bodies up to this size along; default none. */
  readonly bodyBytesMax?: number;
  /** Sends the peer's certificate along, URL-encoded PEM; default false. */
  readonly includePeerCertificate?: boolean;
  /** Sends headers as they came, repeated ones apart; default true, as Envoy recommends. */
  readonly encodeRawHeaders?: boolean;
  /** Namespaces of dynamic metadata that are sent along; default none. */
  readonly metadataNamespaces?: readonly string[];
  /** Facts that this configuration, not the caller, states about the route; default none. */
  readonly contextExtensions?: Readonly<Record<string, string>>;
}

export interface ListenerOptions extends CredentialOptions {
  readonly name: string;
  /** 0 lets Envoy choose; the admin endpoint tells. */
  readonly port: number;
  readonly tls: TlsFiles;
  /** False admits peers without a certificate, so that Remit decides about them; default true. */
  readonly requireClientCertificate?: boolean;
  /**
   * Envoy's own path normalisation, and refusal of encoded slashes; default true. Off only to
   * show what Remit refuses by itself.
   */
  readonly normalizePath?: boolean;
  readonly authz?: AuthzOptions;
  /**
   * Asks nobody, lets everything through; default false. On to measure what asking costs, or where
   * the next hop asks.
   */
  readonly unprotected?: boolean;
  /** Sends everything to one of `EnvoyOptions.nextHops`, instead of the upstreams. */
  readonly nextHop?: string;
  /** Bytes instead of HTTP; then nothing about paths, bodies and headers counts. */
  readonly tcp?: TcpOptions;
}

export interface EnvoyOptions {
  readonly adminPort: number;
  readonly listeners: readonly ListenerOptions[];
  /** ext_authz servers by name, as loopback ports. */
  readonly authzServers: Readonly<Record<string, number>>;
  /** What Envoy shows some of them, and whom it takes them for; default plaintext. */
  readonly authzTls?: Readonly<Record<string, AuthzTls>>;
  readonly upstreamHttpPort: number;
  readonly upstreamGrpcPort: number;
  /** Upstreams for bytes by name, as loopback ports; default none. */
  readonly tcpUpstreams?: Readonly<Record<string, number>>;
  /** Listeners of other Envoys by name, as loopback ports with mTLS; default none. */
  readonly nextHops?: Readonly<Record<string, { readonly port: number; readonly tls: AuthzTls }>>;
  readonly accessLogFile: string;
}

/** Writes the bootstrap as JSON, which Envoy reads as it reads YAML. */
export async function writeEnvoyConfig(file: string, options: EnvoyOptions): Promise<void> {
  await writeFile(file, `${JSON.stringify(makeBootstrap(options), undefined, 2)}\n`);
}

/** Builds the bootstrap (envoy.config.bootstrap.v3.Bootstrap). */
export function makeBootstrap(options: EnvoyOptions): Json {
  return {
    node: { id: 'remit-demo', cluster: 'remit-demo' },
    admin: { address: socketAddress(options.adminPort) },
    static_resources: {
      listeners: options.listeners.map((it) => listener(it, options.accessLogFile)),
      clusters: [
        cluster('upstream_http', options.upstreamHttpPort, 'http1'),
        cluster('upstream_grpc', options.upstreamGrpcPort, 'http2'),
        ...Object.entries(options.tcpUpstreams ?? {}).map(([name, port]) => cluster(name, port)),
        ...Object.entries(options.nextHops ?? {}).map(([name, { port, tls }]) => {
          return { ...cluster(name, port, 'http2'), ...upstreamTls(tls) };
        }),
        ...Object.entries(options.authzServers).map(([name, port]) => {
          const tls = options.authzTls?.[name];
          return { ...cluster(name, port, 'http2'), ...(tls && upstreamTls(tls)) };
        }),
      ],
    },
  };
}

function listener(options: ListenerOptions, accessLogFile: string): Json {
  return {
    name: options.name,
    address: socketAddress(options.port),
    listener_filters: options.tcp === undefined ? [] : [TLS_INSPECTOR],
    filter_chains: [
      {
        transport_socket: {
          name: 'envoy.transport_sockets.tls',
          typed_config: downstreamTls(options.tls, options.requireClientCertificate ?? true),
        },
        filters:
          options.tcp === undefined
            ? [httpFilter(options, accessLogFile)]
            : tcpFilters(options.name, options.tcp, options.authz ?? {}, accessLogFile),
      },
    ],
  };
}

function httpFilter(options: ListenerOptions, accessLogFile: string): Json {
  return {
    name: 'envoy.filters.network.http_connection_manager',
    typed_config: connectionManager(options, accessLogFile),
  };
}

function connectionManager(options: ListenerOptions, accessLogFile: string): Json {
  const normalize = options.normalizePath ?? true;
  return {
    '@type': `${TYPE}.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager`,
    stat_prefix: options.name,
    codec_type: 'AUTO',
    ...forwardingOf(options),
    normalize_path: normalize,
    merge_slashes: normalize,
    path_with_escaped_slashes_action: normalize ? 'REJECT_REQUEST' : 'KEEP_UNCHANGED',
    access_log: [accessLog(options.name, accessLogFile)],
    route_config: {
      name: 'upstreams',
      virtual_hosts: [{ name: 'all', domains: ['*'], routes: routes(options) }],
    },
    http_filters: [
      ...credentialFilters(options),
      ...(options.unprotected
        ? []
        : [{ name: EXT_AUTHZ, typed_config: extAuthz(options.authz ?? {}) }]),
      {
        name: 'envoy.filters.http.router',
        typed_config: { '@type': `${TYPE}.extensions.filters.http.router.v3.Router` },
      },
    ],
  };
}

/** Every path has a route: Envoy 1.40 asks no ext_authz server about a request without one. */
function routes({ authz = {}, nextHop }: ListenerOptions): Json[] {
  const perRoute = authz.contextExtensions && {
    typed_per_filter_config: {
      [EXT_AUTHZ]: {
        '@type': `${TYPE}.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute`,
        check_settings: { context_extensions: authz.contextExtensions },
      },
    },
  };
  return [
    {
      match: { prefix: '/', grpc: {} },
      route: { cluster: nextHop ?? 'upstream_grpc' },
      ...perRoute,
    },
    { match: { prefix: '/' }, route: { cluster: nextHop ?? 'upstream_http' }, ...perRoute },
  ];
}

function extAuthz(options: AuthzOptions): Json {
  const failureModeAllow = options.failureModeAllow ?? false;
  return {
    '@type': `${TYPE}.extensions.filters.http.ext_authz.v3.ExtAuthz`,
    transport_api_version: 'V3',
    grpc_service: {
      envoy_grpc: { cluster_name: options.server ?? 'remit' },
      timeout: `${(options.timeoutMs ?? 1000) / 1000}s`,
    },
    failure_mode_allow: failureModeAllow,
    failure_mode_allow_header_add: failureModeAllow,
    // "Nobody could be asked" is a failure (503), told apart from a refusal (403).
    status_on_error: { code: 'ServiceUnavailable' },
    include_peer_certificate: options.includePeerCertificate ?? false,
    encode_raw_headers: options.encodeRawHeaders ?? true,
    validate_mutations: true,
    metadata_context_namespaces: options.metadataNamespaces ?? [],
    ...(options.bodyBytesMax !== undefined && {
      with_request_body: { max_request_bytes: options.bodyBytesMax, pack_as_bytes: true },
    }),
  };
}

function accessLog(listenerName: string, path: string): Json {
  return {
    name: 'envoy.access_loggers.file',
    typed_config: {
      '@type': `${TYPE}.extensions.access_loggers.file.v3.FileAccessLog`,
      path,
      log_format: {
        json_format: {
          time: '%START_TIME%',
          listener: listenerName,
          peer: '%DOWNSTREAM_PEER_URI_SAN%',
          method: '%REQ(:METHOD)%',
          // Without the query: a log is no place for what callers put there.
          path: '%PATH(NQ)%',
          status: '%RESPONSE_CODE%',
          details: '%RESPONSE_CODE_DETAILS%',
          decision_id: DECISION_ID,
        },
      },
    },
  };
}

function cluster(name: string, port: number, protocol?: 'http1' | 'http2'): Json {
  const options = `${TYPE}.extensions.upstreams.http.v3.HttpProtocolOptions`;
  return {
    name,
    type: 'STATIC',
    connect_timeout: '1s',
    load_assignment: {
      cluster_name: name,
      endpoints: [{ lb_endpoints: [{ endpoint: { address: socketAddress(port) } }] }],
    },
    ...(protocol === 'http2' && {
      typed_extension_protocol_options: {
        'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
          '@type': options,
          explicit_http_config: { http2_protocol_options: {} },
        },
      },
    }),
  };
}

function socketAddress(port: number): Json {
  return { socket_address: { address: LOOPBACK, port_value: port } };
}
