// A listener for bytes that Envoy does not look into: TLS as everywhere, then the network ext_authz
// filter, then tcp_proxy.

import type { AuthzOptions, Json } from './envoy_config.ts';

const FILTERS = 'type.googleapis.com/envoy.extensions.filters';
const EXT_AUTHZ = 'envoy.filters.network.ext_authz';
const EARLY_BYTES_MAX = 64 * 1024;

export interface TcpOptions {
  /** Which of `EnvoyOptions.tcpUpstreams` the bytes go to. */
  readonly upstream: string;
  /**
   * Connects upstream, and hears what that has to say first, before anybody was asked; default
   * false. On only to show what Envoy does by default.
   */
  readonly connectAtOnce?: boolean;
}

/** Without it Envoy does not see which server name the client asks for. */
export const TLS_INSPECTOR: Json = {
  name: 'envoy.filters.listener.tls_inspector',
  typed_config: { '@type': `${FILTERS}.listener.tls_inspector.v3.TlsInspector` },
};

export function tcpFilters(
  name: string,
  tcp: TcpOptions,
  authz: AuthzOptions,
  accessLogFile: string,
): Json[] {
  const patient = { upstream_connect_mode: 'ON_DOWNSTREAM_DATA' };
  return [
    { name: EXT_AUTHZ, typed_config: extAuthz(name, authz) },
    {
      name: 'envoy.filters.network.tcp_proxy',
      typed_config: {
        '@type': `${FILTERS}.network.tcp_proxy.v3.TcpProxy`,
        stat_prefix: name,
        cluster: tcp.upstream,
        access_log: [accessLog(name, accessLogFile)],
        // Envoy asks when the first byte comes, and until then tcp_proxy has long connected.
        ...(!tcp.connectAtOnce && { ...patient, max_early_data_bytes: EARLY_BYTES_MAX }),
      },
    },
  ];
}

function extAuthz(name: string, options: AuthzOptions): Json {
  return {
    '@type': `${FILTERS}.network.ext_authz.v3.ExtAuthz`,
    stat_prefix: name,
    transport_api_version: 'V3',
    grpc_service: {
      envoy_grpc: { cluster_name: options.server ?? 'remit' },
      timeout: `${(options.timeoutMs ?? 1000) / 1000}s`,
    },
    failure_mode_allow: options.failureModeAllow ?? false,
    include_peer_certificate: options.includePeerCertificate ?? false,
    include_tls_session: true,
  };
}

function accessLog(listenerName: string, path: string): Json {
  return {
    name: 'envoy.access_loggers.file',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog',
      path,
      log_format: {
        json_format: {
          time: '%START_TIME%',
          listener: listenerName,
          peer: '%DOWNSTREAM_PEER_URI_SAN%',
          server_name: '%REQUESTED_SERVER_NAME%',
          bytes_received: '%BYTES_RECEIVED%',
          decision_id: `%DYNAMIC_METADATA(${EXT_AUTHZ}:remit:decision_id)%`,
        },
      },
    },
  };
}
